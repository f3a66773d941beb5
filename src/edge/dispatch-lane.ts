import { Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { ProxyError } from '../errors.ts'
import type {
  AnswerBody,
  AnswerSink,
  ByteSink,
  Lane,
  UpstreamExchange,
  UpstreamRequest,
} from '../stages/forward/lane.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { framingFault } from './framing-fault.ts'

/**
 * The lane over undici's `dispatch`: no stream, no abort signal and no header object per request. Bytes go from the
 * parser's callback to the sink.
 */
export function dispatchLane(agent: Agent): Lane {
  return {
    send(request: UpstreamRequest, sink: AnswerSink): UpstreamExchange {
      const exchange = new DispatchExchange(sink)
      const { origin, path, method, headers, body, headersTimeoutMs, bodyTimeoutMs } = request
      agent.dispatch(
        {
          origin,
          path,
          method,
          headers,
          body: body ?? null,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: bodyTimeoutMs,
        },
        exchange,
      )
      return exchange
    },
  }
}

/** Where the body goes before anybody has said so, and once nobody wants it. */
const nowhere: ByteSink = { write: () => true, end: () => undefined, fail: () => undefined }

class DispatchExchange implements Dispatcher.DispatchHandler, AnswerBody, UpstreamExchange {
  readonly #sink: AnswerSink
  #controller: Dispatcher.DispatchController | undefined
  #body: ByteSink = nowhere
  #answered = false
  #ended = false

  constructor(sink: AnswerSink) {
    this.#sink = sink
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // The client left while the request waited for a connection.
    if (this.#ended) controller.abort(new Error('aborted'))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // RFC 9110 section 15.2: interim answers are for this hop.
    if (status < 200 || this.#ended) return
    const rawHeaders = textOf(controller.rawHeaders)
    const fault = framingFault(rawHeaders)
    this.#answered = true
    if (fault === undefined) return this.#sink.answer({ status, rawHeaders }, this)
    this.#sink.fail(new ProxyError('ERR_UPSTREAM_PROTOCOL', fault))
    this.abort()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#body.write(chunk)) controller.pause()
  }

  /** Trailers end here: nothing has looked at them. */
  onResponseEnd(): void {
    this.#ended = true
    this.#body.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#answered) this.#body.fail(error)
    else this.#sink.fail(upstreamError(error))
  }

  deliver(sink: ByteSink): void {
    this.#body = sink
  }

  resume(): void {
    this.#controller?.resume()
  }

  stream(): Readable {
    const stream = new Readable({ read: () => this.resume(), destroy: (error, done) => this.#destroyed(error, done) })
    this.#body = {
      write: (chunk) => stream.push(chunk),
      end: () => void stream.push(null),
      // What came before the failure is read first.
      fail: (error) => void setImmediate(() => stream.destroy(error)),
    }
    return stream
  }

  discard(): void {
    this.abort()
  }

  abort(): void {
    if (this.#ended) return
    this.#ended = true
    this.#body = nowhere
    this.#controller?.abort(new Error('aborted'))
  }

  #destroyed(error: Error | null, done: (error?: Error | null) => void): void {
    this.abort()
    done(error)
  }
}

/** The bytes of an answer's head, each as one character. */
function textOf(rawHeaders: unknown): string[] {
  if (!Array.isArray(rawHeaders)) throw new TypeError('undici gave no raw headers')
  return (rawHeaders as readonly (Buffer | string)[]).map((part) =>
    typeof part === 'string' ? part : part.toString('latin1'),
  )
}
