import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { type Place, place, smallConfig, smallPlace, storeOf } from './support.ts'

interface Line {
  readonly event: string
  readonly account?: string
  readonly tenant?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

const fileOf = ({ folder }: Place) => join(folder, 'data', 'audit.cli.jsonl')

function linesOf(here: Place): readonly Line[] {
  const lines = readFileSync(fileOf(here), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Line)
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
  const lines = linesOf(here)
  const events = lines.map(({ event, tenant }) => `${event} ${tenant ?? ''}`.trim())
  assert.deepEqual(events.slice(0, 2), ['tenant.changed acme', 'group.changed acme'])
  assert.ok(events.includes('account.changed'), events.join(', '))
  assert.deepEqual(events.slice(-3).toSorted(), ['tenant.changed b', 'tenant.changed c', 'tenant.changed d'])
  assert.ok(lines.every(({ detail }) => typeof detail?.['by'] === 'string' && detail['by'] !== ''))
  const file = fileOf(here)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /sealed|ann@/)
  const verdict = await verifyAudit(file)
  assert.equal(verdict.firstBad, undefined)
  assert.equal(verdict.lines, lines.length)
})

test('a change of rights says what is asked for now, to whom rows are given, and by whom', async (t) => {
  const here = smallPlace(t)
  const give = ['grant', 'add', '--tenant', 'acme', '--dataset', 'orders', '--rows', 'true']
  const steps = [
    ['tenant', 'add', 'acme', '--sign-in', 'saml'],
    ['tenant', 'set', 'acme', '--sign-in', 'any'],
    ['account', 'add', 'ann@acme.example', '--tenant', 'acme'],
    ['account', 'add', 'bob@acme.example', '--tenant', 'acme'],
    [...give, '--id', 'all', '--everyone'],
    [...give, '--id', 'share', '--account', 'ann@acme.example', '--shared-by', 'bob@acme.example'],
  ]
  for (const step of steps) {
    const { code, err } = await here.run(...step)
    assert.equal(code, 0, `${step.join(' ')}: ${err}`)
  }
  const store = await storeOf(t, here)
  const [ann, bob] = [await store.accountByEmail('ann@acme.example'), await store.accountByEmail('bob@acme.example')]
  const details = (name: string) => linesOf(here).flatMap(({ event, detail }) => (event === name ? [detail] : []))
  assert.deepEqual(
    details('tenant.changed').map((detail) => detail?.['signIn']),
    [['saml'], []],
  )
  assert.deepEqual(
    details('grant.changed').map((detail) => [detail?.['subject'], detail?.['sharedBy']]),
    [
      ['everyone', undefined],
      [`account ${ann?.id}`, bob?.id],
    ],
  )
})

test('a change whose record cannot be written is not made', async (t) => {
  const here = place(t)
  here.write('sallyport.yaml', `${smallConfig}\naudit: { file: /dev/null/audit.jsonl }\n`)
  assert.equal((await here.run('tenant', 'add', 'acme', '--name', 'Acme')).code, 1)
  const { value } = await here.json('tenant', 'list')
  assert.deepEqual(value, [])
})
