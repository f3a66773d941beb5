import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import type { RowFilter } from '../../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { JsonLinesFilter } from '../../../src/stages/filter/rows-json-lines.ts'
import { codeOf, planOf } from './support.ts'

const plan = planOf({ onViolation: 'block', at: [['*']] })
const other = '{"account":"beta"}\n'

/** The readers of JSON, and for each what it refuses and what it takes. */
const readers: readonly (readonly [string, () => RowFilter, string, string])[] = [
  ['the plain reader', () => new JsonRowFilter(plan), `[${other}]`, '[]'],
  ['the core', () => openJson(plan), `[${other}]`, '[]'],
  ['the reader of lines', () => new JsonLinesFilter(plan), other, '\n'],
]

function shut(filter: RowFilter): void {
  assert.throws(() => filter.push(Buffer.from('[]\n')), TypeError)
  assert.throws(() => filter.end(), TypeError)
}

describe('a document', () => {
  const mine = '{"account":"acme"}'

  it('goes out row by row where a row that is not permitted is dropped', () => {
    const dropping = planOf({ at: [['*']] })
    for (const filter of [new JsonRowFilter(dropping), openJson(dropping)]) {
      assert.equal(Buffer.from(filter.push(Buffer.from(`[${mine}`)) ?? []).toString(), `[${mine}`)
      assert.equal(Buffer.from(filter.push(Buffer.from(`,${mine}`)) ?? []).toString(), `,${mine}`)
    }
  })

  it('comes in any bytes, not only in those of Node', () => {
    const bytes = new TextEncoder().encode(`  [${mine}]`).subarray(2)
    for (const filter of [new JsonRowFilter(plan), openJson(plan)]) {
      filter.push(bytes.slice(0, 5))
      filter.push(bytes.subarray(5))
      assert.equal(Buffer.from(filter.end() ?? []).toString(), `[${mine}]`)
    }
  })

  it('is held to the end where one blocks all, where it is one row, and where it is an error’s', () => {
    const alone = planOf({ at: [[]] })
    const held: readonly (readonly [RowFilter, string])[] = [
      [new JsonRowFilter(plan), `[${mine}]`],
      [openJson(plan), `[${mine}]`],
      [new JsonRowFilter(planOf({ at: [['*']] }), true), `[${mine}]`],
      [openJson(planOf({ at: [['*']] }), true), `[${mine}]`],
      [new JsonRowFilter(alone), mine],
      [openJson(alone), mine],
    ]
    for (const [filter, text] of held) {
      assert.equal(filter.push(Buffer.from(text)), undefined)
      assert.equal(Buffer.from(filter.end() ?? []).toString(), text)
    }
  })
})

for (const [name, open, refused, taken] of readers)
  describe(name, () => {
    it('stays shut after a refusal', () => {
      const filter = open()
      assert.throws(
        () => filter.push(Buffer.from(refused)),
        (error) => codeOf(error) === 'ERR_ANSWER_VIOLATION',
      )
      shut(filter)
    })

    it('stays shut after the end', () => {
      const filter = open()
      filter.push(Buffer.from(taken))
      filter.end()
      shut(filter)
    })
  })
