import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { openKeyFile } from './accounts/key-file.ts'
import { openAccountStore } from './accounts/open-store.ts'
import { createAdminServer } from './admin/health.ts'
import { openAuditLog } from './audit/json-lines.ts'
import { BanList } from './bans/ban-list.ts'
import { RevocationList } from './bans/revocation-list.ts'
import type { Config } from './config/config.ts'
import { runCanaries } from './edge/answer-rules.ts'
import type { Foundations } from './edge/foundations.ts'
import { watchHealth } from './edge/health-checks.ts'
import { createCounter } from './edge/limiter.ts'
import { Observer } from './edge/observer.ts'
import type { LaneName } from './edge/proxy.ts'
import { buildRooms } from './edge/rooms.ts'
import { createServer, mountServer, registerJwt, type ServerRooms } from './edge/server.ts'
import { watchKeys } from './edge/watch-keys.ts'
import { watchRights } from './edge/watch-rights.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { relaxExternalMemory } from './lib/external-memory.ts'
import { contains, parseNetwork } from './lib/ip-network.ts'
import { Metrics } from './metrics/metrics.ts'
import { openMemoryState } from './shared-state/memory.ts'
import { openSharedState } from './shared-state/open-state.ts'
import { gateConnection } from './stages/admit/connection-gate.ts'
import { parseTrustedProxies } from './stages/admit/trusted-proxies.ts'
import { MaskReferences } from './stages/forward/mask-references.ts'

export interface EdgeOptions {
  readonly log: 'json' | 'silent'
  /** Make the key file where there is none: an embedded first run. */
  readonly createKeys: boolean
  readonly clock?: Clock
  /** The way to plain upstreams; the faster one by itself. */
  readonly lane?: LaneName
}

type AppLinks = ServerRooms['proxy']['links']

/** A running edge. */
export interface Edge {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string
  readonly adminUrl: string
  /** Stops accepting, lets requests under way finish, then closes everything that was opened. */
  close(): Promise<void>
}

/** Opens the rooms, mounts everything, and closes in reverse. Whatever cannot be opened refuses the start. */
export async function startEdge(config: Config, options: EdgeOptions): Promise<Edge> {
  relaxExternalMemory()
  const opened: (() => unknown)[] = []
  const closeAll = async () => {
    for (const close of opened.toReversed()) await close()
  }
  try {
    return await open(config, options, opened, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function open(
  config: Config,
  options: EdgeOptions,
  opened: (() => unknown)[],
  closeAll: () => Promise<void>,
): Promise<Edge> {
  const base = await openFoundations(config, options, opened)
  let links: AppLinks = new Map()
  const admin = createAdminServer({
    unready: () => whatIsMissing(base),
    metrics: () => metricsOf(base, links),
    mask: (name) => base.references.find(name),
  })
  opened.push(() => admin.close())
  const app = createServer(config, base.observer)
  await registerJwt(app)
  const local = openMemoryState(base.clock)
  opened.push(() => local.close())
  const rooms = await buildRooms(app, base, await createCounter(app, base.state, local))
  links = rooms.proxy.links
  runCanaries(rooms.pipeline.routes.apps)
  for (const { agent } of rooms.proxy.links.values()) opened.push(() => agent.destroy())
  opened.push(() => app.close())
  opened.push(...watchAll(config, base, rooms))
  await mountServer(app, rooms)
  guardConnections(app, base)
  await admin.listen({ host: config.admin.host, port: config.admin.port })
  await app.listen({ host: config.listen.host, port: config.listen.port })
  base.observer.metrics.configLoaded(1)
  base.observer.tell({ event: 'edge.started', outcome: 'success', detail: { apps: config.apps.length } })
  return { url: urlOf(app, config.listen.host), adminUrl: urlOf(admin, config.admin.host), close: once(closeAll) }
}

async function openFoundations(config: Config, options: EdgeOptions, opened: (() => unknown)[]): Promise<Foundations> {
  const clock = options.clock ?? systemClock
  const log = pino(
    { name: 'sallyport', level: options.log === 'silent' ? 'silent' : config.log.level },
    pino.destination({ fd: 2, sync: true }),
  )
  const sink = config.audit.sink.kind === 'stdout' ? 'stdout' : config.audit.sink.file
  const audit = await openAuditLog({ file: sink, clock, includeEmail: config.audit.includeEmail })
  opened.push(async () => {
    observer.tell({ event: 'edge.stopped', outcome: 'success' })
    await audit.close()
  })
  const observer = new Observer(audit, new Metrics(), log)
  const keys = await openKeyFile(config.keys.file, { create: options.createKeys })
  const store = await openAccountStore(
    config.store.kind === 'sqlite' ? `sqlite:${config.store.file}` : config.store.url.reveal(),
  )
  opened.push(() => store.close())
  if (config.store.kind === 'sqlite') await store.migrate()
  const state = openSharedState(config.state.kind === 'memory' ? 'memory:' : config.state.url.reveal(), clock)
  opened.push(() => state.close())
  const protect = config.listen.trustedProxies.flatMap((text) => parseNetwork(text, { hostBits: 'refuse' }) ?? [])
  const allow = config.bans.neverBan.flatMap((text) => parseNetwork(text, { hostBits: 'mask' }) ?? [])
  const bans = new BanList(state.bans, clock, { allow, protect })
  opened.push(() => bans.close())
  const revocations = new RevocationList(state.revocations, clock)
  opened.push(() => revocations.close())
  if (config.state.kind === 'memory') await Promise.all([bans.started, revocations.started])
  const references = new MaskReferences(clock)
  return {
    config,
    clock,
    keys,
    store,
    state,
    bans,
    revocations,
    observer,
    references,
    lane: options.lane ?? 'dispatch',
  }
}

/** Health checks, and what a ban or a revocation does to exchanges under way. */
function watchAll(config: Config, base: Foundations, rooms: ServerRooms): (() => void)[] {
  const { bans, revocations, observer } = base
  const { live } = rooms.proxy
  const stops: (() => void)[] = [
    bans.onBanned((ban) =>
      live.closeWhere(({ client }) => contains(ban.network, client) && bans.isBanned(client) !== undefined),
    ),
    revocations.onRevoked((key) =>
      live.closeWhere(({ access }) => access.kind === 'member' && key === `sid:${access.principal.sid}`),
    ),
    watchKeys(base),
    rooms.login.policies.watch((error) => observer.log.error({ error: String(error) }, 'versions could not be read')),
    watchRights({ live, policies: rooms.login.policies, pipeline: rooms.pipeline, clock: base.clock }),
  ]
  for (const app of config.apps) {
    const link = rooms.proxy.links.get(app.id)
    if (link === undefined) continue
    for (const { origin } of link.upstreams.all) observer.metrics.upstreamChanged(app.id, origin, true)
    if (app.health === undefined) continue
    const target = { app: app.id, health: app.health, ...link }
    stops.push(
      watchHealth(target, (id, origin, healthy) => {
        observer.metrics.upstreamChanged(id, origin, healthy)
        observer.log.warn({ app: id, upstream: origin, healthy }, 'upstream health changed')
      }),
    )
  }
  return stops
}

/** Where no proxy is trusted, the peer is the client: a banned one does not get as far as a request. */
function guardConnections(app: FastifyInstance, base: Foundations): void {
  const { config, bans, observer } = base
  const trustedProxies = parseTrustedProxies(config.listen.trustedProxies)
  app.server.on('connection', (socket) => {
    if (!gateConnection(socket, { trustedProxies, bans })) observer.metrics.banEnforced()
  })
}

async function whatIsMissing(base: Foundations): Promise<string | undefined> {
  const { bans, revocations, observer, store, state } = base
  if (!bans.synced || !revocations.synced) return 'the fleet’s lists have not arrived'
  if (observer.audit.failure !== undefined) return 'audit cannot be written'
  return (await failureOf(store.ping(), 'store')) ?? (await failureOf(state.ping(), 'shared state'))
}

async function failureOf(ping: Promise<void>, what: string): Promise<string | undefined> {
  return ping.then(
    () => undefined,
    () => `${what} does not answer`,
  )
}

async function metricsOf(base: Foundations, links: AppLinks) {
  const { observer, bans } = base
  for (const [app, { upstreams }] of links) {
    for (const { origin, pending } of upstreams.all) observer.metrics.upstreamPending(app, origin, pending)
  }
  observer.metrics.bansCounted(bans.size)
  observer.metrics.auditObserved(observer.audit.failure !== undefined, observer.audit.pending)
  return { type: observer.metrics.contentType, text: await observer.metrics.text() }
}

function urlOf(app: FastifyInstance, host: string): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- listens on TCP
  const { port } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= action()
    return running
  }
}
