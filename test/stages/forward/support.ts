import type { Grant, Policy } from '../../../src/accounts/account-store.ts'
import type { Arrival, Masked, Principal } from '../../../src/exchange.ts'
import { authorize } from '../../../src/stages/authorize/authorize.ts'
import { Assertions } from '../../../src/stages/forward/assertion.ts'
import { HeaderNames } from '../../../src/stages/forward/header-names.ts'
import { identityNames } from '../../../src/stages/forward/identity-profiles.ts'
import { MaskReferences } from '../../../src/stages/forward/mask-references.ts'
import type { HeaderRooms } from '../../../src/stages/forward/prepare-headers.ts'
import { resolveMask } from '../../../src/stages/mask/resolve-mask.ts'
import { match } from '../../../src/stages/match/match.ts'
import { RouteTable } from '../../../src/stages/match/route-table.ts'
import { admitted, appsOf } from '../match/support.ts'

const always = { validFrom: undefined, validUntil: undefined }

const entityA: Grant = {
  id: 'g',
  tenant: 'acme',
  dataset: 'orders',
  subject: { kind: 'everyone' },
  actions: ['read', 'modify'],
  rows: { entity: 'A' },
  effect: 'permit',
  withhold: [],
  ...always,
  sharedBy: undefined,
}

export function principal(changes: Partial<Policy> = {}, proof: Principal['proof'] = 'token'): Principal {
  const account = {
    id: 'id-ann',
    email: 'ann@acme.example',
    name: 'Ann Ö',
    state: 'enabled',
    operator: false,
    epoch: 0,
    passwordExpired: false,
  } as const
  const policy: Policy = {
    account,
    tenant: { id: 'acme', name: 'Acme', signIn: [] },
    membership: { tenant: 'acme', account: account.id, roles: ['viewer', 'editor'], attributes: {}, ...always },
    groups: ['b', 'a'],
    grants: [entityA],
    sharers: [],
    ...changes,
  }
  return { policy, proof, sid: 'sid-1', expiresAt: 2_000_000 }
}

export interface Request {
  readonly headers?: readonly (readonly [string, string])[]
  readonly target?: string
  readonly caller?: Principal | undefined
  /** `identity` of the app. */
  readonly identity?: Record<string, unknown>
  readonly arrival?: Partial<Arrival>
}

const routes = [
  { methods: ['GET', 'POST'], path: '/public/**', access: 'public' },
  {
    methods: ['GET'],
    path: '/orders',
    access: 'member',
    dataset: 'orders',
    rows: { at: ['/*'] },
    inject: [{ kind: 'header' }],
  },
  ...(['reference', 'omit'] as const).map((oversize) => ({
    methods: ['GET'],
    path: `/${oversize}`,
    access: 'member',
    dataset: 'orders',
    rows: { at: ['/*'] },
    inject: [{ kind: 'header', oversize }],
  })),
  { methods: ['GET'], path: '/quiet', access: 'member', dataset: 'orders', rows: { at: ['/*'] } },
  { methods: ['GET', 'POST'], path: '/app/**', access: 'member', maxBody: '1KiB' },
]

/** A request that passed every stage, by the stages themselves; only who asks is given. */
export function masked(request: Request = {}): Masked {
  const app = { id: 'orders', match: { hosts: ['app.example'] }, identity: request.identity ?? {}, routes }
  const table = new RouteTable(appsOf([app]), 'edge.example')
  const headers = [['Host', 'app.example'], ...(request.headers ?? [])] as const
  const admission = admitted(headers, { target: request.target ?? '/app/x', ...request.arrival })
  const caller = 'caller' in request ? request.caller : principal()
  const identity =
    caller === undefined ? ({ kind: 'anonymous' } as const) : ({ kind: 'principal', principal: caller } as const)
  const authorized = authorize({ ...match(admission, table), limit: undefined, identity })
  return resolveMask(authorized, { auditFailure: () => undefined, bases: new Map() })
}

/** What `prepareHeaders` needs, with an assertion that can be recognised. */
export function headerRooms(of: Masked): HeaderRooms & { readonly references: MaskReferences } {
  const { profile, headers } = of.app.config.identity
  return {
    names: new HeaderNames([...headers.values()]),
    assertions: new Assertions(
      { sign: ({ htm, mask }) => ['signed', htm, mask].join(' ').trim(), keyId: () => 'key' },
      'https://edge.example',
      { now: () => 0 },
    ),
    references: new MaskReferences({ now: () => 0 }),
    profiles: new Map([[of.app.id, identityNames(profile, headers)]]),
    publicScheme: 'https',
  }
}

/** Names and values alternating, as pairs. */
export function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []))
}
