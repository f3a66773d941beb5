import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Dataset, RowPredicate } from '../../../src/mask/language.ts'
import { runCanary } from '../../../src/stages/filter/canary.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { codeOf, field, planOf } from './support.ts'

const fields = [
  field('account'),
  field('owner', ['meta', 'owner']),
  field('amount', ['amount'], 'number'),
  field('tags', ['tags'], 'string[]'),
]
const dataset: Dataset = {
  name: 'orders',
  tenantField: 'account',
  fields: new Map(fields.map((declared) => [declared.name, declared])),
  visibility: 'tenant',
  base: undefined,
}
const sound: RowPredicate = { reads: [field('account')], test: ([account]) => account === 'acme' }
const shapes: readonly (readonly (readonly string[])[])[] = [
  [['items', '*']],
  [['*']],
  [[]],
  [['data']],
  [
    ['groups', '*', 'items', '*'],
    ['items', '*'],
  ],
]

function survives(plan: RowPlan): boolean {
  try {
    runCanary(plan, dataset, 'acme')
    return false
  } catch (error) {
    assert.equal(codeOf(error), 'ERR_ANSWER_VIOLATION')
    return true
  }
}

describe('the canary', () => {
  it('dies in every sound plan', () => {
    const withhold = [{ name: 'owner', path: ['meta', 'owner'] }]
    for (const at of shapes)
      for (const onViolation of ['drop', 'block'] as const)
        for (const withheldAs of ['removed', 'null'] as const)
          assert.equal(survives(planOf({ at, onViolation, withheldAs, withhold, predicate: sound })), false)
  })

  it('survives a predicate that forgets the tenant', () => {
    for (const at of shapes) assert.equal(survives(planOf({ at, predicate: { reads: [], test: () => true } })), true)
  })

  it('survives a predicate that lets one wrong kind of tenant in', () => {
    const lax: readonly RowPredicate['test'][] = [
      ([account]) => account === 'acme' || account === null,
      ([account]) => account === 'acme' || account === undefined,
      ([account]) => account === 'acme' || Array.isArray(account),
      ([account]) => account === 'acme' || typeof account === 'symbol',
      ([account]) => typeof account === 'string' && account.endsWith('acme'),
    ]
    for (const test of lax) assert.equal(survives(planOf({ predicate: { reads: [field('account')], test } })), true)
  })
})
