import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import type { RowFilter } from '../../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { planOf } from './support.ts'

const plan = planOf({ onViolation: 'block', at: [['*']] })

describe('a document', () => {
  const mine = '{"account":"acme"}'

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
