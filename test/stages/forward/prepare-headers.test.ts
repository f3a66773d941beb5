import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { prepareHeaders } from '../../../src/stages/forward/prepare-headers.ts'
import { headerRooms, masked, pairs, principal, type Request } from './support.ts'

function prepared(request: Request) {
  const decided = masked(request)
  return pairs(prepareHeaders(decided, headerRooms(decided), '10.0.0.1:3000'))
}

const namesOf = (request: Request) => prepared(request).map(([name]) => name)
const valuesOf = (request: Request, name: string) =>
  prepared(request)
    .filter(([each]) => each === name)
    .map(([, value]) => value)

const facts = ['account', 'email', 'name', 'tenant', 'roles', 'groups', 'row-mask', 'row-mask-digest', 'assertion']
const forwarded = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id']

const ids = (count: number) => Array.from({ length: count }, (_, i) => `group-${String(i).padStart(4, '0')}`)

const member = (count: number) => principal({ groups: ids(count) })

/** Somebody with a mask of so many entities. */
const seeing = (count: number) =>
  principal({ grants: principal().policy.grants.map((grant) => ({ ...grant, rows: { entity: { $in: ids(count) } } })) })

/** The same in so many groups. */
const crowded = (groups: number) => ({ ...seeing(100), policy: { ...seeing(100).policy, groups: ids(groups) } })

/** What ours take of the head; undefined where the request is refused. */
function ourBytes(request: Request): number | undefined {
  try {
    const ours = prepared(request).filter(([name]) => name.startsWith('x-sallyport-'))
    return ours.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  } catch {
    return undefined
  }
}

describe('the head an upstream receives', () => {
  it('begins with ours, in order, each once, and ends with what the client sent', () => {
    const request = {
      target: '/orders',
      headers: [
        ['Accept', 'a/b'],
        ['X-Mine', '1'],
      ],
    } as const
    const ours = facts.map((fact) => `x-sallyport-${fact}`)
    assert.deepEqual(namesOf(request), ['host', ...ours, ...forwarded, 'accept-encoding', 'accept', 'x-mine'])
  })

  it('says each fact as the contract has it', () => {
    const said = new Map(prepared({ target: '/orders' }))
    assert.equal(said.get('x-sallyport-account'), 'id-ann')
    assert.equal(said.get('x-sallyport-email'), 'ann@acme.example')
    assert.equal(said.get('x-sallyport-name'), 'Ann%20%C3%96')
    assert.equal(said.get('x-sallyport-roles'), 'editor,viewer')
    assert.equal(said.get('x-sallyport-groups'), 'a,b')
    assert.equal(said.get('x-sallyport-row-mask'), '{"account":"acme","entity":"A"}')
    assert.match(said.get('x-sallyport-row-mask-digest') ?? '', /^sha-256=:[A-Za-z0-9+/]+=*:$/)
    assert.equal(said.get('x-forwarded-for'), '203.0.113.9')
    assert.equal(said.get('x-forwarded-proto'), 'https')
    assert.equal(said.get('x-request-id'), 'request-1')
  })

  it('says nothing of anybody on a public route, not even of one who shows a credential', () => {
    const request = { target: '/public/x', headers: [['Authorization', 'Bearer x']] } as const
    for (const caller of [undefined, principal()])
      assert.deepEqual(namesOf({ ...request, caller }), ['host', ...forwarded])
  })

  it('leaves out a fact that has no value, and the mask where it is not asked for', () => {
    const { account } = principal().policy
    const caller = principal({ groups: [], account: { ...account, name: '' } })
    const names = namesOf({ caller, target: '/orders', headers: [['X-Sallyport-Groups', 'admin']] })
    for (const name of ['x-sallyport-groups', 'x-sallyport-name']) assert.ok(!names.includes(name), name)
    for (const target of ['/quiet', '/app/x']) assert.deepEqual(valuesOf({ target }, 'x-sallyport-row-mask'), [])
  })

  it('speaks the profile of the app', () => {
    const grafana = new Map(prepared({ identity: { profile: 'grafana', assertion: false } }))
    assert.equal(grafana.get('x-webauth-user'), 'ann@acme.example')
    assert.ok(!grafana.has('x-sallyport-account') && !grafana.has('x-sallyport-assertion'))
    const custom = { profile: 'custom', headers: { tenant: 'X-Tenant', roles: 'X-Roles' } }
    const said = prepared({ identity: custom, headers: [['X_Tenant', 'forged']] })
    assert.deepEqual(
      said.filter(([name]) => name.includes('tenant') || name.includes('roles')),
      [
        ['x-tenant', 'acme'],
        ['x-roles', 'editor,viewer'],
      ],
    )
  })

  it('has the host of the upstream, or the one asked for where the app wants that', () => {
    assert.deepEqual(valuesOf({}, 'host'), ['10.0.0.1:3000'])
    assert.deepEqual(valuesOf({ identity: { host: 'public' } }, 'host'), ['app.example'])
  })

  it('has no credential of ours', () => {
    const cookie = 'a=1; sallyport=secret; __Host-sallyport=secret; SALLYPORT-form=secret; b=2'
    const headers = [
      ['Cookie', cookie],
      ['Authorization', 'Bearer secret'],
      ['Proxy-Authorization', 'secret'],
    ] as const
    assert.ok(!JSON.stringify(prepared({ headers })).includes('secret'))
    assert.deepEqual(valuesOf({ headers }, 'cookie'), ['a=1; b=2'])
    assert.deepEqual(valuesOf({ headers: [['Cookie', 'sallyport=secret']] }, 'cookie'), [])
  })

  it('has the client’s Authorization only where the app asks for it and it cannot be ours', () => {
    const basic = [['Authorization', 'Basic dTpw']] as const
    const bearer = [['Authorization', 'Bearer x']] as const
    const identity = { forwardAuthorization: true }
    assert.deepEqual(valuesOf({ headers: basic }, 'authorization'), [])
    assert.deepEqual(valuesOf({ headers: basic, identity }, 'authorization'), ['Basic dTpw'])
    assert.deepEqual(valuesOf({ headers: bearer, identity }, 'authorization'), [])
    assert.deepEqual(valuesOf({ headers: bearer, identity, target: '/public/x' }, 'authorization'), [])
    const session = principal({}, 'session')
    assert.deepEqual(valuesOf({ headers: bearer, identity, caller: session }, 'authorization'), ['Bearer x'])
  })

  it('loses what Connection lists, but nothing of ours', () => {
    const listed = 'X-Mine, x-sallyport-tenant, HOST, x-forwarded-for'
    const headers = [
      ['Connection', listed],
      ['connection', 'x-other'],
      ['X-Mine', '1'],
      ['X-Other', '2'],
    ] as const
    const said = new Map(prepared({ headers }))
    for (const name of ['x-mine', 'x-other', 'connection']) assert.ok(!said.has(name), name)
    assert.equal(said.get('x-sallyport-tenant'), 'acme')
    assert.equal(said.get('x-forwarded-for'), '203.0.113.9')
  })

  it('is refused where Connection lists what says how the body is read', () => {
    for (const listed of ['content-type', 'close, Content-Type', 'X-A,content-encoding ', 'Content-Length'])
      assert.throws(() => prepared({ headers: [['Connection', listed]] }), { code: 'ERR_HEADER_INVALID' }, listed)
    assert.ok(!namesOf({ headers: [['Connection', 'close, x-content-type']] }).includes('connection'))
  })

  it('has no condition and no coding of the client’s on rows, and all of them elsewhere', () => {
    const names = ['if-none-match', 'if-modified-since', 'if-range', 'range', 'accept-encoding']
    const headers = names.map((name) => [name, 'x'] as const)
    for (const name of names) {
      assert.deepEqual(valuesOf({ target: '/orders', headers }, name), name === 'accept-encoding' ? ['identity'] : [])
      assert.deepEqual(valuesOf({ headers }, name), ['x'])
    }
  })

  it('is refused, never cut, where ours need more than their budget', () => {
    assert.equal(valuesOf({ caller: member(300) }, 'x-sallyport-groups')[0]?.split(',').length, 300)
    assert.throws(() => prepared({ caller: member(500) }), { code: 'ERR_IDENTITY_TOO_LARGE' })
    assert.equal(valuesOf({ target: '/orders', caller: seeing(100) }, 'x-sallyport-row-mask').length, 1)
    assert.throws(() => prepared({ target: '/orders', caller: seeing(200) }), { code: 'ERR_IDENTITY_TOO_LARGE' })
    assert.equal(valuesOf({ target: '/quiet', caller: seeing(200) }, 'x-sallyport-tenant').length, 1)
  })

  it('has a mask that is too large as a digest, and the mask at hand before it is sent', () => {
    const request = { target: '/reference', caller: seeing(200) }
    const decided = masked(request)
    const rooms = headerRooms(decided)
    const said = new Map(pairs(prepareHeaders(decided, rooms, 'upstream')))
    assert.equal(said.get('x-sallyport-row-mask'), undefined)
    const digest = said.get('x-sallyport-row-mask-digest') ?? ''
    assert.match(digest, /^sha-256=:[A-Za-z0-9+/]{43}=:$/)
    const json = rooms.references.find(Buffer.from(digest.slice(9, -1), 'base64').toString('base64url'))
    assert.equal(JSON.parse(json ?? '').entity.$in.length, 200)
    assert.equal(said.get('x-sallyport-assertion'), `signed  ${digest}`)
  })

  it('has neither the mask nor its digest where the route says so, and the digest in the assertion', () => {
    const said = new Map(prepared({ target: '/omit', caller: seeing(200) }))
    assert.equal(said.get('x-sallyport-row-mask'), undefined)
    assert.equal(said.get('x-sallyport-row-mask-digest'), undefined)
    assert.match(said.get('x-sallyport-assertion') ?? '', /^signed {2}sha-256=:/)
  })

  it('has the mask itself wherever it fits', () => {
    for (const target of ['/orders', '/reference', '/omit']) {
      const decided = masked({ target, caller: seeing(100) })
      const rooms = headerRooms(decided)
      const said = new Map(pairs(prepareHeaders(decided, rooms, 'upstream')))
      assert.ok(said.has('x-sallyport-row-mask') && said.has('x-sallyport-row-mask-digest'), target)
      const digest = said.get('x-sallyport-row-mask-digest')?.slice(9, -1) ?? ''
      assert.equal(rooms.references.find(Buffer.from(digest, 'base64').toString('base64url')), undefined)
    }
  })

  it('has no mask where the rest of ours leaves it no room, but is refused where there is none for the rest', () => {
    assert.equal(valuesOf({ target: '/reference', caller: crowded(50) }, 'x-sallyport-row-mask').length, 1)
    assert.equal(valuesOf({ target: '/reference', caller: crowded(250) }, 'x-sallyport-row-mask').length, 0)
    assert.equal(valuesOf({ target: '/reference', caller: crowded(250) }, 'x-sallyport-row-mask-digest').length, 1)
    assert.throws(() => prepared({ target: '/orders', caller: crowded(250) }), { code: 'ERR_IDENTITY_TOO_LARGE' })
    for (const target of ['/reference', '/omit'])
      assert.throws(() => prepared({ target, caller: crowded(500) }), { code: 'ERR_IDENTITY_TOO_LARGE' })
  })

  it('is not refused for a mask that its profile never carries', () => {
    const identity = { profile: 'remote-user' }
    assert.equal(valuesOf({ target: '/orders', caller: seeing(200), identity }, 'remote-user').length, 1)
    const digestOnly = { profile: 'custom', headers: { 'row-mask-digest': 'X-Digest' } }
    const request = { caller: seeing(200), identity: digestOnly }
    for (const target of ['/orders', '/reference', '/omit'])
      assert.equal(valuesOf({ ...request, target }, 'x-digest').length, 1, target)
  })

  it('never grows beyond the budget', () => {
    for (const target of ['/orders', '/reference', '/omit'])
      for (let count = 0; count < 400; count += 7) {
        const caller = {
          ...seeing(1 + (count % 160)),
          policy: { ...seeing(1 + (count % 160)).policy, groups: ids(count) },
        }
        const bytes = ourBytes({ target, caller })
        assert.ok(bytes === undefined || bytes <= 4096, `${target} ${count}: ${bytes}`)
      }
  })

  it('has an assertion for what is really sent, where the app asks for that', () => {
    const identity = { assertion: 'bound' }
    assert.deepEqual(valuesOf({ identity }, 'x-sallyport-assertion'), ['signed GET'])
    const decided = masked({ identity })
    const target = { method: 'HEAD', path: '/app/y', query: '?z' }
    const said = new Map(pairs(prepareHeaders(decided, headerRooms(decided), 'upstream', target)))
    assert.equal(said.get('x-sallyport-assertion'), 'signed HEAD')
    assert.deepEqual(valuesOf({}, 'x-sallyport-assertion'), ['signed'])
  })

  it('names the assertion as the profile has it, once', () => {
    const names = namesOf({ identity: { profile: 'iap' } })
    assert.ok(names.includes('x-goog-iap-jwt-assertion') && !names.includes('x-sallyport-assertion'))
    assert.ok(!namesOf({ identity: { profile: 'iap', assertion: false } }).includes('x-goog-iap-jwt-assertion'))
  })

  it('tells Hasura a role without rights of everybody on a public route', () => {
    const identity = { profile: 'hasura' }
    const headers = [['X_Hasura_Role', 'admin']] as const
    for (const caller of [undefined, principal()])
      assert.deepEqual(valuesOf({ target: '/public/x', caller, identity, headers }, 'x-hasura-role'), ['anonymous'])
    assert.deepEqual(valuesOf({ identity, headers }, 'x-hasura-role'), ['editor'])
  })
})
