import { isNegative, textOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { type Order, orderOf } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'
import { arrayParameter, postgresText } from './sql-postgres.ts'

/** A column type, and between which of its values JSON has the same. */
interface Range {
  readonly type: string
  readonly first: Sql
  readonly last: Sql
}

export const days: Range = {
  type: 'date',
  first: constant("DATE '0001-01-01'"),
  last: constant("DATE '9999-12-31'"),
}

export const instants: Range = {
  type: 'timestamptz',
  first: constant("TIMESTAMPTZ '0001-01-01 00:00:00Z'"),
  last: constant("TIMESTAMPTZ '9999-12-31 23:59:59.999999Z'"),
}

/** Compares with those operands that the column can hold; what lies outside of the range is unknown. */
export function rangeTest(column: Sql, test: Test, operands: readonly string[], range: Range): Sql {
  const order = orderOf(test.operator)
  if (order !== undefined) return rangeOrderTest(column, order, textOf(test), range)
  if (!isNegative(test.operator)) return isOneOf(column, operands, range.type)
  return sql`(${isNoneOf(column, operands, range.type)} AND ${column} >= ${range.first} AND ${column} <= ${range.last})`
}

export function rangeOrderTest(column: Sql, order: Order, operand: string, { type, first, last }: Range): Sql {
  const isUpward = order === '>' || order === '>='
  const inRange = isUpward ? sql`${column} <= ${last}` : sql`${column} >= ${first}`
  return sql`(${compare(column, order, operand, type)} AND ${inRange})`
}

export function compare(column: Sql, order: Order, operand: string, type: string): Sql {
  return sql`${column} ${constant(order)} ${parameter(operand, type)}`
}

export function isOneOf(column: Sql, operands: readonly string[], type: string): Sql {
  const [only, ...others] = operands
  if (only === undefined) return postgresText.falsehood
  if (others.length === 0) return sql`${column} = ${parameter(only, type)}`
  return sql`${column} = ANY (${arrayParameter(operands, `${type}[]`)})`
}

export function isNoneOf(column: Sql, operands: readonly string[], type: string): Sql {
  const [only, ...others] = operands
  if (only === undefined) return sql`${column} IS NOT NULL`
  if (others.length === 0) return sql`${column} <> ${parameter(only, type)}`
  return sql`${column} <> ALL (${arrayParameter(operands, `${type}[]`)})`
}
