import type { Socket } from 'node:net'
import formbody from '@fastify/formbody'
import httpProxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Config } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import type { ClientAddress } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import { accountPages } from '../login/account-pages.ts'
import { pageHeaders } from '../login/pages/layout.ts'
import type { LoginRooms } from '../login/rooms.ts'
import { signInPages } from '../login/sign-in-pages.ts'
import { tokenEndpoint } from '../login/token-endpoint.ts'
import { admitOwn, decide, type Rooms } from '../pipeline.ts'
import { arrivalOf, newRequestId } from './arrival.ts'
import { answerBrokenRequest, followAnswers } from './broken-request.ts'
import { decisionOf, keepDecision, keepOwn, knownDecision } from './exchange-slot.ts'
import { askForBody, holdExpectations } from './expectations.ts'
import { FrameTunnels } from './frame-tunnel.ts'
import type { Observer } from './observer.ts'
import { type ProxyRooms, proxyRequest } from './proxy.ts'
import { toRefusal } from './refusal.ts'
import { sendRefusal } from './refuse.ts'
import { prepareUpgrade, type UpgradeRooms, upgradeOptions } from './upgrade.ts'
import { upstreamRequester } from './upstream-agents.ts'

/** Octets of a request head, the request line among them. */
const maxHeaderBytes = 16_384
/** How often clients are held to their timeouts; Node would look every 30 seconds. */
const timeoutsCheckedMs = 500
/** Octets of a form or a token request. */
const maxOwnBodyBytes = 16_384

const proxiedMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export interface ServerRooms {
  readonly config: Config
  readonly clock: Clock
  readonly observer: Observer
  readonly pipeline: Rooms
  readonly login: LoginRooms
  readonly proxy: ProxyRooms
  readonly upgrade: UpgradeRooms
}

/** The public listener before its routes: nothing of Fastify's own answers anybody. */
export function createServer(config: Config, observer: Observer): FastifyInstance {
  const { timeouts } = config.listen
  const app = fastify({
    logger: false,
    genReqId: newRequestId,
    trustProxy: false,
    exposeHeadRoutes: false,
    // While it closes, requests under way finish; their connections are not kept.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    bodyLimit: maxOwnBodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeoutsCheckedMs,
      insecureHTTPParser: false,
      // Most requests have no body: no stream is made for what will not come.
      optimizeEmptyRequests: true,
      requireHostHeader: false,
      // Only WebSocket may leave HTTP; h2c and anything else is an ordinary request without its Upgrade field.
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, observer),
    frameworkErrors: (error, request, reply) => {
      void refuseUnroutable(error, request, reply)
    },
  })
  // Node takes its own listener off a socket that asks to leave HTTP: a reset would then end the process (CWE-248).
  app.server.on('connection', (socket) => socket.on('error', () => undefined))
  followAnswers(app.server)
  holdExpectations(app.server)
  app.server.on('connect', (_request, socket: Socket) =>
    answerBrokenRequest(Object.assign(new Error('no tunnels'), { code: 'CONNECT' }), socket, observer),
  )
  // Node would drop what is over its count without a word; the pipeline counts, and refuses.
  app.server.maxHeadersCount = 0
  app.server.maxRequestsPerSocket = 0
  return app
}

/** By the listener they are mounted on: for what Fastify turns away before any hook. */
const mounted = new WeakMap<FastifyInstance, ServerRooms>()

/** A target that Fastify cannot decode goes through the same first gates as any other, and none of them lets it by. */
async function refuseUnroutable(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const rooms = mounted.get(request.server)
  if (rooms === undefined) return sendRefusal(request, reply, toRefusal(error))
  try {
    await admitOwn(arrivalOf(request.raw, request.id, rooms.clock), rooms.pipeline)
  } catch (cause) {
    return refuse(request, reply, toRefusal(cause), rooms)
  }
  return refuse(request, reply, toRefusal(error), rooms)
}

/** Everything that is served, in two scopes: our own pages, and the apps. One hook stands before both. */
export async function mountServer(app: FastifyInstance, rooms: ServerRooms): Promise<void> {
  mounted.set(app, rooms)
  app.addHook('onRequest', async (request, reply) => {
    endAfterForeignUpgrade(request, reply)
    await guard(request, rooms)
    askForBody(request.raw, reply.raw)
  })
  app.setErrorHandler((error, request, reply) => refuse(request, reply, toRefusal(error), rooms))
  app.setNotFoundHandler((request, reply) => {
    const error = proxiedMethods.includes(request.method)
      ? new ProxyError('ERR_ROUTE_NOT_FOUND', 'no such page')
      : new ProxyError('ERR_METHOD_UNSUPPORTED', `method ${request.method}`)
    return refuse(request, reply, error, rooms)
  })
  await app.register((scope, _options, done) => {
    scope.addHook('onResponse', (request, reply, next) => {
      rooms.observer.finished(undefined, request.method, reply.raw.statusCode, reply.elapsedTime)
      next()
    })
    mountOwnPages(scope, rooms)
    done()
  })
  await app.register((scope, _options, done) => {
    mountApps(scope, rooms)
    done()
  })
}

/** The one hook: the order of the checks is in pipeline.ts, not in the order of hooks. */
async function guard(request: FastifyRequest, rooms: ServerRooms): Promise<void> {
  const arrival = arrivalOf(request.raw, request.id, rooms.clock)
  if (isOwnRoute(request)) {
    keepOwn(request, await admitOwn(arrival, rooms.pipeline))
    return
  }
  const masked = await decide(arrival, rooms.pipeline)
  keepDecision(request, masked)
  // What is routed, upgraded or forwarded from here on is the target that was matched.
  request.raw.url = `${masked.target.path}${masked.target.query}`
  if (arrival.upgrade) prepareUpgrade(request, masked, rooms.upgrade)
}

/** Node drops what came in one packet behind an upgrade that nobody took: the next bytes could be half a request (CWE-444). */
function endAfterForeignUpgrade({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.headers.upgrade !== undefined) reply.raw.shouldKeepAlive = false
}

function isOwnRoute(request: FastifyRequest): boolean {
  return request.routeOptions.url?.startsWith('/.sallyport/') === true
}

function refuse(request: FastifyRequest, reply: FastifyReply, error: ProxyError, rooms: ServerRooms): FastifyReply {
  const masked = knownDecision(request)
  const arrival = masked?.arrival ?? arrivalOf(request.raw, request.id, rooms.clock)
  const address: ClientAddress | string | undefined = masked?.client ?? rooms.proxy.addressOf(arrival)
  rooms.observer.refused(arrival, address, error, masked)
  // Our own pages have a hook that counts, and answers of apps are counted where they end.
  if (!isOwnRoute(request)) rooms.observer.finished(masked, request.method, error.status, reply.elapsedTime)
  // An unread body is not waited for.
  if (!request.raw.complete) reply.header('connection', 'close')
  return sendRefusal(request, reply, error)
}

function mountOwnPages(scope: FastifyInstance, rooms: ServerRooms): void {
  void scope.register(formbody, { bodyLimit: maxOwnBodyBytes })
  signInPages(scope, rooms.login)
  accountPages(scope, rooms.login)
  tokenEndpoint(scope, rooms.login)
}

function mountApps(scope: FastifyInstance, rooms: ServerRooms): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  const tunnels = new FrameTunnels(scope.server, rooms.observer)
  scope.addHook('preClose', (done) => {
    tunnels.close()
    done()
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types leave out `handler` and the hooks of upgrades
  void scope.register(httpProxy, {
    upstream: '',
    prefix: '/',
    routes: ['/*'],
    httpMethods: proxiedMethods,
    proxyPayloads: false,
    disableRequestLogging: true,
    // Our pools, which verify certificates and send once; its own would do neither.
    undici: upstreamRequester,
    // Ends here for all but upgrades, which are the only ones that reach the library's own handler.
    preHandler: (request: FastifyRequest, reply: FastifyReply, done: DoneFuncWithErr) =>
      forward(request, reply, rooms.proxy, tunnels, done),
    handler: () => {
      throw new ProxyError('ERR_INTERNAL', 'a request went past the forwarding hook')
    },
    ...upgradeOptions(),
  } as never)
}

type DoneFuncWithErr = (error?: Error) => void

function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  rooms: ProxyRooms,
  tunnels: FrameTunnels,
  done: DoneFuncWithErr,
): void {
  const masked = decisionOf(request)
  if (masked.arrival.upgrade && masked.rows.kind === 'masked') return tunnels.open(request, reply, masked)
  if (masked.arrival.upgrade) return done()
  const sent = proxyRequest(request, reply, masked, rooms)
  // oxlint-disable-next-line promise/no-callback-in-promise -- the hook of the library asks for a callback
  if (sent instanceof Promise) sent.catch(done)
}

/** Signing and verifying by `@fastify/jwt`; every call brings its own key. */
export async function registerJwt(app: FastifyInstance): Promise<void> {
  await app.register(jwt, { secret: 'every call names its own key', decoratorName: 'jwtPayload' })
}

export function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).headers(pageHeaders).send(page)
}
