import { isIntegral, parseDecimal } from '../decimal.ts'
import { flagsOf, isNegative, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { compareText, isAny, orderOf, orderOfRounded, permittedFlags, type SqlWriter } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'
import { arrayParameter, postgresText, storable } from './sql-postgres.ts'
import { compare, days, instants, isNoneOf, isOneOf, rangeOrderTest, rangeTest } from './sql-postgres-range.ts'

/**
 * For columns of these types: `string` text, varchar, citext or an enumeration; `id` the same, any integer or uuid;
 * `integer` and `number` smallint to bigint or numeric (a double is compared as PostgreSQL compares it); `boolean`
 * boolean; `date` date; `datetime` timestamptz; `string[]` text[]. What JSON cannot hold of them (NaN, infinity, years
 * outside 0001 to 9999, NULL inside an array) is unknown. Equality is asked twice where a collation could make
 * different texts equal: once for the index, once for the truth.
 */
export class PostgresColumns implements SqlWriter {
  readonly truth = constant('TRUE')
  readonly falsehood = postgresText.falsehood
  readonly #columnOf: (test: Test) => Sql

  constructor(columnOf: (test: Test) => Sql) {
    this.#columnOf = columnOf
  }

  guarded(condition: Sql): Sql {
    return condition
  }

  test(test: Test): Sql {
    const column = this.#columnOf(test)
    if (test.operator === '$exists') {
      return flagsOf(test).includes(true) ? sql`${column} IS NOT NULL` : sql`${column} IS NULL`
    }
    switch (test.field.type) {
      case 'string':
      case 'id':
        return textTest(sql`${column}::text`, test)
      case 'integer':
      case 'number':
        return numberTest(column, test)
      case 'boolean':
        return booleanTest(column, test)
      case 'date':
        return rangeTest(column, test, textsOf(test), days)
      case 'datetime':
        return instantTest(column, test)
      case 'string[]':
        return listTest(column, test)
    }
  }
}

function textTest(text: Sql, test: Test): Sql {
  const exact = compareText(text, test, postgresText)
  if (test.operator !== '$eq' && test.operator !== '$in') return exact
  const operands = storable(textsOf(test))
  return operands.length === 0 ? exact : sql`(${isAny(text, operands, postgresText)} AND ${exact})`
}

const finerThanColumn = /\.[0-9]{7,}Z$/

/** The column counts microseconds: no value equals an operand that is finer, or lies between it and the one below. */
function instantTest(column: Sql, test: Test): Sql {
  const operands = textsOf(test)
  const text = textOf(test)
  const order = orderOf(test.operator)
  if (order !== undefined && finerThanColumn.test(text)) {
    const below = `${text.slice(0, '0000-00-00T00:00:00.000000'.length)}Z`
    return rangeOrderTest(column, orderOfRounded(order), below, instants)
  }
  const held = operands.filter((operand) => !finerThanColumn.test(operand))
  return rangeTest(column, test, held, instants)
}

/** An operand is a bigint wherever it can be, because an index on a bigint answers no question about a numeric. */
function numberTest(column: Sql, test: Test): Sql {
  const operands = textsOf(test)
  const type = operands.every(fitsInBigint) ? 'bigint' : 'numeric'
  const order = orderOf(test.operator)
  // What equals an operand is a number that JSON has, and whole where it has to be.
  if (order === undefined && !isNegative(test.operator)) return isOneOf(column, operands, type)
  const comparison = order === undefined ? isNoneOf(column, operands, type) : compare(column, order, textOf(test), type)
  const readable =
    test.field.type === 'integer' ? sql`mod(${column}::numeric, 1) = 0` : sql`abs(${column}::numeric) < 1e309`
  return sql`(${comparison} AND ${readable})`
}

function fitsInBigint(text: string): boolean {
  const decimal = parseDecimal(text)
  return decimal !== undefined && isIntegral(decimal) && decimal.digits.length + decimal.exponent <= 18
}

function booleanTest(column: Sql, test: Test): Sql {
  const [only, ...others] = permittedFlags(test)
  if (only === undefined) return postgresText.falsehood
  return others.length === 0 ? sql`${column} = ${parameter(only, 'boolean')}` : sql`${column} IS NOT NULL`
}

/** Arrays of arrays are no lists of strings. */
function listTest(column: Sql, test: Test): Sql {
  const isList = sql`coalesce(array_ndims(${column}), 1) = 1 AND NOT EXISTS (SELECT FROM unnest(${column}) AS e (item) WHERE e.item IS NULL)`
  const operands = storable(textsOf(test))
  if (isNegative(test.operator)) {
    if (operands.length === 0) return sql`(${column} IS NOT NULL AND ${isList})`
    return sql`(NOT (${column} COLLATE "C" && ${arrayParameter(operands, 'text[]')}) AND ${isList})`
  }
  if (operands.length === 0) return postgresText.falsehood
  const wanted = arrayParameter(operands, 'text[]')
  return sql`(${column} && ${wanted} AND ${column} COLLATE "C" && ${wanted} AND ${isList})`
}
