import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyRing } from '../../src/accounts/key-ring.ts'
import { createKeySet, parseKeySet } from '../../src/accounts/key-set.ts'
import { Csrf } from '../../src/login/csrf.ts'

const handle = 'h'.repeat(43)
const options = { cookieName: 'sallyport-form', secure: false }

describe('the token of a form', () => {
  const written = JSON.parse(JSON.stringify(createKeySet()))
  const csrf = new Csrf(new KeyRing(parseKeySet(written)), options)

  it('belongs to one session and to no other', () => {
    csrf.require(handle, csrf.token(handle))
    for (const token of [undefined, '', 'x', csrf.token('i'.repeat(43)), `${csrf.token(handle)}=`]) {
      assert.throws(() => csrf.require(handle, token), { code: 'ERR_ORIGIN_FOREIGN' })
    }
  })

  it('of a page that was open while the key was replaced still holds, as long as the key file lists the old key', () => {
    const newer = JSON.parse(JSON.stringify(createKeySet()))
    const both = new Csrf(
      new KeyRing(parseKeySet({ ...written, cookie: [...newer.cookie, ...written.cookie] })),
      options,
    )
    both.require(handle, csrf.token(handle))
    assert.notEqual(both.token(handle), csrf.token(handle))
    const gone = new Csrf(new KeyRing(parseKeySet({ ...written, cookie: newer.cookie })), options)
    assert.throws(() => gone.require(handle, csrf.token(handle)), { code: 'ERR_ORIGIN_FOREIGN' })
  })
})
