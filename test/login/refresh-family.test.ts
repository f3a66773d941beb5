import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRefreshFamily } from '../../src/login/refresh-family.ts'

const family = { account: 'a', tenant: 't', sid: 's', method: 'password', epoch: 0, until: 1 }

describe('a refresh family read back from shared state', () => {
  it('is what was written, with and without an API key', () => {
    assert.deepEqual(parseRefreshFamily(JSON.stringify(family)), family)
    assert.deepEqual(parseRefreshFamily(JSON.stringify({ ...family, key: 'k' })), { ...family, key: 'k' })
  })

  const refused: readonly unknown[] = [
    null,
    [],
    'text',
    {},
    { ...family, account: undefined },
    { ...family, tenant: '' },
    { ...family, sid: 7 },
    { ...family, epoch: '0' },
    { ...family, epoch: 0.5 },
    { ...family, until: null },
    { ...family, key: 7 },
    { ...family, method: undefined },
    { ...family, method: 'pwd' },
    { ...family, method: ['saml'] },
  ]
  for (const value of refused) {
    it(`is none where it is ${JSON.stringify(value)}`, () => {
      assert.equal(parseRefreshFamily(JSON.stringify(value) ?? ''), undefined)
    })
  }

  it('is none where it is no JSON', () => assert.equal(parseRefreshFamily('{"account":'), undefined))
})
