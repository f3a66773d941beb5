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
