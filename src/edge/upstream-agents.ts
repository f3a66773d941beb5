import { Agent, type Dispatcher } from 'undici'
import type { AppConfig } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import { framingFault } from './framing-fault.ts'

/** Octets of an answer's head. */
const maxHeaderBytes = 32_768

/** What `@fastify/reply-from` hands over for one request. */
interface PlainRequest {
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: Record<string | symbol, unknown>
  readonly body: Dispatcher.RequestOptions['body']
}

export type RequestCallback = (error: Error | null, answer: Dispatcher.ResponseData | undefined) => void

/** How one request is to be sent; travels with its headers through `@fastify/reply-from`, which knows no such options. */
export interface SendOptions {
  readonly agent: Agent
  readonly signal: AbortSignal
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
}

export const sendOptions: unique symbol = Symbol('send options')

const authorities = new WeakMap<Agent, string>()

/** The certificate authority (PEM) that the pool of an app trusts in place of the well-known ones. */
export function authorityOf(agent: Agent): string | undefined {
  return authorities.get(agent)
}

/** One pool per app. Certificates are verified, always: `@fastify/reply-from` by itself would not (its default is off). */
export function createAgent(app: AppConfig, ca: string | undefined): Agent {
  const agent = new Agent({
    connections: 256,
    pipelining: 1,
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 60_000,
    connect: { timeout: app.timeouts.connectMs, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
  })
  if (ca !== undefined) authorities.set(agent, ca)
  return agent
}

/** The dispatcher given to `@fastify/reply-from`: raw answer heads, one try, framing that has one reading. */
export const upstreamRequester = {
  request(request: PlainRequest, callback: RequestCallback): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- set by the lane, and by nobody else
    const options = request.headers[sendOptions] as SendOptions | undefined
    if (options === undefined) {
      callback(new ProxyError('ERR_INTERNAL', 'request without send options'), undefined)
      return
    }
    const { agent, signal, headersTimeoutMs, bodyTimeoutMs } = options
    const { origin, path, method, body, headers } = request
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the lane writes text under every name; undici skips symbols
    const sent = { origin, path, method, body: body === '' ? null : body, headers: headers as Record<string, string> }
    agent.request(
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the method came through the route table
      {
        ...sent,
        signal,
        headersTimeout: headersTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        responseHeaders: 'raw',
      } as Dispatcher.RequestOptions,
      (error, answer) => receive(error, answer, callback),
    )
  },
}

function receive(error: Error | null, answer: Dispatcher.ResponseData | undefined, callback: RequestCallback): void {
  if (error !== null || answer === undefined) return callback(error ?? new Error('no answer'), undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- responseHeaders: 'raw' gives pairs
  const fault = framingFault(answer.headers as unknown as readonly string[])
  if (fault === undefined) return callback(null, answer)
  answer.body.on('error', () => undefined).destroy()
  callback(new ProxyError('ERR_UPSTREAM_PROTOCOL', fault), undefined)
}
