import type { Readable } from 'node:stream'
import type {} from '@fastify/reply-from'
import type { FastifyReply } from 'fastify'
import type { Agent } from 'undici'
import type { AnswerSink, Lane, UpstreamRequest } from '../stages/forward/lane.ts'
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
    send(request: UpstreamRequest, sink: AnswerSink): void {
      reply.from(pathOf(request.path), {
        method: request.method as 'GET',
        getUpstream: () => request.origin,
        queryString: () => queryOf(request.path),
        rewriteRequestHeaders: () => toHeaderObject(request, agent),
        // What it copies from the answer is nothing: our own filter decides what the client gets.
        rewriteHeaders: () => ({}),
        // reply-from repeats a GET up to ten times on 503 unless it is told not to.
        retryDelay: () => null,
        ...(Buffer.isBuffer(request.body) ? { body: request.body, contentType: 'application/octet-stream' } : {}),
        onResponse: (_request, _reply, answer) => {
          const { statusCode, headers, stream } = answer as unknown as RawAnswer // as upstreamRequester gives it
          sink.answer({ status: statusCode, rawHeaders: headers }, stream)
        },
        onError: (_reply, { error }) => sink.fail(upstreamError(error)),
      })
    },
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

/** Keeps the order; a repeated name becomes one list (RFC 9110 section 5.3). */
function toHeaderObject(request: UpstreamRequest, agent: Agent): Record<string, string> {
  const { headers, signal, headersTimeoutMs, bodyTimeoutMs } = request
  const out: Record<string | symbol, unknown> = Object.create(null)
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    const known = out[name]
    out[name] = typeof known === 'string' ? `${known}, ${value}` : value
  }
  out[sendOptions] = { agent, signal, headersTimeoutMs, bodyTimeoutMs } satisfies SendOptions
  return out as Record<string, string>
}
