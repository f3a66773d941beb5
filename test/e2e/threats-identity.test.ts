import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ConfigError } from '../../src/config/problems.ts'
import type { RecordedRequest } from '../support/echo-upstream.ts'
import { commonRoutes, startTestEdge, type TestEdge } from '../support/edge.ts'
import { tempFolder } from '../support/temp.ts'
import { ask, assertRefused, auditLines, bearer, type Corridor, field, head, openCorridor } from './threats-support.ts'

const claims = [
  'X-Forwarded-For: 198.51.100.7',
  'Forwarded: for=198.51.100.7;host=evil.example;proto=https',
  'X-Real-IP: 198.51.100.7',
  'X-Client-IP: 198.51.100.7',
  'True-Client-IP: 198.51.100.7',
  'CF-Connecting-IP: 198.51.100.7',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 444',
  'X-Forwarded-Prefix: /evil',
]

/** Spellings that CGI, WSGI, PHP or a careless reader take for `name`. */
function spellings(name: string): string[] {
  const swaps = ['_', '.', '~', '!', '|', "'"].map((mark) => name.replaceAll('-', mark))
  return [name, name.toUpperCase(), ...swaps, name.replace('-', '_')]
}

const shape = (value: string | undefined) => value?.replace(/=[^;]*/, '=')

const junk = (count: number) => Array.from({ length: count }, (_, i) => `J${i}: x`)

describe('who is asking', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor()
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  /** The one request the upstream got for these header lines. */
  async function forwarded(path: string, lines: readonly string[]): Promise<RecordedRequest> {
    const answer = await ask(corridor.edge, head(`GET ${path} HTTP/1.1`, lines))
    assert.equal(answer.status, 200, answer.body.toString())
    const [request, ...more] = corridor.upstream.requests.splice(0)
    assert.ok(request !== undefined)
    assert.equal(more.length, 0)
    return request
  }

  it('believes no forwarded header of anybody where nobody is trusted', async () => {
    for (const path of ['/public/x', '/app/x']) {
      const request = await forwarded(path, [bearer(ann), ...claims])
      assert.deepEqual(request.values('x-forwarded-for'), ['127.0.0.1'])
      assert.deepEqual(request.values('x-forwarded-host'), ['app.example'])
      assert.deepEqual(request.values('x-forwarded-proto'), ['http'])
      for (const name of ['forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip'])
        assert.deepEqual(request.values(name), [], name)
      for (const name of ['x-forwarded-port', 'x-forwarded-prefix']) assert.deepEqual(request.values(name), [], name)
      assert.ok(!request.head.includes('198.51.100.7') && !request.head.includes('evil'))
    }
  })

  it('makes redirect, cookie, refusal and audit line of nothing that was forwarded', async () => {
    const { edge } = corridor
    const navigation = ['Sec-Fetch-Mode: navigate', 'Accept: text/html']
    const redirect = await ask(edge, head('GET /app/x HTTP/1.1', [...navigation, ...claims]))
    assert.equal(redirect.status, 302)
    assert.equal(field(redirect, 'location'), '/.sallyport/login?return=%2Fapp%2Fx')
    const withClaims = await ask(edge, head('GET /.sallyport/login HTTP/1.1', claims))
    const without = await ask(edge, head('GET /.sallyport/login HTTP/1.1'))
    assert.equal(shape(field(withClaims, 'set-cookie')), shape(field(without, 'set-cookie')))
    assert.ok(!withClaims.body.includes('evil'))
    const refused = await ask(edge, head('GET /app/x HTTP/1.1', claims))
    assert.equal(assertRefused(edge, refused, 401, 'ERR_CREDENTIAL_MISSING').address, '127.0.0.1')
    assert.equal(corridor.upstream.requests.length, 0)
  })

  it('drops every spelling of every identity header, on public routes too', async () => {
    const names = ['X-Sallyport-Tenant', 'X-Sallyport-Row-Mask', 'X-Sallyport-Assertion', 'Remote-User']
    names.push('X-Webauth-User', 'X-Auth-Request-Email', 'X-Forwarded-User', 'X-Sallyport-Anything')
    for (const line of names.flatMap(spellings).map((name) => `${name}: forged`)) {
      for (const path of ['/public/x', '/app/x']) {
        const request = await forwarded(path, [bearer(ann), line])
        assert.ok(!request.head.includes('forged'), `${path} ${line}`)
        assert.deepEqual(request.values('x-sallyport-tenant'), path === '/app/x' ? ['acme'] : [])
      }
    }
  })

  it('sends our value once where the client repeats the name', async () => {
    const repeated = ['X-Sallyport-Tenant: globex', 'x-sallyport-tenant: globex', 'X_SALLYPORT_TENANT: globex']
    const request = await forwarded('/app/x', [...repeated, bearer(ann), ...repeated])
    const seen = request.headers.filter(([name]) =>
      name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '-')
        .includes('tenant'),
    )
    assert.deepEqual(seen, [['x-sallyport-tenant', 'acme']])
    assert.ok(!request.head.includes('globex'))
  })

  it('lets a header pass that only resembles ours', async () => {
    const request = await forwarded('/app/x', [bearer(ann), 'X-Tenant-Colour: red', 'Remotely: yes'])
    assert.deepEqual(request.values('x-tenant-colour'), ['red'])
    assert.deepEqual(request.values('remotely'), ['yes'])
  })

  it('leaves out a header of ours that has no value, whatever the client sent under its name', async () => {
    const token = await corridor.edge.token('nobody@acme.example')
    const request = await forwarded('/app/x', [bearer(token), 'X-Sallyport-Groups: admin', 'X_Sallyport_Groups: admin'])
    assert.deepEqual(request.values('x-sallyport-groups'), [])
    assert.deepEqual(request.values('x-sallyport-account'), ['id-nobody'])
    assert.ok(!request.head.includes('admin'))
  })

  it('keeps its own headers whatever Connection lists, and drops the client’s that it lists', async () => {
    const listed =
      'close, X-Sallyport-Tenant, x-sallyport-row-mask, X-Sallyport-Assertion, X-Custom, Host, X-Request-Id'
    corridor.upstream.requests.length = 0
    const answer = await ask(
      corridor.edge,
      head('GET /orders HTTP/1.1', [
        bearer(ann),
        `Connection: ${listed}`,
        'Connection: X-Forwarded-For',
        'X-Custom: 1',
      ]),
    )
    assert.equal(answer.status, 502, 'the echo is no list of rows')
    const [request] = corridor.upstream.requests
    assert.ok(request !== undefined)
    for (const name of ['host', 'x-sallyport-tenant', 'x-sallyport-row-mask', 'x-sallyport-assertion', 'x-request-id'])
      assert.equal(request.values(name).length, 1, name)
    assert.deepEqual(request.values('x-forwarded-for'), ['127.0.0.1'])
    assert.deepEqual(request.values('x-custom'), [])
  })

  it('writes its own headers before any of the client’s', async () => {
    const foreign = Array.from({ length: 60 }, (_, i) => `A${i}: x`)
    const request = await forwarded('/app/x', [...foreign, bearer(ann), '0: x', '1: x'])
    const names = request.headers.map(([name]) => name.toLowerCase())
    const firstForeign = names.findIndex((name) => /^a\d+$|^\d+$/.test(name))
    const lastOurs = names.findLastIndex((name) => name.startsWith('x-sallyport-'))
    assert.ok(lastOurs > 0 && lastOurs < firstForeign, names.join(' '))
    assert.deepEqual(request.values('0'), [])
  })

  it('refuses one header more than it counts, and takes as many as that', async () => {
    const { edge } = corridor
    await forwarded('/app/x', [bearer(ann), ...junk(98)])
    const refused = await ask(edge, head('GET /app/x HTTP/1.1', [bearer(ann), ...junk(99)]))
    assertRefused(edge, refused, 431, 'ERR_HEADER_COUNT')
    const many = await ask(edge, head('GET /app/x HTTP/1.1', [bearer(ann), ...junk(1500)]))
    assertRefused(edge, many, 431, 'ERR_HEADER_COUNT')
    assert.equal(corridor.upstream.requests.length, 0)
  })

  it('matches no rule on headers that claim another path, and forwards none of them', async () => {
    const { edge, upstream } = corridor
    const names = ['X-Forwarded-Uri', 'X-Original-URL', 'X-Rewrite-URL', 'X-Original-Uri', 'X-Envoy-Original-Path']
    const lines = names.flatMap(spellings).map((name) => `${name}: /public/x`)
    const refused = await ask(edge, head('GET /app/x HTTP/1.1', lines))
    assertRefused(edge, refused, 401, 'ERR_CREDENTIAL_MISSING')
    assert.equal(upstream.requests.length, 0)
    const request = await forwarded('/app/x', [bearer(ann), ...lines])
    assert.equal(request.target, '/app/x')
    assert.ok(!request.head.includes('/public'))
  })

  it('takes no method from a header, nor forwards one', async () => {
    const { edge } = corridor
    const overrides = ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE', 'X-HTTP-Method: DELETE']
    const request = await forwarded('/app/x', [bearer(ann), ...overrides])
    assert.equal(request.method, 'GET')
    assert.ok(!request.head.includes('DELETE'))
    assertRefused(edge, await ask(edge, head('DELETE /app/x HTTP/1.1', overrides)), 401, 'ERR_CREDENTIAL_MISSING')
  })

  it('has no health path and no user agent that passes without credentials', async () => {
    const { edge, upstream } = corridor
    for (const agent of ['kube-probe/1.31', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0', 'Prometheus/3.0', 'curl/8']) {
      const lines = [`User-Agent: ${agent}`]
      for (const path of ['/healthz', '/readyz', '/metrics', '/ping', '/ready', '/oauth2/auth'])
        assertRefused(edge, await ask(edge, head(`GET ${path} HTTP/1.1`, lines)), 404, 'ERR_ROUTE_NOT_FOUND')
      assertRefused(edge, await ask(edge, head('GET /app/x HTTP/1.1', lines)), 401, 'ERR_CREDENTIAL_MISSING')
    }
    assert.equal(upstream.requests.length, 0)
  })

  it('refuses a header value with obs-text, a NUL, a bare CR or a bare LF', async () => {
    const { edge, upstream } = corridor
    for (const byte of ['\x80', '\xe9', '\xff', '\x00', '\x01', '\x7f', '\x0b', '\r', '\n']) {
      const answer = await ask(edge, head('GET /public/x HTTP/1.1', [`X-Text: a${byte}b`]))
      assert.equal(answer.status, 400, JSON.stringify(byte))
      const { code } = JSON.parse(answer.body.toString()) as { code: string }
      assertRefused(edge, answer, 400, code)
      assert.match(code, /^ERR_(HEADER_INVALID|REQUEST_MALFORMED)$/)
    }
    assert.equal(upstream.requests.length, 0)
    await forwarded('/public/x', ['X-Text: a\tb ~!'])
  })

  it('drops another spelling of the fields that frame or condition an exchange', async () => {
    const lines = ['Content_Length: 5', 'Content.Type: text/x', 'Transfer_Encoding: chunked', 'If_None_Match: *']
    const request = await forwarded('/public/x', [...lines, 'Accept~Encoding: br', 'X_Custom: kept'])
    const left = request.headers.filter(([name]) => /[^a-z0-9-]/.test(name))
    assert.deepEqual(left, [['x_custom', 'kept']])
  })
})

describe('a trusted proxy', () => {
  let corridor: Corridor

  before(async () => {
    corridor = await openCorridor({
      seed: false,
      config: { listen: { port: 0, trustedProxies: ['127.0.0.1/32', '10.0.0.0/8'] } },
    })
  })
  after(() => corridor.close())

  it('is believed from right to left, as far as trust reaches', async () => {
    const { edge, upstream } = corridor
    const expected: readonly (readonly [readonly string[], string])[] = [
      [[], '127.0.0.1'],
      [['X-Forwarded-For: 203.0.113.9'], '203.0.113.9'],
      [['X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.1'], '203.0.113.9'],
      [['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 203.0.113.9, 10.0.0.1'], '203.0.113.9'],
      [['X-Forwarded-For: 1.1.1.1, junk, 10.0.0.1'], '10.0.0.1'],
      [['X-Forwarded-For: 1.1.1.1, , 10.0.0.1'], '10.0.0.1'],
      [['X-Forwarded-For: ::ffff:203.0.113.9'], '203.0.113.9'],
      [['X-Real-IP: 1.1.1.1', 'Forwarded: for=1.1.1.1'], '127.0.0.1'],
    ]
    for (const [lines, client] of expected) {
      upstream.requests.length = 0
      await ask(edge, head('GET /public/x HTTP/1.1', lines))
      assert.deepEqual(upstream.requests[0]?.values('x-forwarded-for'), [client], lines.join())
      const refused = await ask(edge, head('GET /app/x HTTP/1.1', lines))
      assert.equal(assertRefused(edge, refused, 401, 'ERR_CREDENTIAL_MISSING').address, client)
    }
  })

  it('decides no host: the upstream is told the one that was asked for', async () => {
    const { edge, upstream } = corridor
    upstream.requests.length = 0
    await ask(edge, head('GET /public/x HTTP/1.1', ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https']))
    assert.deepEqual(upstream.requests[0]?.values('x-forwarded-host'), ['app.example'])
    assert.deepEqual(upstream.requests[0]?.values('x-forwarded-proto'), ['http'])
  })
})

describe('a trust list', () => {
  for (const entry of ['::ffff:10.0.0.0/8', '::ffff:0:0/96', '0.0.0.0/0', '::/0', '10.0.0.1/8', 'proxy.example', '*']) {
    it(`that names ${entry} refuses the start`, async (t) => {
      const listen = { port: 0, trustedProxies: [entry] }
      const starting = startTestEdge({
        upstream: 'http://127.0.0.1:1',
        seed: false,
        folder: tempFolder(t),
        config: { listen },
      })
      await assert.rejects(
        starting.then((edge) => edge.stop()),
        (error) => error instanceof ConfigError && error.problems[0]?.path.startsWith('listen.trustedProxies') === true,
      )
    })
  }
})

const attempt = (edge: TestEdge, forwardedFor: string) => {
  const body = JSON.stringify({ email: 'ann@acme.example', password: 'wrong' })
  const lines = [`X-Forwarded-For: ${forwardedFor}`, 'Content-Type: application/json']
  return ask(edge, head('POST /.sallyport/token HTTP/1.1', [...lines, `Content-Length: ${body.length}`]) + body)
}

describe('sign-in failures', () => {
  it('behind a trusted proxy fall into the bucket of the address it saw, whatever stands further left', async (t) => {
    const { edge, upstream, close } = await openCorridor({
      config: {
        listen: { port: 0, trustedProxies: ['127.0.0.1'] },
        bans: { signInFailures: { max: 3, window: '1m', ban: '1m' } },
      },
    })
    t.after(close)
    for (let i = 1; i <= 3; i += 1) assert.equal((await attempt(edge, `198.51.100.${i}, 203.0.113.5`)).status, 401)
    assert.equal(auditLines(edge).find(({ event }) => event === 'ban.added')?.address, '203.0.113.5')
    const banned = await ask(edge, head('GET /public/x HTTP/1.1', ['X-Forwarded-For: 198.51.100.99, 203.0.113.5']))
    assert.equal(assertRefused(edge, banned, 403, 'ERR_ADDRESS_BANNED').event, 'ban.enforced')
    assert.equal(upstream.requests.length, 0)
    const neighbour = await ask(edge, head('GET /public/x HTTP/1.1', ['X-Forwarded-For: 203.0.113.5, 203.0.113.6']))
    assert.equal(neighbour.status, 200)
  })

  it('of one untrusted peer share one limit, whatever addresses it claims', async (t) => {
    const { edge, close } = await openCorridor({ config: { limits: { signIn: { max: 3, window: '1m' } } } })
    t.after(close)
    for (let i = 1; i <= 3; i += 1) assert.equal((await attempt(edge, `198.51.100.${i}`)).status, 401)
    assert.equal((await attempt(edge, '198.51.100.4')).status, 429)
  })
})

describe('custom identity headers', () => {
  it('are protected in every spelling, on public routes too', async (t) => {
    const { edge, upstream, close } = await openCorridor({
      app: { identity: { profile: 'custom', headers: { tenant: 'X-Tenant', groups: 'X-Groups' } } },
      routes: commonRoutes,
    })
    t.after(close)
    const ann = await edge.token('ann@acme.example')
    for (const line of spellings('X-Tenant').map((name) => `${name}: forged`)) {
      for (const [path, expected] of [
        ['/public/x', []],
        ['/app/x', ['acme']],
      ] as const) {
        upstream.requests.length = 0
        await ask(edge, head(`GET ${path} HTTP/1.1`, [bearer(ann), line]))
        assert.deepEqual(upstream.requests[0]?.values('x-tenant'), expected, line)
        assert.ok(!upstream.requests[0]?.head.includes('forged'), line)
      }
    }
  })
})
