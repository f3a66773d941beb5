import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { LaneName } from '../../src/edge/proxy.ts'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { ask, assertRefused, bearer, head } from './threats-support.ts'

const marker = 'MARKER'
const mine = { id: 1, account: 'acme', entity: 'A', amount: 5 }
const globex = { id: 2, account: 'globex', entity: 'A' }
const theirs = { ...globex, note: marker }
const otherEntity = { id: 3, account: 'acme', entity: 'B', note: marker }

const orders = 'query Orders($first: Int) { orders(first: $first) { id account entity amount } total }'
const items = 'query Items { items { account entity } orders { account } }'
const one = 'query One($id: ID!) { order(id: $id) { account entity } }'
const strict = 'query Strict { orders { account entity } facets { name } }'
const add = 'mutation Add($row: Row!) { add(row: $row) { account entity } }'
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const graphql = {
  operations: [
    {
      name: 'Orders',
      document: orders,
      at: ['/data/orders/*'],
      total: { at: '/data/total', policy: 'recount' },
      keep: ['/errors'],
    },
    { name: 'Items', sha256: digest(items), at: ['/data/items/*'] },
    { name: 'One', document: one, at: ['/data/order'] },
    { name: 'Strict', document: strict, at: ['/data/orders/*'], strict: true },
  ],
}
const common = { access: 'member', dataset: 'orders' }
const routes = [
  { ...common, methods: ['GET', 'POST'], path: '/graphql', rows: { graphql }, maxBody: '4KiB' },
  {
    ...common,
    methods: ['POST'],
    path: '/mutate',
    action: 'modify',
    rows: { graphql: { operations: [{ name: 'Add', document: add, at: ['/data/add'] }] } },
    check: { body: ['/variables/row'] },
  },
]

for (const lane of ['dispatch', 'reply-from'] as const satisfies readonly LaneName[])
  describe(`GraphQL over HTTP, by the lane ${lane}`, () => {
    let upstream: EchoUpstream
    let edge: TestEdge
    let ann: string

    before(async () => {
      upstream = await startEcho()
      edge = await startTestEdge({ upstream: upstream.url, routes, lane })
      ann = await edge.token('ann@acme.example')
    })
    after(async () => {
      await edge?.stop()
      await upstream.close()
    })
    beforeEach(() => {
      upstream.requests.length = 0
    })

    /** From now on the app says this, whatever it is asked. */
    function says(body: unknown, type = 'application/json', status = 200): void {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      upstream.respond((_request, socket) => void socket.write(answerBytes(status, [['content-type', type]], text)))
    }

    async function post(body: unknown, token = ann, path = '/graphql', type = 'application/json') {
      const answer = await fetch(`${edge.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return { status: answer.status, text: await answer.text() }
    }

    it('brings each tenant its own rows of the operation, and their number', async () => {
      says({ data: { orders: [mine, theirs, { ...mine, margin: marker }, otherEntity], total: 4711 } })
      const bob = await edge.token('bob@globex.example')
      const [one, two] = [await post({ query: orders }), await post({ query: orders }, bob)]
      assert.deepEqual(JSON.parse(one.text), { data: { orders: [mine, mine], total: 2 } })
      assert.ok(!one.text.includes(marker))
      assert.deepEqual(JSON.parse(two.text), { data: { orders: [theirs], total: 1 } })
    })

    it('forwards what was looked into, to the byte', async () => {
      says({ data: { orders: [] } })
      const body = `{ "variables":{"first":1.50e1},\n "operationName":"Orders","query":"\\u0071${orders.slice(1)}" }`
      assert.equal((await post(body)).status, 200)
      assert.equal(upstream.requests[0]?.body.toString(), body)
      assert.equal(upstream.requests[0]?.method, 'POST')
    })

    it('forwards a body that came in chunks', async () => {
      says({ data: { orders: [mine] } })
      const body = JSON.stringify({ query: orders })
      const chunks = body.replaceAll(/./gs, (letter) => `1\r\n${letter}\r\n`)
      const lines = ['Content-Type: application/json', 'Transfer-Encoding: chunked', bearer(ann)]
      const answer = await ask(edge, `${head('POST /graphql HTTP/1.1', lines)}${chunks}0\r\n\r\n`)
      assert.equal(answer.status, 200)
      assert.equal(upstream.requests[0]?.body.toString(), body)
    })

    it('reads each answer as the operation that was asked, also side by side', async () => {
      says({ data: { orders: [mine, theirs], items: [mine, theirs] } })
      for (let round = 0; round < 3; round++) {
        const [first, second] = await Promise.all([post({ query: orders }), post({ query: items })])
        assert.deepEqual(JSON.parse(first.text), { data: { orders: [mine], items: null } })
        assert.deepEqual(JSON.parse(second.text), { data: { orders: null, items: [mine] } })
      }
    })

    it('makes null of errors unless the operation keeps them', async () => {
      says({ errors: [{ message: 'no such order' }], data: { orders: [], items: [] } })
      assert.match((await post({ query: orders })).text, /no such order/)
      assert.equal((await post({ query: items })).text, '{"errors":null,"data":{"orders":null,"items":[]}}')
    })

    it('says 404 of the object that is not permitted, and blocks what a strict operation did not declare', async () => {
      says({ data: { order: theirs } })
      assert.equal((await post({ query: one, variables: { id: 2 } })).status, 404)
      says({ data: { order: mine } })
      assert.equal((await post({ query: one, variables: { id: 1 } })).status, 200)
      says({ data: { orders: [mine], facets: [{ name: marker }] } })
      const blocked = await post({ query: strict })
      assert.equal(blocked.status, 502)
      assert.match(blocked.text, /ERR_ANSWER_SHAPE/)
    })

    it('reads the media type of GraphQL answers, and no other than JSON', async () => {
      const answer = { data: { orders: [mine, theirs] } }
      says(answer, 'application/graphql-response+json; charset=utf-8')
      assert.equal((await post({ query: orders })).text, JSON.stringify({ data: { orders: [mine] } }))
      for (const type of ['multipart/mixed; boundary="-"', 'text/event-stream', 'text/plain', 'application/graphql']) {
        says(answer, type)
        const blocked = await post({ query: orders })
        assert.equal(blocked.status, 502, type)
        assert.match(blocked.text, /ERR_ANSWER_KIND/)
      }
      says(`${JSON.stringify(theirs)}\n`, 'application/x-ndjson')
      assert.equal((await post({ query: orders })).text, '')
    })

    it('replaces an error answer without rows by our own', async () => {
      says({ errors: [{ message: marker }] }, 'application/json', 400)
      const answer = await post({ query: orders })
      assert.equal(answer.status, 400)
      assert.ok(!answer.text.includes(marker))
    })

    it('takes an operation by GET, and forwards its target as it is', async () => {
      says({ data: { orders: [mine, theirs] } })
      const target = `/graphql?query=${encodeURIComponent(orders)}&operationName=Orders`
      const answer = await ask(edge, head(`GET ${target} HTTP/1.1`, [bearer(ann)]))
      assert.equal(answer.body.toString(), JSON.stringify({ data: { orders: [mine] } }))
      assert.equal(upstream.requests[0]?.target, target)
    })

    it('takes a document by its digest', async () => {
      says({ data: { items: [mine, theirs] } })
      const extensions = { persistedQuery: { version: 1, sha256Hash: digest(items) } }
      assert.equal((await post({ extensions })).text, JSON.stringify({ data: { items: [mine] } }))
    })

    const mutate = (row: object) => post({ query: add, variables: { row } }, ann, '/mutate')

    const refused: readonly (readonly [string, number, string, string, string, string?])[] = [
      ['another document', 403, 'ERR_OPERATION_NOT_ALLOWED', '/graphql', JSON.stringify({ query: `${orders} ` })],
      ['introspection', 403, 'ERR_OPERATION_NOT_ALLOWED', '/graphql', '{"query":"{ __schema { types { name } } }"}'],
      ['a batch', 403, 'ERR_OPERATION_NOT_ALLOWED', '/graphql', JSON.stringify([{ query: orders }])],
      [
        'a query in the address beside the body',
        403,
        'ERR_OPERATION_NOT_ALLOWED',
        '/graphql?query=%7Ball%7D',
        JSON.stringify({ query: orders }),
      ],
      [
        'a key that occurs twice',
        400,
        'ERR_REQUEST_UNSAFE',
        '/graphql',
        `{"query":${JSON.stringify(orders)},"query":"{ all }"}`,
      ],
      ['no body', 400, 'ERR_BODY_UNREADABLE', '/graphql', ''],
      ['a body over its bound', 413, 'ERR_BODY_TOO_LARGE', '/graphql', JSON.stringify({ query: 'x'.repeat(5000) })],
      [
        'a form',
        415,
        'ERR_BODY_TYPE',
        '/graphql',
        `query=${encodeURIComponent(orders)}`,
        'application/x-www-form-urlencoded',
      ],
      ['the bare document', 415, 'ERR_BODY_TYPE', '/graphql', orders, 'application/graphql'],
      ['the operation of another route', 403, 'ERR_OPERATION_NOT_ALLOWED', '/graphql', JSON.stringify({ query: add })],
    ]
    for (const [name, status, code, target, body, type = 'application/json'] of refused)
      it(`refuses ${name}, and the app hears nothing of it`, async () => {
        const lines = [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`, bearer(ann)]
        const answer = await ask(edge, head(`POST ${target} HTTP/1.1`, lines) + body)
        assertRefused(edge, answer, status, code)
        assert.deepEqual(upstream.requests, [])
      })

    it('refuses a GET without an operation, and one that asks for another', async () => {
      for (const query of ['', '?query=%7Ball%7D', `?query=${encodeURIComponent(orders)}&query=%7Ball%7D`]) {
        const answer = await ask(edge, head(`GET /graphql${query} HTTP/1.1`, [bearer(ann)]))
        assertRefused(edge, answer, 403, 'ERR_OPERATION_NOT_ALLOWED')
      }
      assert.deepEqual(upstream.requests, [])
    })

    it('holds the rows of a mutation to the writer’s mask', async () => {
      says({ data: { add: mine } })
      assert.equal((await mutate({ account: 'acme', entity: 'A' })).status, 200)
      assert.equal(upstream.requests.length, 1)
      assert.equal((await mutate({ account: 'globex', entity: 'A' })).status, 403)
      assert.equal((await mutate({ account: 'acme', entity: 'B' })).status, 403)
      assert.equal(upstream.requests.length, 1)
    })
  })
