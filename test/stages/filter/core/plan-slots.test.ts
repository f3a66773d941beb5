import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openJson } from '../../../../src/stages/filter/open-json.ts'
import type { RowPlan } from '../../../../src/stages/filter/row-plan.ts'
import { field, planOf, run } from '../support.ts'

/** One tenant's rows go out. */
function planFor(tenant: string, fails = false): RowPlan {
  const test = (value: unknown): boolean => {
    if (fails) throw new RangeError('a test that fails')
    return value === tenant
  }
  return planOf({
    predicate: {
      reads: [field('account')],
      test: ([account]) => account === tenant,
      parts: { leaves: [{ slot: 0, test }], formula: { kind: 'leaf', leaf: 0 } },
    },
  })
}

const tenants = Array.from({ length: 64 }, (_, at) => `tenant-${at}`)
const rowOf = (tenant: string): string => `{"account":"${tenant}"}`
const all = `{"items":[${[...tenants.slice(-8), 'another'].map(rowOf).join(',')}]}`

describe('the places of plans in the core', () => {
  it('give every plan its own rows, also after one that could not be placed', () => {
    const plans = tenants.map((tenant) => ({ tenant, plan: planFor(tenant) }))
    for (const { plan } of plans) run(openJson(plan), all, [])
    for (let fault = 0; fault < 3; fault++)
      assert.throws(() => openJson(planFor('nobody', true)).push(Buffer.from(all)), RangeError)
    run(openJson(planFor('another')), all, [])
    for (const { tenant, plan } of plans.slice(-8).toReversed())
      assert.equal(run(openJson(plan), all, []).text, `{"items":[${rowOf(tenant)}]}`)
  })
})
