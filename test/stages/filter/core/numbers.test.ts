import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePredicate } from '../../../../src/mask/evaluate.ts'
import { parseMask } from '../../../../src/mask/parse.ts'
import { readRow } from '../../../../src/mask/row-values.ts'
import { json, ledger } from '../../../mask/masks.ts'
import { planOf, runCore, runJson } from '../support.ts'

/** Conditions whose points lie on both sides of zero, next to each other, and at the limits of what the core reads. */
const conditions = [
  '{"$lt":100}',
  '{"$gt":0,"$lt":100}',
  '{"$gte":-1,"$lte":1}',
  '{"$gt":-5,"$lt":-2}',
  '{"$in":[-7,0,7]}',
  '{"$nin":[-7,0,7]}',
  '{"$ne":5}',
  '{"$gte":999999999999}',
  '{"$lt":-999999999999}',
  '{"$gt":1000000000000}',
  '{"$exists":true}',
  '{"$exists":false}',
]
const decimals = [
  '{"$gt":0.00001,"$lt":0.00002}',
  '{"$gt":-0.00002,"$lt":-0.00001}',
  '{"$gte":0.5}',
  '{"$lt":-0.5}',
  '{"$in":[0.000001,-0.000001,2.5]}',
  '{"$gt":0.000001,"$lt":0.000002}',
  '{"$gt":1.1234567}',
]
const sizes = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '9',
  '10',
  '15',
  '50',
  '99',
  '100',
  '101',
  '150',
  '700',
  '0.0',
  '0.5',
  '0.50',
  '0.49',
  '2.5',
  '3.5',
  '99.5',
  '99.999999',
  '99.9999999',
  '100.000001',
  '1.1234567',
  '1.1234568',
  '0.00001',
  '0.000015',
  '0.00002',
  '0.000001',
  '0.0000015',
  '0.0000001',
  '0.000002',
  '1e0',
  '1E2',
  '1.5e1',
  '1e-6',
  '1e3',
  '70e-1',
  '999999999998',
  '999999999999',
  '1000000000000',
  '1000000000001',
  '999999999999.5',
  '999999999999.999999',
  // Millionths of these do not fit into 64 bits, and come round to a small number.
  '18446744073710',
  '18446744073709.551616',
  '9223372036855',
  '18446744073709551616',
  '36893488147419103232',
]
const numbers = sizes.flatMap((size) => [size, `-${size}`])

function compare(field: string, condition: string): void {
  const predicate = compilePredicate(parseMask(json(`{"${field}":${condition}}`), ledger()))
  const plan = planOf({ at: [['*']], predicate })
  for (const number of [...numbers, '"5"', 'null', 'true', '[5]', '{"a":5}']) {
    const row = `{"${field}":${number}}`
    const expected = predicate.test(readRow(json(row), predicate.reads)) ? `[${row}]` : '[]'
    for (const cuts of [[], [3 + field.length + 3]]) {
      assert.equal(runCore(plan, `[${row}]`, cuts).text, expected, number)
      assert.equal(runJson(plan, `[${row}]`, cuts).text, expected, number)
    }
  }
}

describe('a number in a row, by the core', () => {
  for (const condition of [...conditions, ...decimals])
    it(`is judged as the mask judges it under ${condition}`, () => compare('amount', condition))
  for (const condition of conditions)
    it(`is judged as the mask judges it under ${condition}, for integers`, () => compare('count', condition))

  it('is judged so under more points than the core holds', () => {
    for (const count of [7, 14, 15, 40])
      compare('amount', `{"$in":[${Array.from({ length: count }, (_, at) => at * 5).join()}]}`)
  })
})
