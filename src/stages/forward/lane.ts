import type { Readable } from 'node:stream'
import type { ProxyError } from '../../errors.ts'

/** A request as an upstream will get it. */
export interface UpstreamRequest {
  /** `http://10.0.0.5:3000` */
  readonly origin: string
  readonly method: string
  /** Canonical path with its query: the one rules were matched on. */
  readonly path: string
  /** Names and values alternating, ours first. */
  readonly headers: readonly string[]
  readonly body: Readable | Buffer | undefined
  readonly headersTimeoutMs: number
  /** Longest silence inside the body; 0 = none. */
  readonly bodyTimeoutMs: number
  /** Ends the exchange with the upstream: the client has gone, or the time is up. */
  readonly signal: AbortSignal
}

/** The head of a final answer (never 1xx). */
export interface AnswerHead {
  readonly status: number
  /** Names and values alternating, as received. */
  readonly rawHeaders: readonly string[]
}

/** Takes exactly one of the two calls. */
export interface AnswerSink {
  /** The body must be consumed or destroyed. */
  answer(head: AnswerHead, body: Readable): void
  fail(error: ProxyError): void
}

/**
 * A way to an upstream. Whatever the way, decision, headers and filter are the same: they stand on this side of it.
 * A lane sends a request once; it never repeats one.
 */
export interface Lane {
  send(request: UpstreamRequest, sink: AnswerSink): void
}
