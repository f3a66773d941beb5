import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { openAuditLog } from '../../src/audit/json-lines.ts'
import { member, smallConfig, smallPlace, start } from './support.ts'

const clock = { now: () => 1_700_000_000_000 }

async function loggedPlace(t: TestContext) {
  const here = smallPlace(t)
  const file = join(here.folder, 'audit.jsonl')
  here.write('sallyport.yaml', `audit: { file: audit.jsonl }\n${smallConfig}`)
  const log = await openAuditLog({ file, clock, includeEmail: false })
  for (let i = 1; i <= 5; i += 1) log.write({ event: 'data.read', outcome: 'success', account: `acc_${i}` })
  await log.close()
  return { here, file }
}

test('an untouched log holds, and its last place in the chain is told', async (t) => {
  const { here } = await loggedPlace(t)
  const { code, out } = await here.run('audit', 'verify')
  assert.equal(code, 0)
  assert.match(out, /^5 lines hold; the last is event 5 of 2023-11-14T22:13:20\.000Z, chain [A-Za-z0-9_-]{43}\n$/)
})

test('names the first line that was altered, with exit code 1', async (t) => {
  const { here, file } = await loggedPlace(t)
  writeFileSync(file, readFileSync(file, 'utf8').replace('acc_3', 'acc_9'))
  const { code, err } = await here.run('audit', 'verify', 'audit.jsonl')
  assert.equal(code, 1)
  assert.match(err, /^sallyport: audit\.jsonl:3: altered/)
  const { code: again, value } = await here.json('audit', 'verify')
  assert.deepEqual(
    [again, member(value, 'ok'), member(value, 'lines'), member(value, 'firstBad', 'line')],
    [1, false, 2, 3],
  )
})

test('tail prints the last lines', async (t) => {
  const { here } = await loggedPlace(t)
  const { out } = await here.run('audit', 'tail', '-n', '2')
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => member(JSON.parse(line), 'seq')),
    [4, 5],
  )
})

test('a log that is not there is a failure, not an empty log', async (t) => {
  const { code, err } = await smallPlace(t).run('audit', 'verify', 'absent.jsonl')
  assert.equal(code, 1)
  assert.match(err, /ERR_AUDIT_UNAVAILABLE/)
})

test('tail -f goes on with lines as they are written, and ends in peace when told to', async (t) => {
  const { here, file } = await loggedPlace(t)
  const child = start(t, here.folder, ['audit', 'tail', '-n', '1', '-f'])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  assert.equal(member(JSON.parse((await lines.next()).value ?? ''), 'seq'), 5)
  appendFileSync(file, '{"seq":6}\n')
  assert.deepEqual(JSON.parse((await lines.next()).value ?? ''), { seq: 6 })
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})
