import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as fc from 'fast-check'
import { chainOf, genesis, seal } from '../../src/audit/chain.ts'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { tempFolder } from '../support/temp.ts'

const clock = { now: () => 1_700_000_000_000 }

async function logOf(t: TestContext, count: number) {
  const file = join(tempFolder(t), 'audit.jsonl')
  const log = await openAuditLog({ file, clock, includeEmail: false })
  for (let index = 1; index <= count; index += 1) {
    log.write({ event: 'data.read', outcome: 'success', account: `acc_${index}`, detail: { rows: index } })
  }
  await log.close()
  return { file, lines: readFileSync(file, 'utf8').trimEnd().split('\n') }
}

const save = (file: string, lines: readonly (string | undefined)[]) => writeFileSync(file, `${lines.join('\n')}\n`)

test('an untouched log holds to its last line', async (t) => {
  const { file } = await logOf(t, 5)
  const verdict = await verifyAudit(file)
  assert.deepEqual([verdict.lines, verdict.firstBad, verdict.warnings], [5, undefined, []])
  assert.equal(verdict.last?.seq, 5)
})

test('an empty log holds', async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  writeFileSync(file, '')
  assert.deepEqual(await verifyAudit(file), { lines: 0, last: undefined, warnings: [] })
})

test('names the line that was altered', async (t) => {
  const { file, lines } = await logOf(t, 5)
  save(file, lines.with(2, (lines[2] ?? '').replace('acc_3', 'acc_9')))
  const { firstBad, lines: good } = await verifyAudit(file)
  assert.equal(firstBad?.line, 3)
  assert.match(firstBad.reason, /^altered/)
  assert.equal(good, 2)
})

test('names the line after one whose own chain value was renewed as well', async (t) => {
  const { file, lines } = await logOf(t, 5)
  const previous = /"chain":"([^"]+)"/.exec(lines[1] ?? '')?.[1] ?? ''
  const forged = (lines[2] ?? '').replace('acc_3', 'acc_9').replace(/,"chain":"[^"]+"/, '')
  save(file, lines.with(2, seal(forged, chainOf(previous, forged))))
  assert.equal((await verifyAudit(file)).firstBad?.line, 4)
})

test('names the place where a line was removed', async (t) => {
  const { file, lines } = await logOf(t, 5)
  save(file, lines.toSpliced(2, 1))
  const { firstBad } = await verifyAudit(file)
  assert.equal(firstBad?.line, 3)
  assert.match(firstBad.reason, /^removed: event 3 should be here, and 4 is/)
})

test('notices lines removed from the beginning', async (t) => {
  const { file, lines } = await logOf(t, 5)
  save(file, lines.slice(2))
  assert.equal((await verifyAudit(file)).firstBad?.line, 1)
})

test('accepts the beginning of a rotated log by the end of the one before it, and by nothing else', async (t) => {
  const { file, lines } = await logOf(t, 5)
  const chain = /"chain":"([^"]+)"/.exec(lines[1] ?? '')?.[1] ?? ''
  save(file, lines.slice(2))
  assert.equal((await verifyAudit(file, { after: { seq: 2, chain } })).firstBad, undefined)
  assert.equal((await verifyAudit(file, { after: { seq: 2, chain: genesis } })).firstBad?.line, 1)
})

test('names the first of lines that changed places, or were repeated', async (t) => {
  const { file, lines } = await logOf(t, 5)
  save(file, [lines[0], lines[2], lines[1], lines[3], lines[4]])
  assert.equal((await verifyAudit(file)).firstBad?.line, 2)
  save(file, [lines[0], lines[1], lines[1], lines[2]])
  const { firstBad } = await verifyAudit(file)
  assert.equal(firstBad?.line, 3)
  assert.match(firstBad.reason, /^reordered or repeated/)
})

test('a line from another log does not fit in', async (t) => {
  const { file, lines } = await logOf(t, 3)
  const foreign = '{"time":"2020-01-01T00:00:00.000Z","event":"data.read","outcome":"success","seq":2}'
  save(file, lines.with(1, seal(foreign, chainOf(genesis, foreign))))
  assert.equal((await verifyAudit(file)).firstBad?.line, 2)
})

test('garbage in the middle or as a whole last line is an alteration', async (t) => {
  const { file, lines } = await logOf(t, 3)
  save(file, lines.with(1, 'garbage'))
  assert.equal((await verifyAudit(file)).firstBad?.line, 2)
  save(file, lines.with(2, 'garbage'))
  assert.equal((await verifyAudit(file)).firstBad?.line, 3)
  save(file, lines.with(1, `{"x":"${'y'.repeat(200_000)}"}`))
  assert.equal((await verifyAudit(file)).firstBad?.line, 2)
})

test('half a line at the very end is a warning, since the edge may be writing it', async (t) => {
  const { file } = await logOf(t, 3)
  appendFileSync(file, '{"time":"20')
  const verdict = await verifyAudit(file)
  assert.equal(verdict.firstBad, undefined)
  assert.equal(verdict.warnings.length, 1)
})

test('what was vouched for as torn cannot be changed or removed later', async (t) => {
  const { file } = await logOf(t, 2)
  appendFileSync(file, '{"time":"20')
  await (await openAuditLog({ file, clock, includeEmail: false })).close()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.equal((await verifyAudit(file)).firstBad, undefined)
  save(file, lines.with(2, '{"time":"21'))
  assert.equal((await verifyAudit(file)).firstBad?.line, 3)
  save(file, lines.toSpliced(2, 1))
  assert.equal((await verifyAudit(file)).firstBad?.line, 3)
})

test('a log that cannot be read is an error, not a verdict', async (t) => {
  await assert.rejects(verifyAudit(join(tempFolder(t), 'none')), { code: 'ERR_AUDIT_UNAVAILABLE' })
})

test('no change of one byte before the last line goes unnoticed', async (t) => {
  const { file } = await logOf(t, 4)
  const bytes = readFileSync(file)
  const where = fc.integer({ min: 0, max: bytes.length - 1 })
  await fc.assert(
    fc.asyncProperty(where, fc.integer({ min: 1, max: 255 }), async (position, flip) => {
      const changed = Buffer.from(bytes)
      changed[position] = (changed[position] ?? 0) ^ flip
      writeFileSync(file, changed)
      const { firstBad, warnings, lines } = await verifyAudit(file)
      // The last newline is the one byte that carries nothing but "finished".
      assert.ok(firstBad !== undefined || (position === bytes.length - 1 && warnings.length + lines > 0))
    }),
    { numRuns: 150 },
  )
})
