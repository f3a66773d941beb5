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

/** A copy of the demo's directory, as `npm start` applies it. */
function demoPlace(t: TestContext): Place {
  const here = place(t)
  cpSync(join(template.folder, 'data'), join(here.folder, 'data'), { recursive: true })
  return here
}

const caller = (account: string, tenant: string) => ['explain', '--demo', '--account', account, '--tenant', tenant]
const get = (path: string) => ['--method', 'GET', '--path', path, '--response', 'sample']

function idsOf(value: unknown, kept: boolean): readonly unknown[] {
  const rows = member(value, 'rows')
  assert.ok(Array.isArray(rows))
  return rows.filter((row) => member(row, 'kept') === kept).map((row) => Number(member(row, 'id')))
}

const views: readonly (readonly [string, string, readonly number[], string])[] = [
  ['ann@acme.example', 'acme', [1, 2, 5, 8, 11], '{"account":"acme","entity":"A"}'],
  [
    'bob@globex.example',
    'globex',
    [13, 14, 16, 19, 22, 23],
    '{"$or":[{"amount":{"$gte":5000}},{"entity":"A"}],"account":"globex"}',
  ],
  [
    'carol@consult.example',
    'acme',
    [1, 2, 7, 9, 10],
    '{"account":"acme","amount":{"$lte":5000},"status":{"$in":["paid","shipped"]}}',
  ],
  ['carol@consult.example', 'globex', [17, 19, 20, 24], '{"account":"globex","owner":"carol"}'],
  ['dave@acme.example', 'acme', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], '{"account":"acme"}'],
]

// Each test runs programs in a folder of its own.
suite('explain', { concurrency: 4 }, () => {
  test('keeps exactly the rows that each account of the demo may see', async (t) => {
    const here = demoPlace(t)
    const ask = ([account, tenant]: (typeof views)[number]) => here.json(...caller(account, tenant), ...get('/orders'))
    const answers = await Promise.all(views.map(ask))
    for (const [i, [account, tenant, kept, mask]] of views.entries()) {
      const { code, value } = answers[i] ?? { code: null, value: undefined }
      assert.equal(code, 0)
      assert.deepEqual(idsOf(value, true), kept, `${account} in ${tenant}`)
      assert.equal(idsOf(value, false).length, 24 - kept.length)
      assert.equal(member(value, 'mask', 'canonical'), mask)
      assert.equal(member(value, 'headers', 'x-sallyport-row-mask'), mask)
      assert.equal(member(value, 'headers', 'x-sallyport-tenant'), tenant)
    }
  })

  test('names the rule that withholds a row, and the field that is taken out of the others', async (t) => {
    const here = demoPlace(t)
    const { value } = await here.json(...caller('ann@acme.example', 'acme'), ...get('/orders'))
    assert.deepEqual(member(value, 'withhold'), ['margin'])
    assert.deepEqual(member(value, 'rows', 0, 'withheld'), ['margin'])
    assert.deepEqual(member(value, 'rows', 2, 'because'), [
      { rule: 'grant:sales-entity-a', role: 'permit', field: 'entity', operator: '$eq' },
    ])
    assert.deepEqual(member(value, 'rows', 12, 'because'), [
      { rule: 'tenant', role: 'tenant', field: 'account', operator: '$eq' },
    ])
    const text = await here.run(...caller('ann@acme.example', 'acme'), ...get('/orders'))
    assert.match(text.out, /^24 rows: 5 kept, 19 withheld$/m)
    assert.match(text.out, /^0 +1 +kept +grant:sales-entity-a +margin$/m)
    assert.match(text.out, /^ +permit grant:sales-entity-a \(group sales\): /m)
    assert.match(text.out, /^5 fields taken out$/m)
  })

  test('a single foreign row is as if it were not there; the neighbour is let through', async (t) => {
    const here = demoPlace(t)
    const foreign = await here.json(...caller('ann@acme.example', 'acme'), ...get('/orders/14'))
    assert.deepEqual([foreign.code, member(foreign.value, 'answer', 'status')], [1, 404])
    const own = await here.json(...caller('bob@globex.example', 'globex'), ...get('/orders/14'))
    assert.equal(member(own.value, 'answer'), undefined)
    assert.deepEqual(idsOf(own.value, true), [14])
  })

  test('refuses a write outside the mask of its writer and accepts the one inside', async (t) => {
    const here = demoPlace(t)
    const post = (body: object) => [
      ...caller('bob@globex.example', 'globex'),
      '--method',
      'POST',
      '--path',
      '/orders',
      '--body',
      here.write('body.json', JSON.stringify(body)),
    ]
    const inside = await here.json(...post({ account: 'globex', entity: 'A', amount: 1 }))
    assert.deepEqual(
      [inside.code, member(inside.value, 'outcome'), member(inside.value, 'body')],
      [0, 'allowed', 'accepted'],
    )
    for (const [body, stage, refusal] of [
      [{ account: 'acme', entity: 'A' }, 'inspect', 'ERR_TENANT_FOREIGN'],
      [{ account: 'globex', entity: 'B' }, 'body', 'ERR_ROW_FORBIDDEN'],
      [{ account: null, entity: 'A' }, 'body', 'ERR_ROW_FORBIDDEN'],
    ] as const) {
      const { code, value } = await here.json(...post(body))
      assert.deepEqual(
        [code, member(value, 'refusal', 'stage'), member(value, 'refusal', 'code')],
        [1, stage, refusal],
        JSON.stringify(body),
      )
    }
    const filled = await here.json(...post({ entity: 'A' }))
    assert.deepEqual([filled.code, member(filled.value, 'outcome')], [0, 'allowed'])
    assert.equal(member(filled.value, 'forwarded', 'body'), '{"entity":"A","account":"globex"}')
  })

  test('says where a request is refused: no rule, no role, no tenant', async (t) => {
    const here = demoPlace(t)
    const ann = caller('ann@acme.example', 'acme')
    const noRule = await here.json(...ann, '--method', 'DELETE', '--path', '/catalogue/1')
    assert.deepEqual([noRule.code, member(noRule.value, 'refusal', 'code')], [1, 'ERR_ROUTE_NOT_FOUND'])
    const noRole = await here.json(...ann, '--method', 'POST', '--path', '/orders')
    assert.deepEqual([noRole.code, member(noRole.value, 'refusal', 'code')], [1, 'ERR_ROLE_MISSING'])
    assert.match(String(member(noRole.value, 'access')), /one of the roles editor admin: not met/)
    const noHost = await here.json(...ann, '--method', 'GET', '--path', '/orders', '--host', 'other.example')
    assert.equal(member(noHost.value, 'refusal', 'code'), 'ERR_HOST_UNKNOWN')
    const notMember = await here.run(...caller('ann@acme.example', 'globex'), '--method', 'GET', '--path', '/orders')
    assert.deepEqual(
      [notMember.code, notMember.err],
      [1, 'sallyport: ann@acme.example is no member of globex: nobody can sign in so\n'],
    )
  })

  test('without any grant, shows that there is none', async (t) => {
    const here = demoPlace(t)
    await here.run('grant', 'remove', 'sales-entity-a', '--tenant', 'acme', '--demo')
    const { code, value } = await here.json(...caller('ann@acme.example', 'acme'), ...get('/orders'))
    assert.deepEqual(
      [code, member(value, 'refusal', 'code'), member(value, 'mask', 'kind')],
      [1, 'ERR_MASK_NONE', 'none'],
    )
    assert.deepEqual(idsOf(value, true), [])
  })

  test('a disabled account explains nothing but that', async (t) => {
    const here = demoPlace(t)
    await here.run('account', 'disable', 'ann@acme.example', '--demo')
    const { code, err } = await here.run(...caller('ann@acme.example', 'acme'), ...get('/orders'))
    assert.equal(code, 1)
    assert.match(err, /is disabled: every request gets 401/)
  })

  test('an answer of another shape than declared is what the edge would block', async (t) => {
    const here = demoPlace(t)
    const file = here.write('answer.json', '{"orders":[]}')
    const ask = [...caller('ann@acme.example', 'acme'), '--method', 'GET', '--path', '/orders', '--response']
    const { code, out } = await here.run(...ask, file)
    assert.equal(code, 1)
    assert.match(out, /^the caller gets 502 ERR_ANSWER_SHAPE: .*declared shape$/m)
    const list = await here.run(...ask, here.write('list.json', '[]'))
    assert.equal(list.code, 0)
    assert.match(list.out, /^0 rows: 0 kept, 0 withheld$/m)
  })
})
