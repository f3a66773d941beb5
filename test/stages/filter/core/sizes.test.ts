import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CoreRowFilter } from '../../../../src/stages/filter/core/core-filter.ts'
import { openJson } from '../../../../src/stages/filter/open-json.ts'
import { defaultRowLimits, type RowPlan } from '../../../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../../../src/stages/filter/rows-json.ts'
import { field, planOf, run } from '../support.ts'

const isOurs = { reads: [field('account')], test: ([account]: readonly unknown[]) => account === 'acme' }

function named(count: number, name: (at: number) => string): RowPlan['withhold'] {
  return Array.from({ length: count }, (_, at) => ({ name: `f${at}`, path: [name(at)] }))
}

function isRead(count: number): RowPlan['predicate'] {
  const reads = Array.from({ length: count }, (_, at) => field(`f${at}`))
  return { reads, test: ([first]) => first === 'acme' }
}

describe('the core', () => {
  it('reads chunks of any size, and tells nothing before the first', () => {
    const window = 65_536
    const plan = planOf({ at: [['*']], predicate: isOurs })
    for (const length of [window - 1, window, window + 1, 2 * window, 3 * window + 7]) {
      const filter = openJson(plan)
      assert.ok(filter instanceof CoreRowFilter)
      const { rows, withheld, fieldsWithheld, violations } = filter.report
      assert.deepEqual([rows, withheld, fieldsWithheld, violations], [0, 0, 0, 0])
      const [mine, other] = ['{"account":"acme"}', '{"account":"beta"}']
      const pad = ' '.repeat(length - mine.length - 1)
      const body = `[${mine}${pad},${other},${mine}]`
      const outcome = run(filter, body, [length, length])
      assert.equal(outcome.text?.replaceAll(' ', ''), `[${mine},${mine}]`)
      assert.equal(run(openJson(plan), body, []).text, run(new JsonRowFilter(plan), body, []).text)
    }
  })

  /** What is just small enough for it, and what is one too large. */
  const limits: readonly (readonly [string, Partial<RowPlan>, Partial<RowPlan>])[] = [
    ['levels', { limits: { ...defaultRowLimits, maxDepth: 500 } }, { limits: { ...defaultRowLimits, maxDepth: 501 } }],
    [
      'bytes of a row',
      { limits: { ...defaultRowLimits, maxRowBytes: 2 ** 30 - 1 } },
      { limits: { ...defaultRowLimits, maxRowBytes: 2 ** 30 } },
    ],
    ['nodes', { withhold: named(100, (at) => `a${at}`) }, { withhold: named(130, (at) => `a${at}`) }],
    ['letters of a key', { withhold: named(1, () => 'a'.repeat(227)) }, { withhold: named(1, () => 'a'.repeat(228)) }],
    [
      'letters of all keys',
      { withhold: named(24, (at) => `${at}`.padStart(220, 'a')) },
      { withhold: named(26, (at) => `${at}`.padStart(220, 'a')) },
    ],
    ['fields that a mask reads', { predicate: isRead(100) }, { predicate: isRead(256) }],
  ]
  for (const [what, small, large] of limits)
    it(`takes a plan with so many ${what}, and leaves one with more to the plain reader`, () => {
      const base = { at: [['*']], predicate: isOurs }
      assert.ok(openJson(planOf({ ...base, ...small })) instanceof CoreRowFilter)
      assert.ok(openJson(planOf({ ...base, ...large })) instanceof JsonRowFilter)
      for (const changes of [small, large]) {
        const plan = planOf({ ...base, ...changes })
        const key = plan.predicate.reads[0]?.name ?? ''
        const body = `[{"${key}":"acme"},{"${key}":"beta"}]`
        assert.equal(run(openJson(plan), body, []).text, `[{"${key}":"acme"}]`)
      }
    })
})
