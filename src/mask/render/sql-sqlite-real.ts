import { compareDecimals, type Decimal, decimalText, parseDecimal } from '../decimal.ts'
import { isNegative, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { type Order, orderOf } from './sql-compare.ts'
import { constant, joinSql, parameter, type Sql, sql } from './sql-fragment.ts'
import { sqliteText } from './sql-sqlite.ts'

/** Compares a column of integers and reals; a real stands for the shortest decimal that is read as it. */
export function realTest(column: Sql, test: Test): Sql {
  const isNumber = sql`typeof(${column}) IN ('integer', 'real')`
  const operands = textsOf(test)
  const order = orderOf(test.operator)
  if (order === undefined && !isNegative(test.operator)) return sql`(${isNumber} AND ${isAmong(column, operands)})`
  const comparison =
    order === undefined ? sql`NOT (${isAmong(column, operands)})` : orderTest(column, order, textOf(test))
  const isFinite = sql`${column} > -9e999 AND ${column} < 9e999`
  const isWhole = sql`(typeof(${column}) = 'integer' OR ${column} = round(${column}))`
  const readable = test.field.type === 'integer' ? sql`${isFinite} AND ${isWhole}` : isFinite
  return sql`(${isNumber} AND ${comparison} AND ${readable})`
}

/** An integer that a double cannot hold is asked for among the integers alone, and its double among the reals. */
function isAmong(column: Sql, operands: readonly string[]): Sql {
  const either: Sql[] = []
  const safe = operands.filter(isSafeInteger)
  if (safe.length > 0) either.push(isInteger(column, safe))
  for (const text of operands.filter((operand) => !isSafeInteger(operand))) {
    if (fitsInt64(text)) either.push(sql`typeof(${column}) = 'integer' AND ${column} = ${integer(text)}`)
    if (isDouble(text)) either.push(sql`typeof(${column}) = 'real' AND ${column} = ${parameter(Number(text))}`)
  }
  return either.length === 0 ? sqliteText.falsehood : joinSql('OR', either)
}

function isInteger(column: Sql, integers: readonly string[]): Sql {
  const [only = '', ...others] = integers
  if (others.length === 0) return sql`${column} = ${integer(only)}`
  return sql`${column} IN (SELECT value FROM json_each(${parameter(`[${integers.join(',')}]`)}))`
}

function integer(text: string): Sql {
  return sql`CAST(${parameter(text)} AS INTEGER)`
}

function orderTest(column: Sql, order: Order, operand: string): Sql {
  if (isSafeInteger(operand)) return sql`${column} ${constant(order)} ${integer(operand)}`
  const decimal = decimalOf(operand)
  const isReal = isDouble(operand)
  const nearest = nearestDouble(operand)
  const away = compareDecimals(decimal, decimalOf(String(nearest)))
  const reals = sql`${column} ${isReal ? constant(order) : limit(order, away)} ${parameter(nearest)}`
  // Below 2^53 the double has no integer between itself and the operand.
  if (isReal && !Number.isInteger(nearest)) return reals
  const whole = fitsInt64(operand) ? constant(order) : limit(order, decimal.negative ? -1 : 1)
  const integers = sql`${column} ${whole} ${integer(String(truncate(decimal)))}`
  return sql`CASE typeof(${column}) WHEN 'integer' THEN ${integers} ELSE ${reals} END`
}

/** The sign for an operand that is no value of its kind and lies above (1) or below (-1) the value that stands for it. */
function limit(order: Order, side: number): Sql {
  const isUpward = order === '>' || order === '>='
  if (side > 0) return constant(isUpward ? '>' : '<=')
  return constant(isUpward ? '>=' : '<')
}

function decimalOf(text: string): Decimal {
  const decimal = parseDecimal(text)
  if (decimal === undefined) throw new TypeError('an operand is no number')
  return decimal
}

const maxInt64 = 2n ** 63n - 1n

/** Towards zero, and no further than an integer column reaches. */
function truncate({ negative, digits, exponent }: Decimal): bigint {
  const length = digits.length + exponent
  if (length > 19) return negative ? -maxInt64 - 1n : maxInt64
  const whole = BigInt(length <= 0 ? 0 : digits.slice(0, length).padEnd(length, '0'))
  if (negative) return whole > maxInt64 ? -maxInt64 - 1n : -whole
  return whole > maxInt64 ? maxInt64 : whole
}

/** Whether an integer column can hold what `text` spells; only plain integers are asked about. */
export function fitsInt64(text: string): boolean {
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) return false
  const value = BigInt(text)
  return value >= -maxInt64 - 1n && value <= maxInt64
}

function isSafeInteger(text: string): boolean {
  return fitsInt64(text) && Number.isSafeInteger(Number(text))
}

/** Whether a double is written back as the operand. Others lie between the doubles. */
function isDouble(text: string): boolean {
  const decimal = parseDecimal(String(Number(text)))
  return decimal !== undefined && decimalText(decimal) === text
}

function nearestDouble(text: string): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number(text)))
}
