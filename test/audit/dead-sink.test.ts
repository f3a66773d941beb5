import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { tempFolder } from '../support/temp.ts'

const clock = { now: () => 1_700_000_000_000 }
const event: AuditEvent = { event: 'data.read', outcome: 'success', reason: 'x'.repeat(200) }

async function until(holds: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(15_000)
  while (!holds()) await sleep(20, undefined, { signal: deadline })
}

const noFull = existsSync('/dev/full') ? false : 'this system has no /dev/full'

test('a full device is a failure by name; events wait, and past the bound are refused', { skip: noFull }, async () => {
  const log = await openAuditLog({ file: '/dev/full', clock, includeEmail: false, maxWaiting: 3 })
  assert.equal(log.failure, undefined)
  log.write(event)
  await until(() => log.failure !== undefined)
  assert.equal(log.failure, 'the audit log cannot be written: ENOSPC')
  await assert.rejects(log.flush(), { code: 'ERR_AUDIT_UNAVAILABLE' })
  log.write(event)
  log.write(event)
  assert.throws(() => log.write(event), { code: 'ERR_AUDIT_UNAVAILABLE' })
  assert.equal(log.pending, 3)
  assert.equal(log.anchor.seq, 3)
  await assert.rejects(log.close(), /3 events could not be written/)
})

/** A file system of 64 KiB, or why there is none. */
function smallDisk(folder: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'mounting a tmpfs needs privileges that this user does not have'
  }
}

test('a disk that fills up and is freed loses and reorders nothing (skipped where no tmpfs can be mounted)', async (t) => {
  const disk = tempFolder(t)
  const whyNot = smallDisk(disk)
  if (whyNot !== undefined) {
    t.skip(whyNot)
    return
  }
  try {
    await fillAndFree(disk)
  } finally {
    execFileSync('umount', [disk])
  }
})

async function fillAndFree(disk: string): Promise<void> {
  const file = join(disk, 'audit.jsonl')
  writeFileSync(join(disk, 'filler'), Buffer.alloc(32 * 1024))
  const log = await openAuditLog({ file, clock, includeEmail: false })
  for (let count = 0; count < 150; count += 1) log.write(event)
  assert.equal(log.failure, 'the audit log cannot be written: ENOSPC')
  assert.ok(log.pending > 1)
  rmSync(join(disk, 'filler'))
  await until(() => log.failure === undefined)
  log.write(event)
  await log.flush()
  assert.equal(log.pending, 0)
  await log.close()
  const verdict = await verifyAudit(file)
  assert.deepEqual([verdict.lines, verdict.firstBad, verdict.warnings], [151, undefined, []])
}

const module = new URL('../../src/audit/json-lines.ts', import.meta.url).href
const script = (rest: string) =>
  `const { openAuditLog } = await import(${JSON.stringify(module)})
   const log = await openAuditLog({ file: 'stdout', clock: { now: () => 0 }, includeEmail: false, maxWaiting: 5000 })
   const write = () => log.write({ event: 'data.read', outcome: 'success' })
   ${rest}`

test('standard output gets a chain of its own from the first event', async (t) => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script('for (let i = 0; i < 2000; i += 1) write(); await log.close()'),
  ])
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  const file = join(tempFolder(t), 'captured.jsonl')
  writeFileSync(file, Buffer.concat(chunks))
  const verdict = await verifyAudit(file)
  assert.deepEqual([verdict.lines, verdict.firstBad], [2000, undefined])
})

test('standard output that nobody reads any more is a failure, not a crash', async (t) => {
  const report = join(tempFolder(t), 'report')
  const rest = `
    const { writeFileSync } = await import('node:fs')
    process.stdin.resume()
    process.stdin.once('end', async () => {
      write()
      for (let i = 0; i < 500 && log.failure === undefined; i += 1) await new Promise((r) => setTimeout(r, 10))
      write()
      const closed = await log.close().catch((error) => error.code + ' ' + error.message)
      writeFileSync(process.argv[1], log.failure + '|' + closed)
      process.exit(0)
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(rest), report])
  child.stdout.destroy()
  child.stdin.end()
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  assert.equal(
    readFileSync(report, 'utf8'),
    'the audit log cannot be written: EPIPE|ERR_AUDIT_UNAVAILABLE 2 events could not be written: the audit log cannot be written: EPIPE',
  )
})
