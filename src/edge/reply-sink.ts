import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { Arrival, ClientAddress, Masked } from '../exchange.ts'
import { filterBody, whenReleased } from '../stages/filter/filter-body.ts'
import { type FilterVerdict, planAnswer, type Verdict } from '../stages/filter/filter-response.ts'
import type { AnswerHead, AnswerSink } from '../stages/forward/lane.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { answerRules } from './answer-rules.ts'
import type { LiveSockets } from './live-sockets.ts'
import type { Observer, RowCounts } from './observer.ts'
import { toRefusal } from './refusal.ts'
import { sendRefusal } from './refuse.ts'

/** The cookies that only the edge may set, over http and over https. */
const ownCookies = ['sallyport', '__Host-sallyport', 'sallyport-form', '__Host-sallyport-form']

export interface SinkRooms {
  readonly observer: Observer
  readonly live: LiveSockets
  /** Whose address a refusal is recorded under; undefined where it cannot be told. */
  readonly addressOf: (arrival: Arrival) => ClientAddress | undefined
}

/** Writes one answer to one client, through the second gate. Nothing of an app reaches a client any other way. */
export class ReplySink implements AnswerSink {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #masked: Masked
  readonly #rooms: SinkRooms
  readonly #abort = new AbortController()
  #settled = false

  constructor(request: FastifyRequest, reply: FastifyReply, masked: Masked, rooms: SinkRooms, release: () => void) {
    this.#request = request
    this.#reply = reply
    this.#masked = masked
    this.#rooms = rooms
    const { timeoutMs } = masked.route.config
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#expire(timeoutMs), timeoutMs)
    const { access, client } = masked
    const sid = access.kind === 'member' ? access.principal.sid : undefined
    rooms.live.add({ socket: reply.raw, address: client, sid })
    reply.raw.once('close', () => {
      release()
      clearTimeout(timer)
      if (!reply.raw.writableFinished) this.#abort.abort()
    })
  }

  /** Aborts the exchange with the upstream once the client is gone or the time is up. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  answer(head: AnswerHead, body: Readable): void {
    if (this.#settled || this.#reply.raw.destroyed) return discard(body)
    try {
      const { method } = this.#masked.arrival
      this.#deliver(planAnswer({ method, head, rows: answerRules(this.#masked), ownCookies }), body)
    } catch (error) {
      discard(body)
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

  #deliver(verdict: Verdict, body: Readable): void {
    switch (verdict.kind) {
      case 'refuse':
        discard(body)
        return this.fail(verdict.error)
      case 'replace':
        discard(body)
        return this.#replace(verdict)
      case 'empty':
        discard(body)
        return this.#sendEmpty(verdict.status, verdict.rawHeaders)
      case 'pass':
        return this.#stream(verdict.status, verdict.rawHeaders, body, () => undefined)
      case 'filter':
        return this.#filter(verdict, body)
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

  /** Head and body as they come; an upstream that breaks off breaks the client's connection, so that no part passes for the whole. */
  #stream(status: number, rawHeaders: readonly string[], body: Readable, counts: () => RowCounts | undefined): void {
    this.#settled = true
    this.#head(status, rawHeaders)
    const { raw } = this.#reply
    body.on('data', (chunk: Buffer) => {
      if (!raw.write(chunk)) body.pause()
    })
    raw.on('drain', () => body.resume())
    body.once('end', () => {
      raw.end()
      this.#rooms.observer.answered(this.#masked, status, counts())
    })
    body.once('error', (error) => {
      const clientLeft = raw.destroyed
      raw.destroy()
      if (!clientLeft) this.#refuse(upstreamError(error))
    })
    body.once('close', () => {
      if (!body.readableEnded) raw.destroy()
    })
    raw.once('close', () => body.destroy())
  }

  #filter(verdict: FilterVerdict, source: Readable): void {
    const body = filterBody(source, verdict)
    whenReleased(body)
      .then(() => {
        if (this.#settled || this.#reply.raw.destroyed) return discard(body)
        this.#stream(verdict.status, verdict.rawHeaders, body, () => body.report)
      })
      .catch((cause: unknown) => {
        discard(body)
        const error = cause instanceof ProxyError ? cause : upstreamError(cause)
        if (!verdict.isProblem || this.#settled || this.#reply.raw.destroyed) return this.fail(error)
        this.#replace({ status: verdict.status, rawHeaders: [], error })
      })
  }

  #head(status: number, rawHeaders: readonly string[]): void {
    const { raw } = this.#reply.hijack()
    if (!this.#request.raw.complete) raw.shouldKeepAlive = false
    raw.writeHead(status, rawHeaders as string[])
  }

  #refuse(error: ProxyError): void {
    const { observer } = this.#rooms
    observer.refused(this.#masked.arrival, this.#masked.client, error, this.#masked)
    if (error.code.startsWith('ERR_ANSWER_')) {
      observer.metrics.responseBlocked(this.#masked.app.id, this.#masked.route.id, error.code)
    }
  }

  #expire(timeoutMs: number): void {
    if (this.#settled) this.#reply.raw.destroy()
    else this.fail(new ProxyError('ERR_UPSTREAM_TIMEOUT', `no answer within ${timeoutMs} ms`))
    this.#abort.abort()
  }
}

function discard(body: Readable): void {
  body.on('error', () => undefined).destroy()
}
