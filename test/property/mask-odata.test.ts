import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderOdata } from '../../src/mask/render/odata.ts'
import { jsonText } from '../support/evaluators/json-text.ts'
import { parseOdata } from '../support/evaluators/odata.ts'
import {
  cleanPools,
  isStringOrder,
  ledgerAt,
  numeral,
  type Pools,
  samples,
  someTest,
} from '../support/evaluators/pairs.ts'
import { runs } from '../support/runs.ts'

const shapes = { 'at the top': [], 'of a complex property': ['meta'], 'two deep': ['meta', 'inner'] }
const isText = (value: unknown) => typeof value === 'string'

/** Values of the properties' types; a collection is never null, and an empty one is not told from none. */
const typed: Pools = {
  ...cleanPools,
  id: cleanPools.id.filter(isText),
  datetime: cleanPools.datetime.filter(isText),
  'string[]': cleanPools['string[]'].filter((list) => Array.isArray(list) && list.length > 0),
}

/** What a property may hold that has more digits, or an offset. */
const fine: Pools = {
  ...typed,
  'string[]': cleanPools['string[]'],
  number: [...typed.number, numeral('0.10000000000000001'), numeral('0.100000000000000011')],
  integer: [...typed.integer, numeral('9007199254740993'), numeral('9223372036854775807')],
  datetime: [...typed.datetime, '2024-01-01T00:00:00.0000007Z', '2024-01-01T01:00:00.5000004+01:00'],
}

for (const [place, above] of Object.entries(shapes))
  describe(`an OData filter on properties ${place}`, () => {
    const dataset = ledgerAt(above)

    for (const numbers of ['doubles', 'decimals'] as const)
      it(`selects the rows that the predicate permits, where numbers are ${numbers} and strings are not ordered`, () => {
        const tally = { true: 0, false: 0 }
        for (const { seed, mask, rows } of samples(runs(300), dataset, { pools: typed, always: ['string[]'] })) {
          if (someTest(mask.root, isStringOrder)) continue
          const text = renderOdata(mask)
          const selects = parseOdata(text, dataset, numbers)
          for (const { row, permitted } of rows) {
            assert.equal(selects(row), permitted, `seed ${seed}: ${text} on ${jsonText(row)}`)
            tally[`${permitted}`] += 1
          }
        }
        assert.ok(Math.min(tally.true, tally.false) > runs(700), JSON.stringify(tally))
      })

    it('selects every row that the predicate permits, whatever the properties hold', () => {
      const tally = { permitted: 0, selected: 0 }
      for (const { seed, mask, rows } of samples(runs(300), dataset, { pools: fine })) {
        const text = renderOdata(mask)
        const selects = parseOdata(text, dataset, 'decimals')
        for (const { row, permitted } of rows) {
          const selected = selects(row)
          assert.ok(selected || !permitted, `seed ${seed}: ${text} on ${jsonText(row)}`)
          if (permitted) tally.permitted += 1
          if (selected) tally.selected += 1
        }
      }
      assert.ok(tally.permitted > runs(1000), JSON.stringify(tally))
      assert.ok(tally.selected < tally.permitted * 2, JSON.stringify(tally))
    })
  })
