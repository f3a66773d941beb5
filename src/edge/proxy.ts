import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Agent } from 'undici'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import { checkBody, checksBody } from '../stages/forward/check-body.ts'
import { type DeclaredBody, inspectBody } from '../stages/forward/inspect-request.ts'
import { type HeaderRooms, prepareHeaders } from '../stages/forward/prepare-headers.ts'
import type { Upstreams } from '../stages/forward/upstreams.ts'
import { dispatchLane } from './dispatch-lane.ts'
import { replyFromLane } from './reply-from-lane.ts'
import { ReplySink, type SinkRooms } from './reply-sink.ts'
import { boundedBody, wholeBody } from './request-body.ts'

export interface AppLink {
  readonly upstreams: Upstreams
  readonly agent: Agent
}

export interface ProxyRooms extends SinkRooms {
  readonly headers: HeaderRooms
  /** By app id. */
  readonly links: ReadonlyMap<string, AppLink>
  readonly lane: LaneName
}

/** `dispatch` costs about half; both keep one contract, and the tests run over both. */
export type LaneName = 'dispatch' | 'reply-from'

/** Sends a decided request to its app, and the app's answer through the second gate. */
export function proxyRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  masked: Masked,
  rooms: ProxyRooms,
): void | Promise<void> {
  const body = readBody(request, masked, inspectBody(masked))
  if (body instanceof Promise) return body.then((read) => send(request, reply, masked, rooms, read))
  return send(request, reply, masked, rooms, body)
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  masked: Masked,
  rooms: ProxyRooms,
  body: Readable | Buffer | undefined,
): void {
  const { upstreams, agent } = linkOf(masked, rooms)
  const { upstream, release } = upstreams.acquire()
  try {
    const headers = prepareHeaders(masked, rooms.headers, upstream.authority)
    const sink = new ReplySink(request, reply, masked, rooms, release)
    const { timeouts } = masked.app.config
    const lane = rooms.lane === 'dispatch' ? dispatchLane(agent) : replyFromLane(reply, agent)
    const exchange = lane.send(
      {
        origin: upstream.origin,
        method: masked.arrival.method,
        path: `${masked.target.path}${masked.target.query}`,
        headers,
        body,
        headersTimeoutMs: timeouts.headersMs,
        bodyTimeoutMs: timeouts.bodyMs,
      },
      sink,
    )
    sink.attach(exchange)
  } catch (error) {
    release()
    throw error
  }
}

export function linkOf(masked: Masked, rooms: Pick<ProxyRooms, 'links'>): AppLink {
  const link = rooms.links.get(masked.app.id)
  if (link === undefined) throw new ProxyError('ERR_INTERNAL', `app ${masked.app.id} has no link`)
  return link
}

/** The body to forward: nothing, the stream within its bound, or the whole of it where its rows are checked. */
function readBody(
  request: FastifyRequest,
  masked: Masked,
  declared: DeclaredBody,
): Readable | undefined | Promise<Buffer> {
  const source = request.body
  request.body = undefined
  if (declared.kind === 'none') {
    // A write without a body cannot be held against the mask.
    if (checksBody(masked)) throw new ProxyError('ERR_BODY_UNREADABLE', 'the route needs a body to check')
    return undefined
  }
  if (!(source instanceof Readable)) throw new ProxyError('ERR_INTERNAL', 'body was read by somebody else')
  if (checksBody(masked)) return readChecked(source, masked, declared.maxBytes)
  const stream = declared.length === undefined ? boundedBody(source, declared.maxBytes) : source
  request.body = stream
  return stream
}

async function readChecked(source: Readable, masked: Masked, maxBytes: number): Promise<Buffer> {
  const body = await wholeBody(source, maxBytes)
  checkBody(masked, body)
  return body
}
