import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equalSecrets } from '../../src/lib/constant-time.ts'

test('equal secrets are equal', () => {
  assert.equal(equalSecrets('a-secret-of-some-length', 'a-secret-of-some-length'), true)
  assert.equal(equalSecrets('', ''), true)
})

test('secrets that differ in one character, in length or in case are not', () => {
  assert.equal(equalSecrets('a-secret-of-some-length', 'a-secret-of-some-lengti'), false)
  assert.equal(equalSecrets('a-secret', 'a-secret-'), false)
  assert.equal(equalSecrets('a-secret', ''), false)
  assert.equal(equalSecrets('a-secret', 'A-secret'), false)
})
