import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { AccountStore } from '../../src/accounts/account-store.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { member, type Place, smallPlace, storeOf } from './support.ts'

const directory = `
tenants: [{ id: acme, name: Acme }, { id: globex, name: Globex }]
groups: [{ tenant: acme, id: sales }]
accounts:
  - { email: help@support.example }
  - { email: ann@acme.example, memberships: [{ tenant: acme, roles: [viewer] }] }
`

async function installation(t: Parameters<typeof smallPlace>[0]): Promise<{ here: Place; store: AccountStore }> {
  const here = smallPlace(t)
  here.write('directory.yaml', directory)
  const { code, err } = await here.run('apply', '-f', 'directory.yaml')
  assert.equal(code, 0, err)
  return { here, store: await storeOf(t, here) }
}

const who = (email: string): readonly string[] => ['--tenant', 'acme', '--account', email]
const whom = who('help@support.example')
const why = ['--reason', 'ticket 4711: totals differ'] as const

interface Line {
  readonly event: string
  readonly outcome: string
  readonly tenant?: string
  readonly account?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

async function told(here: Place): Promise<readonly Line[]> {
  const file = join(here.folder, 'data', 'audit.cli.jsonl')
  assert.equal((await verifyAudit(file)).firstBad, undefined)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Line).filter(({ event }) => event.startsWith('support.'))
}

// Each test runs programs in a folder of its own.
suite('support access', { concurrency: 4 }, () => {
  test('is opened, listed and closed, and each opening and closing is in the audit log', async (t) => {
    const { here, store } = await installation(t)
    const more = ['--role', 'viewer', '--group', 'sales', '--all-rows', '--modify', '--for', '45m']
    const opened = await here.json('support', 'open', ...whom, ...why, ...more)
    assert.equal(opened.code, 0)
    const id = (await store.accountByEmail('help@support.example'))?.id ?? ''
    const policy = await store.policy('acme', id)
    const { support, validFrom = 0, validUntil = 0 } = policy?.membership ?? {}
    assert.equal(validUntil - validFrom, 45 * 60_000)
    assert.equal(support?.until, validUntil)
    assert.equal(support.reason, 'ticket 4711: totals differ')
    assert.deepEqual([policy?.membership.roles, policy?.groups], [['viewer'], ['sales']])
    assert.deepEqual(
      policy?.grants.map((grant) => [grant.dataset, grant.actions, grant.rows, grant.validFrom, grant.validUntil]),
      [['orders', ['read', 'modify'], true, validFrom, validUntil]],
    )
    const listed = await here.run('support', 'list')
    assert.match(listed.out, /^TENANT +ACCOUNT +STATE +UNTIL +BY +ROLES +REASON\nacme +help@support\.example +open /)
    assert.match((await here.run('account', 'show', 'help@support.example')).out, /for support: ticket 4711/)
    const closed = await here.run('support', 'close', ...whom)
    assert.equal(closed.out, 'help@support.example is in acme no more\n')
    assert.equal(await store.policy('acme', id), undefined)
    assert.deepEqual(await store.grants('acme'), [])
    assert.equal((await here.run('support', 'close', ...whom)).code, 1)
    const [first, second, ...others] = await told(here)
    assert.deepEqual(others, [])
    const { by, until, ...detail } = first?.detail ?? {}
    assert.ok(typeof by === 'string' && by !== '')
    assert.equal(until, `${new Date(validUntil).toISOString().slice(0, 19)}Z`)
    assert.deepEqual(
      [first?.event, first?.outcome, first?.tenant, first?.account],
      ['support.opened', 'success', 'acme', id],
    )
    assert.deepEqual(detail, {
      reason: 'ticket 4711: totals differ',
      roles: ['viewer'],
      groups: ['sales'],
      grants: 1,
      actions: ['read', 'modify'],
    })
    assert.deepEqual(
      [second?.event, second?.account, second?.detail?.['reason']],
      ['support.closed', id, detail['reason']],
    )
  })

  test('gives half an hour and no row by itself', async (t) => {
    const { here, store } = await installation(t)
    const { value } = await here.json('support', 'open', ...whom, ...why)
    assert.equal(Number(member(value, 'validUntil')) - Number(member(value, 'validFrom')), 30 * 60_000)
    assert.deepEqual(await store.grants('acme'), [])
    const read = await here.json(
      'support',
      'open',
      '--tenant',
      'globex',
      '--account',
      'help@support.example',
      ...why,
      '--all-rows',
    )
    assert.equal(read.code, 0)
    assert.deepEqual(
      (await store.grants('globex')).map(({ actions }) => actions),
      [['read']],
    )
  })

  test('is refused without a reason, for more than an hour, over a membership, and for nobody', async (t) => {
    const { here, store } = await installation(t)
    await here.run('account', 'add', 'gone@support.example')
    await here.run('account', 'disable', 'gone@support.example')
    const lines: readonly (readonly [number, RegExp, readonly string[]])[] = [
      [2, /--reason is missing/, whom],
      [2, /8 to 500 characters/, [...whom, '--reason', '  short   ']],
      [2, /8 to 500 characters/, [...whom, '--reason', 'x'.repeat(501)]],
      [2, /1h at most/, [...whom, ...why, '--for', '61m']],
      [2, /must be a duration/, [...whom, ...why, '--for', '0m']],
      [2, /--modify is for --all-rows/, [...whom, ...why, '--modify']],
      [1, /is a member of acme already/, [...who('ann@acme.example'), ...why]],
      [1, /is disabled/, [...who('gone@support.example'), ...why]],
      [1, /there is no account/, [...who('nobody@support.example'), ...why]],
      [1, /has no group nowhere/, [...whom, ...why, '--group', 'nowhere']],
      [1, /there is no tenant/, ['--tenant', 'nowhere', '--account', 'help@support.example', ...why]],
    ]
    const outcomes = await Promise.all(lines.map(([, , line]) => here.run('support', 'open', ...line)))
    for (const [i, { code, err }] of outcomes.entries()) {
      const [wanted, reason, line] = lines[i] ?? []
      assert.equal(code, wanted, `${line?.join(' ')}: ${err}`)
      assert.match(err, reason ?? /never/)
    }
    assert.deepEqual(await store.supportMemberships(), [])
    assert.equal((await here.run('support', 'open', ...whom, ...why, '--for', '1h')).code, 0)
    const again = await here.run('support', 'open', ...whom, ...why)
    assert.match(again.err, /is for support until .* in acme already/)
    assert.equal((await told(here)).length, 1)
  })

  test('is neither changed nor made to last, and a directory file leaves it alone', async (t) => {
    const { here, store } = await installation(t)
    await here.run('support', 'open', ...whom, ...why, '--role', 'viewer', '--all-rows')
    const before = await store.supportMemberships()
    for (const line of [
      ['--tenant', 'acme', '--role', 'admin'],
      ['--tenant', 'acme', '--valid-until', 'none'],
      ['--leave', 'acme'],
    ]) {
      const { code, err } = await here.run('account', 'set', 'help@support.example', ...line)
      assert.equal(code, 1, line.join(' '))
      assert.match(err, /is in acme for support until .*: see support close/)
    }
    here.write('directory.yaml', `prune: true\n${directory}`)
    assert.equal((await here.run('apply', '-f', 'directory.yaml')).out, 'nothing to change\n')
    here.write(
      'directory.yaml',
      directory.replace('help@support.example }', 'help@support.example, memberships: [{ tenant: acme }] }'),
    )
    const { code, err } = await here.run('apply', '-f', 'directory.yaml')
    assert.equal(code, 2)
    assert.match(err, /accounts\[0\]\.memberships\[0\]: the account is there for support/)
    assert.deepEqual(await store.supportMemberships(), before)
    assert.equal((await store.grants('acme')).length, 1)
  })

  test('that has ended goes when the next one is opened', async (t) => {
    const { here, store } = await installation(t)
    const id = (await store.accountByEmail('help@support.example'))?.id ?? ''
    const [validFrom, validUntil] = [Date.now() - 120_000, Date.now() - 60_000]
    const support = { reason: 'a while ago', by: 'root', until: validUntil }
    const membership = { tenant: 'globex', account: id, roles: ['old'], attributes: {}, validFrom, validUntil, support }
    await store.openSupport({ membership, groups: [], grants: [] })
    assert.match((await here.run('support', 'list')).out, /globex +help@support\.example +ended /)
    assert.equal((await here.run('support', 'open', ...whom, ...why)).code, 0)
    assert.deepEqual(
      (await store.supportMemberships()).map(({ tenant }) => tenant),
      ['acme'],
    )
    assert.deepEqual(
      (await told(here)).map(({ event, tenant, detail }) => [event, tenant, detail?.['reason']]),
      [
        ['support.closed', 'globex', 'a while ago'],
        ['support.opened', 'acme', 'ticket 4711: totals differ'],
      ],
    )
  })
})
