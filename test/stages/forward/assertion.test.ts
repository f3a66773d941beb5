import assert from 'node:assert/strict'
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
      tenant: { id: 'acme', name: 'Acme' },
      membership: { tenant: 'acme', account: 'id-ann', roles, attributes: {}, ...always },
      groups: [],
      grants: [],
    },
    proof: 'token',
    sid,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
}

/** Signs by writing the claims down, and counts. */
function open() {
  let now = 1_000_000
  const signed: Readonly<Record<string, unknown>>[] = []
  const sign = (claims: Readonly<Record<string, unknown>>) => `${signed.push(claims)}:${JSON.stringify(claims)}`
  const assertions = new Assertions(sign, 'https://edge.example', { now: () => now })
  return { assertions, signed, advance: (ms: number) => (now += ms) }
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
