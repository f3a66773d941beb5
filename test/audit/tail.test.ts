import assert from 'node:assert/strict'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tailAudit } from '../../src/audit/tail.ts'
import { tempFolder } from '../support/temp.ts'

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join('')

test('gives the last lines and ends', async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  writeFileSync(file, numbered(1, 20_000))
  assert.deepEqual(await Array.fromAsync(tailAudit(file, { lines: 2 })), ['line 19999', 'line 20000'])
  assert.equal((await Array.fromAsync(tailAudit(file, { lines: 15_000 }))).length, 15_000)
  assert.equal((await Array.fromAsync(tailAudit(file, { lines: 50_000 }))).length, 20_000)
  assert.deepEqual(await Array.fromAsync(tailAudit(file, { lines: 0 })), [])
})

test('shows a last line that was torn', async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  writeFileSync(file, 'one\ntwo\nthr')
  assert.deepEqual(await Array.fromAsync(tailAudit(file, { lines: 2 })), ['two', 'thr'])
})

test('follows whole lines, through a rotation, until told to stop', { timeout: 20_000 }, async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  writeFileSync(file, 'one\ntwo\nthr')
  const stop = new AbortController()
  const lines = tailAudit(file, { lines: 2, follow: true, signal: stop.signal })
  const next = async () => (await lines.next()).value
  assert.equal(await next(), 'two')
  appendFileSync(file, 'ee\n')
  assert.equal(await next(), 'three')
  renameSync(file, `${file}.1`)
  writeFileSync(file, 'four\n')
  assert.equal(await next(), 'four')
  stop.abort()
  assert.equal((await lines.next()).done, true)
})

test('a file that is not there is an error', async (t) => {
  const lines = tailAudit(join(tempFolder(t), 'none'), { lines: 1 })
  await assert.rejects(lines.next(), { code: 'ERR_AUDIT_UNAVAILABLE' })
})
