import { parseDecimal } from '../decimal.ts'
import { isNegative, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { type Order, orderOf } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'
import { instantOfEpoch, sqliteText } from './sql-sqlite.ts'

/**
 * A JSON number has a key: its sign, its magnitude (where the first digit stands) and its digits without zeros around
 * them. Equal numbers have equal keys, and keys of one sign are ordered as their numbers are without it. SQLite has no
 * type that would compare the numbers themselves exactly.
 */
function keyOf(text: string): string {
  const decimal = parseDecimal(text)
  if (decimal === undefined) throw new TypeError('an operand is no number')
  if (decimal.digits === '') return '0'
  return `${decimal.negative ? '-' : '+'}${decimal.digits.length + decimal.exponent + 500}${decimal.digits}`
}

/** Compares a JSON number, given as its text or NULL. */
export function numberTest(raw: Sql, test: Test): Sql {
  const isWhole = test.field.type === 'integer' ? ' AND g >= length(d)' : ''
  const key = `CASE WHEN d = '' THEN '0' WHEN g BETWEEN -323 AND 309${isWhole} THEN printf('%s%d', sign, g + 500) || d END`
  const left = sql`(SELECT ${constant(key)} FROM ${partsOf(raw)})`
  const order = orderOf(test.operator)
  if (order !== undefined) return orderTest(left, order, textOf(test))
  const isAmong = sqliteText.isOneOf(left, textsOf(test).map(keyOf))
  return isNegative(test.operator) ? sql`NOT (${isAmong})` : isAmong
}

/** The instant of a JSON number of milliseconds, given as its text or NULL. */
export function instantOfNumber(raw: Sql): Sql {
  const zeros = "substr('000000000000000', 1, g - length(d))"
  const ms = `CASE WHEN d = '' THEN 0 WHEN g BETWEEN length(d) AND 15 THEN CAST(sign || d || ${zeros} AS INTEGER) END`
  return instantOfEpoch(sql`(SELECT ${constant(ms)} FROM ${partsOf(raw)})`)
}

/** A select of `sign`, the magnitude `g` and the digits `d`. An exponent beyond all integers gives a `g` that is none. */
function partsOf(raw: Sql): Sql {
  const read = sql`(SELECT ${raw} AS r LIMIT 1)`
  const unsigned = "ltrim(r, '-') AS a, instr(lower(r), 'e') - (substr(r, 1, 1) = '-') AS e"
  const split = sql`(SELECT CASE substr(r, 1, 1) WHEN '-' THEN '-' ELSE '+' END AS sign, ${constant(unsigned)} FROM ${read} WHERE length(r) <= 128 LIMIT 1)`
  const mantissa = 'CASE WHEN e > 0 THEN substr(a, 1, e - 1) ELSE a END AS m'
  const power = 'CASE WHEN e > 0 THEN CAST(substr(a, e + 1) AS INTEGER) ELSE 0 END AS x'
  const scaled = sql`(SELECT sign, ${constant(mantissa)}, ${constant(power)} FROM ${split} LIMIT 1)`
  const point = "x + CASE instr(m, '.') WHEN 0 THEN 0 ELSE instr(m, '.') - length(m) END AS x"
  const significant = sql`(SELECT sign, ltrim(replace(m, '.', ''), '0') AS s, ${constant(point)} FROM ${scaled} LIMIT 1)`
  return sql`(SELECT sign, x + length(s) AS g, rtrim(s, '0') AS d FROM ${significant} LIMIT 1)`
}

/**
 * Says in which range the key is, or is not. The keys of one sign end before its `~`; from a key, strictly, is from the
 * key with a zero after it, which is no key.
 */
function orderTest(left: Sql, order: Order, operand: string): Sql {
  const key = keyOf(operand)
  const isBelow = order === '<' || order === '<='
  const isStrict = order === '<' || order === '>'
  if (key === '0') return inRange(left, isBelow === isStrict ? '-' : '+', '', isStrict)
  const sign = key.slice(0, 1)
  const isAway = isBelow === (sign === '-')
  return inRange(left, sign, isAway === isStrict ? `${key.slice(1)}0` : key.slice(1), isAway)
}

function inRange(left: Sql, sign: string, from: string, wanted: boolean): Sql {
  const between = constant(wanted ? 'BETWEEN' : 'NOT BETWEEN')
  return sql`${left} ${between} ${parameter(sign + from)} AND ${parameter(`${sign}~`)}`
}
