import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { member, type Place, place } from './support.ts'

const cleanUp: (() => void)[] = []
const template = place({ after: (work) => void cleanUp.push(work as () => void) })
before(async () => {
  const { code, err } = await template.run('apply', '--demo')
  assert.equal(code, 0, err)
})
after(() => {
  for (const work of cleanUp) work()
})

function demoPlace(t: TestContext): Place {
  const here = place(t)
  cpSync(join(template.folder, 'data'), join(here.folder, 'data'), { recursive: true })
  return here
}

const rights = (account: string, tenant: string) =>
  ['explain', '--demo', '--account', account, '--tenant', tenant, '--dataset', 'orders'] as const

const kinds = ['header', 'postgresql', 'sqlite', 'postgrest', 'odata', 'mongodb', 'elasticsearch']

suite('explain, of rights alone', { concurrency: 4 }, () => {
  test('renders the same mask seven ways', async (t) => {
    const here = demoPlace(t)
    const { code, value } = await here.json(...rights('bob@globex.example', 'globex'), '--render', 'all')
    assert.equal(code, 0)
    const rendered = member(value, 'renderings')
    assert.ok(Array.isArray(rendered))
    assert.deepEqual(
      rendered.map((each) => member(each, 'kind')),
      kinds,
    )
    for (const each of rendered) {
      const text = String(member(each, 'text')) + JSON.stringify(member(each, 'parameters') ?? '')
      for (const part of ['globex', '5000', 'A']) assert.ok(text.includes(part), text)
    }
    const text = await here.run(...rights('bob@globex.example', 'globex'), '--render', 'odata,header')
    assert.match(text.out, /^odata\n {2}\$filter=\(amount ge 5000 or entity eq 'A'\) and account eq 'globex'$/m)
    assert.match(text.out, /^header\n/m)
    assert.doesNotMatch(text.out, /^sqlite$/m)
  })

  test('renders the mask of a request too, and nothing where there is none', async (t) => {
    const here = demoPlace(t)
    const ask = ['explain', '--demo', '--account', 'ann@acme.example', '--tenant', 'acme', '--method', 'GET']
    const { value } = await here.json(...ask, '--path', '/orders', '--render', 'postgrest')
    assert.equal(member(value, 'renderings', 0, 'text'), 'and=(and(account.eq."acme",entity.eq."A"))')
    const none = await here.run(...ask, '--path', '/catalogue', '--render', 'postgrest')
    assert.deepEqual([none.code, none.err.includes('there is no mask')], [2, true])
  })

  test('says why somebody can see a row, by grant and group', async (t) => {
    const here = demoPlace(t)
    const row = '{"id":1,"account":"acme","entity":"A","margin":18.2}'
    const { code, value } = await here.json(...rights('ann@acme.example', 'acme'), '--row', row)
    assert.deepEqual([code, member(value, 'row', 'permitted')], [0, true])
    assert.deepEqual(member(value, 'row', 'rules', 1), {
      rule: 'grant:sales-entity-a',
      role: 'permit',
      subject: 'group sales',
      mask: '{"entity":"A"}',
      holds: true,
      because: [],
    })
    assert.deepEqual(member(value, 'row', 'withheld'), [{ field: 'margin', by: ['grant:sales-entity-a'] }])
    const text = await here.run(...rights('ann@acme.example', 'acme'), '--row', here.write('row.json', row))
    assert.match(text.out, /^the row is the caller’s$/m)
    assert.match(text.out, /^grant:sales-entity-a +permit +group sales +yes +\{"entity":"A"\}$/m)
    assert.match(text.out, /^margin is withheld by grant:sales-entity-a$/m)
  })

  test('names who shares a row with a colleague', async (t) => {
    const here = demoPlace(t)
    const ask = (row: object) => here.json(...rights('gina@globex.example', 'globex'), '--row', JSON.stringify(row))
    const { code, value } = await ask({ account: 'globex', owner: 'frank', status: 'open' })
    assert.deepEqual([code, member(value, 'row', 'permitted')], [0, true])
    assert.equal(member(value, 'row', 'rules', 1, 'subject'), 'account, shared by frank@globex.example')
    assert.deepEqual(
      [1, 2].map((at) => [member(value, 'row', 'rules', at, 'rule'), member(value, 'row', 'rules', at, 'holds')]),
      [
        ['grant:frank-to-gina', true],
        ['grant:own-orders', false],
      ],
    )
    const others = await ask({ account: 'globex', owner: 'bob', status: 'open' })
    assert.deepEqual([others.code, member(others.value, 'row', 'permitted')], [1, false])
  })

  test('says why somebody cannot, by every rule that keeps it back', async (t) => {
    const here = demoPlace(t)
    const row = '{"account":"acme","status":"paid","amount":5000.01}'
    const { code, value } = await here.json(...rights('carol@consult.example', 'acme'), '--row', row)
    assert.deepEqual([code, member(value, 'row', 'permitted')], [1, false])
    const rules = member(value, 'row', 'rules')
    assert.ok(Array.isArray(rules))
    assert.deepEqual(
      rules.map((rule) => [member(rule, 'rule'), member(rule, 'holds')]),
      [
        ['tenant', true],
        ['grant:carol-up-to-5000', false],
        ['grant:auditors-closed', true],
      ],
    )
    assert.deepEqual(member(rules[1], 'because'), [{ field: 'amount', operator: '$lte' }])
  })

  test('asks for the rights of an action, and refuses what it does not know', async (t) => {
    const here = demoPlace(t)
    const bob = rights('bob@globex.example', 'globex')
    const { value } = await here.json(...bob, '--action', 'modify')
    assert.equal(member(value, 'mask', 'canonical'), '{"account":"globex","entity":"A"}')
    const wrong: readonly (readonly [readonly string[], number])[] = [
      [[...bob, '--action', 'delete'], 2],
      [[...bob, '--render', 'cobol'], 2],
      [[...bob, '--row', '{"a":1,"a":2}'], 1],
      [[...bob, '--method', 'GET'], 2],
      [[...bob.slice(0, -1), 'invoices'], 1],
    ]
    for (const [args, expected] of wrong) assert.equal((await here.run(...args)).code, expected, args.join(' '))
  })
})
