import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { match, matchOwn } from '../../../src/stages/match/match.ts'
import { RouteTable } from '../../../src/stages/match/route-table.ts'
import { admitted, appsOf } from './support.ts'

const everything = { methods: ['GET'], path: '/**', access: 'member' }
const table = new RouteTable(
  appsOf([
    { id: 'root', match: { hosts: ['app.example'] }, routes: [{ ...everything, path: '/open/**', access: 'public' }] },
    { id: 'api', match: { hosts: ['app.example'], path: '/api' }, routes: [everything] },
    {
      id: 'api-v2',
      match: { hosts: ['app.example', 'v2.example'], path: '/api/v2' },
      routes: [
        { methods: ['GET'], path: '/api/v2/open', access: 'public' },
        { methods: ['GET', 'POST'], path: '/api/v2/*', access: { roles: ['editor'] } },
        { methods: ['DELETE'], path: '/api/v2/open', access: 'member' },
      ],
    },
    { id: 'own-host', match: { hosts: [] }, routes: [{ ...everything, path: '/console/**' }] },
  ]),
  'edge.example',
)

const found = (host: string, path: string, method = 'GET') => {
  const { app, route } = table.find(host, path, method)
  return `${app.id}: ${route.id}`
}

describe('the route table', () => {
  it('gives a path to the app with the longest prefix, on segment borders', () => {
    assert.equal(found('app.example', '/open/x'), 'root: GET /open/**')
    assert.equal(found('app.example', '/api'), 'api: GET /**')
    assert.equal(found('app.example', '/api/v1'), 'api: GET /**')
    assert.equal(found('app.example', '/api/v2/open'), 'api-v2: GET /api/v2/open')
    assert.equal(found('app.example', '/api/v20'), 'api: GET /**')
    assert.equal(found('v2.example', '/api/v2/x'), 'api-v2: GET,POST /api/v2/*')
  })

  it('does not fall back to an app with a shorter prefix where no rule matches', () => {
    assert.throws(() => found('app.example', '/api/v2/x/y'), { code: 'ERR_ROUTE_NOT_FOUND' })
    assert.throws(() => found('app.example', '/apiary'), { code: 'ERR_ROUTE_NOT_FOUND' })
    assert.throws(() => found('v2.example', '/open/x'), { code: 'ERR_ROUTE_NOT_FOUND' })
  })

  it('takes the first rule that matches method and path', () => {
    assert.equal(table.find('v2.example', '/api/v2/open', 'GET').route.access.kind, 'public')
    assert.equal(table.find('v2.example', '/api/v2/open', 'POST').route.access.kind, 'roles')
    assert.equal(table.find('v2.example', '/api/v2/open', 'DELETE').route.access.kind, 'member')
    assert.throws(() => found('v2.example', '/api/v2/open', 'PUT'), { code: 'ERR_ROUTE_NOT_FOUND' })
    assert.throws(() => found('v2.example', '/api/v2/open', 'TRACE'), { code: 'ERR_ROUTE_NOT_FOUND' })
    assert.throws(() => found('v2.example', '/api/v2/open', 'get'), { code: 'ERR_ROUTE_NOT_FOUND' })
  })

  it('has HEAD under the rule of GET, and under no other', () => {
    assert.equal(found('v2.example', '/api/v2/open', 'HEAD'), 'api-v2: GET /api/v2/open')
    assert.deepEqual([...table.find('v2.example', '/api/v2/open', 'DELETE').route.methods], ['DELETE'])
  })

  it('knows no host that nobody configured', () => {
    for (const host of ['other.example', 'xapp.example', 'example', '', '__proto__', 'constructor'])
      assert.throws(() => found(host, '/api'), { code: 'ERR_HOST_UNKNOWN' })
  })

  it('gives an app without hosts the host of the public URL', () => {
    assert.equal(found('edge.example', '/console/x'), 'own-host: GET /console/**')
    assert.throws(() => found('edge.example', '/api'), { code: 'ERR_ROUTE_NOT_FOUND' })
  })
})

const at = (target: string, host = 'app.example') => admitted([['Host', host]], { target })

describe('matching', () => {
  it('adds host, target, app and rule to what was admitted', () => {
    const matched = match(at('/%6Fpen/x?a=1', 'APP.example.:8080'), table)
    assert.equal(matched.host, 'app.example')
    assert.deepEqual(matched.target, { path: '/open/x', query: '?a=1' })
    assert.equal(matched.app.id, 'root')
    assert.equal(matched.route.id, 'GET /open/**')
  })

  it('refuses in its order: host, target, unknown host, our own pages, no rule', () => {
    assert.throws(() => match(admitted([], { target: '//' }), table), { code: 'ERR_HOST_INVALID' })
    assert.throws(() => match(at('//', 'other.example'), table), { code: 'ERR_TARGET_INVALID' })
    assert.throws(() => match(at('/', 'other.example'), table), { code: 'ERR_HOST_UNKNOWN' })
    assert.throws(() => match(at('/nothing'), table), { code: 'ERR_ROUTE_NOT_FOUND' })
    const twice = admitted([
      ['Host', 'app.example'],
      ['Host', 'app.example'],
    ])
    assert.throws(() => match(twice, table), { code: 'ERR_HEADER_INVALID' })
  })

  it('gives no app our own pages, in any case, and nobody else a page of ours', () => {
    const greedy = new RouteTable(appsOf([{ id: 'all', match: { hosts: ['app.example'] }, routes: [everything] }]), 'x')
    for (const path of ['/.sallyport', '/.sallyport/', '/.SallyPort/login', '/%2esallyport/x'])
      assert.throws(() => match(at(path), greedy), { code: 'ERR_ROUTE_NOT_FOUND' })
    for (const path of ['/.sallyports', '/x/.sallyport/login', '/sallyport'])
      assert.equal(match(at(path), greedy).app.id, 'all')
    assert.equal(matchOwn(at('/.sallyport/login'), greedy).host, 'app.example')
    for (const path of ['/', '/.sallyports/login', '/x/.sallyport/'])
      assert.throws(() => matchOwn(at(path), greedy), { code: 'ERR_TARGET_INVALID' })
    assert.throws(() => matchOwn(at('/.sallyport/', 'other.example'), greedy), { code: 'ERR_HOST_UNKNOWN' })
  })
})
