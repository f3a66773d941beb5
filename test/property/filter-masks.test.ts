import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { bindMask } from '../../src/mask/bind.ts'
import { compilePredicate } from '../../src/mask/evaluate.ts'
import { foldMask } from '../../src/mask/fold.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { attributes, row, writtenMask } from '../mask/arbitraries.ts'
import { json, ledger } from '../mask/masks.ts'
import { planOf, runCore, runJson } from '../stages/filter/support.ts'
import { runs } from '../support/runs.ts'

const dataset = ledger()
/** Other spellings of a number, and numbers near it. */
const spellings: readonly ((number: string) => string)[] = [
  (number) => number,
  (number) => number,
  (number) => (/[.e]/u.test(number) ? number : `${number}.0`),
  (number) => (/e/u.test(number) ? number : `${number}e0`),
  (number) => (/[.e]/u.test(number) ? number : `${number}.000001`),
  (number) => (/[.e]|^-?0/u.test(number) ? number : `${number}000000000000`),
  (number) => (number.startsWith('-') ? number.slice(1) : `-${number}`),
]

const body = fc
  .tuple(fc.array(row, { maxLength: 6 }), fc.array(fc.nat(spellings.length - 1), { minLength: 1 }))
  .map(([rows, dice]) => {
    let turn = 0
    return rows.map((each) =>
      JSON.stringify(each).replaceAll(/(?<=[:[,])-?\d[\d.e+-]*(?=[,}\]])/gu, (number) => {
        turn += 1
        return spellings[dice[turn % dice.length] ?? 0]?.(number) ?? number
      }),
    )
  })

describe('the JSON filter under any mask', () => {
  it('keeps the rows that the predicate permits, by the core and by the plain scanner', () => {
    let kept = 0
    fc.assert(
      fc.property(writtenMask, attributes, body, fc.array(fc.nat(2000)), (written, user, rows, cuts) => {
        const mask = foldMask(bindMask(parseMask(written, dataset), new Map(Object.entries(user))))
        const predicate = compilePredicate(mask)
        const plan = planOf({ at: [['*']], predicate })
        const permitted = rows.filter((text) => predicate.test(readRow(json(text), predicate.reads)))
        const bytes = Buffer.from(`[${rows.join(',')}]`)
        const borders = cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right)
        const expected = `[${permitted.join(',')}]`
        assert.equal(runJson(plan, bytes, borders).text, expected)
        assert.equal(runCore(plan, bytes, borders).text, expected)
        kept += permitted.length
      }),
      { numRuns: runs(15_000) },
    )
    assert.ok(kept > runs(5_000), `${kept} rows kept`)
  })
})
