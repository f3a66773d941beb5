import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { tempFolder } from '../support/temp.ts'

const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) }
const event: AuditEvent = { event: 'data.read', outcome: 'success', account: 'acc_1', detail: { rows: 3 } }

const open = async (file: string, includeEmail = false) => openAuditLog({ file, clock, includeEmail })

async function written(t: TestContext, events: readonly AuditEvent[], includeEmail = false) {
  const file = join(tempFolder(t), 'audit.jsonl')
  const log = await open(file, includeEmail)
  for (const each of events) log.write(each)
  await log.close()
  return { file, text: readFileSync(file, 'utf8') }
}

test('writes one JSON line per event with the members of the contract in their order', async (t) => {
  const full: AuditEvent = {
    detail: { code: 'ERR_MASK_NONE', groups: ['g1', 'g2'], rows: 2, leak: false },
    reason: 'no grant',
    route: 'GET /api/**',
    app: 'orders',
    address: '203.0.113.7',
    tenant: 'acme',
    account: 'acc_1',
    request: 'r-1',
    outcome: 'refused',
    event: 'access.denied',
  }
  const { text } = await written(t, [full, event])
  const [first = '', second = '', rest] = text.split('\n')
  assert.equal(rest, '')
  assert.match(
    first,
    /^\{"time":"2026-01-02T03:04:05\.006Z","event":"access\.denied","outcome":"refused","request":"r-1","account":"acc_1","tenant":"acme","address":"203\.0\.113\.7","app":"orders","route":"GET \/api\/\*\*","reason":"no grant","detail":\{"code":"ERR_MASK_NONE","groups":\["g1","g2"\],"rows":2,"leak":false\},"seq":1,"chain":"[\w-]{43}"\}$/,
  )
  assert.match(
    second,
    /^\{"time":"[^"]+","event":"data\.read","outcome":"success","account":"acc_1","detail":\{"rows":3\},"seq":2,"chain"/,
  )
})

test('the event is with the kernel when write returns', async (t) => {
  const file = join(tempFolder(t), 'audit.jsonl')
  const log = await open(file)
  t.after(async () => log.close())
  log.write(event)
  assert.equal(readFileSync(file, 'utf8').split('\n').length, 2)
  assert.equal(log.pending, 0)
  await log.flush()
})

test('a new file can be read by its owner only', async (t) => {
  const { file } = await written(t, [event])
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('continues the chain of an existing file', async (t) => {
  const { file } = await written(t, [event, event])
  const log = await open(file)
  log.write(event)
  assert.equal(log.anchor.seq, 3)
  await log.close()
  const verdict = await verifyAudit(file)
  assert.deepEqual([verdict.lines, verdict.firstBad, verdict.warnings], [3, undefined, []])
  assert.equal(verdict.last?.chain, log.anchor.chain)
})

test('continues a long file from a bounded tail', async (t) => {
  const many = Array.from({ length: 2000 }, () => event)
  const { file } = await written(t, many)
  assert.ok(statSync(file).size > 256 * 1024)
  const log = await open(file)
  log.write(event)
  await log.close()
  assert.equal((await verifyAudit(file)).lines, 2001)
})

test('vouches for a line that a crash tore, and goes on from the last whole one', async (t) => {
  const { file } = await written(t, [event, event])
  truncateSync(file, statSync(file).size - 20)
  const log = await open(file)
  log.write(event)
  await log.close()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, 4)
  assert.match(
    lines[2] ?? '',
    /"event":"edge\.started",.*"detail":\{"recovered":true,"tornBytes":\d+,"tornSha256":"[\w-]{43}"\},"seq":2/,
  )
  const verdict = await verifyAudit(file)
  assert.equal(verdict.firstBad, undefined)
  assert.equal(verdict.lines, 3)
  assert.deepEqual(verdict.warnings, ['line 2: torn by a crash, as line 3 says'])
})

test('loses nothing when only the newline was torn off', async (t) => {
  const { file } = await written(t, [event, event])
  truncateSync(file, statSync(file).size - 1)
  const log = await open(file)
  log.write(event)
  await log.close()
  const verdict = await verifyAudit(file)
  assert.deepEqual([verdict.lines, verdict.firstBad, verdict.warnings], [3, undefined, []])
})

test('recovers from a tear at every byte of the last line', async (t) => {
  const { file, text } = await written(t, [event, event])
  const firstEnd = text.indexOf('\n') + 1
  for (let length = 0; length <= text.length; length += length < firstEnd ? 7 : 3) {
    writeFileSync(file, text.slice(0, length))
    const log = await open(file)
    log.write(event)
    await log.close()
    const verdict = await verifyAudit(file)
    assert.equal(verdict.firstBad, undefined, `torn after ${length} bytes`)
  }
})

test('survives a tear of the very line that vouches for a tear', async (t) => {
  const { file } = await written(t, [event, event])
  truncateSync(file, statSync(file).size - 20)
  await (await open(file)).close()
  truncateSync(file, statSync(file).size - 30)
  await (await open(file)).close()
  const verdict = await verifyAudit(file)
  assert.equal(verdict.firstBad, undefined)
  assert.equal(verdict.lines, 2)
})

test('refuses to append to a file that is not an audit log, beside an empty one that it takes', async (t) => {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'hosts'), '127.0.0.1 localhost\n')
  await assert.rejects(open(join(folder, 'hosts')), { code: 'ERR_AUDIT_UNAVAILABLE' })
  writeFileSync(join(folder, 'large'), Buffer.alloc(300 * 1024))
  await assert.rejects(open(join(folder, 'large')), { code: 'ERR_AUDIT_UNAVAILABLE' })
  await assert.rejects(open(join(folder, 'no', 'such', 'folder')), { code: 'ERR_AUDIT_UNAVAILABLE' })
  writeFileSync(join(folder, 'empty'), '')
  await (await open(join(folder, 'empty'))).close()
})

test('a closed log takes nothing more', async (t) => {
  const log = await open(join(tempFolder(t), 'audit.jsonl'))
  await log.close()
  assert.throws(() => log.write(event), { code: 'ERR_AUDIT_UNAVAILABLE' })
  await log.close()
})

test('blanks out e-mail addresses wherever they stand, unless they are switched on', async (t) => {
  const email: AuditEvent = {
    event: 'login.failed',
    outcome: 'failure',
    account: 'ann@acme.example',
    reason: 'no account for <bob@acme.example>',
    detail: { to: 'carl%40acme.example', list: ['dora@acme.example', 'plain'], email: 'eve' },
  }
  const without = (await written(t, [email])).text
  assert.doesNotMatch(without, /acme|"eve"/)
  assert.match(without, /no account for <\[email\]>/)
  assert.match(without, /"plain"/)
  const included = (await written(t, [email], true)).text
  assert.match(included, /ann@acme\.example.*bob@acme\.example.*dora@acme\.example.*eve/)
})

test('never writes a token, nor a detail whose name says that it is a secret', async (t) => {
  const token = `eyJhbGciOiJFUzI1NiJ9.${'a'.repeat(40)}.sig`
  const { text } = await written(
    t,
    [
      {
        ...event,
        reason: `refused Bearer ${token}`,
        detail: { Password: 'hunter2', cookie: 'c00kie', id: token, rule: 'r-1' },
      },
    ],
    true,
  )
  assert.doesNotMatch(text, /eyJ|hunter2|c00kie/)
  assert.match(text, /refused Bearer \[token\].*"rule":"r-1"/)
})

test('only members of the contract are written, whatever the object carries', async (t) => {
  const carrying = { ...event, body: 'row content', headers: { cookie: 'x' } }
  const { text } = await written(t, [carrying])
  assert.doesNotMatch(text, /row content|headers/)
  // @ts-expect-error: the type has no place for a body.
  const typed: AuditEvent = { event: 'data.read', outcome: 'success', body: 'row content' }
  assert.equal(typed.event, 'data.read')
})

test('bounds every string and the whole line, and forges no line from control characters', async (t) => {
  const hostile = '\n{"time":"x"}\u0000'.repeat(5000)
  const detail = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, hostile]))
  const noise = { request: hostile, account: hostile, tenant: hostile, address: hostile, app: hostile, route: hostile }
  const { file, text } = await written(t, [{ ...event, ...noise, reason: hostile, detail }, event])
  assert.equal(text.split('\n').length, 3)
  assert.ok(text.length < 64 * 1024)
  assert.match(text, /"detail":\{"omitted":"too large"\}/)
  assert.equal((await verifyAudit(file)).lines, 2)
})

test('a torn tail followed by more garbage is not taken for the end of the log', async (t) => {
  const { file } = await written(t, [event])
  appendFileSync(file, 'x'.repeat(200 * 1024))
  await assert.rejects(open(file), { code: 'ERR_AUDIT_UNAVAILABLE' })
})
