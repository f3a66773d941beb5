import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GraphqlOperation } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import type { Arrival, ClientAddress, Masked } from '../exchange.ts'
import { type CodingChoice, chooseCoding } from '../stages/filter/accept-coding.ts'
import {
  codingFor,
  createEncoder,
  encodedHeaders,
  encodeWhole,
  isShort,
  mayTransform,
} from '../stages/filter/encode.ts'
import { type FilterStream, filterBody, filterWhole, whenReleased } from '../stages/filter/filter-body.ts'
import { type FilterVerdict, planAnswer, type Verdict } from '../stages/filter/filter-response.ts'
import type { AnswerBody, AnswerHead, AnswerSink, UpstreamExchange } from '../stages/forward/lane.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { limitFields } from '../stages/throttle/throttle.ts'
import { answerRules, methodAsked } from './answer-rules.ts'
import { collectBody, declaredLength } from './collect-body.ts'
import type { Live, LiveSockets } from './live-sockets.ts'
import type { Observer } from './observer.ts'
import { toRefusal } from './refusal.ts'
import { sendRefusal } from './refuse.ts'

/** The cookies that only the edge may set, over http and over https. */
const ownCookies = ['sallyport', '__Host-sallyport', 'sallyport-form', '__Host-sallyport-form']

/** Up to here a filtered answer of known length is held whole: one write instead of a stream. */
const maxWholeBytes = 65_536

export interface SinkRooms {
  readonly observer: Observer
  readonly live: LiveSockets
  /** Whose address a refusal is recorded under; undefined where it cannot be told. */
  readonly addressOf: (arrival: Arrival) => ClientAddress | undefined
}

/** So long the first bytes of an answer may wait for its end, while they are fewer than are worth a coding. */
const shortBodyMs = 5

/** Up to here a body that came in one piece leaves in one piece with its head. */
const maxTextBytes = 16_384

/**
 * Writes one answer to one client, through the second gate. Nothing of an app reaches a client any other way. It is one
 * long file because every way of an answer ends in the same few facts: what has gone out, who is told, who has left.
 */
export class ReplySink implements AnswerSink, Live {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #masked: Masked
  readonly #operation: GraphqlOperation | undefined
  readonly #rooms: SinkRooms
  readonly #release: () => void
  readonly #timer: NodeJS.Timeout | undefined
  #exchange: UpstreamExchange | undefined
  #stalled: NodeJS.Timeout | undefined
  #settled = false
  #closed = false

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    masked: Masked,
    operation: GraphqlOperation | undefined,
    rooms: SinkRooms,
    release: () => void,
  ) {
    this.#request = request
    this.#reply = reply
    this.#masked = masked
    this.#operation = operation
    this.#rooms = rooms
    this.#release = release
    const { timeoutMs } = masked.route.config
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#expire(timeoutMs), timeoutMs)
    rooms.live.enter(this)
    reply.raw.once('close', () => this.#close())
  }

  get masked(): Masked {
    return this.#masked
  }

  /** Ends the client's connection, and with it the exchange. */
  destroy(): void {
    this.#reply.raw.destroy()
  }

  /** Takes what has to end once the client is gone or the time is up. */
  attach(exchange: UpstreamExchange): void {
    this.#exchange = exchange
    if (this.#closed) exchange.abort()
    // It closed before anybody listened.
    else if (this.#reply.raw.destroyed) this.#close()
  }

  #close(): void {
    this.#closed = true
    this.#release()
    this.#rooms.live.leave(this)
    clearTimeout(this.#timer)
    clearTimeout(this.#stalled)
    const { raw, elapsedTime } = this.#reply
    this.#rooms.observer.finished(this.#masked, this.#masked.arrival.method, raw.statusCode, elapsedTime)
    if (!this.#reply.raw.writableFinished) this.#exchange?.abort()
  }

  answer(head: AnswerHead, body: AnswerBody): void {
    if (this.#settled || this.#reply.raw.destroyed) return body.discard()
    try {
      const method = methodAsked(this.#masked)
      this.#deliver(
        planAnswer({ method, head, rows: answerRules(this.#masked, this.#operation), ownCookies }),
        head,
        body,
      )
    } catch (error) {
      body.discard()
      this.fail(toRefusal(error))
    }
  }

  fail(error: ProxyError): void {
    if (this.#settled) return
    this.#settled = true
    // The client went away first: there is nobody to tell.
    if (this.#reply.raw.destroyed) return
    this.#refuse(error)
    if (!this.#request.raw.complete) this.#reply.header('connection', 'close')
    sendRefusal(this.#request, this.#reply, error)
  }

  #deliver(verdict: Verdict, head: AnswerHead, body: AnswerBody): void {
    switch (verdict.kind) {
      case 'refuse':
        body.discard()
        return this.fail(verdict.error)
      case 'replace':
        body.discard()
        return this.#replace(verdict)
      case 'empty':
        body.discard()
        return this.#sendEmpty(verdict.status, verdict.rawHeaders)
      case 'pass':
        return this.#pass(verdict.status, verdict.rawHeaders, declaredLength(head), body)
      case 'filter':
        return this.#filter(verdict, head, body)
    }
  }

  /** Our own words in place of an error answer's, under its status. */
  #replace({
    status,
    rawHeaders,
    error,
  }: {
    readonly status: number
    readonly rawHeaders: readonly string[]
    readonly error: ProxyError
  }): void {
    // A row that is not there is answered as one that the caller may not know of.
    if (status === 404) return this.fail(new ProxyError('ERR_ITEM_NOT_FOUND', error.message, { cause: error }))
    this.#settled = true
    this.#refuse(error)
    const problem = {
      type: 'about:blank',
      status,
      title: 'The application answered with an error',
      code: error.code,
      request: this.#masked.arrival.id,
    }
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) this.#reply.header(rawHeaders[i] ?? '', rawHeaders[i + 1])
    this.#reply
      .code(status)
      .headers({
        'content-type': 'application/problem+json',
        'cache-control': 'private, no-store',
        'x-content-type-options': 'nosniff',
      })
      .send(JSON.stringify(problem))
  }

  #sendEmpty(status: number, rawHeaders: readonly string[]): void {
    this.#settled = true
    this.#head(status, rawHeaders)
    this.#reply.raw.end()
    this.#rooms.observer.answered(this.#masked, status, undefined)
  }

  /** Head and body as they come. */
  #pass(status: number, rawHeaders: readonly string[], length: number | undefined, body: AnswerBody): void {
    this.#settled = true
    const raw = this.#head(status, rawHeaders)
    // A stream of events may be silent for long: its reader gets the head at once.
    if (length === undefined) raw.flushHeaders()
    let watching = false
    body.deliver({
      write: (chunk) => {
        if (chunk.length === length && length <= maxTextBytes) return endWith(raw, chunk)
        // What comes after the client has left is dropped; its `close` ends the exchange.
        if (raw.destroyed || raw.write(chunk)) return true
        if (!watching) raw.on('drain', () => this.#goOn(body))
        watching = true
        this.#awaitReader(raw)
        return false
      },
      end: () => {
        this.#end(raw)
        this.#rooms.observer.answered(this.#masked, status, undefined)
      },
      fail: (error) => this.#breakOff(raw, error),
    })
  }

  /** A client that takes nothing for as long as an upstream may be silent is given up: it would hold both for ever. */
  #awaitReader(raw: ServerResponse): void {
    const { bodyMs } = this.#masked.app.config.timeouts
    if (bodyMs === 0 || this.#closed) return
    clearTimeout(this.#stalled)
    this.#stalled = setTimeout(() => raw.destroy(), bodyMs)
  }

  #goOn(body: { resume(): unknown }): void {
    clearTimeout(this.#stalled)
    body.resume()
  }

  #end(raw: ServerResponse): void {
    raw.end()
    if (raw.writableNeedDrain) this.#awaitReader(raw)
  }

  /** An upstream that breaks off breaks the client's connection, so that no part passes for the whole. */
  #breakOff(raw: ServerResponse, error: Error): void {
    const clientLeft = raw.destroyed
    raw.destroy()
    if (!clientLeft) this.#refuse(upstreamError(error))
  }

  #filter(verdict: FilterVerdict, head: AnswerHead, body: AnswerBody): void {
    const length = declaredLength(head)
    const refuse = (cause: unknown) => {
      const error = cause instanceof ProxyError ? cause : upstreamError(cause)
      if (!verdict.isProblem || this.#settled || this.#reply.raw.destroyed) return this.fail(error)
      this.#replace({ status: verdict.status, rawHeaders: [], error })
    }
    if (verdict.bodyKind === 'events' && !verdict.isProblem) return this.#filterEvents(verdict, body)
    const choice = this.#codings(verdict, head)
    if (length !== undefined && length <= maxWholeBytes && verdict.coding === undefined) {
      return collectBody(body, length, (bytes) => this.#filterWhole(verdict, choice, bytes), refuse)
    }
    const filtered = filterBody(body.stream(), verdict)
    whenReleased(filtered)
      .then(() => (choice?.coding === undefined ? undefined : whenWhole(filtered)))
      .then(() => {
        if (this.#settled || this.#reply.raw.destroyed) return this.#giveUp(filtered)
        // It failed since, and tells nobody who listens only now; nothing of it has gone out yet.
        if (filtered.errored !== null) throw filtered.errored
        return this.#sendFiltered(verdict, choice, filtered)
      })
      .catch((cause: unknown) => {
        this.#giveUp(filtered)
        refuse(cause)
      })
  }

  /** Nothing of it has gone out, and nothing will; what it held is counted all the same. */
  #giveUp(body: FilterStream): void {
    body.destroy()
    this.#rooms.observer.unanswered(this.#masked, body.report)
  }

  /** Each event has a verdict of its own and the head tells nothing of them: it goes out before the first. */
  #filterEvents(verdict: FilterVerdict, body: AnswerBody): void {
    if (this.#masked.arrival.method !== 'HEAD')
      return this.#stream(verdict, undefined, filterBody(body.stream(), verdict))
    body.discard()
    this.#sendEmpty(verdict.status, verdict.rawHeaders)
  }

  /** How this client may get the answer; undefined = in no coding, whatever it accepts. */
  #codings({ bodyKind }: FilterVerdict, { rawHeaders }: AnswerHead): CodingChoice | undefined {
    const { route, headers } = this.#masked
    // Events go out one by one, and some readers take them in no coding.
    if (route.rows?.compress !== true || bodyKind === 'events' || !mayTransform(rawHeaders)) return undefined
    return chooseCoding(headers.all('accept-encoding'))
  }

  /** A small body at once: nothing of it has gone out when it is refused. */
  #filterWhole(verdict: FilterVerdict, choice: CodingChoice | undefined, bytes: Buffer): void {
    if (this.#settled || this.#reply.raw.destroyed) return
    const { observer } = this.#rooms
    const { body, report } = filterWhole(bytes, verdict, (lost) => observer.unanswered(this.#masked, lost))
    this.#sendWhole(verdict, choice, body)
    observer.answered(this.#masked, verdict.status, report)
  }

  #sendWhole({ status, rawHeaders }: FilterVerdict, choice: CodingChoice | undefined, body: Uint8Array): void {
    const isHead = this.#masked.arrival.method === 'HEAD'
    const coding = choice === undefined ? undefined : codingFor(choice, body.length)
    const out = coding === undefined || isHead ? body : encodeWhole(body, coding)
    const length = isHead ? [] : ['content-length', String(out.length)]
    // Not before the coding is done: where it fails, the client is told.
    this.#settled = true
    const fields = choice === undefined ? rawHeaders : encodedHeaders(rawHeaders, coding)
    this.#head(status, [...fields, ...length]).end(out)
  }

  /** A body that has come to its end while nothing of it was sent is small, and goes out like one. */
  #sendFiltered(verdict: FilterVerdict, choice: CodingChoice | undefined, body: FilterStream): void {
    const isSmall = body.writableFinished && body.readableLength <= maxWholeBytes
    if (choice?.coding === undefined || !isSmall) return this.#stream(verdict, choice, body)
    this.#sendWhole(verdict, choice, takeWhole(body))
    this.#rooms.observer.answered(this.#masked, verdict.status, body.report)
  }

  #stream({ status, rawHeaders, bodyKind }: FilterVerdict, choice: CodingChoice | undefined, body: FilterStream): void {
    this.#settled = true
    const coding = choice === undefined ? undefined : codingFor(choice, undefined)
    const raw = this.#head(status, choice === undefined ? rawHeaders : encodedHeaders(rawHeaders, coding))
    const isHead = this.#masked.arrival.method === 'HEAD'
    const out = coding === undefined || isHead ? body : body.pipe(createEncoder(coding))
    const lasts = bodyKind === 'events'
    if (lasts) raw.flushHeaders()
    out.on('data', (chunk: Buffer) => {
      if (raw.write(chunk)) return
      out.pause()
      this.#awaitReader(raw)
    })
    raw.on('drain', () => this.#goOn(out))
    out.once('end', () => this.#end(raw))
    // What is wrong with the body ends the connection below; the coding's own end is never written then.
    if (out !== body) out.on('error', (error) => this.#breakOff(raw, error))
    let told = false
    const tell = (how: 'answered' | 'broken off') => {
      if (told) return
      told = true
      const { observer } = this.#rooms
      if (how === 'answered') observer.answered(this.#masked, status, body.report)
      else observer.unanswered(this.#masked, body.report)
    }
    body.once('end', () => tell('answered'))
    body.once('error', (error) => {
      // Where the reader left first, the upstream's end is only what followed.
      tell(raw.destroyed ? 'answered' : 'broken off')
      this.#breakOff(raw, error)
    })
    body.once('close', () => {
      if (!body.readableEnded) raw.destroy()
    })
    raw.once('close', () => {
      // What went out until its reader left is told.
      tell('answered')
      body.destroy()
      out.destroy()
    })
  }

  #head(status: number, rawHeaders: readonly string[]): ServerResponse {
    const { raw } = this.#reply.hijack()
    if (!this.#request.raw.complete) raw.shouldKeepAlive = false
    const { limit } = this.#masked
    return raw.writeHead(
      status,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node reads the array and does not change it
      limit === undefined ? (rawHeaders as string[]) : [...rawHeaders, ...limitFields(limit)],
    )
  }

  #refuse(error: ProxyError): void {
    const { observer } = this.#rooms
    observer.refused(this.#masked.arrival, this.#masked.client, error, this.#masked)
    observer.writtenUnseen(this.#masked, error)
    if (error.code.startsWith('ERR_ANSWER_')) {
      observer.metrics.responseBlocked(this.#masked.app.id, this.#masked.route.id, error.code)
    }
  }

  #expire(timeoutMs: number): void {
    if (this.#settled) this.#reply.raw.destroy()
    else this.fail(new ProxyError('ERR_UPSTREAM_TIMEOUT', `no answer within ${timeoutMs} ms`))
    this.#exchange?.abort()
  }
}

/** Everything that waits to be read: `read` gives it piece by piece. */
function takeWhole(body: FilterStream): Buffer {
  const length = body.readableLength
  const pieces: Buffer[] = []
  for (let piece: unknown = body.read(); Buffer.isBuffer(piece); piece = body.read()) pieces.push(piece)
  const whole = Buffer.concat(pieces)
  if (whole.length !== length) throw new TypeError('a body that was read in part')
  return whole
}

/** Gives a body of unknown length the time that the rest of a short one takes: whether it is one decides on its coding. */
async function whenWhole(body: FilterStream): Promise<void> {
  if (body.writableFinished || body.destroyed) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(settle, isShort(body.readableLength) ? shortBodyMs : 0)
    function settle(): void {
      clearTimeout(timer)
      body.off('finish', settle)
      body.off('close', settle)
      resolve()
    }
    body.once('finish', settle)
    body.once('close', settle)
  })
}

/** Node joins head and body into one write where the body is text; latin1 is one character for each octet. */
function endWith(raw: ServerResponse, whole: Buffer): true {
  raw.end(whole.toString('latin1'), 'latin1')
  return true
}
