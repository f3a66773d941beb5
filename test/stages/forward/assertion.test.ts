import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Principal } from '../../../src/exchange.ts'
import { Assertions } from '../../../src/stages/forward/assertion.ts'

const always = { validFrom: undefined, validUntil: undefined }

function principal(sid: string, roles: readonly string[] = ['viewer']): Principal {
  return {
    policy: {
      account: {
        id: 'id-ann',
        email: 'ann@acme.example',
        name: 'Ann',
        state: 'enabled',
        operator: false,
        epoch: 0,
        passwordExpired: false,
      },
      tenant: { id: 'acme', name: 'Acme', signIn: [] },
      membership: { tenant: 'acme', account: 'id-ann', roles, attributes: {}, ...always },
      groups: [],
      grants: [],
      sharers: [],
    },
    proof: 'token',
    sid,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

/** Signs by writing the claims down, and counts. */
function open() {
  let now = 1_000_000
  const signed: Readonly<Record<string, unknown>>[] = []
  let key = 'k1'
  const signer = {
    sign: (claims: Readonly<Record<string, unknown>>) => `${signed.push(claims)}:${JSON.stringify(claims)}`,
    keyId: () => key,
  }
  const assertions = new Assertions(signer, 'https://edge.example', { now: () => now })
  return { assertions, signed, advance: (ms: number) => (now += ms), rotate: (to: string) => (key = to) }
}

describe('the assertion', () => {
  it('is reused for the same session, app and mask for 30 seconds, and signed anew after that', () => {
    const { assertions, signed, advance } = open()
    const ann = principal('s1')
    const first = assertions.issue(ann, 'orders', 'digest')
    advance(29_999)
    assert.equal(assertions.issue(ann, 'orders', 'digest'), first)
    advance(1)
    assert.notEqual(assertions.issue(ann, 'orders', 'digest'), first)
    assert.equal(signed.length, 2)
  })

  it('is reused across copies of the same rights', () => {
    const { assertions } = open()
    assert.equal(assertions.issue(principal('s1'), 'orders', 'd'), assertions.issue(principal('s1'), 'orders', 'd'))
  })

  it('says who asks, for which app, for how long, and nothing of a request', () => {
    const { assertions, signed } = open()
    assertions.issue(principal('s1'), 'orders', 'digest')
    const { jti, ...claims } = signed[0] ?? {}
    assert.match(String(jti), /^[0-9a-f-]{36}$/)
    assert.deepEqual(claims, {
      iss: 'https://edge.example',
      sub: 'id-ann',
      email: 'ann@acme.example',
      tenant: 'acme',
      roles: ['viewer'],
      groups: [],
      sid: 's1',
      aud: 'orders',
      mask: 'digest',
      iat: 1000,
      exp: 1060,
    })
  })

  it('says where somebody is there for support only, and is not shared with who belongs there', () => {
    const { assertions, signed } = open()
    const ann = principal('s1')
    const support = { reason: 'ticket 7', by: 'id-bob', until: 2_000_000 }
    const helping = { ...ann, policy: { ...ann.policy, membership: { ...ann.policy.membership, support } } }
    assertions.issue(ann, 'orders', 'd')
    assertions.issue(helping, 'orders', 'd')
    assert.deepEqual(
      signed.map((claims) => claims['support']),
      [undefined, true],
    )
    assert.doesNotMatch(JSON.stringify(signed), /ticket/)
  })

  it('is signed anew once another key signs, also where another copy of the rights asks', () => {
    const { assertions, signed, rotate } = open()
    const ann = principal('s1')
    const first = assertions.issue(ann, 'orders', 'd')
    rotate('k2')
    const second = assertions.issue(ann, 'orders', 'd')
    assert.notEqual(second, first)
    assert.equal(assertions.issue(principal('s1'), 'orders', 'd'), second)
    rotate('k3')
    assert.notEqual(assertions.issue(principal('s1'), 'orders', 'd'), second)
    assert.equal(signed.length, 3)
  })

  it('is never shared by two sessions, apps, masks or rights', () => {
    const { assertions, signed } = open()
    const ann = principal('s1')
    const made = [
      assertions.issue(ann, 'orders', 'd'),
      assertions.issue({ ...ann, sid: 's2' }, 'orders', 'd'),
      assertions.issue(ann, 'stock', 'd'),
      assertions.issue(ann, 'orders', 'e'),
      assertions.issue(ann, 'orders', undefined),
      assertions.issue(principal('s1', ['editor']), 'orders', 'd'),
    ]
    assert.equal(new Set(made).size, made.length)
    assert.deepEqual(
      signed.map(({ sid, aud, mask, roles }) => [sid, aud, mask, roles]),
      [
        ['s1', 'orders', 'd', ['viewer']],
        ['s2', 'orders', 'd', ['viewer']],
        ['s1', 'stock', 'd', ['viewer']],
        ['s1', 'orders', 'e', ['viewer']],
        ['s1', 'orders', undefined, ['viewer']],
        ['s1', 'orders', 'd', ['editor']],
      ],
    )
  })
})

describe('a bound assertion', () => {
  const target = { method: 'PATCH', path: '/orders/1', query: '?a=1&b=%C3%96' }

  it('speaks of one method, path and query', () => {
    const { assertions, signed } = open()
    assertions.issueBound(principal('s1'), 'orders', 'd', target)
    const { htm, htp, htq, sub, aud, mask, exp } = signed[0] ?? {}
    assert.deepEqual([htm, htp, htq], ['PATCH', digest('/orders/1'), digest('a=1&b=%C3%96')])
    assert.deepEqual([sub, aud, mask, exp], ['id-ann', 'orders', 'd', 1060])
  })

  it('takes no query for an empty one', () => {
    const { assertions, signed } = open()
    for (const query of ['', '?']) assertions.issueBound(principal('s1'), 'orders', undefined, { ...target, query })
    assert.deepEqual(
      signed.map(({ htq }) => htq),
      [digest(''), digest('')],
    )
  })

  it('is signed for every request, and takes none that was made for all', () => {
    const { assertions, signed } = open()
    const ann = principal('s1')
    const made = [
      assertions.issue(ann, 'orders', 'd'),
      assertions.issueBound(ann, 'orders', 'd', target),
      assertions.issueBound(ann, 'orders', 'd', target),
      assertions.issue(ann, 'orders', 'd'),
    ]
    assert.equal(signed.length, 3)
    assert.equal(new Set(signed.map(({ jti }) => jti)).size, 3)
    assert.equal(made[0], made[3])
    assert.doesNotMatch(made[0] ?? '', /htm/)
  })
})
