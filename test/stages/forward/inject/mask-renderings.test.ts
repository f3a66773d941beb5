import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { composeMask } from '../../../../src/mask/compose.ts'
import type { FieldDeclaration } from '../../../../src/mask/language.ts'
import { parseMask } from '../../../../src/mask/parse.ts'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectElasticsearch } from '../../../../src/stages/forward/inject/elasticsearch-search.ts'
import {
  elasticsearchMask,
  mongodbMask,
  odataMask,
  postgrestMask,
} from '../../../../src/stages/forward/inject/mask-renderings.ts'
import { injectMongodb } from '../../../../src/stages/forward/inject/mongodb-query.ts'
import { requireODataFilter } from '../../../../src/stages/forward/inject/odata-filter.ts'
import { requirePostgrestLogic } from '../../../../src/stages/forward/inject/postgrest-logic.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { writtenMask } from '../../../mask/arbitraries.ts'
import { ledger } from '../../../mask/masks.ts'
import { everything, nothing, outcome, rows } from './support.ts'

const languages = [odataMask, postgrestMask, mongodbMask, elasticsearchMask]

/** A mask on a field whose place in the row no language can name. */
function unnameable() {
  const odd: FieldDeclaration = { name: 'odd', type: 'string', path: [''] }
  const dataset = ledger({ fields: new Map([...ledger().fields, ['odd', odd]]) })
  const permits = [{ rule: 'grant', mask: parseMask({ odd: 'x' }, dataset) }]
  return composeMask({ dataset, tenant: 'acme', permits, restricts: [], attributes: new Map() })
}

describe('a mask in the language of an upstream', () => {
  it('is something the client could have written itself, whatever the mask', () => {
    fc.assert(
      fc.property(writtenMask, (written) => {
        const mask = rows(written)
        requireODataFilter(odataMask(mask) ?? '')
        requirePostgrestLogic(`(${postgrestMask(mask) ?? ''})`)
        writeJsonExact(injectMongodb(mongodbMask(mask), mongodbMask(mask), nothingWithheld))
        writeJsonExact(
          injectElasticsearch({ query: elasticsearchMask(mask) }, elasticsearchMask(mask), nothingWithheld),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('is there where nobody granted anything, and is not where every row is open', () => {
    for (const language of languages) {
      assert.notEqual(language(nothing), undefined)
      assert.equal(language(everything), undefined)
    }
    requireODataFilter(odataMask(nothing) ?? '')
    requirePostgrestLogic(`(${postgrestMask(nothing) ?? ''})`)
  })

  it('refuses the request where it cannot be said', () => {
    assert.equal(
      outcome(() => odataMask(unnameable())),
      'ERR_MASK_UNRESOLVED',
    )
    assert.equal(
      outcome(() => postgrestMask(unnameable())),
      'ERR_MASK_UNRESOLVED',
    )
  })
})
