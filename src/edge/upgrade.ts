import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { Masked, Target } from '../exchange.ts'
import { type HeaderRooms, prepareHeaders } from '../stages/forward/prepare-headers.ts'
import type { Upstream } from '../stages/forward/upstreams.ts'
import type { LiveSockets } from './live-sockets.ts'
import { outgoingTarget } from './outgoing.ts'
import type { AppLink } from './proxy.ts'
import { authorityOf } from './upstream-agents.ts'

/** Octets of one message, either way. */
export const maxMessageBytes = 1_048_576
/** Octets that may wait for a slow reader before the connection is given up. */
const maxWaitingBytes = 4 * maxMessageBytes
const handshakeTimeoutMs = 10_000
/** For the close frame of the other side. */
const closeTimeoutMs = 2_000
/** RFC 6455 section 7.4.1. */
export const internalError = 1011

export interface UpgradeRooms {
  readonly headers: HeaderRooms
  readonly links: ReadonlyMap<string, AppLink>
  readonly live: LiveSockets
}

/** Where a handshake goes, and with which head. */
export interface Chosen {
  readonly origin: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** For `@fastify/http-proxy`, which reads no frame: a handshake on masked rows is never in here. */
const chosen = new WeakMap<FastifyRequest, Chosen>()
const chosenToRead = new WeakMap<FastifyRequest, Chosen>()

/** Where a handshake on masked rows goes. */
export function chosenToReadOf(request: FastifyRequest): Chosen {
  const found = chosenToRead.get(request)
  if (found === undefined) throw new ProxyError('ERR_INTERNAL', 'a handshake that nobody prepared')
  return found
}

/** A WebSocket handshake that passed every stage: refused unless the route allows it, and can read what is said. */
export function prepareUpgrade(request: FastifyRequest, masked: Masked, rooms: UpgradeRooms): void {
  const { app, route } = masked
  checkHandshake(masked)
  const isRead = masked.rows.kind === 'masked'
  if (isRead && route.rows?.rows.frames === undefined)
    throw new ProxyError('ERR_UPGRADE_REFUSED', 'the route does not say how to read frames of masked rows')
  // What a route says of its frames is word enough; every other one needs that of its app besides.
  if (!route.config.websocket || !(isRead || app.config.websocket)) {
    throw new ProxyError('ERR_UPGRADE_REFUSED', 'the route does not allow WebSocket')
  }
  const link = rooms.links.get(app.id)
  if (link === undefined) throw new ProxyError('ERR_INTERNAL', `app ${app.id} has no link`)
  const { upstream, release } = link.upstreams.acquire()
  const { socket } = request.raw
  socket.once('close', release)
  // Now, since behind the 101 there would be nobody to refuse.
  const asked = outgoingTarget(masked)
  const path = `${asked.path}${asked.query}`
  // Where the library goes on from, which forwards the target of the request.
  request.raw.url = path
  const way = { origin: upstream.origin, path, headers: upgradeHeaders(masked, upstream, link, rooms, asked) }
  if (isRead) chosenToRead.set(request, way)
  else chosen.set(request, way)
  rooms.live.add(socket, masked)
}

/** RFC 6455 section 4.2.1; what is no handshake would be answered further down, where nobody sees it. */
function checkHandshake({ arrival, headers }: Masked): void {
  const isHandshake =
    arrival.method === 'GET' &&
    arrival.httpVersion === '1.1' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers.single('sec-websocket-key') ?? '') &&
    headers.single('sec-websocket-version') === '13' &&
    headers.all('content-length').length + headers.all('transfer-encoding').length === 0
  if (!isHandshake) throw new ProxyError('ERR_REQUEST_MALFORMED', 'upgrade that is no WebSocket handshake')
}

/** How clients are served, whoever reads their frames. */
export const clientSide = {
  maxPayload: maxMessageBytes,
  perMessageDeflate: false,
  clientTracking: true,
  closeTimeout: closeTimeoutMs,
} as const

/** How upstreams are asked. */
export const upstreamSide = {
  maxPayload: maxMessageBytes,
  perMessageDeflate: false,
  handshakeTimeout: handshakeTimeoutMs,
  closeTimeout: closeTimeoutMs,
  followRedirects: false,
  createConnection: openConnection,
} as const

/** The options of `@fastify/http-proxy` for upgrades. Its header rewriting for requests is not applied to them. */
export function upgradeOptions(): Readonly<Record<string, unknown>> {
  return {
    websocket: true,
    wsServerOptions: clientSide,
    wsClientOptions: {
      ...upstreamSide,
      rewriteRequestHeaders: (_headers: unknown, request: FastifyRequest) => {
        // What the client says before the upstream has answered stays in its socket, not in our memory.
        request.raw.socket.pause()
        return chosen.get(request)?.headers ?? {}
      },
    },
    wsHooks: {
      onIncomingMessage: boundIncoming,
      onOutgoingMessage: boundOutgoing,
      onConnect: goOn,
      onDisconnect: hideFailure,
    },
    replyOptions: { getUpstream: (request: FastifyRequest) => chosen.get(request)?.origin ?? 'http://nowhere.invalid' },
  }
}

/** Travels with the headers of a handshake: how its upstream is to be trusted; absent where it is asked in the clear. */
const upstreamTrust: unique symbol = Symbol('upstream trust')

interface UpstreamTrust {
  readonly ca: string | undefined
}

interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly headers: Readonly<Record<string | symbol, unknown>>
}

/** One connection per WebSocket, held to the same certificates as the pool of its app. */
function openConnection({ host, port, headers }: ConnectionOptions): Socket {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- set by upgradeHeaders, and by nobody else
  const trust = headers[upstreamTrust] as UpstreamTrust | undefined
  if (trust === undefined) return connect({ host, port })
  const servername = isIP(host) === 0 ? host : ''
  const ca = trust.ca === undefined ? {} : { ca: trust.ca }
  return connectTls({ host, port, servername, rejectUnauthorized: true, ...ca })
}

function upgradeHeaders(masked: Masked, upstream: Upstream, link: AppLink, rooms: UpgradeRooms, asked: Target) {
  const headers = prepareHeaders(masked, rooms.headers, upstream.authority, { method: 'GET', ...asked })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object without anything in it
  const out = Object.create(null) as Record<string, string> & { [upstreamTrust]?: UpstreamTrust }
  if (upstream.origin.startsWith('https:')) out[upstreamTrust] = { ca: authorityOf(link.agent) }
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const known = out[name]
    out[name] = known === undefined ? (headers[i + 1] ?? '') : `${known}, ${headers[i + 1] ?? ''}`
  }
  return out
}

/** What we use of the `ws` sockets that `@fastify/http-proxy` opens. */
interface WebSocketLike {
  /** 1 while open. */
  readonly readyState: number
  readonly bufferedAmount: number
  resume(): void
  close(code: number): void
  terminate(): void
}

type Hook = (context: unknown, source: WebSocketLike, target: WebSocketLike) => void

const boundIncoming: Hook = (_context, source, target) => {
  if (target.bufferedAmount > maxWaitingBytes) source.terminate()
}

const boundOutgoing: Hook = (_context, source) => {
  if (source.bufferedAmount > maxWaitingBytes) source.terminate()
}

/** Clients whose upstream has opened. */
const opened = new WeakSet<WebSocketLike>()

/** The library closes an upstream only once it is open: one whose client has gone by then is closed here. */
const goOn: Hook = (_context, source, target) => {
  opened.add(source)
  if (source.readyState === 1) source.resume()
  else target.terminate()
}

/** What went wrong before names our side of the wire (addresses, ports); the client is told only that it failed. */
const hideFailure = (_context: unknown, source: WebSocketLike): void => {
  if (opened.has(source)) return
  source.close(internalError)
  source.resume()
}
