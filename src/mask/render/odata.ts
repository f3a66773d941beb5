import type { FieldDeclaration } from '../language.ts'
import { MaskError } from '../mask-error.ts'
import { flagsOf, isNegative, signTest, textsOf } from '../operand.ts'
import { type Mask, type Node, type Test, truth } from '../predicate.ts'
import { exactly, type Range, type SpelledTest, spellTest } from './bounds.ts'
import { instantBounds } from './instant-bounds.ts'
import { doubleBounds } from './number-bounds.ts'
import { presenceOf, rewrittenRoot } from './rewrite.ts'

/**
 * A bound mask as an OData 4.0 `$filter`, not percent-encoded, that may stand beside `and` without parentheses. It takes
 * `string` and `id` to be Edm.String and compared exactly, `integer` a whole number, `number` Edm.Double or Edm.Decimal,
 * `date` Edm.Date, `datetime` Edm.DateTimeOffset with three digits or more, `string[]` a collection of Edm.String. Never
 * narrower than the predicate; the same on such values, but for the order of strings, which is the service's own: any
 * string is let through. Throws `MaskError` for a field whose path has a name that is no OData identifier.
 */
export function renderOdata(mask: Mask): string {
  return expressionOf(rewrittenRoot(mask, sayable))
}

function sayable(test: Test): Node {
  const { type } = test.field
  if (type === 'string' && signTest(test.operator) !== undefined) return presenceOf(test)
  // No collection is null, and an absent one is empty.
  return type === 'string[]' && test.operator === '$exists' && flagsOf(test).includes(true) ? truth : test
}

function expressionOf(node: Node): string {
  switch (node.kind) {
    case 'true':
      return 'true'
    case 'false':
    case 'unknown':
      return 'false'
    case 'test':
      return testExpression(node)
    case 'and':
      return node.children.map(expressionOf).join(' and ')
    case 'or':
      return anyOf(node.children.map(expressionOf))
  }
}

function testExpression(test: Test): string {
  const path = pathOf(test.field)
  if (test.field.type === 'string[]') return collectionExpression(path, test)
  if (test.operator === '$exists') return `${path} ${flagsOf(test).includes(true) ? 'ne' : 'eq'} null`
  if (test.field.type === 'boolean') {
    const flags = flagsOf(test).map(String)
    return isNegative(test.operator) ? besides(path, flags) : anyOf(flags.map((flag) => `${path} eq ${flag}`))
  }
  return spelledExpression(path, spelledFor(test), literalOf(test))
}

/** Names of the grammar that a property's name could be taken for. */
const reserved: ReadonlySet<string> = new Set(['null', 'true', 'false', 'not', 'and', 'or', 'NaN', 'INF'])
const identifier = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}$/u

function pathOf({ name, path }: FieldDeclaration): string {
  if (path.length === 0 || !path.every((token) => identifier.test(token) && !reserved.has(token))) {
    throw new MaskError([{ path: name, message: 'its place in the row cannot be named in OData' }])
  }
  return path.join('/')
}

function collectionExpression(path: string, test: Test): string {
  if (test.operator === '$exists') return `not ${path}/any()`
  const items = textsOf(test).map((text) => `x eq ${quoted(text)}`)
  return `${test.operator === '$hasNone' ? 'not ' : ''}${path}/any(x:${items.join(' or ')})`
}

function spelledFor(test: Test): SpelledTest {
  switch (test.field.type) {
    case 'number':
      return spellTest(test, doubleBounds)
    case 'datetime':
      return spellTest(test, (operand) => instantBounds(operand, 3))
    case 'string':
    case 'id':
    case 'integer':
    case 'date':
    case 'boolean':
    case 'string[]':
      return spellTest(test, exactly)
  }
}

function literalOf({ field }: Test): (text: string) => string {
  return field.type === 'string' || field.type === 'id' ? quoted : (text) => text
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function spelledExpression(path: string, spelled: SpelledTest, literal: (text: string) => string): string {
  switch (spelled.kind) {
    case 'among':
      return anyOf([
        ...spelled.exact.map((text) => `${path} eq ${literal(text)}`),
        ...spelled.ranges.map((range) => rangeExpression(path, range, literal)),
      ])
    case 'besides':
      return besides(path, spelled.exact.map(literal))
    case 'range':
      return rangeExpression(path, spelled.range, literal)
    case 'prefix':
      return `startswith(${path},${quoted(spelled.prefix)})`
  }
}

const sides = { gt: 'gt', gte: 'ge', lt: 'lt', lte: 'le' } as const

/** A comparison with null is false. */
function rangeExpression(path: string, range: Range, literal: (text: string) => string): string {
  const limits = (['gt', 'gte', 'lt', 'lte'] as const).flatMap((side) => {
    const text = range[side]
    return text === undefined ? [] : [`${path} ${sides[side]} ${literal(text)}`]
  })
  return limits.length === 0 ? `${path} ne null` : limits.join(' and ')
}

/** `ne` is true for null. */
function besides(path: string, literals: readonly string[]): string {
  return [...literals, 'null'].map((literal) => `${path} ne ${literal}`).join(' and ')
}

/** In parentheses, since `and` binds its neighbours first. */
function anyOf(expressions: readonly string[]): string {
  return expressions.length === 1 ? (expressions[0] ?? '') : `(${expressions.join(' or ')})`
}
