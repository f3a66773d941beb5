import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountStore, Grant } from '../../src/accounts/account-store.ts'
import { mintTenantSecret } from '../../src/accounts/api-key.ts'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { openAccountStore } from '../../src/accounts/open-store.ts'
import { hashPassword } from '../../src/accounts/password.ts'
import { type Edge, startEdge } from '../../src/app.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { LaneName } from '../../src/edge/proxy.ts'
import type { Json } from '../../src/lib/json.ts'
import { MaskError } from '../../src/mask/mask-error.ts'
import { parseMask } from '../../src/mask/parse.ts'

export const password = 'correct horse battery staple'

/** A real edge on free ports, with a store of its own. */
export interface TestEdge extends Edge {
  readonly port: number
  readonly adminPort: number
  readonly folder: string
  readonly auditFile: string
  readonly store: AccountStore
  /** A bearer token for one of the accounts of `seed`. */
  token(email: string, tenant?: string): Promise<string>
  stop(): Promise<void>
}

export interface TestEdgeOptions {
  readonly upstream: string
  /** Merged over the base document. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly app?: Readonly<Record<string, unknown>>
  readonly routes?: readonly unknown[]
  readonly folder?: string
  readonly seed?: boolean
  readonly lane?: LaneName
}

export const ordersDataset = {
  tenant: 'account',
  fields: {
    id: 'id',
    account: 'string',
    entity: 'string',
    amount: 'number',
    margin: 'number',
    owner: { type: 'string', at: '/meta/owner' },
  },
}

/** The routes most tests want. */
export const commonRoutes: readonly unknown[] = [
  { methods: ['GET', 'POST', 'OPTIONS'], path: '/public/**', access: 'public', websocket: true },
  {
    methods: ['GET'],
    path: '/orders',
    access: { roles: ['viewer', 'editor'] },
    dataset: 'orders',
    rows: { at: ['/*'] },
    inject: [{ kind: 'header' }],
  },
  {
    methods: ['GET'],
    path: '/orders/*',
    access: { roles: ['viewer', 'editor'] },
    dataset: 'orders',
    rows: { at: ['/'] },
    inject: [{ kind: 'header' }],
  },
  {
    methods: ['GET'],
    path: '/list',
    access: 'member',
    dataset: 'orders',
    rows: { at: ['/items/*'], total: { at: '/total', policy: 'null' } },
  },
  { methods: ['GET'], path: '/block', access: 'member', dataset: 'orders', rows: { at: ['/*'] }, onViolation: 'block' },
  {
    methods: ['POST'],
    path: '/orders',
    access: { roles: ['editor'] },
    action: 'modify',
    dataset: 'orders',
    rows: { at: ['/'] },
    check: { body: ['/'] },
  },
  { methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], path: '/app/**', access: 'member', websocket: true },
]

/** Starts an edge before `upstream`; two tenants (acme, globex) and five accounts unless `seed` is false. */
export async function startTestEdge(options: TestEdgeOptions): Promise<TestEdge> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sallyport-edge-'))
  const auditFile = join(folder, 'audit.jsonl')
  const document = {
    publicUrl: 'http://127.0.0.1:8080',
    listen: { port: 0 },
    admin: { port: 0 },
    store: { url: `sqlite:${join(folder, 'store.db')}` },
    keys: { file: join(folder, 'keys.json') },
    audit: { file: auditFile },
    datasets: { orders: ordersDataset },
    apps: [
      {
        id: 'orders',
        match: { hosts: ['127.0.0.1', 'localhost', 'app.example'] },
        upstreams: [options.upstream],
        websocket: true,
        routes: options.routes ?? commonRoutes,
        ...options.app,
      },
    ],
    ...options.config,
  }
  const config = parseConfig(JSON.stringify(document), {
    file: 'test.yaml',
    env: {},
    readFile: () => {
      throw new Error('no file references in tests')
    },
    checkBaseMask: (mask, dataset) => {
      try {
        parseMask(mask, dataset)
        return []
      } catch (error) {
        if (error instanceof MaskError) return error.problems.map(({ message }) => ({ path: [], message }))
        throw error
      }
    },
  })
  const storeUrl = config.store.kind === 'sqlite' ? `sqlite:${config.store.file}` : config.store.url.reveal()
  const store = await openAccountStore(storeUrl)
  await store.migrate()
  if (options.seed !== false) await seedAccounts(store, config.keys.file)
  const lane = options.lane === undefined ? {} : { lane: options.lane }
  const edge = await startEdge(config, { log: 'silent', createKeys: true, ...lane })
  const port = Number(new URL(edge.url).port)
  return {
    ...edge,
    port,
    adminPort: Number(new URL(edge.adminUrl).port),
    folder,
    auditFile,
    store,
    token: (email, tenant) => fetchToken(port, email, tenant),
    stop: async () => {
      await edge.close()
      await store.close()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function fetchToken(port: number, email: string, tenant?: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/.sallyport/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, ...(tenant === undefined ? {} : { tenant }) }),
  })
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}

const always = { validFrom: undefined, validUntil: undefined }

/** ann (acme, entity A or own rows), dave (acme, all rows, editor), bob (globex, all rows), carol (both), nobody (no grant). */
export async function seedAccounts(store: AccountStore, keyFile: string): Promise<void> {
  const keys = await openKeyFile(keyFile, { create: true })
  for (const [id, name] of [
    ['acme', 'Acme Ltd'],
    ['globex', 'Globex Corp'],
  ] as const) {
    const sealed = keys.seal(mintTenantSecret(), `token-secret:${id}:s1`)
    await store.putTenant({
      id,
      name,
      accessTokenSeconds: undefined,
      refreshTokenSeconds: undefined,
      tokenSecrets: [{ id: 's1', sealed }],
      signIn: [],
    })
    for (const group of ['all', 'entity-a', 'mine']) await store.putGroup({ tenant: id, id: group, name: group })
    const grant = (name: string, group: string, rows: Json, extra: Partial<Grant> = {}): Grant => ({
      id: `${id}-${name}`,
      tenant: id,
      dataset: 'orders',
      subject: { kind: 'group', group },
      actions: ['read', 'modify'],
      rows,
      effect: 'permit',
      withhold: [],
      ...always,
      sharedBy: undefined,
      ...extra,
    })
    await store.putGrant(grant('all', 'all', true))
    await store.putGrant(grant('a', 'entity-a', { entity: 'A' }, { withhold: ['margin'] }))
    await store.putGrant(grant('mine', 'mine', { owner: { $user: 'login' } }))
  }
  const hash = await hashPassword(password)
  await seedAccount(store, hash, 'ann@acme.example', [['acme', ['viewer'], ['entity-a', 'mine'], { login: 'ann' }]])
  await seedAccount(store, hash, 'dave@acme.example', [['acme', ['editor'], ['all'], {}]])
  await seedAccount(store, hash, 'bob@globex.example', [['globex', ['viewer', 'editor'], ['all'], {}]])
  await seedAccount(store, hash, 'carol@consult.example', [
    ['acme', ['viewer'], ['all'], {}],
    ['globex', ['viewer'], ['all'], {}],
  ])
  await seedAccount(store, hash, 'nobody@acme.example', [['acme', ['viewer'], [], {}]])
}

type SeedMembership = readonly [
  tenant: string,
  roles: readonly string[],
  groups: readonly string[],
  attributes: Record<string, string>,
]

async function seedAccount(
  store: AccountStore,
  hash: string,
  email: string,
  memberships: readonly SeedMembership[],
): Promise<void> {
  const id = `id-${email.split('@')[0] ?? ''}`
  await store.putAccount({ id, email, name: id, state: 'enabled', operator: false, epoch: 0, passwordExpired: false })
  await store.setPasswordHash(id, hash, { expired: false })
  for (const [tenant, roles, groups, attributes] of memberships) {
    await store.putMembership({ tenant, account: id, roles, attributes, ...always })
    await store.setGroupsOf(tenant, id, groups)
  }
}
