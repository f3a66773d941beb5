import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { ask, assertRefused, auditLines, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

const read = { methods: ['GET'], access: 'member', dataset: 'orders', rows: { at: ['/'] } }
const write = { methods: ['POST'], access: 'member', action: 'modify', dataset: 'orders', rows: { at: ['/'] } }
const routes = [
  { ...read, path: '/strict' },
  { ...read, path: '/odata', sanitise: 'odata' },
  { ...read, path: '/lenient', sanitise: 'raw', tenantParameters: ['company', 'account'] },
  { ...read, path: '/watched', sanitise: { profile: 'strict', report: true } },
  { ...write, path: '/written', check: { body: ['/'] } },
  { methods: ['POST'], access: 'member', path: '/form', sanitise: 'strict', tenantParameters: ['company'] },
  { methods: ['POST'], access: 'member', path: '/plain' },
  { ...read, path: '/companies/{tenant}/orders/**' },
]

/** Request line and what becomes of it. */
const queries: readonly (readonly [string, number, string?])[] = [
  ['/strict?entity=A', 200],
  ['/strict?entity[$ne]=A', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?entity[%24ne]=A', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?filter=%7B%22account%22:%22globex%22%7D', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?__proto__[x]=1', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?account=acme', 200],
  ['/strict?account=globex', 403, 'ERR_TENANT_FOREIGN'],
  ['/strict?Account%5B%5D=globex', 403, 'ERR_TENANT_FOREIGN'],
  ['/strict?account=acme&account=globex', 403, 'ERR_TENANT_FOREIGN'],
  ['/odata?$filter=entity%20eq%20%27A%27', 200],
  ['/odata?$where=1', 400, 'ERR_REQUEST_UNSAFE'],
  ['/lenient?filter[$ne]=1', 200],
  ['/lenient?company=globex', 403, 'ERR_TENANT_FOREIGN'],
  ['/strict?_method=DELETE', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?.Method=DELETE', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?X-HTTP-Method-Override=DELETE', 400, 'ERR_REQUEST_UNSAFE'],
  ['/strict?method=post&payment_method=card&http_method=get', 200],
  ['/lenient?_method=DELETE', 200],
  ['/watched?entity[$ne]=A', 200],
  ['/companies/acme/orders/1', 200],
  ['/companies/globex/orders/1', 403, 'ERR_TENANT_FOREIGN'],
  ['/companies/Acme/orders/1', 403, 'ERR_TENANT_FOREIGN'],
  ['/companies/acme%00/orders/1', 400, 'ERR_TARGET_INVALID'],
]

describe('what is refused of a request before the app sees any of it', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor({ routes })
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

  const get = (target: string, ...lines: string[]) =>
    ask(corridor.edge, head(`GET ${target} HTTP/1.1`, [bearer(ann), ...lines]))

  const post = (path: string, type: string, body: string) => {
    const lines = [bearer(ann), `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`]
    return ask(corridor.edge, head(`POST ${path} HTTP/1.1`, lines) + body)
  }

  for (const [target, status, code] of queries) {
    it(`answers ${status} to ${target}`, async () => {
      const answer = await get(target)
      if (code === undefined) assert.equal(answer.status, status, answer.body.toString())
      else assertRefused(corridor.edge, answer, status, code)
      assert.deepEqual(
        corridor.upstream.requests.map((request) => request.target),
        code === undefined ? [target] : [],
      )
    })
  }

  it('says nothing of what the client sent in the audit', async () => {
    await get('/strict?account=secret-company')
    const text = JSON.stringify(auditLines(corridor.edge))
    assert.ok(text.includes('tenant in the query of the request'))
    assert.ok(!text.includes('secret-company'))
  })

  it('refuses a cookie that names another company', async () => {
    assertRefused(corridor.edge, await get('/strict', 'Cookie: account=globex'), 403, 'ERR_TENANT_FOREIGN')
    assert.equal((await get('/strict', 'Cookie: account=acme; theme=dark')).status, 200)
  })

  const bodies: readonly (readonly [string, string, string, number])[] = [
    ['/written', 'application/json', '{"account":"acme","entity":"A"}', 200],
    ['/written', 'application/json', '{"account":"acme","entity":"A","$set":{"account":"globex"}}', 400],
    ['/written', 'application/json', '{"account":"acme","entity":"A","meta":{"account":"globex"}}', 403],
    ['/form', 'application/x-www-form-urlencoded', 'company=acme&note=x', 200],
    ['/form', 'application/x-www-form-urlencoded', 'company=globex&note=x', 403],
    ['/form', 'application/x-www-form-urlencoded', 'note[$gt]=', 400],
    ['/form', 'application/x-www-form-urlencoded', 'note=x&_METHOD=DELETE', 400],
    ['/form', 'application/json', '{"_method":"DELETE"}', 400],
    ['/form', 'application/xml', '<order><company>acme</company></order>', 200],
    ['/form', 'application/xml', '<!DOCTYPE order><order><company>acme</company></order>', 400],
    ['/form', 'application/xml', '<order><company>globex</company></order>', 403],
    [
      '/form',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="company"\r\n\r\nacme\r\n--b--\r\n',
      200,
    ],
    [
      '/form',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="company"\r\n\r\nglobex\r\n--b--\r\n',
      403,
    ],
    ['/form', 'application/octet-stream', 'x', 415],
    ['/form', 'text/plain; charset=utf-16', 'x', 415],
    ['/plain', 'application/octet-stream', '{"$where":"1","company":"globex"}', 200],
  ]
  for (const [path, type, body, status] of bodies) {
    it(`answers ${status} to ${type} ${JSON.stringify(body)} on ${path}`, async () => {
      const answer = await post(path, type, body)
      assert.equal(answer.status, status, answer.body.toString())
      const received = corridor.upstream.requests.map((request) => request.body.toString())
      assert.deepEqual(received, status === 200 ? [body] : [])
    })
  }

  it('refuses a body whose label the app would not get', async () => {
    const body = '"&company=globex&"'
    const lines = [bearer(ann), 'Content-Type: application/json', `Content-Length: ${body.length}`]
    const send = (connection: string) =>
      ask(corridor.edge, head('POST /form HTTP/1.1', [...lines, `Connection: ${connection}`]) + body)
    assertRefused(corridor.edge, await send('close, Content-Type'), 400, 'ERR_HEADER_INVALID')
    assert.equal(corridor.upstream.requests.length, 0)
    assert.equal((await send('close, X-Own')).status, 200)
  })

  it('counts what it finds by rule, and in report mode only counts it', async () => {
    await get('/watched?entity[$ne]=A')
    await get('/watched?account=globex')
    const text = await (await fetch(`${corridor.edge.adminUrl}/metrics`)).text()
    const counted = (rule: string, mode: string, route: string) =>
      new RegExp(
        `^sallyport_request_findings_total\\{app="[^"]+",route="GET ${route}",rule="${rule}",where="query",mode="${mode}"\\} [1-9]`,
        'm',
      ).test(text)
    assert.ok(counted('operator', 'report', '/watched'), text)
    assert.ok(counted('tenant', 'report', '/watched'))
    assert.ok(!counted('operator', 'enforce', '/watched'))
  })
})
