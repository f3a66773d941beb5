import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountStore } from '../../src/accounts/account-store.ts'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { BanList } from '../../src/bans/ban-list.ts'
import { RevocationList } from '../../src/bans/revocation-list.ts'
import { parseConfig } from '../../src/config/load.ts'
import { createCounter } from '../../src/edge/limiter.ts'
import { Observer } from '../../src/edge/observer.ts'
import { buildRooms } from '../../src/edge/rooms.ts'
import { createServer, registerJwt, type ServerRooms } from '../../src/edge/server.ts'
import type { Arrival, Masked } from '../../src/exchange.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { Metrics } from '../../src/metrics/metrics.ts'
import { decide } from '../../src/pipeline.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import { MaskReferences } from '../../src/stages/forward/mask-references.ts'
import { commonRoutes, ordersDataset, seedAccounts } from './edge.ts'

/** Everything that decides, as an edge has it, without anything that listens. */
export interface Decider {
  readonly rooms: ServerRooms
  /** A session of that account, as a browser shows it; signing in asks the store. */
  signIn(tenant: string, account: string): Promise<string>
  /** The decision about a GET of `path` with these fields. */
  get(path: string, fields: Readonly<Record<string, string>>): Promise<Masked>
  close(): Promise<void>
}

const unlimited = { max: 1_000_000_000, window: '1h' }

/** `store` is migrated and empty; it is filled with the usual companies and people, and closed by whoever opened it. */
export async function openDecider(store: AccountStore, clock: Clock = systemClock): Promise<Decider> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-decide-'))
  const config = configIn(folder)
  await seedAccounts(store, config.keys.file)
  const keys = await openKeyFile(config.keys.file, { create: false })
  const audit = await openAuditLog({ file: join(folder, 'audit.jsonl'), clock, includeEmail: false })
  const observer = new Observer(audit, new Metrics(), { info: silent, warn: silent, error: silent })
  const state = openMemoryState(clock)
  const bans = new BanList(state.bans, clock, { allow: [], protect: [] })
  const revocations = new RevocationList(state.revocations, clock)
  await Promise.all([bans.started, revocations.started])
  const references = new MaskReferences(clock)
  const app = createServer(config, observer)
  await registerJwt(app)
  const base = { config, clock, keys, store, state, bans, revocations, observer, references, lane: 'dispatch' as const }
  const rooms = await buildRooms(app, base, await createCounter(app, state, state))
  return {
    rooms,
    async signIn(tenant, account) {
      const policy = await store.policy(tenant, account)
      if (policy === undefined) throw new Error(`${account} is no member of ${tenant}`)
      const seen = { method: 'password', address: '127.0.0.1', userAgent: 'test' }
      const { handle } = await rooms.login.sessions.start(policy, seen)
      return rooms.login.sessions.cookie(handle).split(';', 1)[0] ?? ''
    },
    get: (path, fields) => decide(arrivalOf(path, fields, clock), rooms.pipeline),
    async close() {
      for (const { agent } of rooms.proxy.links.values()) await agent.destroy()
      await app.close()
      bans.close()
      revocations.close()
      await state.close()
      await audit.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const silent = () => undefined

function readFile(): never {
  throw new Error('no file references in tests')
}

function configIn(folder: string) {
  const document = {
    publicUrl: 'http://127.0.0.1:8080',
    store: { url: `sqlite:${join(folder, 'unused.db')}` },
    keys: { file: join(folder, 'keys.json') },
    limits: { address: unlimited, account: unlimited, tenant: unlimited },
    datasets: { orders: ordersDataset },
    apps: [{ id: 'orders', upstreams: ['http://127.0.0.1:9'], routes: commonRoutes }],
  }
  return parseConfig(JSON.stringify(document), { file: 'test.yaml', env: {}, readFile, checkBaseMask: () => [] })
}

/** As a browser asks. */
function arrivalOf(path: string, fields: Readonly<Record<string, string>>, clock: Clock): Arrival {
  const usual = {
    Host: '127.0.0.1',
    'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    Accept: 'application/json',
    'Accept-Language': 'en-GB,en;q=0.5',
    'Accept-Encoding': 'gzip, deflate, br, zstd',
    'Sec-Fetch-Site': 'same-origin',
  }
  return {
    id: 'request-1',
    at: clock.now(),
    method: 'GET',
    target: path,
    httpVersion: '1.1',
    rawHeaders: Object.entries({ ...usual, ...fields }).flat(),
    peerAddress: '127.0.0.1',
    encrypted: false,
    upgrade: false,
  }
}
