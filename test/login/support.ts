import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { password, startTestEdge, type TestEdge, type TestEdgeOptions } from '../support/edge.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly cookies: readonly string[]
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address we come from, in 127.0.0.0/8. */
  readonly from?: string | undefined
}

/** One request over a connection of its own; nothing is followed, nothing is remembered. */
export async function send(port: number, path: string, sent: Sent = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      method: sent.method ?? (sent.body === undefined ? 'GET' : 'POST'),
      headers: { ...sent.headers },
      ...(sent.from === undefined ? {} : { localAddress: sent.from }),
    },
    (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.once('error', reject)
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          cookies: incoming.headers['set-cookie'] ?? [],
          text,
          get json() {
            return JSON.parse(text) as Record<string, unknown>
          },
        })
      })
    },
  )
  outgoing.once('error', reject)
  outgoing.end(sent.body)
  return promise
}

export function form(fields: Readonly<Record<string, string>>): Pick<Sent, 'body' | 'headers'> {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}

export function postJson(
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Pick<Sent, 'body' | 'headers'> {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

/** As much of a browser as sign-in needs: cookies, forms, and the two headers that say where a request comes from. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #port: number
  readonly #origin: string
  readonly #extra: Readonly<Record<string, string>>
  readonly #from: string | undefined

  constructor(
    edge: Pick<TestEdge, 'port'>,
    options: { origin?: string; headers?: Readonly<Record<string, string>>; from?: string } = {},
  ) {
    this.#port = edge.port
    this.#origin = options.origin ?? `http://127.0.0.1:${edge.port}`
    this.#extra = options.headers ?? {}
    this.#from = options.from
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send(path, { headers: { accept: 'text/html', ...headers } })
  }

  async post(path: string, fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}) {
    const own = { accept: 'text/html', origin: this.#origin, 'sec-fetch-site': 'same-origin' }
    const { body, headers: type } = form(fields)
    return this.#send(path, { body: body ?? '', headers: { ...own, ...type, ...headers } })
  }

  /** The token of the form on the sign-in page, as the page gives it. */
  async formToken(page = '/.sallyport/login'): Promise<string> {
    return tokenIn(await this.get(page))
  }

  async signIn(
    email: string,
    options: { password?: string; returnTo?: string; headers?: Record<string, string> } = {},
  ) {
    const csrf = await this.formToken()
    const fields = { csrf, email, password: options.password ?? password, return: options.returnTo ?? '/' }
    return this.post('/.sallyport/login', fields, options.headers)
  }

  async #send(path: string, sent: Sent): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const host = new URL(this.#origin).host
    const headers = { host, ...(cookie === '' ? {} : { cookie }), ...this.#extra, ...sent.headers }
    const answer = await send(this.#port, path, { ...sent, headers, from: this.#from })
    for (const line of answer.cookies) this.#keep(line)
    return answer
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const equals = pair.indexOf('=')
    if (attributes.includes('Max-Age=0')) this.cookies.delete(pair.slice(0, equals))
    else this.cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
}

export function tokenIn(answer: Answer): string {
  const found = /name="csrf" value="([^"]+)"/.exec(answer.text)?.[1]
  assert.ok(found !== undefined, `no form token: ${answer.status}`)
  return found
}

export interface AuditLine extends Readonly<Record<string, unknown>> {
  readonly event: string
  readonly reason?: string
  readonly account?: string
  readonly address?: string
  readonly request?: string
}

export function auditLines(edge: TestEdge): readonly AuditLine[] {
  const lines = readFileSync(edge.auditFile, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as AuditLine)
}

/** The events told about this answer's request. */
export function toldAbout(edge: TestEdge, problem: Answer): readonly AuditLine[] {
  return auditLines(edge).filter((line) => line.request === problem.json['request'])
}

export const wideLimits = { signIn: { max: 100_000, window: '1m' } }

export interface SignInBench {
  readonly edge: TestEdge
  readonly upstream: EchoUpstream
  close(): Promise<void>
}

/** An edge with room for many sign-ins, before an upstream that records. */
export async function openBench(options: Omit<TestEdgeOptions, 'upstream'> = {}): Promise<SignInBench> {
  const upstream = await startEcho()
  try {
    const config = { limits: wideLimits, bans: { signInFailures: { max: 100_000 } }, ...options.config }
    const edge = await startTestEdge({ ...options, config, upstream: upstream.url })
    return {
      edge,
      upstream,
      close: async () => {
        await edge.stop()
        await upstream.close()
      },
    }
  } catch (error) {
    await upstream.close()
    throw error
  }
}

export async function issue(
  edge: TestEdge,
  email: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send(edge.port, '/.sallyport/token', postJson({ email, password, ...more }))
}
