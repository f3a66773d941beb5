import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { ask, assertRefused, bearer, type Corridor, converse, head, openCorridor } from './threats-support.ts'

const read = { access: 'member', dataset: 'orders', rows: { at: ['/'] } }
const route = (path: string, method: string, ...inject: readonly unknown[]) => ({
  ...read,
  methods: [method],
  path,
  inject,
})
const set = (parameters: unknown) => ({ kind: 'query', set: parameters })

const routes = [
  route('/set', 'GET', set({ account: { $user: 'tenant' }, version: '2' })),
  { ...route('/odata', 'GET', { kind: 'query', mask: 'odata' }), sanitise: 'odata' },
  route('/postgrest', 'GET', { kind: 'query', mask: 'postgrest' }),
  { ...route('/mongodb', 'POST', { kind: 'body', mask: 'mongodb', at: '/filter' }), sanitise: 'query-api' },
  { ...route('/pipeline', 'POST', { kind: 'body', mask: 'mongodb-pipeline', at: '/pipeline' }), sanitise: 'raw' },
  { ...route('/search', 'POST', { kind: 'body', mask: 'elasticsearch' }), tenantParameters: [] },
  {
    methods: ['GET', 'POST'],
    path: '/plain',
    access: 'member',
    websocket: true,
    inject: [set({ company: { $user: 'tenant' }, who: { $user: 'email' } })],
  },
  { methods: ['GET'], path: '/unknown', access: 'member', inject: [set({ region: { $user: 'region' } })] },
  {
    ...route('/items/*', 'DELETE', set({ account: { $user: 'tenant' } })),
    action: 'modify',
  },
]

/** A form of one field. */
const parts = (name: string, border = 'b') =>
  `--${border}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nglobex\r\n--${border}--\r\n`

/** Ann's mask, in the language of each upstream. */
const one = (place: string, value: string, more = '') =>
  `{"${place}":{"$eq":"${value}","$not":{"$type":"array"}}${more}}`
const owner = one('meta.owner', 'ann', ',"meta":{"$not":{"$type":"array"}}')
const mongodb = `{"$and":[{"$or":[${one('entity', 'A')},${owner}]},${one('account', 'acme')}]}`
const odata = "(entity eq 'A' or meta/owner eq 'ann') and account eq 'acme'"
const postgrest = '(and(or(entity.eq."A",meta->>owner.eq."ann"),account.eq."acme"))'

describe('what a route puts into requests', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor({ routes, app: { websocket: true } })
    corridor.upstream.respond((_request, socket) => {
      const row = '{"id":1,"account":"acme","entity":"A"}'
      socket.write(answerBytes(200, [['content-type', 'application/json']], row))
    })
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  const send = (line: string, lines: readonly string[] = [], body = '') =>
    ask(corridor.edge, head(`${line} HTTP/1.1`, [bearer(ann), ...lines]) + body)

  const post = (path: string, body: string, type = 'application/json') =>
    send(`POST ${path}`, [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], body)

  const received = () => corridor.upstream.requests.at(-1)
  const targets: readonly (readonly [string, string])[] = [
    ['/set', '/set?account=acme&version=2'],
    ['/set?a=1&version=1&VERSION=0&version%5B%5D=3&b=2', '/set?account=acme&version=2&a=1&b=2'],
    ['/set?%76ersion=1&account=acme', '/set?account=acme&version=2'],
    ['/odata', `/odata?$filter=${odata}`],
    ['/plain?Company=globex&x=1', '/plain?company=acme&who=ann%40acme.example&x=1'],
  ]
  for (const [asked, got] of targets) {
    it(`asks ${got} for ${asked}`, async () => {
      const answer = await send(`GET ${asked}`)
      assert.equal(answer.status, 200, answer.body.toString())
      assert.equal(decodeURIComponent(received()?.target ?? ''), decodeURIComponent(got))
    })
  }

  it('joins the mask to the client’s own OData filter, which has to stand alone', async () => {
    assert.equal((await send('GET /odata?$filter=amount%20gt%205%20or%20true&$top=3')).status, 200)
    const { searchParams } = new URL(received()?.target ?? '', 'http://upstream')
    assert.equal(searchParams.get('$filter'), `(amount gt 5 or true) and (${odata})`)
    assert.equal(searchParams.get('$top'), '3')
    for (const filter of ['true)%20or%20(true', '1%20eq%201)', '%27']) {
      assertRefused(corridor.edge, await send(`GET /odata?$filter=${filter}`), 400, 'ERR_QUERY_REFUSED')
    }
    assert.equal(corridor.upstream.requests.length, 1)
  })

  it('adds the mask to PostgREST’s conditions, and lets nobody reach another table', async () => {
    assert.equal((await send('GET /postgrest?amount=gt.5&select=id,amount')).status, 200)
    const { searchParams } = new URL(received()?.target ?? '', 'http://upstream')
    assert.equal(searchParams.get('amount'), 'gt.5')
    assert.equal(searchParams.get('and'), postgrest)
    assertRefused(corridor.edge, await send('GET /postgrest?select=*,people(*)'), 400, 'ERR_QUERY_REFUSED')
  })

  it('joins the mask to a MongoDB filter', async () => {
    assert.equal((await post('/mongodb', '{"filter":{"amount":{"$gt":9007199254740993}},"limit":5}')).status, 200)
    const body = received()?.body.toString() ?? ''
    assert.equal(body, `{"filter":{"$and":[{"amount":{"$gt":9007199254740993}},${mongodb}]},"limit":5}`)
    const lengths = received()?.headers.filter(([name]) => name.toLowerCase() === 'content-length')
    assert.deepEqual(
      lengths?.map(([, value]) => value),
      [String(body.length)],
    )
    assert.equal((await post('/mongodb', '{}')).status, 200)
    assert.equal(received()?.body.toString(), `{"filter":${mongodb}}`)
    assertRefused(corridor.edge, await post('/mongodb', '{"filter":{"$where":"1"}}'), 400, 'ERR_REQUEST_UNSAFE')
    assertRefused(corridor.edge, await send('POST /mongodb'), 400, 'ERR_BODY_UNREADABLE')
  })

  it('puts a match before a MongoDB pipeline, and refuses stages that leave the collection', async () => {
    assert.equal((await post('/pipeline', '{"pipeline":[{"$sort":{"id":1}}]}')).status, 200)
    const body = `{"pipeline":[{"$match":${mongodb}},{"$unset":["margin"]},{"$sort":{"id":1}}]}`
    assert.equal(received()?.body.toString(), body)
    for (const stage of ['$lookup', '$unionWith', '$out', '$merge', '$graphLookup', '$documents']) {
      const reaching = JSON.stringify({ pipeline: [{ [stage]: { from: 'people' } }] })
      assertRefused(corridor.edge, await post('/pipeline', reaching), 400, 'ERR_QUERY_REFUSED')
    }
    assert.equal(corridor.upstream.requests.length, 1)
  })

  it('filters an Elasticsearch search, and refuses what escapes its query', async () => {
    assert.equal((await post('/search', '{"query":{"match":{"note":"x"}},"size":3}')).status, 200)
    const { query, size } = JSON.parse(received()?.body.toString() ?? '') as Record<string, unknown>
    assert.equal(size, 3)
    assert.deepEqual((query as { bool: { must: unknown } }).bool.must, [{ match: { note: 'x' } }])
    for (const body of ['{"suggest":{}}', '{"aggs":{"all":{"global":{}}}}', '{"runtime_mappings":{}}', '{"knn":{}}']) {
      assertRefused(corridor.edge, await post('/search', body), 400, 'ERR_QUERY_REFUSED')
    }
  })

  it('refuses a form in parts that holds a parameter that it sets, and lets any other through to the byte', async () => {
    for (const name of ['company', 'COMPANY', 'company[]', 'who', 'com%70any'])
      assert.equal((await post('/plain', parts(name), 'multipart/form-data; boundary=b')).status, 400, name)
    for (const type of ['multipart/form-data', 'Multipart/Form-Data; boundary=c', 'multipart/form-data; boundary="b;"'])
      assert.equal((await post('/plain', parts('note'), type)).status, 400, type)
    // PHP ends a boundary at a comma.
    const two = ['Content-Type: multipart/form-data; boundary=b', 'Content-Type: application/x-www-form-urlencoded']
    const body = parts('company')
    assert.equal((await send('POST /plain', [...two, `Content-Length: ${body.length}`], body)).status, 400)
    assert.equal(corridor.upstream.requests.length, 0)
    assert.equal((await post('/plain', parts('note'), 'multipart/form-data; boundary=b')).status, 200)
    assert.equal(received()?.body.toString(), parts('note'))
  })

  it('takes every spelling of a parameter that it sets out of forms and cookies too', async () => {
    const form = 'note=a%20b&COMPANY=globex&company%5B%5D=globex&who=eve'
    const lines = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`]
    const answer = await send('POST /plain', [...lines, 'Cookie: theme=dark; company=globex; Who=eve'], form)
    assert.equal(answer.status, 200, answer.body.toString())
    assert.equal(received()?.body.toString(), 'note=a%20b')
    assert.equal(received()?.target, '/plain?company=acme&who=ann%40acme.example')
    assert.deepEqual(
      received()
        ?.headers.filter(([name]) => name.toLowerCase() === 'cookie')
        .map(([, value]) => value),
      ['theme=dark'],
    )
  })

  it('sends nothing where a value to set is not there', async () => {
    assertRefused(corridor.edge, await send('GET /unknown'), 403, 'ERR_MASK_UNRESOLVED')
    assert.equal(corridor.upstream.requests.length, 0)
  })

  it('sets parameters in a WebSocket handshake', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const lines = [bearer(ann), ...upgrade, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']
    await converse(corridor.edge, head('GET /plain?company=globex HTTP/1.1', lines))
    assert.equal(received()?.target, '/plain?company=acme&who=ann%40acme.example')
  })

  it('sets parameters when it looks at an item, without and with what the client asks besides', async () => {
    const answer = await send('DELETE /items/1?force=yes')
    assert.equal(answer.status, 200, answer.body.toString())
    assert.deepEqual(
      corridor.upstream.requests.map(({ method, target }) => `${method} ${target}`),
      ['GET /items/1?account=acme', 'GET /items/1?account=acme&force=yes', 'DELETE /items/1?account=acme&force=yes'],
    )
  })
})
