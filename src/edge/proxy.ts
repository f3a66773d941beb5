import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Agent } from 'undici'
import type { GraphqlOperation } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import type { Masked } from '../exchange.ts'
import type { ForwardTarget } from '../stages/forward/assertion.ts'
import { checkBody, checksBody, needsBody } from '../stages/forward/check-body.ts'
import { asksOperation, operationAsked } from '../stages/forward/graphql.ts'
import { type DeclaredBody, inspectBody } from '../stages/forward/inspect-request.ts'
import type { UpstreamRequest } from '../stages/forward/lane.ts'
import { type HeaderRooms, prepareHeaders } from '../stages/forward/prepare-headers.ts'
import {
  type SanitiseRooms,
  sanitiseBody,
  sanitiseBodyHead,
  sanitisesBody,
} from '../stages/forward/sanitise-request.ts'
import type { Upstream, Upstreams } from '../stages/forward/upstreams.ts'
import { methodAsked } from './answer-rules.ts'
import { dispatchLane } from './dispatch-lane.ts'
import { injectsBody, lookTargets, mayHoldSet, outgoingBody, outgoingTarget } from './outgoing.ts'
import { needsPreRead, requireVisibleItem } from './pre-read.ts'
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
  readonly sanitising: SanitiseRooms
  /** The decision as it would be now; throws where it would be no. */
  readonly decideAgain: (masked: Masked) => Promise<Masked>
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
  const declared = inspectBody(masked)
  if (declared.kind === 'body') sanitiseBodyHead(masked, rooms.sanitising)
  const body = readBody(request, masked, declared)
  if (body instanceof Promise || needsPreRead(masked)) return sendChecked(request, reply, masked, rooms, body)
  return send(request, reply, masked, rooms, body, operationAsked(masked, undefined))
}

type Body = Readable | Buffer | undefined

/** Once the body has been looked into, and the item a write is aimed at has been looked at. */
async function sendChecked(
  request: FastifyRequest,
  reply: FastifyReply,
  decided: Masked,
  rooms: ProxyRooms,
  body: Body | Promise<Body>,
): Promise<void> {
  const read = await body
  const looking = await rooms.decideAgain(decided)
  const whole = Buffer.isBuffer(read) ? read : undefined
  if (whole !== undefined) sanitiseBody(looking, whole, rooms.sanitising)
  const items = needsPreRead(looking) ? await lookAtItem(looking, rooms) : []
  const masked = items.length === 0 ? looking : await requireSameRights(looking, rooms)
  const operation = operationAsked(masked, whole)
  const outgoing = whole === undefined ? read : outgoingBody(masked, holdBody(masked, whole, items))
  // Nobody is left to be told how it went.
  if (reply.raw.destroyed) throw new ProxyError('ERR_REQUEST_MALFORMED', 'client went away before the write')
  send(request, reply, masked, rooms, outgoing, operation)
}

/** The body to forward, held to what it makes of each of `items`. */
function holdBody(masked: Masked, body: Buffer, [item, ...others]: readonly Buffer[]): Buffer {
  for (const other of others) checkBody(masked, body, other)
  return checkBody(masked, body, item)
}

/** What the app shows as the item, asked in each way that the write may be understood. */
async function lookAtItem(masked: Masked, rooms: ProxyRooms): Promise<readonly Buffer[]> {
  const { agent, upstreams } = linkOf(masked, rooms)
  const { upstream, release } = upstreams.acquire()
  const items: Buffer[] = []
  try {
    for (const target of lookTargets(masked)) {
      const asked = upstreamRequest(masked, rooms, upstream, { method: 'GET', ...target }, undefined)
      items.push(await requireVisibleItem(masked, dispatchLane(agent), asked))
    }
    return items
  } finally {
    release()
  }
}

/** The app takes its time to show an item: what the caller may do by then must be what it was looked at with (CWE-367). */
async function requireSameRights(masked: Masked, rooms: ProxyRooms): Promise<Masked> {
  const again = await rooms.decideAgain(masked)
  if (rightsOf(again) === rightsOf(masked)) return again
  throw new ProxyError('ERR_ROW_FORBIDDEN', 'rights changed while the item was looked at')
}

function rightsOf({ rows }: Masked): string {
  return rows.kind === 'masked' ? JSON.stringify([rows.mask.kind, rows.header?.digest, rows.withhold]) : rows.kind
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  masked: Masked,
  rooms: ProxyRooms,
  body: Body,
  operation: GraphqlOperation | undefined,
): void {
  const { upstreams, agent } = linkOf(masked, rooms)
  const { upstream, release } = upstreams.acquire()
  try {
    const asked = { method: methodAsked(masked), ...outgoingTarget(masked) }
    const prepared = upstreamRequest(masked, rooms, upstream, asked, body)
    const sink = new ReplySink(request, reply, masked, operation, rooms, release)
    const lane = rooms.lane === 'dispatch' ? dispatchLane(agent) : replyFromLane(reply, agent)
    sink.attach(lane.send(prepared, sink))
  } catch (error) {
    release()
    throw error
  }
}

function upstreamRequest(
  masked: Masked,
  rooms: ProxyRooms,
  upstream: Upstream,
  asked: ForwardTarget,
  body: Body,
): UpstreamRequest {
  const { timeouts } = masked.app.config
  return {
    origin: upstream.origin,
    method: asked.method,
    path: `${asked.path}${asked.query}`,
    headers: withLength(prepareHeaders(masked, rooms.headers, upstream.authority, asked), body),
    body,
    headersTimeoutMs: timeouts.headersMs,
    bodyTimeoutMs: timeouts.bodyMs,
  }
}

function readsWhole(masked: Masked): boolean {
  const isRead = checksBody(masked) || asksOperation(masked) || sanitisesBody(masked)
  return isRead || injectsBody(masked) || mayHoldSet(masked)
}

/** A body that was held whole may have another length than the client's. */
function withLength(headers: string[], body: Body): string[] {
  if (!Buffer.isBuffer(body)) return headers
  const kept = headers.filter((_, at) => headers[at - (at % 2)] !== 'content-length')
  kept.push('content-length', String(body.length))
  return kept
}

export function linkOf(masked: Masked, rooms: Pick<ProxyRooms, 'links'>): AppLink {
  const link = rooms.links.get(masked.app.id)
  if (link === undefined) throw new ProxyError('ERR_INTERNAL', `app ${masked.app.id} has no link`)
  return link
}

/** The body to forward: nothing, the stream within its bound, or the whole of it where somebody looks into it. */
function readBody(
  request: FastifyRequest,
  masked: Masked,
  declared: DeclaredBody,
): Readable | undefined | Promise<Buffer> {
  const source = request.body
  request.body = undefined
  if (declared.kind === 'none') {
    // A write without a body cannot be held against the mask.
    if (needsBody(masked) || injectsBody(masked))
      throw new ProxyError('ERR_BODY_UNREADABLE', 'the route needs a body to check')
    return undefined
  }
  if (!(source instanceof Readable)) throw new ProxyError('ERR_INTERNAL', 'body was read by somebody else')
  if (readsWhole(masked)) return wholeBody(source, declared.maxBytes)
  const stream = declared.length === undefined ? boundedBody(source, declared.maxBytes) : source
  request.body = stream
  return stream
}
