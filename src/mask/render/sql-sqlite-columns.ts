import { flagsOf, isNegative, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { textAfterAll } from '../text.ts'
import { compareText, orderOf, permittedFlags, type SqlWriter } from './sql-compare.ts'
import { constant, joinSql, parameter, type Sql, sql } from './sql-fragment.ts'
import {
  instantOfEpoch,
  instantOfText,
  isCalendarDate,
  isJson,
  listTest,
  readsEscapes,
  sqliteText,
} from './sql-sqlite.ts'
import { fitsInt64, realTest } from './sql-sqlite-real.ts'

/**
 * For columns that hold: `string` text; `id` text or integers; `integer` and `number` integers or reals; `boolean` 0 or
 * 1; `date` text; `datetime` RFC 3339 as text or milliseconds; `string[]` a JSON array as text. A value of another
 * storage class is unknown, whatever type the column was declared with. A real is the shortest decimal that is read as it.
 */
export class SqliteColumns implements SqlWriter {
  readonly truth = constant('1=1')
  readonly falsehood = sqliteText.falsehood
  readonly #columnOf: (test: Test) => Sql

  constructor(columnOf: (test: Test) => Sql) {
    this.#columnOf = columnOf
  }

  guarded(condition: Sql): Sql {
    return condition
  }

  test(test: Test): Sql {
    const column = this.#columnOf(test)
    if (test.operator === '$exists') return existsTest(column, test)
    switch (test.field.type) {
      case 'string':
        return textTest(column, test)
      case 'id':
        return idTest(column, test)
      case 'date':
        return dateTest(column, test)
      case 'datetime':
        return compareText(instantOf(column), test, sqliteText, (text) => text.slice(0, -1))
      case 'integer':
      case 'number':
        return realTest(column, test)
      case 'boolean':
        return booleanTest(column, test)
      case 'string[]':
        return arrayTest(column, test)
    }
  }
}

function existsTest(column: Sql, test: Test): Sql {
  const wanted = flagsOf(test).includes(true)
  if (test.field.type !== 'string[]') return wanted ? sql`${column} IS NOT NULL` : sql`${column} IS NULL`
  const isNull = sql`CASE WHEN ${isJson(column)} THEN json_type(${column}) = 'null' ELSE ${column} IS NULL END`
  return wanted ? sql`NOT (${isNull})` : isNull
}

/** Where texts are ordered, an index is asked for a range first, and then the text itself for the truth. */
function textTest(column: Sql, test: Test): Sql {
  const range = rangeOf(column, test)
  const text = range.length === 0 ? column : sql`(${column} || '')`
  return joinSql('AND', [sql`typeof(${column}) = 'text'`, ...range, compareText(text, test, sqliteText)])
}

/**
 * A column that was declared `STRING` takes an operand '5' for the number, which stands before every text: that takes no
 * text from a range that begins there, and a range must not end there.
 */
function rangeOf(column: Sql, test: Test): readonly Sql[] {
  const order = orderOf(test.operator)
  const isPrefix = test.operator === '$prefix'
  if (order === undefined && !isPrefix) return []
  const operand = textOf(test)
  const isUpward = order === '>' || order === '>='
  const end = isPrefix ? textAfterAll(operand) : operand
  const from = sql`${column} COLLATE BINARY >= ${parameter(operand)}`
  const to = end === undefined ? [] : [sql`${column} COLLATE BINARY < ${parameter(`${end}~`)}`]
  return [...(isPrefix || isUpward ? [from] : []), ...(isUpward ? [] : to)]
}

/** What the first of the two finds by an index, the second finds to be true: an integer column takes '07' for 7. */
function idTest(column: Sql, test: Test): Sql {
  const key = sql`CASE typeof(${column}) WHEN 'text' THEN ${column} WHEN 'integer' THEN CAST(${column} AS TEXT) END`
  const exact = compareText(key, test, sqliteText)
  if (test.operator !== '$eq' && test.operator !== '$in') return exact
  const operands = textsOf(test)
  const integers = operands.filter(fitsInt64)
  const spelled = [...operands.map((text) => JSON.stringify(text)), ...integers].join(',')
  return sql`(${column} IN (SELECT value FROM json_each(${parameter(`[${spelled}]`)})) AND ${exact})`
}

function dateTest(column: Sql, test: Test): Sql {
  const comparison = sql`typeof(${column}) = 'text' AND ${compareText(column, test, sqliteText)}`
  const isPositive = orderOf(test.operator) === undefined && !isNegative(test.operator)
  return isPositive ? sql`(${comparison})` : sql`(${comparison} AND ${isCalendarDate(column)})`
}

function instantOf(column: Sql): Sql {
  const whole = sql`CASE WHEN ${column} = CAST(${column} AS INTEGER) THEN CAST(${column} AS INTEGER) END`
  return sql`CASE typeof(${column}) WHEN 'text' THEN ${instantOfText(column)} WHEN 'blob' THEN NULL ELSE ${instantOfEpoch(whole)} END`
}

function booleanTest(column: Sql, test: Test): Sql {
  const [only, ...others] = permittedFlags(test)
  if (only === undefined) return sqliteText.falsehood
  const wanted = others.length === 0 ? sql`= ${parameter(only ? 1 : 0)}` : constant('IN (0, 1)')
  return sql`(typeof(${column}) = 'integer' AND ${column} ${wanted})`
}

/** The column gets a name of ours, as documents do. */
function arrayTest(column: Sql, test: Test): Sql {
  const list = constant('v')
  const among = listTest(list, textsOf(test), !isNegative(test.operator))
  const isArray = sql`CASE WHEN ${isJson(list)} THEN json_type(v) = 'array' END`
  return sql`(SELECT CASE WHEN ${readsEscapes} AND ${isArray} THEN ${among} END FROM (SELECT ${column} AS v LIMIT 1))`
}
