import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { field, planOf, runCore, runJson } from '../support.ts'

const isOurs = { reads: [field('account')], test: ([account]: readonly unknown[]) => account === 'acme' }
const withhold = [
  { name: 'price', path: ['lines', '*', 'price'] },
  { name: 'cost', path: ['lines', '*', 'cost'] },
]
const line = { price: [1, '}', { price: 2 }], id: 7, cost: 'x' }
const without = { removed: { id: 7 }, null: { price: null, id: 7, cost: null } } as const

function row(account: string, lines: number, of: unknown): string {
  return JSON.stringify({ account, lines: Array.from({ length: lines }, () => of) })
}

describe('fields that are taken out of one row', () => {
  for (const withheldAs of ['removed', 'null'] as const)
    for (const lines of [0, 1, 2, 3, 255, 256, 257, 511, 600, 1100])
      it(`are ${withheldAs} in each of ${lines} lines, by the core and without it`, () => {
        const plan = planOf({ at: [['*']], predicate: isOurs, withhold, withheldAs })
        // A row that is refused leaves nothing to the next.
        const body = `[${row('acme', 2, line)},${row('beta', lines, line)},${row('acme', lines, line)}]`
        const expected = `[${row('acme', 2, without[withheldAs])},${row('acme', lines, without[withheldAs])}]`
        const middle = body.length - Math.floor((lines * 40) / 2)
        for (const cuts of [[], [middle], [100, middle, middle + 11]])
          for (const run of [runJson, runCore]) assert.equal(run(plan, body, cuts).text, expected)
      })
})
