import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { Client } from 'pg'
import { bindMask } from '../../src/mask/bind.ts'
import { compilePredicate } from '../../src/mask/evaluate.ts'
import type { Dataset } from '../../src/mask/language.ts'
import { parseMask } from '../../src/mask/parse.ts'
import type { Mask } from '../../src/mask/predicate.ts'
import { canonicalJson } from '../../src/mask/render/header-json.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { json, ledger } from '../mask/masks.ts'
import { freshDatabase } from '../support/postgres.ts'
import { runs } from '../support/runs.ts'
import { anyAttributes, anyMask, nestedLedger } from './mask-sql-masks.ts'
import { connectCollated, postgresStores } from './mask-sql-postgres.ts'
import { cleanRow, dirtyRow, looseRow } from './mask-sql-rows.ts'
import { sqliteStores } from './mask-sql-sqlite.ts'
import type { Store } from './mask-sql-store.ts'

const masks = runs(560)
/** PostgreSQL keeps fewer: see `isStorable`. */
const dirtyRows = 560
const cleanRows = 150

/** A store beside the predicate. */
class Comparison {
  readonly #store: Store
  readonly #rows: readonly unknown[]
  pairs = 0
  permitted = 0

  constructor(store: Store) {
    this.#store = store
    this.#rows = store.rows.map(json)
  }

  async compare(mask: Mask): Promise<void> {
    const predicate = compilePredicate(mask)
    const condition = this.#store.render(mask)
    const selected = await this.#store.select(condition)
    for (const [id, row] of this.#rows.entries()) {
      const permitted = predicate.test(readRow(row, predicate.reads))
      this.pairs += 1
      if (permitted) this.permitted += 1
      if (permitted === selected.has(id)) continue
      const told = {
        store: this.#store.name,
        mask: canonicalJson(mask),
        permitted,
        row: this.#store.rows[id],
        ...condition,
      }
      assert.fail(JSON.stringify(told, undefined, 2))
    }
  }
}

async function compare(dataset: Dataset, compared: readonly Store[]): Promise<void> {
  const comparisons = compared.map((store) => new Comparison(store))
  const property = fc.asyncProperty(anyMask, anyAttributes, async (written, attributes) => {
    const mask = bindMask(parseMask(written, dataset), attributes)
    for (const comparison of comparisons) await comparison.compare(mask)
  })
  await fc.assert(property, { numRuns: masks })
  const pairs = comparisons.reduce((sum, comparison) => sum + comparison.pairs, 0)
  const permitted = comparisons.reduce((sum, comparison) => sum + comparison.permitted, 0)
  assert.ok(pairs >= 2 * runs(200_000), `${pairs} pairs`)
  assert.ok(permitted > pairs * 0.05 && permitted < pairs * 0.95, `${permitted} of ${pairs} permitted`)
}

describe('any mask as SQL', () => {
  const database = new DatabaseSync(':memory:')
  let client: Client
  let stores: readonly Store[]

  before(async () => {
    client = await connectCollated(await freshDatabase())
    const dirty = fc.sample(dirtyRow, dirtyRows)
    const clean = fc.sample(cleanRow, cleanRows)
    const loose = fc.sample(looseRow, cleanRows)
    stores = [...(await postgresStores(client, dirty, clean)), ...sqliteStores(database, dirty, clean, loose)]
  })

  after(async () => {
    await client.end()
    database.close()
  })

  it('selects the documents that the predicate permits, whatever stands in them', async () => {
    await compare(
      nestedLedger(),
      stores.filter(({ keeps }) => keeps === 'json'),
    )
  })

  it('selects the rows of typed columns that the predicate permits', async () => {
    await compare(
      ledger(),
      stores.filter(({ keeps }) => keeps === 'columns'),
    )
  })
})
