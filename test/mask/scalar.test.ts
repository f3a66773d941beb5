import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonNumber } from '../../src/mask/language.ts'
import { typedScalar } from '../../src/mask/scalar.ts'

describe('an operand that is a bigint', () => {
  it('has at most forty digits', () => {
    const most = 10n ** 40n - 1n
    for (const value of [most, -most])
      for (const type of ['integer', 'number'] as const)
        assert.deepEqual(typedScalar(type, value), new JsonNumber(String(value)), type)
    for (const value of [most + 1n, -most - 1n, 10n ** 200n])
      for (const type of ['integer', 'number', 'id', 'datetime'] as const)
        assert.equal(typedScalar(type, value), undefined, type)
  })
})
