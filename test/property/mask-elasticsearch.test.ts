import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderElasticsearch } from '../../src/mask/render/elasticsearch.ts'
import { ElasticsearchIndex } from '../support/evaluators/elasticsearch.ts'
import { jsonText } from '../support/evaluators/json-text.ts'
import {
  asksForPresence,
  cleanPools,
  dirtyValues,
  ledgerAt,
  numeral,
  type Pools,
  samples,
  shapes,
  someTest,
} from '../support/evaluators/pairs.ts'
import { runs } from '../support/runs.ts'

/** An index keeps 64 bits of a whole number, and no empty list. */
const pools: Pools = {
  ...cleanPools,
  integer: [
    ...cleanPools.integer,
    ...'9007199254740993 1152921504606847000 9223372036854775807'.split(' ').map(numeral),
  ],
  'string[]': cleanPools['string[]'].filter((list) => Array.isArray(list) && list.length > 0),
}

/** What an index does not keep as it is: lists of nothing, and numbers with more digits than a double has. */
function isLost(value: unknown): boolean {
  return /^\[(?:null|\{\})?\]$|0\.10000000000000001|900719925474099|1152921504606847000/.test(jsonText(value))
}

const odd = dirtyValues.filter((value) => !isLost(value))

for (const [place, above] of Object.entries(shapes))
  describe(`an Elasticsearch query on fields ${place}`, () => {
    const dataset = ledgerAt(above)
    const index = new ElasticsearchIndex(dataset)

    it('finds the rows that the predicate permits, where values are spelled as usual', () => {
      const tally = { true: 0, false: 0 }
      for (const { seed, mask, rows } of samples(runs(350), dataset, { pools, always: ['string[]'] })) {
        const query = renderElasticsearch(mask)
        for (const { row, permitted } of rows) {
          const document = index.index(row)
          assert.ok(document !== undefined)
          const found = index.finds(query, document)
          assert.equal(found, permitted, `seed ${seed}: ${jsonText(query)} on ${jsonText(row)}`)
          tally[`${found}`] += 1
        }
      }
      assert.ok(Math.min(tally.true, tally.false) > runs(1200), JSON.stringify(tally))
    })

    it('finds every row that the predicate permits, whatever the index takes for a value', () => {
      const tally = { permitted: 0, found: 0 }
      for (const { seed, mask, rows } of samples(runs(500), dataset, { odd })) {
        const query = renderElasticsearch(mask)
        for (const { row, permitted } of rows) {
          const document = index.index(row)
          // What a list of objects lacks in one of them is present in the language and absent in the index.
          if (document === undefined || (above.length > 0 && someTest(mask.root, asksForPresence))) continue
          const found = index.finds(query, document)
          assert.ok(found || !permitted, `seed ${seed}: ${jsonText(query)} on ${jsonText(row)}`)
          if (permitted) tally.permitted += 1
          if (found) tally.found += 1
        }
      }
      assert.ok(tally.permitted > runs(50), JSON.stringify(tally))
      assert.ok(tally.found < tally.permitted * 3, JSON.stringify(tally))
    })
  })
