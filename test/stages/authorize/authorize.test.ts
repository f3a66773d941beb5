import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { authorize } from '../../../src/stages/authorize/authorize.ts'
import { anonymous, authenticated, policy, principal } from '../support.ts'

const roles = (...names: string[]) => ({ kind: 'roles', roles: new Set(names) }) as const

const as = (...held: string[]) =>
  authenticated({ access: roles('viewer', 'editor') }, principal(policy({ roles: held })))

describe('authorize', () => {
  it('lets everyone into a public route, as nobody', () => {
    const access = { kind: 'public' } as const
    assert.deepEqual(authorize(authenticated({ access }, anonymous)).access, access)
    assert.deepEqual(authorize(authenticated({ access }, principal())).access, access)
  })

  it('lets a member into a route for members, and nobody else', () => {
    const access = { kind: 'member' } as const
    assert.equal(authorize(authenticated({ access }, principal(policy({ roles: [] })))).access.kind, 'member')
    assert.throws(() => authorize(authenticated({ access }, anonymous)), { code: 'ERR_CREDENTIAL_MISSING' })
  })

  it('lets in who has one of the roles, in exactly its spelling', () => {
    for (const held of [['viewer'], ['editor'], ['other', 'editor']]) {
      assert.equal(authorize(as(...held)).access.kind, 'member')
    }
    for (const held of [[], ['admin'], ['Viewer'], ['viewer '], ['view'], ['viewer,editor'], ['__proto__']]) {
      assert.throws(() => authorize(as(...held)), { code: 'ERR_ROLE_MISSING' }, held.join())
    }
    assert.throws(() => authorize(authenticated({ access: roles('viewer') }, anonymous)), {
      code: 'ERR_CREDENTIAL_MISSING',
    })
  })

  it('lets nobody into a route whose list of roles is empty', () => {
    assert.throws(() => authorize(authenticated({ access: roles() }, principal())), { code: 'ERR_ROLE_MISSING' })
  })
})
