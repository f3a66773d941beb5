import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

const mine = { id: 1, account: 'acme', entity: 'A', amount: 1, margin: 5 }
const other = { id: 2, account: 'acme', entity: 'B', amount: 1 }
const foreign = { id: 3, account: 'globex', entity: 'A', amount: 1 }

const access = { roles: ['viewer', 'editor'] }
const routes = [
  {
    methods: ['POST'],
    path: '/orders',
    access,
    action: 'modify',
    tenantParameters: [],
    dataset: 'orders',
    rows: { at: ['/'] },
    check: { body: ['/'] },
  },
  {
    methods: ['POST'],
    path: '/bulk',
    access,
    action: 'modify',
    tenantParameters: [],
    dataset: 'orders',
    rows: { at: ['/'] },
    check: { body: ['/items/*'] },
  },
  {
    methods: ['PUT', 'PATCH', 'DELETE'],
    path: '/orders/*',
    access,
    action: 'modify',
    tenantParameters: [],
    dataset: 'orders',
    rows: { at: ['/'] },
    check: { body: ['/'] },
  },
]

describe('writes are held to the writer’s mask', () => {
  let upstream: EchoUpstream
  let edge: TestEdge
  let ann = ''
  let dave = ''
  let stored: unknown = mine

  before(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({ upstream: upstream.url, routes })
    ann = await edge.token('ann@acme.example')
    dave = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await upstream.close()
  })
  beforeEach(() => {
    upstream.requests.length = 0
    upstream.respond((request, socket) => {
      const body = request.method === 'POST' ? request.body.toString() : JSON.stringify(stored)
      const status = stored === undefined ? 404 : 200
      socket.write(answerBytes(status, [['content-type', 'application/json']], stored === undefined ? '{}' : body))
    })
  })

  async function send(method: string, path: string, token: string, body?: unknown, type = 'application/json') {
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) }
    const answer = await fetch(`${edge.url}${path}`, { method, headers, ...content })
    await answer.arrayBuffer()
    return answer.status
  }

  const methods = () => upstream.requests.map((request) => request.method)

  const bodies: readonly (readonly [string, unknown, number])[] = [
    ['a row of the writer', { account: 'acme', entity: 'A', amount: 7 }, 200],
    ['a row outside the mask', { account: 'acme', entity: 'B', amount: 7 }, 403],
    ['a row of another company', { account: 'globex', entity: 'A', amount: 7 }, 403],
    ['a row that names no company', { entity: 'A', amount: 7 }, 403],
    ['a row that holds a withheld field', { account: 'acme', entity: 'A', margin: 7 }, 403],
    ['a row with a second company under another case', { account: 'acme', entity: 'A', Account: 'globex' }, 400],
    ['a key twice', '{"account":"acme","entity":"A","account":"globex"}', 400],
    ['a key twice, once escaped', '{"account":"acme","entity":"A","\\u0061ccount":"globex"}', 400],
    ['a list where one row was declared', [{ account: 'acme', entity: 'A' }], 403],
    ['nothing that is JSON', 'account=acme&entity=A', 400],
    ['a company that is a list', { account: ['acme'], entity: 'A' }, 403],
    ['null', null, 403],
  ]
  for (const [name, body, status] of bodies) {
    it(`answers ${status} to ${name}`, async () => {
      assert.equal(await send('POST', '/orders', ann, body), status)
      assert.equal(upstream.requests.length, status === 200 ? 1 : 0)
    })
  }

  it('refuses other content types, and no body at all', async () => {
    const good = { account: 'acme', entity: 'A' }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16']) {
      assert.equal(await send('POST', '/orders', ann, good, type), 415, type)
    }
    assert.equal(await send('POST', '/orders', ann), 400)
    assert.deepEqual(upstream.requests, [])
  })

  it('forwards the body to the byte', async () => {
    const body = '{ "account":"acme",\n "entity":"A", "amount": 1.50e2 }'
    assert.equal(await send('POST', '/orders', ann, body), 200)
    assert.equal(upstream.requests[0]?.body.toString(), body)
  })

  it('holds every row of a list', async () => {
    const good = { account: 'acme', entity: 'A' }
    const bulk = (...items: unknown[]) => send('POST', '/bulk', ann, { items })
    assert.equal(await bulk(good, { account: 'globex', entity: 'A' }), 403)
    assert.equal(await bulk(), 400)
    assert.equal(await send('POST', '/bulk', ann, { items: [good], Items: [{ account: 'globex' }] }), 400)
    assert.deepEqual(upstream.requests, [])
    await bulk(good, good)
    assert.deepEqual(methods(), ['POST'])
  })

  it('looks at an item before it is changed, and forwards the change of one’s own', async () => {
    stored = mine
    for (const [method, body] of [
      ['PUT', { account: 'acme', entity: 'A' }],
      ['PATCH', { amount: 9 }],
      ['DELETE', undefined],
    ] as const) {
      upstream.requests.length = 0
      assert.equal(await send(method, '/orders/1', ann, body), 200, method)
      assert.deepEqual(methods(), ['GET', method])
      assert.equal(upstream.requests[0]?.target, '/orders/1')
    }
  })

  it('gives 404 for an item of others, as for one that is not there', async () => {
    for (const item of [foreign, other, undefined, { id: 4 }]) {
      stored = item
      for (const [method, body] of [
        ['PUT', { account: 'acme', entity: 'A' }],
        ['PATCH', { amount: 9 }],
        ['DELETE', undefined],
      ] as const) {
        upstream.requests.length = 0
        assert.equal(await send(method, '/orders/1', ann, body), 404, `${method} ${JSON.stringify(item)}`)
        assert.deepEqual(methods(), ['GET'])
      }
    }
  })

  it('judges a patch by the row it makes', async () => {
    stored = mine
    const patches: readonly (readonly [unknown, number])[] = [
      [{ entity: 'B' }, 403],
      [{ account: 'globex' }, 403],
      [{ account: null }, 403],
      [{ margin: 1 }, 403],
      [{ Account: 'globex' }, 400],
      [[{ op: 'replace', path: '/account', value: 'globex' }], 403],
      [{ amount: 2 }, 200],
    ]
    for (const [patch, status] of patches) {
      upstream.requests.length = 0
      assert.equal(await send('PATCH', '/orders/1', ann, patch), status, JSON.stringify(patch))
      assert.deepEqual(methods(), status === 200 ? ['GET', 'PATCH'] : ['GET'])
    }
    assert.equal(await send('PATCH', '/orders/1', dave, { entity: 'B' }), 200)
  })
})
