import { type FieldDeclaration, JsonNumber } from '../language.ts'
import { flagsOf, isNegative, textsOf } from '../operand.ts'
import { type Mask, type Node, type Test, truth } from '../predicate.ts'
import { exactly, type Range, type SpelledTest, spellTest } from './bounds.ts'
import { instantBounds, partsOf } from './instant-bounds.ts'
import { doubleBounds, longBounds } from './number-bounds.ts'
import { rewrittenRoot } from './rewrite.ts'

type Clause = Readonly<Record<string, unknown>>

/**
 * A bound mask as one clause for the filter context of an Elasticsearch query. It takes the mapping to be `keyword` for
 * `string`, `id` and `string[]`, `long` for `integer`, `double` for `number`, `boolean`, and `date` for `date` and
 * `datetime`, without a normalizer, an `ignore_above` shorter than the values, or another format. Never narrower than
 * the predicate on what such an index keeps, and the same on values in the usual spelling of their type. An index knows
 * no empty list: for it such a field is absent. Numbers are `JsonNumber`s and have to be written as they are spelled.
 */
export function renderElasticsearch(mask: Mask): Clause {
  return clauseOf(rewrittenRoot(mask, sayable))
}

function sayable(test: Test): Node {
  // An empty list is not told from an absent one: what holds for either is let through.
  const asksForList = test.field.type === 'string[]' && test.operator === '$exists' && flagsOf(test).includes(true)
  return asksForList || !canName(test.field) ? truth : test
}

/** A dot divides names and `*` stands for many of them. */
function canName({ path }: FieldDeclaration): boolean {
  return path.length > 0 && path.every((token) => /^[^.*\0]+$/.test(token) && token.trim() !== '')
}

function clauseOf(node: Node): Clause {
  switch (node.kind) {
    case 'true':
      return { match_all: {} }
    case 'false':
    case 'unknown':
      return { match_none: {} }
    case 'test':
      return testClause(node)
    case 'and':
      return { bool: { filter: node.children.map(clauseOf) } }
    case 'or':
      return anyOf(node.children.map(clauseOf))
  }
}

function testClause(test: Test): Clause {
  const name = test.field.path.join('.')
  if (test.operator === '$exists') return flagsOf(test).includes(true) ? present(name) : absent(name)
  if (test.field.type === 'string[]') return listClause(name, test)
  if (test.field.type === 'boolean') {
    const flags = flagsOf(test)
    return isNegative(test.operator) ? besides(name, flags) : member(name, flags)
  }
  return spelledClause(name, spelledFor(test), valueOf(test))
}

/** Without a guard under `$hasNone`, since an empty list is absent. */
function listClause(name: string, test: Test): Clause {
  const matched = member(name, textsOf(test))
  return test.operator === '$hasNone' ? { bool: { must_not: [matched] } } : matched
}

function spelledFor(test: Test): SpelledTest {
  switch (test.field.type) {
    case 'integer':
      return spellTest(test, longBounds)
    case 'number':
      return spellTest(test, doubleBounds)
    case 'datetime':
      return spellTest(test, (operand) => instantBounds(operand, 3))
    case 'string':
    case 'id':
    case 'date':
    case 'boolean':
    case 'string[]':
      return spellTest(test, exactly)
  }
}

function valueOf({ field }: Test): (text: string) => unknown {
  if (field.type === 'integer' || field.type === 'number') return (text) => new JsonNumber(text)
  return field.type === 'datetime' ? withMilliseconds : (text) => text
}

/** In a range the parts that a time lacks are rounded, up or down as the side wants. */
function withMilliseconds(instant: string): string {
  const { second, fraction } = partsOf(instant)
  return `${second}.${fraction.padEnd(3, '0')}Z`
}

function spelledClause(name: string, spelled: SpelledTest, value: (text: string) => unknown): Clause {
  switch (spelled.kind) {
    case 'among': {
      const exact = spelled.exact.length === 0 ? [] : [member(name, spelled.exact.map(value))]
      return anyOf([...exact, ...spelled.ranges.map((range) => rangeClause(name, range, value))])
    }
    case 'besides':
      return besides(name, spelled.exact.map(value))
    case 'range':
      return rangeClause(name, spelled.range, value)
    case 'prefix':
      return { prefix: { [name]: { value: spelled.prefix } } }
  }
}

function rangeClause(name: string, range: Range, value: (text: string) => unknown): Clause {
  const limits = Object.entries(range).map(([side, text]) => [side, value(text)])
  return limits.length === 0 ? present(name) : { range: { [name]: Object.fromEntries(limits) } }
}

function member(name: string, values: readonly unknown[]): Clause {
  return values.length === 1 ? { term: { [name]: { value: values[0] } } } : { terms: { [name]: values } }
}

function besides(name: string, values: readonly unknown[]): Clause {
  if (values.length === 0) return present(name)
  return { bool: { filter: [present(name)], must_not: [member(name, values)] } }
}

function present(name: string): Clause {
  return { exists: { field: name } }
}

function absent(name: string): Clause {
  return { bool: { must_not: [present(name)] } }
}

function anyOf(clauses: readonly Clause[]): Clause {
  const [only] = clauses
  return clauses.length === 1 && only !== undefined ? only : { bool: { should: clauses, minimum_should_match: 1 } }
}
