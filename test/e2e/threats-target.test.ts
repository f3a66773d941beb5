import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ask, assertRefused, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

describe('where a request goes', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor({
      config: { listen: { port: 0 }, limits: { address: { max: 100_000, window: '1m' } } },
    })
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  /** Refused, with a member's credential and without, and the upstream hears nothing. */
  async function assertNowhere(requestLine: string, status: number, code: string, lines: readonly string[] = []) {
    for (const credential of [[], [bearer(ann)]]) {
      const answer = await ask(corridor.edge, head(requestLine, [...lines, ...credential]))
      assertRefused(corridor.edge, answer, status, code)
    }
    assert.deepEqual(corridor.upstream.requests, [], requestLine)
  }

  const twoReadings = [
    '/public/../app/x',
    '/public/..',
    '/public/./x',
    '/public/.',
    '/public//x',
    '//public/x',
    '/public/x//',
    '/public/%2e%2e/app/x',
    '/public/%2E%2e/app/x',
    '/public/.%2e/app/x',
    '/public/%2e/x',
    '/public/%2fapp',
    '/public/..%2Fapp%2fx',
    '/public%2Fx',
    '/public/%5c..%5capp',
    '/public/\\..\\app',
    '/public\\x',
    '/public/%252e%252e/app/x',
    '/public/%252fapp',
    '/public/%25%32%66app',
    '/public/%252%66app',
    '/public/%25%32e%25%32e/app',
    '/public/%25252f',
    '/public/;x=y/app',
    '/public/x;a=b',
    '/public/..;/app/x',
    '/public/..;a=b/app/x',
    '/public/x%00',
    '/public/%0d%0ax',
    '/public/%09x',
    '/public/%7f',
    '/public/%c0%ae%c0%ae/app',
    '/public/%e0%80%af',
    '/public/%ff',
    '/public/%ed%a0%80',
    '/public/%',
    '/public/%4',
    '/public/%zz',
    '/public/%u002e',
    '/public/"x"',
    '/public/<x>',
    '/public/{x}',
    '/public/`x`',
    '/public/^x',
  ]

  for (const target of twoReadings) {
    it(`refuses ${target}: it has two readings`, () =>
      assertNowhere(`GET ${target} HTTP/1.1`, 400, 'ERR_TARGET_INVALID'))
  }

  it('sends the upstream the canonical path that the rule was matched on', async () => {
    const canonical: readonly (readonly [string, string])[] = [
      ['/public/x', '/public/x'],
      ['/%70ublic/x', '/public/x'],
      ['/public/%7Euser/%41', '/public/~user/A'],
      ['/public/%c3%a9', '/public/%C3%A9'],
      ['/public/a%20b', '/public/a%20b'],
      ['/public/100%25', '/public/100%25'],
      ['/public/a:b@c,d+e=f&g$h!i*j(k)', '/public/a:b@c,d+e=f&g$h!i*j(k)'],
      ['/public/[id]|x', '/public/[id]|x'],
      ['/public/x..y', '/public/x..y'],
      ['/public/...', '/public/...'],
      ['/public/x?', '/public/x?'],
      ['/public/.well-known/x', '/public/.well-known/x'],
      ['/public/', '/public/'],
      ['/public', '/public'],
      ['/public/x?a=%2F..%2f&b=//&c=;&d=?', '/public/x?a=%2F..%2f&b=//&c=;&d=?'],
    ]
    for (const [target, received] of canonical) {
      const answer = await ask(corridor.edge, head(`GET ${target} HTTP/1.1`))
      assert.equal(answer.status, 200, `${target} ${answer.body.toString()}`)
      assert.equal(corridor.upstream.requests.pop()?.target, received)
    }
  })

  it('takes neither query nor fragment for the path', async () => {
    await assertNowhere('GET /public/x#/app HTTP/1.1', 400, 'ERR_TARGET_INVALID')
    await assertNowhere('GET /app/x#/public/x HTTP/1.1', 400, 'ERR_TARGET_INVALID')
    await assertNowhere('GET /public/x?a#b HTTP/1.1', 400, 'ERR_TARGET_INVALID')
    for (const target of [
      '/app/x?x=/public',
      '/app/x?/public/',
      '/app/x%23/public',
      '/app/x%3F/public',
      '/app?/public/x',
    ]) {
      const refused = await ask(corridor.edge, head(`GET ${target} HTTP/1.1`))
      assertRefused(corridor.edge, refused, 401, 'ERR_CREDENTIAL_MISSING')
      assert.equal(corridor.upstream.requests.length, 0)
      assert.equal((await ask(corridor.edge, head(`GET ${target} HTTP/1.1`, [bearer(ann)]))).status, 200)
      assert.equal(corridor.upstream.requests.pop()?.target, target)
    }
  })

  it('does not read another case as the same path', async () => {
    await assertNowhere('GET /PUBLIC/x HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('GET /publicity HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('GET /.SALLYPORT/session HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('GET /.sallyport/nothing HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
  })

  it('refuses the absolute form, for a foreign host and its own, in any scheme', async () => {
    for (const target of [
      'http://other.example/public/x',
      'http://app.example/public/x',
      'http://app.example/app/x',
      'HTTP://app.example/public/x',
      'https://app.example/public/x',
      'ftp://app.example/public/x',
      'http://user@app.example/public/x',
      'http://app.example/.sallyport/login',
    ])
      await assertNowhere(`GET ${target} HTTP/1.1`, 400, 'ERR_TARGET_INVALID')
  })

  it('refuses CONNECT and TRACE, and methods it does not know', async () => {
    await assertNowhere('CONNECT app.example:443 HTTP/1.1', 405, 'ERR_METHOD_UNSUPPORTED')
    await assertNowhere('TRACE /public/x HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('PROPFIND /public/x HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('PUT /public/x HTTP/1.1', 404, 'ERR_ROUTE_NOT_FOUND')
    await assertNowhere('FROB /public/x HTTP/1.1', 400, 'ERR_REQUEST_MALFORMED')
    await assertNowhere('get /public/x HTTP/1.1', 400, 'ERR_REQUEST_MALFORMED')
    await assertNowhere('PRI * HTTP/2.0', 400, 'ERR_REQUEST_MALFORMED')
  })

  it('refuses OPTIONS * and forwards OPTIONS of a path', async () => {
    await assertNowhere('OPTIONS * HTTP/1.1', 400, 'ERR_TARGET_INVALID')
    assert.equal((await ask(corridor.edge, head('OPTIONS /public/x HTTP/1.1'))).status, 200)
    assert.equal(corridor.upstream.requests.length, 1)
  })

  it('lets HEAD in where GET is allowed, and under the same rule', async () => {
    const { edge, upstream } = corridor
    assert.equal((await ask(edge, head('HEAD /public/x HTTP/1.1'), { head: true })).status, 200)
    assert.equal(upstream.requests.pop()?.method, 'HEAD')
    assert.equal((await ask(edge, head('HEAD /app/x HTTP/1.1'), { head: true })).status, 401)
    assert.equal(upstream.requests.length, 0)
  })

  it('takes every spelling of a host for the same app', async () => {
    for (const host of ['app.example', 'APP.Example', 'app.example.', 'app.example:443', 'APP.example.:8080']) {
      const answer = await ask(corridor.edge, head('GET /app/x HTTP/1.1', [bearer(ann)], host))
      assert.equal(answer.status, 200, host)
      const request = corridor.upstream.requests.pop()
      assert.deepEqual(request?.values('host'), [`127.0.0.1:${corridor.upstream.port}`])
      const refused = await ask(corridor.edge, head('GET /app/x HTTP/1.1', [], host))
      assertRefused(corridor.edge, refused, 401, 'ERR_CREDENTIAL_MISSING')
    }
  })

  it('refuses a Host that is no host', async () => {
    for (const host of [
      'app.example/#',
      'app.example/',
      'user@app.example',
      'app.example, other.example',
      'app.example:443:80',
      'app.example:x',
      'app.example:',
      'app..example',
      '.app.example',
      'app example',
      'app.example?x',
      '[::1',
      '%61pp.example',
      '',
    ])
      await assertNowhere('GET /public/x HTTP/1.1', 400, 'ERR_HOST_INVALID', [`Host: ${host}`])
  })

  it('refuses two Hosts, also equal ones, and none', async () => {
    const two = ['Host: app.example', 'Host: other.example']
    await assertNowhere('GET /public/x HTTP/1.1', 400, 'ERR_HEADER_INVALID', two)
    await assertNowhere('GET /public/x HTTP/1.1', 400, 'ERR_HEADER_INVALID', ['Host: app.example', 'Host: app.example'])
    for (const version of ['1.1', '1.0']) {
      const answer = await ask(corridor.edge, `GET /public/x HTTP/${version}\r\nAccept: */*\r\n\r\n`)
      assertRefused(corridor.edge, answer, 400, 'ERR_HOST_INVALID')
    }
    assert.equal(corridor.upstream.requests.length, 0)
  })

  it('misdirects an unknown host, and has no default app', async () => {
    for (const host of [
      'other.example',
      'app.example.evil.example',
      'xapp.example',
      '10.0.0.1',
      '[::1]',
      'localhost.',
    ]) {
      const lines = [`Host: ${host}`]
      if (host === 'localhost.') {
        assert.equal((await ask(corridor.edge, head('GET /public/x HTTP/1.1', lines))).status, 200)
        corridor.upstream.requests.length = 0
        continue
      }
      await assertNowhere('GET /public/x HTTP/1.1', 421, 'ERR_HOST_UNKNOWN', lines)
      await assertNowhere('GET /.sallyport/login HTTP/1.1', 421, 'ERR_HOST_UNKNOWN', lines)
    }
  })

  it('refuses a target too long to be one, at any length', async () => {
    await assertNowhere(`GET /public/${'x'.repeat(8185)} HTTP/1.1`, 414, 'ERR_TARGET_TOO_LONG')
    await assertNowhere(`GET /public/${'x'.repeat(40_000)} HTTP/1.1`, 431, 'ERR_HEADER_COUNT')
    const longest = `/public/${'x'.repeat(8184)}`
    assert.equal((await ask(corridor.edge, head(`GET ${longest} HTTP/1.1`))).status, 200)
    assert.equal(corridor.upstream.requests.pop()?.target, longest)
  })

  it('finds no page of its own under another spelling of its path', async () => {
    for (const target of ['/.sallyport/./login', '/.sallyport//login', '/x/../.sallyport/login', '/.sallyport/login;x'])
      await assertNowhere(`GET ${target} HTTP/1.1`, 400, 'ERR_TARGET_INVALID')
    assert.equal((await ask(corridor.edge, head('GET /%2Esallyport/login HTTP/1.1'))).status, 200)
  })
})
