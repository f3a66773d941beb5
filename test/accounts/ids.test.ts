import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashApiKey, mintApiKey, mintTenantSecret } from '../../src/accounts/api-key.ts'
import { isId, newAccountId } from '../../src/accounts/ids.ts'

describe('an id', () => {
  it('of a new account is opaque, different each time, and an id', () => {
    const ids = Array.from({ length: 100 }, newAccountId)
    assert.equal(new Set(ids).size, 100)
    assert.ok(ids.every(isId))
  })

  it('has 1 to 64 letters, digits and . _ : -', () => {
    for (const text of ['a', 'Acme.eu:north_1-b', 'x'.repeat(64)]) assert.equal(isId(text), true, text)
    for (const text of ['', 'x'.repeat(65), 'a b', 'a\n', 'a/b', 'ä', 'a,b', '\0'])
      assert.equal(isId(text), false, text)
  })
})

describe('a minted secret', () => {
  it('for the API is spk_ and 43 characters, found again by its hash', () => {
    const { key, prefix, hash } = mintApiKey()
    assert.match(key, /^spk_[A-Za-z0-9_-]{43}$/)
    assert.equal(prefix, key.slice(0, 10))
    assert.equal(hash, hashApiKey(key))
    assert.match(hash, /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(mintApiKey().key, key)
  })

  it('is hashed as SHA-256 in base64url', () => {
    // FIPS 180-4 example: "abc".
    assert.equal(Buffer.from(hashApiKey('abc'), 'base64url').toString('hex').slice(0, 16), 'ba7816bf8f01cfea')
  })

  it('of a tenant is 64 characters', () => {
    assert.match(mintTenantSecret(), /^[A-Za-z0-9_-]{64}$/)
    assert.notEqual(mintTenantSecret(), mintTenantSecret())
  })
})
