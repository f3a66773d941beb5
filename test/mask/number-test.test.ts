import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePredicate } from '../../src/mask/evaluate.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { json, ledger } from './masks.ts'

function permits(mask: string, row: string): boolean {
  const predicate = compilePredicate(parseMask(json(mask), ledger()))
  return predicate.test(readRow(json(row), predicate.reads))
}

const long = '12345678901234567890'

/** Mask, rows it permits, rows it does not: one side is compared as a double, the other is too long to be. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [`{"amount":{"$lt":${long}}}`, ['5', '-5', '0', `${long.slice(0, -1)}9e-1`], [long, `${long}.5`, '1e20']],
  [`{"amount":{"$gt":-${long}}}`, ['5', '-5', '0', `-${long}e-1`], [`-${long}`, `-${long}.5`, '-1e20']],
  [`{"amount":{"$gte":${long}}}`, [long, `${long}.0`], ['5', '0']],
  [`{"amount":{"$in":[${long},5]}}`, ['5', '5.0', '50e-1', `${long}.0`], ['6', `${long}.5`]],
  [`{"amount":{"$ne":${long}}}`, ['5', `${long}.5`], [long, `${long}.0`, '1e999']],
  // What is no integer is outside, also under an operator that asks for something else.
  ['{"count":{"$gt":1}}', ['2', long, '2.0', '20e-1'], ['2.5', `${long}.5`, '25e-1', '1.5e0']],
  ['{"count":{"$ne":1}}', ['2', long], ['2.5', `${long}.5`, '25e-1']],
  ['{"count":{"$nin":[1,2]}}', ['3', `${long}.0`], ['3.5', `${long}.5`, '35e-1']],
]

describe('a test on numbers', () => {
  for (const [mask, inside, outside] of cases)
    it(`reads long and short ones alike under ${mask}`, () => {
      const name = mask.slice(2, mask.indexOf('"', 2))
      for (const value of inside) assert.equal(permits(mask, `{"${name}":${value}}`), true, value)
      for (const value of outside) assert.equal(permits(mask, `{"${name}":${value}}`), false, value)
    })
})

describe('an id that is a number', () => {
  it('has at most 128 digits', () => {
    const digits = '1'.repeat(128)
    assert.equal(permits(`{"key":"${digits}"}`, `{"key":${digits}}`), true)
    assert.equal(permits(`{"key":"${digits}1"}`, `{"key":${digits}1}`), false)
    assert.equal(permits(`{"key":"${digits}1"}`, `{"key":"${digits}1"}`), true)
  })
})
