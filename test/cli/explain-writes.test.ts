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
    fields: { account: id, owner: string }
apps:
  - id: shop
    upstreams: [http://127.0.0.1:3000]
    routes:
      - methods: [PUT, PATCH, DELETE]
        path: /orders/*
        access: member
        action: modify
        dataset: orders
        rows: { at: [/] }
        check: { body: [/] }
      - { methods: [GET, HEAD], path: /orders, access: member, dataset: orders, rows: { at: [/*] } }
      - { methods: [POST], path: /small, access: member, maxBody: 32B }
`

const directory = `
tenants: [{ id: acme, name: Acme }]
accounts:
  - email: ann@acme.example
    name: Ann
    memberships: [{ tenant: acme, roles: [viewer], attributes: { login: "a\\e]0;x\\a\\u009b" } }]
grants:
  - { id: own, tenant: acme, dataset: orders, subject: everyone, actions: [read, modify], rows: { owner: { $user: login } } }
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

const caller = ['explain', '--account', 'ann@acme.example', '--tenant', 'acme']
const ask = (method: string, path: string) => [...caller, '--method', method, '--path', path]

suite('explain, of writes', { concurrency: 4 }, () => {
  test('says that the item is looked at first, and how', async (t) => {
    const here = installed(t)
    const { code, value } = await here.json(...ask('DELETE', '/orders/1?force=yes'))
    assert.deepEqual([code, member(value, 'looks')], [0, ['/orders/1', '/orders/1?force=yes']])
    const { out } = await here.run(...ask('DELETE', '/orders/1'))
    assert.match(out, /^first +GET \/orders\/1: 404 where the item is not the caller’s$/m)
    const read = await here.json(...ask('GET', '/orders'))
    assert.deepEqual(member(read.value, 'looks'), [])
  })

  test('does not judge a patch without its item, and judges what is written whole', async (t) => {
    const here = installed(t)
    const body = ['--body', here.write('body.json', '{"amount":1}')]
    const patch = await here.json(...ask('PATCH', '/orders/1'), ...body)
    assert.deepEqual(
      [patch.code, member(patch.value, 'outcome'), member(patch.value, 'body')],
      [0, 'allowed', 'not checked: what counts is the row it makes of the item'],
    )
    const put = await here.json(...ask('PUT', '/orders/1'), ...body)
    assert.deepEqual([put.code, member(put.value, 'refusal', 'code')], [1, 'ERR_ROW_FORBIDDEN'])
  })

  test('refuses a body where none may be, and one that is too long', async (t) => {
    const here = installed(t)
    const short = ['--body', here.write('short.json', '{"a":1}')]
    const long = ['--body', here.write('long.json', JSON.stringify({ a: 'x'.repeat(32) }))]
    for (const [request, code] of [
      [[...ask('GET', '/orders'), ...short], 'ERR_BODY_UNEXPECTED'],
      [[...ask('POST', '/small'), ...long], 'ERR_BODY_TOO_LARGE'],
    ] as const) {
      const { value } = await here.json(...request)
      assert.equal(member(value, 'refusal', 'code'), code)
    }
    assert.equal((await here.json(...ask('POST', '/small'), ...short)).code, 0)
  })

  test('says that rows asked for by HEAD are asked for by GET', async (t) => {
    const { out } = await installed(t).run(...ask('HEAD', '/orders'))
    assert.match(out, /^outcome +forwarded as GET \/orders$/m)
  })

  test('prints no control character of an attribute to a terminal, in whatever language', async (t) => {
    const here = installed(t)
    const rights = [...caller, '--dataset', 'orders', '--render', 'all']
    const { out, code } = await here.run(...rights)
    assert.equal(code, 0)
    assert.match(out, /^odata\n {2}\$filter=.*owner eq 'a\\u\{1b\}\]0;x\\u\{7\}\\u\{9b\}'/m)
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    assert.doesNotMatch(out.replaceAll('\n', ''), /[\0-\x1f\x7f-\x9f]/)
  })
})
