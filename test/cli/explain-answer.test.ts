import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { member, type Place, place } from './support.ts'

const config = `
publicUrl: http://127.0.0.1:8080
store: { url: "sqlite:data/test.db" }
keys: { file: data/keys.json }
datasets:
  orders:
    tenant: account
    fields: { account: id, amount: number, margin: number }
apps:
  - id: shop
    upstreams: [http://127.0.0.1:3000]
    routes:
      - { methods: [GET], path: /list, access: member, dataset: orders, rows: { at: [/items/*], keep: [/page] } }
      - { methods: [GET], path: /strict, access: member, dataset: orders, rows: { at: [/items/*] }, onViolation: block }
      - { methods: [GET], path: /nested, access: member, dataset: orders, rows: { at: [/groups/*/items/*] } }
      - { methods: [GET], path: /pages, access: member, dataset: orders, rows: { at: [/*] }, pass: [text/html] }
      - methods: [GET]
        path: /every
        access: member
        dataset: orders
        rows:
          xml: { at: [/orders/order], fields: { account: "@account" } }
          csv: {}
          events: { types: { order: rows, note: pass }, at: [/list/*] }
          html:
            rows: [{ select: tr.order, fields: { account: "@data-account", amount: td.amount, margin: td.margin } }]
            scripts: [{ select: script.data, at: [/*] }]
      - methods: [GET, POST]
        path: /graphql
        access: member
        dataset: orders
        rows: { graphql: { operations: [{ name: All, document: "query All { orders }", at: [/data/orders/*] }] } }
      - { methods: [GET], path: /xml-only, access: member, dataset: orders, rows: { xml: { at: [/orders/order] } } }
`

const directory = `
tenants: [{ id: acme, name: Acme }]
accounts:
  - email: ann@acme.example
    name: Ann
    memberships: [{ tenant: acme, roles: [viewer] }]
grants:
  - { id: small, tenant: acme, dataset: orders, subject: everyone, rows: { amount: { $lt: 100 } }, withhold: [margin] }
`

const cleanUp: (() => void)[] = []
const template = place({ after: (work) => void cleanUp.push(work as () => void) })
before(async () => {
  template.write('sallyport.yaml', config)
  const { code, err } = await template.run('apply', '-f', template.write('directory.yaml', directory))
  assert.equal(code, 0, err)
})
after(() => {
  for (const work of cleanUp) work()
})

function installed(t: TestContext): Place {
  const here = place(t)
  here.write('sallyport.yaml', config)
  cpSync(join(template.folder, 'data'), join(here.folder, 'data'), { recursive: true })
  return here
}

const caller = ['explain', '--account', 'ann@acme.example', '--tenant', 'acme', '--method', 'GET']
const ask = (path: string, file: string) => [...caller, '--path', path, '--response', file]

function verdicts(value: unknown): readonly unknown[] {
  const rows = member(value, 'rows')
  assert.ok(Array.isArray(rows))
  return rows.map((row) => [member(row, 'id'), member(row, 'kept')])
}

const small = '{"id":1,"account":"acme","amount":5,"margin":1}'
const large = '{"id":2,"account":"acme","amount":500}'
const twice = '{"id":3,"account":"acme","amount":5,"amount":500}'
const foreign = '{"id":4,"account":"globex","amount":5}'

suite('explain --response', { concurrency: 4 }, () => {
  test('tells a row outside the mask from one with two readings and from what is no row', async (t) => {
    const here = installed(t)
    const file = here.write('a.json', `{"items":[${small},${twice},7,${large},${foreign}]}`)
    const { code, value } = await here.json(...ask('/list', file))
    assert.equal(code, 0)
    assert.deepEqual(verdicts(value), [
      ['1', true],
      [undefined, false],
      [undefined, false],
      ['2', false],
      ['4', false],
    ])
    const fault = { rule: 'grant:small', role: 'permit', field: 'amount', operator: '$lt' }
    assert.deepEqual(member(value, 'rows', 3, 'because'), [fault])
    assert.deepEqual(member(value, 'rows', 0, 'by'), ['grant:small'])
    assert.deepEqual(member(value, 'rows', 0, 'withheld'), ['margin'])
    assert.deepEqual(member(value, 'response', 'counts'), { rows: 5, withheld: 4, fieldsWithheld: 1, violations: 1 })
    const { out } = await here.run(...ask('/list', file))
    assert.match(out, /^5 rows: 1 kept, 4 withheld$/m)
    assert.match(out, /^1 +withheld +violation: a key that is ruled has two readings$/m)
    assert.match(out, /^2 +withheld +no row of the declared shape$/m)
    assert.match(out, /^4 +4 +withheld +tenant: account \$eq$/m)
  })

  test('a second key that no rule reads is no violation, though the explanation would like to show it', async (t) => {
    const here = installed(t)
    const file = here.write('a.json', '{"items":[{"id":1,"id":2,"account":"acme","amount":5}]}')
    const { value } = await here.json(...ask('/list', file))
    assert.deepEqual(verdicts(value), [[undefined, true]])
  })

  test('names what became null outside the rows and shows the body that would go out', async (t) => {
    const here = installed(t)
    const text = `{"total":2,"page":1,"items":[${small},${large}],"facets":{"a/b":1},"next":null}`
    const file = here.write('a.json', text)
    const { out } = await here.run(...ask('/list', file), '--show-body')
    assert.match(out, /^outside the rows, now null: \/total \/facets$/m)
    assert.ok(
      out.includes('{"total":null,"page":1,"items":[{"id":1,"account":"acme","amount":5}],"facets":null,"next":null}'),
    )
    const { value } = await here.json(...ask('/list', file))
    assert.deepEqual(member(value, 'response', 'nulled'), ['/total', '/facets'])
    assert.equal(member(value, 'response', 'body'), undefined)
    const nested = here.write('n.json', `{"groups":[{"name":"x","items":[${small}]},{"name":"y","items":[]}]}`)
    const groups = await here.json(...ask('/nested', nested))
    assert.deepEqual(member(groups.value, 'response', 'nulled'), ['/groups/*/name'])
    assert.deepEqual(verdicts(groups.value), [['1', true]])
  })

  test('on a route that blocks, goes on to the last row and says what the caller gets instead', async (t) => {
    const here = installed(t)
    const file = here.write('a.json', `{"items":[${large},${small}]}`)
    const blocked = await here.json(...ask('/strict', file))
    assert.equal(blocked.code, 1)
    assert.deepEqual(verdicts(blocked.value), [
      ['2', false],
      ['1', true],
    ])
    assert.equal(member(blocked.value, 'answer', 'code'), 'ERR_ANSWER_VIOLATION')
    const clean = await here.json(...ask('/strict', here.write('b.json', `{"items":[${small}]}`)))
    assert.deepEqual([clean.code, member(clean.value, 'answer')], [0, undefined])
  })

  test('reads JSON lines; a broken line is a violation and the stream goes on', async (t) => {
    const here = installed(t)
    const file = here.write('a.ndjson', `${small}\n${small} x\n{"acc\n${large}\n${small}`)
    const { code, value } = await here.json(...ask('/list', file))
    assert.equal(code, 0)
    assert.deepEqual(
      verdicts(value).map((row) => member(row, 1)),
      [true, false, false, false, true],
    )
    assert.deepEqual(member(value, 'response', 'counts'), { rows: 5, withheld: 3, fieldsWithheld: 2, violations: 2 })
    assert.match(String(member(value, 'rows', 1, 'violation')), /^violation: /)
    assert.equal(member(value, 'rows', 3, 'violation'), undefined)
  })

  test('an answer that breaks off shows the rows before the fault, and is blocked', async (t) => {
    const here = installed(t)
    const file = here.write('a.json', `{"items":[${small},${large},{"acc`)
    const { code, value } = await here.json(...ask('/list', file))
    assert.equal(code, 1)
    assert.equal(member(value, 'answer', 'code'), 'ERR_ANSWER_UNREADABLE')
    assert.deepEqual(verdicts(value), [
      ['1', true],
      ['2', false],
    ])
  })

  test('a kind that the route does not declare is blocked; one that it passes is passed', async (t) => {
    const here = installed(t)
    const xml = await here.run(...ask('/list', here.write('a.xml', '<orders/>')))
    assert.equal(xml.code, 1)
    assert.match(xml.out, /^blocked: the route declares no XML$/m)
    const json = await here.run(...ask('/xml-only', here.write('a.json', '{"items":[]}')))
    assert.equal(json.code, 1)
    assert.match(json.out, /^blocked: the route declares no JSON$/m)
    const page = here.write('page.html', '<p>hello')
    const passed = await here.json(...ask('/pages', page))
    assert.deepEqual([passed.code, member(passed.value, 'response', 'outcome')], [0, 'passed'])
    const blocked = await here.json(...ask('/list', page))
    assert.deepEqual([blocked.code, member(blocked.value, 'response', 'outcome')], [1, 'blocked'])
  })

  test('the media type comes from --response-type, else from the name of the file', async (t) => {
    const here = installed(t)
    const file = here.write('answer.txt', `{"items":[${small}]}`)
    const unknown = await here.run(...ask('/list', file))
    assert.equal(unknown.code, 2)
    assert.match(unknown.err, /--response-type is missing/)
    const told = await here.json(...ask('/list', file), '--response-type', 'application/hal+json; charset=utf-8')
    assert.deepEqual([told.code, verdicts(told.value)], [0, [['1', true]]])
    const latin = await here.json(...ask('/list', file), '--response-type', 'application/json; charset=latin1')
    assert.deepEqual([latin.code, member(latin.value, 'answer', 'code')], [1, 'ERR_ANSWER_KIND'])
  })

  test('an error answer without permitted rows is replaced under its own status', async (t) => {
    const here = installed(t)
    const problem = here.write('a.json', '{"title":"no such page"}')
    const replaced = await here.json(...ask('/list', problem), '--response-status', '404')
    assert.deepEqual([replaced.code, member(replaced.value, 'answer', 'status')], [1, 404])
    const rows = here.write('b.json', `{"items":[${small}]}`)
    const shown = await here.json(...ask('/list', rows), '--response-status', '404')
    assert.deepEqual([shown.code, member(shown.value, 'answer')], [0, undefined])
    const wrong = await here.run(...ask('/list', rows), '--response-status', 'ok')
    assert.equal(wrong.code, 2)
  })

  const kindCases: readonly (readonly [string, string, readonly boolean[], RegExp])[] = [
    [
      'rows.xml',
      `<orders><order account="acme"><id>1</id><amount>5</amount><margin>2</margin></order>
<order account="acme"><id>2</id><amount>5</amount><amount>500</amount></order>
<order account="globex"><id>3</id><amount>5</amount></order>
<order account="acme"><id>4</id><amount>50</amount></order></orders>`,
      [true, false, false, true],
      /^2 +3 +withheld +tenant: account \$eq$/m,
    ],
    [
      'rows.csv',
      'id,account,amount,margin\n1,acme,5,2\n2,acme,500,1\n3,acme,,1\n4,"acme",6,\n',
      [true, false, false, true],
      /^1 +2 +withheld +permit grant:small: amount \$lt$/m,
    ],
    [
      'rows.sse',
      `event: order\ndata: {"list":[${small}]}\n\nevent: order\ndata: {"list":[${large}]}\n\n` +
        `event: note\ndata: hello\n\nevent: order\ndata: {\n\nevent: order\ndata: {"list":[${small},${foreign}]}\n\n`,
      [true, false, false, true, false],
      /^0 +1 +kept +grant:small +margin$/m,
    ],
    [
      'rows.html',
      `<table><tr class=order data-account=acme><td class=amount>5</td><td class=margin>2</td></tr>
<tr class=order data-account=globex><td class=amount>5</td></tr>
<tr class=order data-account=acme><td class=amount>6</td></tr></table>
<script class=data type="application/json">[${small},${large}]</script>`,
      [true, false, true, true, false],
      /^1 +withheld +tenant: account \$eq$/m,
    ],
  ]

  for (const [name, text, kept, line] of kindCases) {
    test(`lists the rows of ${name} with the verdicts of the reader that the edge uses`, async (t) => {
      const here = installed(t)
      const file = here.write(name, text)
      const { value } = await here.json(...ask('/every', file))
      const rows = verdicts(value)
      assert.deepEqual(
        rows.map((row) => member(row, 1)),
        kept,
      )
      assert.equal(member(value, 'response', 'counts', 'rows'), kept.length)
      assert.equal(member(value, 'response', 'counts', 'withheld'), kept.filter((each) => !each).length)
      const { out } = await here.run(...ask('/every', file), '--show-body')
      assert.match(out, line)
      assert.ok(!out.slice(out.indexOf('\nbody (')).includes('globex'))
    })
  }

  test('reads the answer of a GraphQL route by the operation that was asked for', async (t) => {
    const here = installed(t)
    const answer = here.write('a.json', `{"data":{"orders":[${small},${large}]}}`)
    const post = ['explain', '--account', 'ann@acme.example', '--tenant', 'acme', '--method', 'POST']
    const asked = [...post, '--path', '/graphql', '--response', answer]
    const listed = here.write('q.json', JSON.stringify({ query: 'query All { orders }' }))
    const { value } = await here.json(...asked, '--body', listed)
    assert.deepEqual(verdicts(value), [
      ['1', true],
      ['2', false],
    ])
    const missing = await here.run(...asked)
    assert.deepEqual([missing.code, /--body is missing/.test(missing.err)], [2, true])
    const other = here.write('o.json', JSON.stringify({ query: 'query All { customers }' }))
    const refused = await here.json(...asked, '--body', other)
    assert.deepEqual([refused.code, member(refused.value, 'refusal', 'stage')], [1, 'body'])
  })
})
