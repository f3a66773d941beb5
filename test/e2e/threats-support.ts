import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { password, startTestEdge, type TestEdge, type TestEdgeOptions } from '../support/edge.ts'
import { type RawExchange, type RawOptions, type RawResponse, rawExchange } from '../support/raw-http.ts'

/** An edge before a recording upstream. */
export interface Corridor {
  readonly edge: TestEdge
  readonly upstream: EchoUpstream
  readonly close: () => Promise<void>
}

export interface AuditLine {
  readonly event: string
  readonly outcome: string
  readonly request?: string
  readonly address?: string
  readonly reason?: string
}

export async function openCorridor(options: Omit<TestEdgeOptions, 'upstream'> = {}): Promise<Corridor> {
  const upstream = await startEcho()
  try {
    const edge = await startTestEdge({ ...options, upstream: upstream.url })
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

/** A request head of exactly these lines; a Host is put in unless `lines` hold one. */
export function head(requestLine: string, lines: readonly string[] = [], host = 'app.example'): string {
  const all = lines.some((line) => /^host\s*:/i.test(line)) ? lines : [`Host: ${host}`, ...lines]
  return `${[requestLine, ...all].join('\r\n')}\r\n\r\n`
}

/** One request, one answer. */
export async function ask(
  edge: TestEdge,
  bytes: string | Buffer,
  options: Partial<RawOptions> = {},
): Promise<RawResponse> {
  const { responses, raw } = await rawExchange(edge.port, bytes, { timeoutMs: 5000, expect: 1, ...options })
  const answer = responses.find(({ status }) => status >= 200)
  assert.ok(answer !== undefined, `no answer: ${raw.toString('latin1')}`)
  return answer
}

/** Everything that comes back until the edge closes; `Connection: close` on the last request makes it. */
export async function converse(edge: TestEdge, bytes: string | Buffer): Promise<RawExchange> {
  return rawExchange(edge.port, bytes, { timeoutMs: 5000 })
}

export function bearer(token: string): string {
  return `Authorization: Bearer ${token}`
}

export function field(answer: RawResponse, name: string): string | undefined {
  return answer.headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

export function auditLines(edge: TestEdge): readonly AuditLine[] {
  const lines = readFileSync(edge.auditFile, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as AuditLine)
}

/** A refusal as the contract has it: status, problem document, and one audit event under the same request id. */
export function assertRefused(edge: TestEdge, answer: RawResponse, status: number, code: string): AuditLine {
  const text = answer.body.toString('latin1')
  assert.equal(answer.status, status, text)
  assert.match(field(answer, 'content-type') ?? '', /^application\/problem\+json/)
  const problem = JSON.parse(text) as Record<string, unknown>
  assert.equal(problem['code'], code)
  assert.equal(problem['status'], status)
  assert.deepEqual(Object.keys(problem).toSorted(), ['code', 'request', 'status', 'title', 'type'])
  const told = auditLines(edge).filter((line) => line.request === problem['request'])
  assert.equal(told.length, 1, 'one audit event per refusal')
  const [event] = told
  assert.ok(event !== undefined && event.reason?.startsWith(`${code}:`) === true, event?.reason ?? 'no reason')
  return event
}

/** Signs in through the page; gives the Cookie field. */
export async function signInCookie(edge: TestEdge, email: string): Promise<string> {
  const page = await ask(edge, head('GET /.sallyport/login HTTP/1.1'))
  const formCookie = field(page, 'set-cookie')?.split(';')[0] ?? ''
  const csrf = /name="csrf" value="(?<csrf>[^"]+)"/.exec(page.body.toString())?.groups?.['csrf'] ?? ''
  const body = new URLSearchParams({ csrf, email, password, return: '/' }).toString()
  const lines = [
    'Content-Type: application/x-www-form-urlencoded',
    `Cookie: ${formCookie}`,
    'Sec-Fetch-Site: same-origin',
  ]
  const posted = head('POST /.sallyport/login HTTP/1.1', [...lines, `Content-Length: ${body.length}`]) + body
  const answer = await ask(edge, posted)
  assert.equal(answer.status, 303, answer.body.toString())
  const cookie = answer.headers.find(([name, value]) => /^set-cookie$/i.test(name) && /^sallyport=./.test(value))?.[1]
  assert.ok(cookie !== undefined, 'a session cookie')
  return `Cookie: ${cookie.split(';')[0] ?? ''}`
}
