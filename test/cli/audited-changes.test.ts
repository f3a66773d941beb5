import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { place, smallConfig } from './support.ts'

interface Line {
  readonly event: string
  readonly account?: string
  readonly tenant?: string
  readonly detail?: { readonly by?: string }
}

test('what the command line changes is in a log of its own, in order and chained', async (t) => {
  const here = place(t)
  here.write('sallyport.yaml', smallConfig)
  const steps = [
    ['tenant', 'add', 'acme', '--name', 'Acme Ltd'],
    ['group', 'add', '--tenant', 'acme', 'sales'],
    ['account', 'add', 'ann@acme.example', '--tenant', 'acme', '--role', 'viewer'],
  ]
  for (const step of steps) {
    const { code, err } = await here.run(...step)
    assert.equal(code, 0, `${step.join(' ')}: ${err}`)
  }
  await Promise.all(['b', 'c', 'd'].map((id) => here.run('tenant', 'add', id, '--name', id)))
  const read = await here.run('account', 'list')
  assert.equal(read.code, 0, read.err)
  const file = join(here.folder, 'data', 'audit.cli.jsonl')
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  const events = lines.map(({ event, tenant }) => `${event} ${tenant ?? ''}`.trim())
  assert.deepEqual(events.slice(0, 2), ['tenant.changed acme', 'group.changed acme'])
  assert.ok(events.includes('account.changed'), events.join(', '))
  assert.deepEqual(events.slice(-3).toSorted(), ['tenant.changed b', 'tenant.changed c', 'tenant.changed d'])
  assert.ok(lines.every(({ detail }) => detail?.by !== undefined && detail.by !== ''))
  assert.doesNotMatch(readFileSync(file, 'utf8'), /sealed|ann@/)
  const verdict = await verifyAudit(file)
  assert.equal(verdict.firstBad, undefined)
  assert.equal(verdict.lines, lines.length)
})

test('a change whose record cannot be written is not made', async (t) => {
  const here = place(t)
  here.write('sallyport.yaml', `${smallConfig}\naudit: { file: /dev/null/audit.jsonl }\n`)
  assert.equal((await here.run('tenant', 'add', 'acme', '--name', 'Acme')).code, 1)
  const { value } = await here.json('tenant', 'list')
  assert.deepEqual(value, [])
})
