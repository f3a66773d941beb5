import { flagsOf, isNegative, textsOf } from '../operand.ts'
import type { Operator, Test } from '../predicate.ts'
import { textAfterAll } from '../text.ts'
import { constant, type Sql, sql } from './sql-fragment.ts'

/** Writes the tests of a mask in one dialect for rows that are kept one way. */
export interface SqlWriter {
  readonly truth: Sql
  readonly falsehood: Sql
  /** TRUE where the test holds; FALSE or NULL where it does not, and never an error. */
  test(test: Test): Sql
  /** The whole condition, where rows have to be looked at before any test may. */
  guarded(condition: Sql, tests: readonly Test[]): Sql
}

/** How a dialect compares texts by code point. */
export interface TextSyntax {
  readonly falsehood: Sql
  /** Follows what is compared: nothing but the order of the bytes counts. */
  readonly collation: Sql
  /** False where no text can hold U+0000, and a parameter that does is an error. */
  readonly holdsNul: boolean
  operand(text: string): Sql
  /** Whether `left` is one of the texts. */
  isOneOf(left: Sql, texts: readonly string[]): Sql
}

/** Compares `key`, the spelling that a value has in its type (NULL = unknown), as `test` says. */
export function compareText(key: Sql, test: Test, syntax: TextSyntax, keyOf = (text: string): string => text): Sql {
  const written = textsOf(test).map(keyOf)
  const left = sql`${key}${syntax.collation}`
  const order = orderOf(test.operator)
  if (order !== undefined) return compareOrder(left, order, written, syntax)
  const operands = written.filter((text) => syntax.holdsNul || !text.includes('\0'))
  if (test.operator === '$prefix') return comparePrefix(left, operands, syntax)
  if (isNegative(test.operator)) return operands.length === 0 ? sql`${key} IS NOT NULL` : isNone(left, operands, syntax)
  return operands.length === 0 ? syntax.falsehood : isAny(left, operands, syntax)
}

/** Whether a text is one of the operands of a test. */
export function isAny(left: Sql, operands: readonly string[], syntax: TextSyntax): Sql {
  const [only, ...others] = operands
  if (only === undefined) return syntax.falsehood
  return others.length === 0 ? sql`${left} = ${syntax.operand(only)}` : syntax.isOneOf(left, operands)
}

function isNone(left: Sql, operands: readonly string[], syntax: TextSyntax): Sql {
  const [only, ...others] = operands
  if (only !== undefined && others.length === 0) return sql`${left} <> ${syntax.operand(only)}`
  return sql`NOT (${syntax.isOneOf(left, operands)})`
}

export type Order = '>' | '>=' | '<' | '<='

/** The sign of an operator that compares; undefined for the others. */
export function orderOf(operator: Operator): Order | undefined {
  switch (operator) {
    case '$gt':
      return '>'
    case '$gte':
      return '>='
    case '$lt':
      return '<'
    case '$lte':
      return '<='
    case '$eq':
    case '$ne':
    case '$in':
    case '$nin':
    case '$prefix':
    case '$exists':
    case '$has':
    case '$hasAny':
    case '$hasNone':
      return undefined
  }
}

/** The sign for an operand that was rounded down to one that values can have: they are above it, or not. */
export function orderOfRounded(order: Order): Order {
  return order === '>' || order === '>=' ? '>' : '<='
}

function compareOrder(left: Sql, order: Order, [operand = '']: readonly string[], syntax: TextSyntax): Sql {
  const end = syntax.holdsNul ? -1 : operand.indexOf('\0')
  // Texts without U+0000 lie on the same side of an operand as of what stands before its first one.
  if (end >= 0) {
    return sql`${left} ${constant(orderOfRounded(order))} ${syntax.operand(operand.slice(0, end))}`
  }
  return sql`${left} ${constant(order)} ${syntax.operand(operand)}`
}

/** As a range, which an index can answer and in which no character is a wildcard. */
function comparePrefix(left: Sql, [prefix]: readonly string[], syntax: TextSyntax): Sql {
  if (prefix === undefined) return syntax.falsehood
  const from = sql`${left} >= ${syntax.operand(prefix)}`
  const end = textAfterAll(prefix)
  return end === undefined ? from : sql`(${from} AND ${left} < ${syntax.operand(end)})`
}

/** The truth values that a test on a boolean field permits. */
export function permittedFlags(test: Test): readonly boolean[] {
  const operands = flagsOf(test)
  return [true, false].filter((flag) => operands.includes(flag) !== isNegative(test.operator))
}
