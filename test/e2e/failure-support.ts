import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ErrorCode } from '../../src/errors.ts'
import { statusOf } from '../../src/errors.ts'
import type { TestEdge } from '../support/edge.ts'
import type { RawResponse } from '../support/raw-http.ts'

/** Asks again until it holds. The bound is for a test that would never end; nothing is measured by it. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 8000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`)
    await sleep(10)
  }
}

export interface AuditLine {
  readonly event: string
  readonly outcome: string
  readonly request?: string
  readonly reason?: string
  readonly address?: string
}

export function auditLines(edge: Pick<TestEdge, 'auditFile'>): readonly AuditLine[] {
  const lines = readFileSync(edge.auditFile, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as AuditLine)
}

/** What a client has of an answer. */
export interface Received {
  readonly status: number
  readonly body: string
  header(name: string): string | undefined
}

export async function received(answer: Response): Promise<Received> {
  const body = await answer.text()
  return { status: answer.status, body, header: (name) => answer.headers.get(name) ?? undefined }
}

export function receivedRaw(answer: RawResponse | undefined): Received {
  assert.ok(answer !== undefined, 'there was no whole answer')
  const header = (name: string) => answer.headers.find(([each]) => each.toLowerCase() === name)?.[1]
  return { status: answer.status, body: answer.body.toString('latin1'), header }
}

/** A clear refusal: status and problem document by `code` and nothing more, and the same request in the audit. */
export function assertRefused(edge: Pick<TestEdge, 'auditFile'>, answer: Received, code: ErrorCode): void {
  assert.equal(answer.status, statusOf(code), answer.body)
  assert.match(answer.header('content-type') ?? '', /^application\/problem\+json/)
  const problem = JSON.parse(answer.body) as Record<string, unknown>
  assert.deepEqual(Object.keys(problem).toSorted(), ['code', 'request', 'status', 'title', 'type'])
  assert.equal(problem.code, code)
  const event = auditLines(edge).find((line) => line.request === problem.request)
  assert.equal(event?.reason?.split(':')[0], code)
  assert.notEqual(event?.outcome, 'success')
}

/** A request head over a raw socket, with its empty line. */
export function head(start: string, headers: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${start} HTTP/1.1\r\n${fields.join('')}\r\n`
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}
