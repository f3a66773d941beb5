import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import { compilePredicate } from '../../src/mask/evaluate.ts'
import type { Mask } from '../../src/mask/predicate.ts'
import { renderPostgrest } from '../../src/mask/render/postgrest.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { Dice } from '../support/dice.ts'
import { jsonText } from '../support/evaluators/json-text.ts'
import {
  asksForPresence,
  cleanPools,
  dirtyValues,
  isStringOrder,
  ledgerAt,
  maskFrom,
  numeral,
  operandPools,
  type Pools,
  type RowMix,
  rowFrom,
  shapes,
  someTest,
} from '../support/evaluators/pairs.ts'
import { PostgrestRelation } from '../support/evaluators/postgrest-relation.ts'
import { freshDatabase } from '../support/postgres.ts'
import { runs } from '../support/runs.ts'

const isText = (value: unknown) => typeof value === 'string'
const typed: Pools = { ...cleanPools, id: cleanPools.id.filter(isText), datetime: cleanPools.datetime.filter(isText) }

/** What columns may hold that has more digits than a double. */
const fine: Pools = {
  ...typed,
  number: [...typed.number, numeral('0.10000000000000001')],
  integer: [...typed.integer, numeral('9007199254740993')],
}

/** Without operands that a column of 64 bits refuses. */
const machineOperands: Pools = { ...operandPools, integer: operandPools.integer.slice(0, 8) }

describe('a PostgREST condition', () => {
  let client: Client
  before(async () => {
    client = new Client({ connectionString: await freshDatabase() })
    await client.connect()
  })
  after(() => client.end())

  /** Has random masks select from a table of random rows, as PostgreSQL does it. */
  async function compare(
    above: readonly string[],
    mix: RowMix & { readonly kind?: 'exact' | 'real'; readonly operands?: Pools },
    check: (mask: Mask, permitted: boolean, selected: boolean, about: string) => void,
  ): Promise<void> {
    const dataset = ledgerAt(above)
    const dice = new Dice(above.length + 11)
    const rows = Array.from({ length: 200 }, () => rowFrom(dice, dataset, mix))
    const relation = await PostgrestRelation.create(client, `rows_${(count += 1)}`, dataset, rows, mix.kind)
    for (let turn = 0; turn < runs(60); turn++) {
      const mask = maskFrom(dice, dataset, mix.operands)
      const condition = renderPostgrest(mask)
      const selected = await relation.select(condition)
      const predicate = compilePredicate(mask)
      for (const [at, row] of relation.rows.entries())
        check(mask, predicate.test(readRow(row, predicate.reads)), selected.has(at), `${condition} on ${jsonText(row)}`)
    }
  }
  let count = 0

  for (const [place, above] of Object.entries(shapes)) {
    const isNested = above.length > 0
    const isWidened = (mask: Mask) =>
      someTest(mask.root, (test) => isStringOrder(test) || (isNested && test.field.type === 'datetime'))

    for (const kind of isNested ? (['exact'] as const) : (['exact', 'real'] as const))
      it(`selects the rows that the predicate permits from ${kind} columns, for fields ${place}`, async () => {
        const tally = { true: 0, false: 0 }
        const mix = { kind, pools: isNested ? cleanPools : typed }
        await compare(
          above,
          kind === 'real' ? { ...mix, operands: machineOperands } : mix,
          (mask, permitted, selected, about) => {
            assert.ok(selected || !permitted, about)
            if (isWidened(mask)) return
            assert.equal(selected, permitted, about)
            tally[`${permitted}`] += 1
          },
        )
        assert.ok(Math.min(tally.true, tally.false) > runs(500), JSON.stringify(tally))
      })

    it(`selects every row that the predicate permits, whatever is in fields ${place}`, async () => {
      const tally = { permitted: 0, selected: 0 }
      await compare(above, isNested ? { odd: dirtyValues } : { pools: fine }, (mask, permitted, selected, about) => {
        // A document of another shape than declared holds no field for PostgreSQL, and something for the language.
        if (isNested && someTest(mask.root, asksForPresence)) return
        assert.ok(selected || !permitted, about)
        if (permitted) tally.permitted += 1
        if (selected) tally.selected += 1
      })
      assert.ok(tally.permitted > runs(500), JSON.stringify(tally))
      assert.ok(tally.selected < tally.permitted * 4, JSON.stringify(tally))
    })
  }
})
