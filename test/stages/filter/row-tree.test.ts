import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { lineTree, rowTree } from '../../../src/stages/filter/row-tree.ts'
import { field, planOf } from './support.ts'

function withholding(path: readonly string[]): RowPlan {
  return planOf({ withhold: [{ name: 'secret', path }] })
}

function traits(at: RowPlan['at']): readonly boolean[] {
  const { countable, single } = rowTree(planOf({ at }))
  return [countable, single]
}

describe('the tree of a plan', () => {
  it('takes withheld fields that are keys, in lists too, and none that is an element', () => {
    for (const path of [['a'], ['a', 'b'], ['a', '*', 'b']]) {
      assert.ok(rowTree(withholding(path)).size > 0)
      assert.ok(lineTree(withholding(path)).size > 0)
    }
    for (const path of [[], ['*'], ['*', 'a'], ['a', '*']]) {
      assert.throws(() => rowTree(withholding(path)), TypeError, path.join('/'))
      assert.throws(() => lineTree(withholding(path)), TypeError, path.join('/'))
    }
  })

  it('takes no field that is the row itself', () => {
    const predicate = { reads: [field('row', [])], test: () => true }
    assert.throws(() => rowTree(planOf({ predicate })), TypeError)
  })

  it('takes no rows inside rows, and nothing kept or counted on the way to them', () => {
    const items = ['items', '*']
    const wrong: readonly Partial<RowPlan>[] = [
      { at: [items, items] },
      { at: [items, [...items, 'lines', '*']] },
      { at: [[...items, 'lines', '*'], items] },
      { at: [items], keep: [['items']] },
      { at: [items], keep: [[...items, 'name']] },
      { at: [items], keep: [[]] },
      { at: [items], keep: [['page'], ['page', 'size']] },
      { at: [items], keep: [['page']], total: { path: ['page'], policy: 'null' } },
      { at: [] },
    ]
    for (const changes of wrong) assert.throws(() => rowTree(planOf(changes)), TypeError, JSON.stringify(changes))
    const right: readonly Partial<RowPlan>[] = [
      { at: [items, ['groups', '*', 'items', '*']] },
      {
        at: [items],
        keep: [
          ['page', 'size'],
          ['page', 'next'],
        ],
        total: { path: ['total'], policy: 'null' },
      },
    ]
    for (const changes of right) assert.ok(rowTree(planOf(changes)).size > 0, JSON.stringify(changes))
  })

  it('counts rows under one pointer that ends in a list, and asks one row alone before the first byte', () => {
    assert.deepEqual(traits([['items', '*']]), [true, false])
    assert.deepEqual(traits([['items', '*', 'row']]), [false, false])
    assert.deepEqual(
      traits([
        ['items', '*'],
        ['more', '*'],
      ]),
      [false, false],
    )
    assert.deepEqual(traits([['data']]), [false, true])
    assert.deepEqual(traits([[]]), [false, true])
    assert.deepEqual(traits([['items', '*'], ['data']]), [false, true])
  })
})
