import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultRowLimits, type RowPlan } from '../../../../src/stages/filter/row-plan.ts'
import { planOf, runCore, runJson } from '../support.ts'

const mine = '{"account":"acme"}'
const other = '{"account":"beta"}'
const list = (...rows: readonly string[]): string => `{"items":[${rows.join(',')}]}`
const blocks = { onViolation: 'block' } as const
const withhold = [{ name: 'price', path: ['lines', '*', 'price'] }]
const limits = { ...defaultRowLimits, maxRowBytes: 20 }

/** What the answer is refused for, and beside it what is let through. */
const cases: readonly (readonly [string, Partial<RowPlan>, refused: string, taken: string])[] = [
  ['ERR_ANSWER_UNREADABLE', {}, `${list(mine)}]`, list(mine)],
  ['ERR_ANSWER_VIOLATION', {}, `{"items":[],"Items":[${mine}]}`, '{"items":[]}'],
  ['ERR_ANSWER_VIOLATION', {}, `{"items":[${mine}],"items":[]}`, '{"items":[]}'],
  ['ERR_ANSWER_VIOLATION', blocks, list('{"account":"acme","account":"acme"}'), list(mine)],
  ['ERR_ANSWER_VIOLATION', { ...blocks, withhold }, list('{"account":"acme","lines":{}}'), list(mine)],
  ['ERR_ANSWER_SHAPE', {}, '{"items":{}}', '{"items":[]}'],
  ['ERR_ANSWER_SHAPE', {}, '[]', '{}'],
  ['ERR_ANSWER_SHAPE', { at: [['data']] }, '{"data":[]}', `{"data":${mine}}`],
  ['ERR_ITEM_NOT_FOUND', { at: [['data']] }, `{"data":${other}}`, `{"data":${mine}}`],
  ['ERR_ITEM_NOT_FOUND', { at: [['data']] }, '{"data":null}', `{"data":${mine}}`],
  ['ERR_ANSWER_VIOLATION', blocks, list(mine, other), list(mine, mine)],
  [
    'ERR_ANSWER_VIOLATION',
    { total: { path: ['total'], policy: 'block' } },
    '{"items":[],"total":1}',
    '{"items":[],"total":null}',
  ],
  ['ERR_ANSWER_TOO_LARGE', { limits }, list(`{"account":"acme"   }`), list('{"account":"acme"  }')],
  ['ERR_ANSWER_SHAPE', { strict: true }, `{"items":[${mine}],"more":1}`, `{"items":[${mine}],"more":null}`],
  ['ERR_ANSWER_SHAPE', { strict: true, keep: [['page', 'size']] }, '{"page":[]}', '{"page":{"size":1}}'],
]

function everyCut(text: string): readonly number[] {
  return Array.from({ length: text.length }, (_, at) => at)
}

describe('an answer that is refused', () => {
  for (const [code, changes, refused, taken] of cases) {
    it(`says ${code} for ${refused} under ${JSON.stringify(changes)}, by the core and without it`, () => {
      for (const run of [runJson, runCore]) {
        assert.equal(run(planOf(changes), refused).code, code)
        assert.equal(run(planOf(changes), taken).text, taken)
        // Byte by byte.
        assert.equal(run(planOf(changes), refused, everyCut(refused)).code, code)
        assert.equal(run(planOf(changes), taken, everyCut(taken)).text, taken)
      }
    })
  }
})
