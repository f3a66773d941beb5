import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RowPredicate } from '../../../src/mask/language.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { field, type Outcome, planOf, runCore, runJson, runLines } from './support.ts'

type Run = (plan: RowPlan, row: string) => Outcome
const readers: readonly (readonly [string, Run])[] = [
  ['without the core', (plan, row) => runJson(plan, `[${row}]`)],
  ['by the core', (plan, row) => runCore(plan, `[${row}]`)],
  ['in lines', (plan, row) => runLines(plan, row)],
]

function isKept(run: Run, plan: RowPlan, row: string): boolean {
  const { text } = run(plan, row)
  assert.ok(text !== undefined)
  return text.includes(row)
}

const noOwner: RowPredicate = {
  reads: [field('owner', ['meta', 'deep', 'owner'])],
  test: ([owner]) => owner === undefined,
}
const noOwnerInParts: RowPredicate = {
  ...noOwner,
  parts: { leaves: [{ slot: 0, test: (owner) => owner === undefined }], formula: { kind: 'leaf', leaf: 0 } },
}

for (const [name, run] of readers)
  describe(`a field inside objects, ${name}`, () => {
    for (const predicate of [noOwner, noOwnerInParts]) {
      const plan = planOf({ at: [['*']], predicate })

      it(`is absent where an object or null lacks it${predicate === noOwner ? '' : ', by parts'}`, () => {
        for (const row of ['{}', '{"meta":{}}', '{"meta":null}', '{"meta":{"deep":{}}}', '{"meta":{"deep":null}}'])
          assert.equal(isKept(run, plan, row), true, row)
      })

      it(`is unreadable, not absent, where something else stands for an object${predicate === noOwner ? '' : ', by parts'}`, () => {
        for (const value of ['"x"', '""', '1', 'true', 'false', '[]', '[{}]', '[null]', '[{"deep":{}}]'])
          for (const row of [`{"meta":${value}}`, `{"meta":{"deep":${value}}}`])
            assert.equal(isKept(run, plan, row), false, row)
      })
    }
  })
