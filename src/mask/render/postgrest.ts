import type { FieldDeclaration } from '../language.ts'
import { MaskError } from '../mask-error.ts'
import { flagsOf, isNegative, signTest, textsOf } from '../operand.ts'
import { falsehood, type Mask, test as makeTest, type Node, type Test, takesList } from '../predicate.ts'
import { fitsInUtf8 } from '../text.ts'
import { exactly, type Range, type SpelledTest, spellTest } from './bounds.ts'
import { instantBounds } from './instant-bounds.ts'
import { doubleBounds } from './number-bounds.ts'
import { presenceOf, rewrittenRoot } from './rewrite.ts'

/**
 * A bound mask as one condition for the brackets of PostgREST's `and=( )`, not percent-encoded. The first name of a
 * field's path is a column, of the type that suits the field: `text`, any number, `boolean`, `date`, `timestamptz`,
 * `text[]`; further names lead into a `jsonb` column. Never narrower than the predicate and the same on such values, but
 * for the order of strings, which is the collation's, and times inside a document: any value is let through. Throws
 * `MaskError` for a field that no column can be named for.
 */
export function renderPostgrest(mask: Mask): string {
  return conditionOf(rewrittenRoot(mask, sayable))
}

function sayable(test: Test): Node {
  if (test.operator === '$exists') return test
  const { type, path } = test.field
  if (type === 'string' && signTest(test.operator) !== undefined) return presenceOf(test)
  if (type === 'datetime' && path.length > 1) return presenceOf(test)
  return type === 'boolean' ? test : withoutNul(test)
}

/** No text of PostgreSQL holds U+0000, and a literal that does is an error. */
function withoutNul(test: Test): Node {
  const texts = textsOf(test)
  const storable = texts.filter((text) => !text.includes('\0'))
  if (storable.length === texts.length) return test
  if (!takesList(test.operator) || storable.length === 0)
    return isNegative(test.operator) ? presenceOf(test) : falsehood
  return makeTest(test.field, test.operator, { kind: 'list', values: storable })
}

function conditionOf(node: Node): string {
  switch (node.kind) {
    // Every relation answers to this name, and no row's answer is null.
    case 'true':
      return 'or(pg_typeof.is.null,pg_typeof.not.is.null)'
    case 'false':
    case 'unknown':
      return 'and(pg_typeof.is.null,pg_typeof.not.is.null)'
    case 'test':
      return testCondition(node)
    case 'and':
      return allOf(node.children.map(conditionOf))
    case 'or':
      return anyOf(node.children.map(conditionOf))
  }
}

function testCondition(test: Test): string {
  const column = columnOf(test.field)
  if (test.operator === '$exists') return flagsOf(test).includes(true) ? present(column) : `${column.text}.is.null`
  if (test.field.type === 'string[]') return column.nested ? itemCondition(column, test) : listCondition(column, test)
  return spelledCondition(column, spelledFor(test), test)
}

interface Column {
  /** As text, and of its own type: the same, but for what is inside a document. */
  readonly text: string
  readonly value: string
  readonly nested: boolean
}

/** PostgreSQL cuts names after 63 bytes, and one that is cut may be another's. */
function columnOf({ name, path }: FieldDeclaration): Column {
  const [first = '', ...rest] = path
  if (first === '' || !fitsInUtf8(first, 63) || path.some((token) => token.includes('\0'))) {
    throw new MaskError([{ path: name, message: 'no column can be named for its place in the row' }])
  }
  const column = nameText(first)
  if (rest.length === 0) return { text: column, value: column, nested: false }
  const parents = [column, ...rest.slice(0, -1).map(nameText)].join('->')
  const last = nameText(rest.at(-1) ?? '')
  return { text: `${parents}->>${last}`, value: `${parents}->${last}`, nested: true }
}

const words: ReadonlySet<string> = new Set(['and', 'or', 'not'])

function nameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !words.has(name) ? name : quoted(name)
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function present({ text }: Column): string {
  return `${text}.not.is.null`
}

function listCondition({ value }: Column, test: Test): string {
  const items = quoted(`{${textsOf(test).map(quoted).join(',')}}`)
  return `${value}.${test.operator === '$hasNone' ? 'not.' : ''}ov.${items}`
}

function itemCondition(column: Column, test: Test): string {
  const items = textsOf(test).map((text) => quoted(JSON.stringify([text])))
  if (test.operator !== '$hasNone') return anyOf(items.map((item) => `${column.value}.cs.${item}`))
  return allOf([present(column), ...items.map((item) => `${column.value}.not.cs.${item}`)])
}

function spelledFor(test: Test): SpelledTest {
  switch (test.field.type) {
    case 'number':
      return spellTest(test, test.field.path.length > 1 ? exactly : doubleBounds)
    case 'datetime':
      return spellTest(test, (operand) => instantBounds(operand, 6))
    case 'boolean': {
      const exact = flagsOf(test).map(String)
      return isNegative(test.operator) ? { kind: 'besides', exact } : { kind: 'among', exact, ranges: [] }
    }
    case 'string':
    case 'id':
    case 'integer':
    case 'date':
    case 'string[]':
      return spellTest(test, exactly)
  }
}

function spelledCondition(column: Column, spelled: SpelledTest, { field }: Test): string {
  const isText = !column.nested || field.type === 'string' || field.type === 'id' || field.type === 'date'
  const name = isText ? column.text : column.value
  // In a document null is a value, the least of all.
  const guarded = (condition: string): string => (isText ? condition : allOf([present(column), condition]))
  switch (spelled.kind) {
    case 'among': {
      const ranges = spelled.ranges.map((range) => rangeCondition(name, range))
      return anyOf([...(spelled.exact.length === 0 ? [] : [memberCondition(name, spelled.exact)]), ...ranges])
    }
    case 'besides':
      if (spelled.exact.length === 0) return present(column)
      return guarded(memberCondition(name, spelled.exact, true))
    case 'range':
      return Object.keys(spelled.range).length === 0 ? present(column) : guarded(rangeCondition(name, spelled.range))
    case 'prefix':
      return prefixCondition(name, spelled.prefix)
  }
}

/** A list of one empty text would be taken for an empty list. */
function memberCondition(name: string, texts: readonly string[], isNegated = false): string {
  const [only = ''] = texts
  if (texts.length === 1) return `${name}.${isNegated ? 'neq' : 'eq'}.${quoted(only)}`
  return `${name}.${isNegated ? 'not.' : ''}in.(${texts.map(quoted).join(',')})`
}

function rangeCondition(name: string, range: Range): string {
  return allOf(Object.entries(range).map(([side, text]) => `${name}.${side}.${quoted(text)}`))
}

/** `like` takes every `*` for a wildcard, also an escaped one. */
function prefixCondition(name: string, prefix: string): string {
  if (!prefix.includes('*')) return `${name}.like.${quoted(`${prefix.replace(/[\\%_]/g, '\\$&')}*`)}`
  return `${name}.match.${quoted(`^${prefix.replace(/[!-/:-@[-`{-~]/g, '\\$&')}`)}`
}

function allOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? (conditions[0] ?? '') : `and(${conditions.join(',')})`
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? (conditions[0] ?? '') : `or(${conditions.join(',')})`
}
