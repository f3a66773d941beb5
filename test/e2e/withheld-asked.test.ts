import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { ask, assertRefused, auditLines, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

const read = { access: 'member', dataset: 'orders', rows: { at: ['/'] } }
const route = (path: string, methods: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  ...read,
  methods,
  path,
  ...more,
})
const inject = (...injections: readonly unknown[]) => ({ inject: injections })
const bodyMask = (mask: string, at?: string) => ({ kind: 'body', mask, ...(at === undefined ? {} : { at }) })
const setAccount = { kind: 'query', set: { account: { $user: 'tenant' }, entity: 'A' } }

const routes = [
  route('/strict', ['GET', 'POST']),
  route('/table', ['GET'], { rows: { at: ['/'], csv: { columns: { margin: 'Marge' } } } }),
  route('/document', ['GET'], {
    rows: { at: ['/'], xml: { at: ['/list/order'], fields: { margin: 'prices/@gain' } } },
  }),
  route('/raw', ['GET', 'POST'], { sanitise: 'raw' }),
  route('/watched', ['GET'], { sanitise: { profile: 'strict', report: true } }),
  route('/written', ['POST'], { action: 'modify', check: { body: ['/'] } }),
  route('/removed/*', ['DELETE'], { action: 'modify' }),
  route('/odata', ['GET'], { sanitise: 'odata', ...inject({ kind: 'query', mask: 'odata' }) }),
  route('/odata-alone', ['GET'], { sanitise: 'odata' }),
  route('/postgrest', ['GET'], inject({ kind: 'query', mask: 'postgrest' })),
  route('/postgrest-raw', ['GET'], { sanitise: 'raw', ...inject({ kind: 'query', mask: 'postgrest' }) }),
  route('/postgrest/*', ['PATCH'], {
    action: 'modify',
    check: { body: ['/'] },
    ...inject({ kind: 'query', mask: 'postgrest' }),
  }),
  route('/mongodb', ['POST'], { sanitise: 'query-api', ...inject(bodyMask('mongodb', '/filter')) }),
  route('/pipeline', ['POST'], { sanitise: 'raw', ...inject(bodyMask('mongodb-pipeline', '/pipeline')) }),
  route('/search', ['POST'], inject(bodyMask('elasticsearch'))),
  route('/set', ['POST'], { tenantParameters: [], ...inject(setAccount) }),
  route('/set-written', ['POST'], { action: 'modify', check: { body: ['/'], fill: 'tenant' }, ...inject(setAccount) }),
  { methods: ['GET'], access: 'member', path: '/plain', sanitise: 'strict' },
]

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

/** What ann may not ask and dave may, and how ann's is refused. */
const asked: readonly (readonly [string, number, string])[] = [
  ['GET /strict?margin_gte=20', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /strict?_sort=-margin', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /strict?_sort=id&f[margin][gt]=20', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /table?sort=Marge', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /table?margin=1', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /document?sort=prices/@gain', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /odata-alone?$filter=margin%20gt%2020', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /odata-alone?$orderby=margin', 403, 'ERR_ROW_FORBIDDEN'],
  ['GET /odata?$filter=margin%20gt%2020', 400, 'ERR_QUERY_REFUSED'],
  ['GET /odata?$orderby=margin', 400, 'ERR_QUERY_REFUSED'],
  ['GET /odata?$select=margin', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest?margin=gt.20', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest?or=(margin.gt.20,id.eq.1)', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest?order=margin.desc', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest?order=to_jsonb-%3E%3Emargin', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest?select=margin', 400, 'ERR_QUERY_REFUSED'],
  ['GET /postgrest-raw?margin=gt.20', 400, 'ERR_QUERY_REFUSED'],
]

/** The same in bodies. */
const posted: readonly (readonly [string, string, string, number, string])[] = [
  ['/strict', json, '{"where":{"margin":{"gt":20}}}', 403, 'ERR_ROW_FORBIDDEN'],
  ['/strict', json, '{"sort":["-margin"]}', 403, 'ERR_ROW_FORBIDDEN'],
  ['/strict', form, 'sort=margin', 403, 'ERR_ROW_FORBIDDEN'],
  ['/mongodb', json, '{"filter":{"margin":{"$gt":20}}}', 400, 'ERR_QUERY_REFUSED'],
  ['/mongodb', json, '{"filter":{},"sort":{"margin":1}}', 400, 'ERR_QUERY_REFUSED'],
  ['/pipeline', json, '{"pipeline":[],"sort":{"margin":1}}', 400, 'ERR_QUERY_REFUSED'],
  ['/search', json, '{"sort":["margin"]}', 400, 'ERR_QUERY_REFUSED'],
  ['/search', json, '{"aggs":{"a":{"avg":{"field":"margin"}}}}', 400, 'ERR_QUERY_REFUSED'],
  ['/search', json, '{"query":{"query_string":{"query":"thin"}}}', 400, 'ERR_QUERY_REFUSED'],
]

/** What everybody may ask. */
const neighbours = [
  'GET /strict?amount_gte=20&_sort=-amount&note=the%20margin%20is%20thin',
  'GET /raw?_sort=margin',
  'GET /strict?sort=Marge&by=prices/@gain',
  'GET /table?sort=Amount',
  'GET /plain?_sort=margin',
  "GET /odata?$filter=amount%20gt%2020%20and%20note%20eq%20'margin'&$orderby=amount",
  'GET /postgrest?amount=gt.20&order=amount.desc&select=id,amount',
]

const postedNeighbours: readonly (readonly [string, string, string])[] = [
  ['/strict', json, '{"where":{"amount":{"gt":20}},"note":"the margin is thin"}'],
  ['/raw', json, '{"sort":"margin"}'],
  ['/written', json, '{"account":"acme","entity":"A","note":"margin"}'],
  ['/mongodb', json, '{"filter":{"note":"margin"},"sort":{"amount":1}}'],
  ['/pipeline', json, '{"pipeline":[{"$sort":{"margin":1}}]}'],
  ['/search', json, '{"query":{"match":{"note":"margin"}},"sort":["amount"]}'],
]

/** A form of one field. */
const parts = (name: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n--b--\r\n`

describe('a field that is withheld', () => {
  let corridor: Corridor
  let ann: string
  let dave: string

  before(async () => {
    corridor = await openCorridor({ routes })
    corridor.upstream.respond((_request, socket) => {
      const row = '{"id":1,"account":"acme","entity":"A"}'
      socket.write(answerBytes(200, [['content-type', 'application/json']], row))
    })
    ann = await corridor.edge.token('ann@acme.example')
    dave = await corridor.edge.token('dave@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  const send = (token: string, line: string, lines: readonly string[] = [], body = '') =>
    ask(corridor.edge, head(`${line} HTTP/1.1`, [bearer(token), ...lines]) + body)

  const post = (token: string, path: string, type: string, body: string, method = 'POST') =>
    send(token, `${method} ${path}`, [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], body)

  const removed = (body: string) => post(ann, '/removed/1', json, body, 'DELETE')
  const names = () => corridor.upstream.requests.at(-1)?.headers.map(([name]) => name.toLowerCase()) ?? []
  const count = () => corridor.upstream.requests.length

  for (const [line, status, code] of asked)
    it(`is not asked about by ${line}, but by somebody who may see it`, async () => {
      assertRefused(corridor.edge, await send(ann, line), status, code)
      assert.equal(count(), 0)
      assert.equal((await send(dave, line)).status, 200)
      assert.equal(count(), 1)
    })

  for (const [path, type, body, status, code] of posted)
    it(`is not asked about by ${body} to ${path}, but by somebody who may see it`, async () => {
      assertRefused(corridor.edge, await post(ann, path, type, body), status, code)
      assert.equal(count(), 0)
      assert.equal((await post(dave, path, type, body)).status, 200)
      assert.equal(count(), 1)
    })

  for (const line of neighbours)
    it(`is not asked about by ${line}`, async () => {
      assert.equal((await send(ann, line)).status, 200)
      assert.equal(count(), 1)
    })

  for (const [path, type, body] of postedNeighbours)
    it(`is not asked about by ${body} to ${path}`, async () => {
      const answer = await post(ann, path, type, body)
      assert.equal(answer.status, 200, answer.body.toString())
      assert.equal(count(), 1)
    })

  it('is not told by whether an item is found, before a write is refused', async () => {
    const line = '/postgrest/1?margin=gt.20'
    assertRefused(corridor.edge, await post(ann, line, json, '{"amount":1}', 'PATCH'), 400, 'ERR_QUERY_REFUSED')
    assert.equal(count(), 0)
    assert.equal((await post(ann, '/postgrest/1?amount=gt.20', json, '{"amount":1}', 'PATCH')).status, 200)
    assert.equal(corridor.upstream.requests.at(-1)?.method, 'PATCH')
  })

  it('is not asked about by what is to be deleted', async () => {
    assertRefused(corridor.edge, await removed('{"where":{"margin":{"gt":20}}}'), 403, 'ERR_ROW_FORBIDDEN')
    assert.equal(count(), 0)
    assert.equal((await removed('{"where":{"amount":{"gt":20}}}')).status, 200)
    assert.equal(corridor.upstream.requests.at(-1)?.method, 'DELETE')
  })

  it('is counted where it is asked about, and only counted in report mode', async () => {
    assert.equal((await send(ann, 'GET /watched?_sort=margin')).status, 200)
    assertRefused(corridor.edge, await send(ann, 'GET /strict?_sort=margin'), 403, 'ERR_ROW_FORBIDDEN')
    const text = await (await fetch(`${corridor.edge.adminUrl}/metrics`)).text()
    for (const [path, mode] of [
      ['GET /watched', 'report'],
      ['GET,POST /strict', 'enforce'],
    ] as const) {
      const labels = `route="${path}",rule="withheld",where="query",mode="${mode}"}`
      assert.ok(text.includes(labels), labels)
    }
  })

  it('is not named in the audit of who asked about it', async () => {
    const answer = await send(ann, 'GET /strict?margin_gte=secret')
    const event = assertRefused(corridor.edge, answer, 403, 'ERR_ROW_FORBIDDEN')
    assert.equal(event.reason, 'ERR_ROW_FORBIDDEN: withheld in the query of the request')
    assert.ok(!JSON.stringify(auditLines(corridor.edge)).includes('secret'))
  })

  it('leaves PostgREST in the schema of the route', async () => {
    const lines = ['Accept-Profile: other', 'CONTENT-PROFILE: other', 'X-Mine: 1']
    assert.equal((await send(ann, 'GET /postgrest', lines)).status, 200)
    assert.ok(names().includes('x-mine') && !names().some((name) => name.endsWith('-profile')))
    assert.equal((await send(ann, 'GET /strict', lines)).status, 200)
    assert.ok(names().includes('accept-profile') && names().includes('content-profile'))
  })

  const multipart = 'multipart/form-data; boundary=b'
  for (const [path, type, body, status, code] of [
    ['/set', json, '{"note":"x"}', 200],
    ['/set', json, '{"account":"globex","note":"x"}', 400, 'ERR_REQUEST_UNSAFE'],
    ['/set', json, '{"account":"acme","note":"x"}', 400, 'ERR_REQUEST_UNSAFE'],
    ['/set', json, '{"Entity":"A","note":"x"}', 400, 'ERR_REQUEST_UNSAFE'],
    ['/set', multipart, parts('note'), 200],
    ['/set', multipart, parts('entity'), 400, 'ERR_REQUEST_UNSAFE'],
    ['/set-written', json, '{"account":"acme","entity":"A"}', 200],
    ['/set-written', json, '{"entity":"A"}', 200],
    ['/set-written', json, '{"account":"acme","entity":"B","meta":{"owner":"ann"}}', 400, 'ERR_REQUEST_UNSAFE'],
    ['/set-written', json, '{"account":"acme","entity":"A","entity[]":"x"}', 400, 'ERR_REQUEST_UNSAFE'],
  ] as const)
    it(`answers ${status} to ${body.replaceAll('\r\n', ' ')} beside set parameters on ${path}`, async () => {
      const answer = await post(ann, path, type, body)
      if (code === undefined) assert.equal(answer.status, status, answer.body.toString())
      else assertRefused(corridor.edge, answer, status, code)
      assert.equal(count(), status === 200 ? 1 : 0)
    })
})
