import type { Readable } from 'node:stream'
// oxlint-disable-next-line import/no-empty-named-blocks, unicorn/require-module-specifiers -- it adds `from` to the reply's type
import type {} from '@fastify/reply-from'
import type { FastifyReply } from 'fastify'
import type { Agent } from 'undici'
import type {
  AnswerBody,
  AnswerSink,
  ByteSink,
  Lane,
  UpstreamExchange,
  UpstreamRequest,
} from '../stages/forward/lane.ts'
import { upstreamError } from '../stages/forward/upstream-error.ts'
import { type SendOptions, sendOptions } from './upstream-agents.ts'

interface RawAnswer {
  readonly statusCode: number
  readonly headers: readonly string[]
  readonly stream: Readable
}

/** The lane through `@fastify/http-proxy`'s `reply.from`: one per request, since it is a method of the reply. */
export function replyFromLane(reply: FastifyReply, agent: Agent): Lane {
  return {
    send(request: UpstreamRequest, sink: AnswerSink): UpstreamExchange {
      const controller = new AbortController()
      reply.from(pathOf(request.path), {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its type knows no variable; the route table has checked the method
        method: request.method as 'GET',
        getUpstream: () => request.origin,
        queryString: () => queryOf(request.path),
        rewriteRequestHeaders: () => toHeaderObject(request, agent, controller.signal),
        // What it copies from the answer is nothing: our own filter decides what the client gets.
        rewriteHeaders: () => ({}),
        // reply-from repeats a GET up to ten times on 503 unless it is told not to.
        retryDelay: () => null,
        ...(Buffer.isBuffer(request.body) ? { body: request.body, contentType: 'application/octet-stream' } : {}),
        onResponse: (_request, _reply, answer) => {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as upstreamRequester gives it
          const { statusCode, headers, stream } = answer as unknown as RawAnswer
          sink.answer({ status: statusCode, rawHeaders: headers }, new StreamBody(stream))
        },
        onError: (_reply, { error }) => sink.fail(upstreamError(error)),
      })
      return controller
    },
  }
}

/** A body that comes as a stream. */
class StreamBody implements AnswerBody {
  readonly #source: Readable

  constructor(source: Readable) {
    this.#source = source
  }

  deliver(sink: ByteSink): void {
    const source = this.#source
    source.on('data', (chunk: Buffer) => {
      if (!sink.write(chunk)) source.pause()
    })
    let over = false
    const fail = (error: Error) => {
      if (!over) sink.fail(error)
      over = true
    }
    source.once('end', () => {
      over = true
      sink.end()
    })
    source.once('error', fail)
    source.once('close', () => fail(new Error('the answer broke off')))
  }

  resume(): void {
    this.#source.resume()
  }

  stream(): Readable {
    return this.#source
  }

  discard(): void {
    this.#source.on('error', () => undefined).destroy()
  }
}

function pathOf(path: string): string {
  const mark = path.indexOf('?')
  return mark === -1 ? path : path.slice(0, mark)
}

function queryOf(path: string): string {
  const mark = path.indexOf('?')
  return mark === -1 ? '' : path.slice(mark + 1)
}

/** Keeps the order: no name is there twice. */
function toHeaderObject(request: UpstreamRequest, agent: Agent, signal: AbortSignal): Record<string, string> {
  const { headers, headersTimeoutMs, bodyTimeoutMs } = request
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object without anything in it
  const out = Object.create(null) as Record<string | symbol, unknown>
  for (let i = 0; i + 1 < headers.length; i += 2) out[headers[i] ?? ''] = headers[i + 1] ?? ''
  out[sendOptions] = { agent, signal, headersTimeoutMs, bodyTimeoutMs } satisfies SendOptions
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the symbol is for upstreamRequester, and every name holds text
  return out as Record<string, string>
}
