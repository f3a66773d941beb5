import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Formula, RowPredicate } from '../../../../src/mask/language.ts'
import { field, planOf, runCore, runJson } from '../support.ts'

const [yes, no]: readonly [Formula, Formula] = [{ kind: 'true' }, { kind: 'false' }]
const leaves: readonly Formula[] = [0, 1, 2].map((leaf) => ({ kind: 'leaf', leaf }))

function and(...children: readonly Formula[]): Formula {
  return { kind: 'and', children }
}

function or(...children: readonly Formula[]): Formula {
  return { kind: 'or', children }
}

function holds(formula: Formula, facts: readonly boolean[]): boolean {
  switch (formula.kind) {
    case 'true':
      return true
    case 'false':
      return false
    case 'leaf':
      return facts[formula.leaf] === true
    case 'and':
      return formula.children.every((child) => holds(child, facts))
    case 'or':
      return formula.children.some((child) => holds(child, facts))
  }
}

function isTrue(value: unknown): boolean {
  return value === true
}

function predicateOf(formula: Formula): RowPredicate {
  return {
    reads: [field('a'), field('b'), field('c')],
    test: (values) => holds(formula, values.map(isTrue)),
    parts: { leaves: [0, 1, 2].map((slot) => ({ slot, test: isTrue })), formula },
  }
}

const [a = yes, b = yes, c = yes] = leaves
const formulas: readonly Formula[] = [
  yes,
  no,
  a,
  c,
  and(),
  or(),
  and(a),
  or(b),
  and(a, b, c),
  or(a, b, c),
  and(a, or(b, c)),
  or(and(a, b), c),
  or(a, and(b, c)),
  and(or(a, b), c),
  and(a, yes),
  and(yes, a),
  or(a, no),
  or(no, a),
  and(a, no),
  or(yes, a),
  and(a, and(), or(b, or())),
  or(and(a, yes, b), and(no, c)),
  and(or(no, a), or(b, no), yes),
  and(b, or(no, and(a, or(c, no)))),
]

describe('a formula of tests', () => {
  for (const formula of formulas)
    it(`permits by the core what it permits as a whole: ${JSON.stringify(formula)}`, () => {
      const predicate = predicateOf(formula)
      const plan = planOf({ at: [['*']], predicate })
      for (let facts = 0; facts < 8; facts++) {
        const [first, second, third] = [1, 2, 4].map((bit) => (facts & bit) !== 0)
        const row = `{"a":${first},"b":${second},"c":${third}}`
        const expected = holds(formula, [first === true, second === true, third === true]) ? `[${row}]` : '[]'
        assert.equal(runCore(plan, `[${row}]`).text, expected, row)
        assert.equal(runJson(plan, `[${row}]`).text, expected, row)
      }
    })
})
