import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64url } from '../../src/lib/base64url.ts'

test('decodes what base64url encoded, for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const decoded = decodeBase64url(Buffer.from(bytes).toString('base64url'))
      assert.deepEqual(decoded, Buffer.from(bytes))
    }),
  )
})

test('has one spelling per value: whatever is accepted encodes back to the same text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const decoded = decodeBase64url(text)
      assert.ok(decoded === undefined || decoded.toString('base64url') === text)
    }),
  )
})

test('accepts the neighbours of what is refused', () => {
  assert.deepEqual(decodeBase64url(''), Buffer.alloc(0))
  assert.deepEqual(decodeBase64url('AA'), Buffer.from([0]))
  assert.deepEqual(decodeBase64url('-_8'), Buffer.from([0xfb, 0xff]))
})

for (const [why, text] of [
  ['padding', 'AA=='],
  ['trailing bits', 'AB'],
  ['the other alphabet', '+/8'],
  ['white space', 'AA AA'],
  ['a final newline', 'AAAA\n'],
  ['a lone sixth of a byte', 'AAAAA'],
  ['characters outside ASCII', 'ÀAAA'],
] as const) {
  test(`refuses ${why}`, () => assert.equal(decodeBase64url(text), undefined))
}
