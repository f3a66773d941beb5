import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foreignCookies, isOwnCookie, readCookies } from '../../src/lib/cookies.ts'

describe('RFC 6265 and its successor, cookies', () => {
  it('section 4.2.1: pairs are read in order, from every field, however many', () => {
    assert.deepEqual(readCookies(['a=1; b=2', 'a=3']), [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
      { name: 'a', value: '3' },
    ])
  })

  it('section 4.2.1: a value goes on after a further equals sign; what is no pair is none', () => {
    assert.deepEqual(readCookies(['a=b=c; lone; =nameless; ; d=']), [
      { name: 'a', value: 'b=c' },
      { name: 'd', value: '' },
    ])
  })

  it('6265bis section 4.1.3: a prefix, in any case, does not make our name another one', () => {
    for (const name of [
      'sallyport',
      '__Host-sallyport',
      '__host-SALLYPORT',
      '__Secure-sallyport',
      'sallyport-form',
      ' sallyport ',
    ]) {
      assert.ok(isOwnCookie(name), name)
    }
    for (const name of ['sallyports', 'mysallyport', 'sally', '__Host-', 'sallyport_x', '']) {
      assert.ok(!isOwnCookie(name), name)
    }
  })

  it('section 5.4: an application gets its own cookies as they came, and none of ours', () => {
    assert.equal(foreignCookies(['a=1; sallyport=x; b="2"', '__Host-sallyport=y; c']), 'a=1; b="2"; c')
    assert.equal(foreignCookies(['sallyport=x; SALLYPORT-form=y']), undefined)
    assert.equal(foreignCookies([]), undefined)
  })

  it('6265bis section 5.7: a cookie without a name, which reads as ours, is not passed on', () => {
    assert.equal(foreignCookies(['sallyport; a=1']), 'a=1')
    assert.equal(foreignCookies(['=sallyport=x; a=1']), 'a=1')
  })
})
