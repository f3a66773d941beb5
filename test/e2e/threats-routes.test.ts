import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { decide } from '../../src/pipeline.ts'
import { RouteTable } from '../../src/stages/match/route-table.ts'
import { tempFolder } from '../support/temp.ts'
import { ask, assertRefused, auditLines, bearer, type Corridor, field, head, openCorridor } from './threats-support.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** What a stranger may ask for at all: the way in, and the keys everybody may know. */
const open = new Map([
  ['GET /.sallyport/login', 200],
  ['GET /.sallyport/jwks.json', 200],
  // Without a form, a token or a credential in the body they refuse, too.
  ['POST /.sallyport/login', 400],
  ['POST /.sallyport/token', 400],
  ['POST /.sallyport/token/refresh', 400],
  ['POST /.sallyport/token/revoke', 400],
])

const ownPaths = [
  '/.sallyport',
  '/.sallyport/',
  '/.sallyport/login',
  '/.sallyport/logout',
  '/.sallyport/session',
  '/.sallyport/tenant',
  '/.sallyport/token',
  '/.sallyport/token/refresh',
  '/.sallyport/token/revoke',
  '/.sallyport/jwks.json',
  '/.sallyport/saml/acme/metadata',
  '/.sallyport/saml/acme/acs',
  '/.sallyport/saml/acme/slo',
  '/.sallyport/oidc/acme/callback',
  '/.sallyport/oidc/acme/backchannel-logout',
  '/.sallyport/healthz',
  '/.sallyport/metrics',
  '/.sallyport/api/v1/accounts',
  '/.sallyport/console/',
]
const appPaths = [
  '/',
  '/orders',
  '/orders/1',
  '/list',
  '/block',
  '/app',
  '/app/x',
  '/app/x/y',
  '/nowhere',
  '/*',
  '/app/**',
]
const adminPaths = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/v1/accounts',
  '/api/v1/openapi.json',
  '/console/',
  '/v1/decisions',
]

describe('without a credential', () => {
  let corridor: Corridor

  before(async () => {
    corridor = await openCorridor({ seed: false, config: { limits: { signIn: { max: 1000, window: '1m' } } } })
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  for (const path of [...ownPaths, ...appPaths, ...adminPaths]) {
    it(`${path} answers nobody unless it is on the short list`, async () => {
      for (const method of methods) {
        const answer = await ask(corridor.edge, head(`${method} ${path} HTTP/1.1`), { head: method === 'HEAD' })
        const expected = open.get(`${method} ${path}`)
        if (expected === undefined)
          assert.ok([400, 401, 403, 404, 405].includes(answer.status), `${method} ${answer.status}`)
        else assert.equal(answer.status, expected, `${method} ${path}`)
        assert.deepEqual(field(answer, 'set-cookie') === undefined || path === '/.sallyport/login', true)
      }
      assert.deepEqual(corridor.upstream.requests, [])
    })
  }

  it('every rule that is not public answers 401, and a browser is sent to sign in', async () => {
    for (const path of ['/orders', '/orders/1', '/list', '/block', '/app', '/app/x']) {
      assertRefused(
        corridor.edge,
        await ask(corridor.edge, head(`GET ${path} HTTP/1.1`)),
        401,
        'ERR_CREDENTIAL_MISSING',
      )
      const browser = await ask(corridor.edge, head(`GET ${path} HTTP/1.1`, ['Accept: text/html']))
      assert.equal(browser.status, 302)
      assert.equal(field(browser, 'location'), `/.sallyport/login?return=${encodeURIComponent(path)}`)
    }
    assert.deepEqual(corridor.upstream.requests, [])
  })

  it('a public rule alone is forwarded', async () => {
    assert.equal((await ask(corridor.edge, head('GET /public/x HTTP/1.1'))).status, 200)
    assert.equal(corridor.upstream.requests.length, 1)
  })
})

const fault = () => {
  throw new TypeError('a mistake of ours')
}

describe('a gate that fails', () => {
  it('denies: rights that cannot be read are no rights', async (t) => {
    const folder = tempFolder(t)
    const first = await openCorridor({ folder })
    const ann = await first.edge.token('ann@acme.example')
    await first.close()
    const { edge, upstream, close } = await openCorridor({ folder, seed: false })
    t.after(close)
    const database = new DatabaseSync(join(folder, 'store.db'))
    database.exec('PRAGMA foreign_keys = OFF; DROP TABLE memberships')
    database.close()
    const answer = await ask(edge, head('GET /app/x HTTP/1.1', [bearer(ann)]))
    assert.ok(answer.status >= 500, `${answer.status}`)
    assert.match(field(answer, 'content-type') ?? '', /^application\/problem\+json/)
    assert.ok(!answer.body.includes('memberships'), 'nothing of the fault is told')
    assert.equal(auditLines(edge).at(-1)?.outcome, 'refused')
    assert.deepEqual(upstream.requests, [])
  })

  /** Rooms in which everything would be let through. */
  const rooms = {
    admission: { trustedProxies: [], maxHeaders: 100, bans: { isBanned: () => undefined } },
    routes: new RouteTable([], 'app.example'),
    limits: {
      count: () => Promise.resolve({ exceeded: false, remaining: 1, ttlMs: 1 }),
      addressKey: (address: string) => address,
      address: { name: 'address', max: 1, windowMs: 1 },
      account: { name: 'account', max: 1, windowMs: 1 },
      tenant: { name: 'tenant', max: 1, windowMs: 1 },
    },
    authenticators: [],
    masks: { auditFailure: () => undefined, bases: new Map() },
    sanitising: { found: () => undefined },
  }
  const arrival = {
    id: 'r1',
    at: systemClock.now(),
    method: 'GET',
    target: '/x',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'app.example'],
    peerAddress: '127.0.0.1',
    encrypted: false,
    upgrade: false,
  }
  it('denies, whichever gate it is', async () => {
    const broken = [
      { ...rooms, admission: { ...rooms.admission, bans: { isBanned: fault } } },
      { ...rooms, routes: Object.assign(new RouteTable([], 'app.example'), { checkHost: fault }) },
      { ...rooms, routes: Object.assign(new RouteTable([], 'app.example'), { find: fault }) },
    ]
    for (const each of broken) await assert.rejects(decide(arrival, each), { name: 'TypeError' })
    await assert.rejects(decide(arrival, rooms), { code: 'ERR_ROUTE_NOT_FOUND' })
  })
})
