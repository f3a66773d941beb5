import type { Readable } from 'node:stream'
import type { ProxyError } from '../../errors.ts'

/** A request as an upstream will get it. */
export interface UpstreamRequest {
  /** `http://10.0.0.5:3000` */
  readonly origin: string
  readonly method: string
  /** Canonical path with its query: the one rules were matched on. */
  readonly path: string
  /** Names and values alternating, ours first; no name twice. */
  readonly headers: string[]
  readonly body: Readable | Buffer | undefined
  readonly headersTimeoutMs: number
  /** Longest silence inside the body; 0 = none. */
  readonly bodyTimeoutMs: number
}

/** The head of a final answer (never 1xx). */
export interface AnswerHead {
  readonly status: number
  /** Names and values alternating, as received. */
  readonly rawHeaders: readonly string[]
}

/** Takes the bytes of a body as they come; ends with exactly one of `end` and `fail`. */
export interface ByteSink {
  /** False = wait for `AnswerBody.resume` before the next chunk. */
  write(chunk: Buffer): boolean
  /** All of it has come. */
  end(): void
  /** It broke off: what came is not the whole. */
  fail(error: Error): void
}

/** The body of an answer. Whoever gets it calls exactly one of `deliver`, `stream` and `discard`, before it returns. */
export interface AnswerBody {
  deliver(sink: ByteSink): void
  /** Goes on after a `write` that returned false. */
  resume(): void
  stream(): Readable
  /** Nobody wants it: nothing more is heard of this exchange. */
  discard(): void
}

/** Takes exactly one of the two calls. */
export interface AnswerSink {
  answer(head: AnswerHead, body: AnswerBody): void
  fail(error: ProxyError): void
}

/** A request under way. */
export interface UpstreamExchange {
  /** Ends it: the client has gone, or the time is up. Without effect once it has ended. */
  abort(): void
}

/**
 * A way to an upstream. Whatever the way, decision, headers and filter are the same: they stand on this side of it.
 * A lane sends a request once; it never repeats one.
 */
export interface Lane {
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamExchange
}
