import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import { compilePredicate } from '../../../src/mask/evaluate.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { runCanary } from '../../../src/stages/filter/canary.ts'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { json, ledger } from '../../mask/masks.ts'
import { codeOf, field, planOf } from './support.ts'

const dataset = ledger()
const sound = compilePredicate(parseMask({ tenant: 'acme' }, dataset))

function survives(plan: RowPlan): boolean {
  try {
    runCanary(plan, dataset, 'acme')
    return false
  } catch (error) {
    assert.equal(codeOf(error), 'ERR_ANSWER_VIOLATION')
    return true
  }
}

/** A plan whose filter was made when fewer fields were withheld than the canary marks. */
function forgetful(known: RowPlan['withhold'], named: RowPlan['withhold']): RowPlan {
  const plan = planOf({ predicate: sound, withhold: known })
  openJson(plan)
  return Object.assign(plan, { withhold: named })
}

function holdsTenant([tenant]: readonly unknown[]): boolean {
  return tenant === 'acme' || (Array.isArray(tenant) && tenant.includes('acme'))
}

function fails(): boolean {
  throw new RangeError('not this one')
}

describe('the rows of the canary', () => {
  it('hold every declared field in its type, so that a mask that asks for one and forgets the tenant shows', () => {
    const masks = [
      '{"owner":{"$prefix":"acme"}}',
      '{"key":"acme"}',
      '{"count":{"$lt":1000}}',
      '{"amount":{"$lt":1000}}',
      '{"open":{"$in":[true,false]}}',
      '{"day":{"$gte":"0001-01-01"}}',
      '{"at":{"$gte":"0001-01-01T00:00:00Z"}}',
      '{"tags":{"$has":"acme"}}',
    ]
    for (const mask of masks) {
      const asked = bindMask(parseMask(json(mask), dataset), new Map())
      assert.equal(survives(planOf({ predicate: compilePredicate(asked) })), true, mask)
      const both = parseMask({ $and: [{ tenant: 'acme' }, json(mask)] }, dataset)
      assert.equal(survives(planOf({ predicate: compilePredicate(both) })), false, mask)
    }
  })

  it('hold the own tenant in a list, so that a list that holds it is not taken for it', () => {
    assert.equal(survives(planOf({ predicate: { reads: [field('tenant')], test: holdsTenant } })), true)
  })

  it('go through the filter of lines, where a route has no place for rows in a document', () => {
    assert.equal(survives(planOf({ at: [], predicate: sound })), false)
    assert.equal(survives(planOf({ at: [], predicate: { reads: [], test: () => true } })), true)
  })

  it('stand in a document whose rest must not stay', () => {
    const plan = planOf({ predicate: sound })
    assert.equal(survives(plan), false)
    assert.equal(survives({ ...plan, keep: [['sallyport-canary']] }), true)
  })

  it('mark withheld fields in objects and in lists', () => {
    const owner = { name: 'owner', path: ['meta', 'owner'] }
    const price = { name: 'price', path: ['lines', '*', 'price'] }
    const cost = { name: 'cost', path: ['lines', '*', 'cost'] }
    assert.equal(survives(planOf({ predicate: sound, withhold: [owner, price, cost] })), false)
    assert.equal(survives(forgetful([], [owner])), true)
    assert.equal(survives(forgetful([], [price])), true)
    assert.equal(survives(forgetful([cost], [price, cost])), true)
  })

  it('tell of a filter that fails in another way than by refusing', () => {
    assert.throws(() => runCanary(planOf({ predicate: { reads: [], test: fails } }), dataset, 'acme'), RangeError)
  })
})
