import { flagsOf, isNegative, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { compareText, isAny, orderOf, permittedFlags, type SqlWriter } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'
import { arrayParameter, postgresText, storable } from './sql-postgres.ts'
import { instantOfEpoch, instantOfText, isCalendarDate } from './sql-postgres-instant.ts'

/**
 * For documents in a jsonb column. A row is what the column holds, not what was once written into it: jsonb keeps the
 * last of two equal keys and spells `1e2` as `100`. No document makes a condition fail: whatever could fail stands in a
 * CASE, behind the test that it does not.
 */
export class PostgresJson implements SqlWriter {
  readonly truth = constant('TRUE')
  readonly falsehood = postgresText.falsehood
  readonly #column: Sql

  constructor(column: Sql) {
    this.#column = column
  }

  guarded(condition: Sql): Sql {
    return condition
  }

  test(test: Test): Sql {
    const steps = this.#stepsOf(test)
    if (test.operator === '$exists') {
      return flagsOf(test).includes(true) ? sql`NOT (${isMissing(steps)})` : sql`(${isMissing(steps)})`
    }
    const value = sql`(${steps.at(-1) ?? this.#column})`
    switch (test.field.type) {
      case 'string':
        return compareText(whenText(value, textOf(value)), test, postgresText)
      case 'id':
        return compareText(idOf(value), test, postgresText)
      case 'date':
        return compareText(whenText(value, dateOf(value)), test, postgresText)
      case 'datetime':
        return compareText(instantOf(value), test, postgresText, (text) => text.slice(0, -1))
      case 'integer':
      case 'number':
        return numberTest(value, test)
      case 'boolean':
        return booleanTest(value, test)
      case 'string[]':
        return listTest(value, test)
    }
  }

  /** The document, and what stands at each step of the field's path. Only an object has something at a text. */
  #stepsOf({ field }: Test): readonly Sql[] {
    const steps = [this.#column]
    let value = this.#column
    for (const token of field.path) {
      if (token.includes('\0')) throw new TypeError('a key in a jsonb document has no U+0000')
      value = sql`${value} -> ${parameter(token, 'text')}`
      steps.push(value)
    }
    return steps
  }
}

/** Absent or null: an object that lacks the rest, or null, is where the path ends. NULL where there is no document. */
function isMissing([document = constant('NULL'), ...others]: readonly Sql[]): Sql {
  let rest: Sql | undefined
  for (const step of others.toReversed()) {
    const ends = sql`coalesce(jsonb_typeof(${step}), 'null') = 'null'`
    rest = rest === undefined ? ends : sql`${ends} OR jsonb_typeof(${step}) = 'object' AND (${rest})`
  }
  const isNull = sql`jsonb_typeof(${document}) = 'null'`
  return rest === undefined ? isNull : sql`${isNull} OR jsonb_typeof(${document}) = 'object' AND (${rest})`
}

/** Also the text of a number. */
function textOf(value: Sql): Sql {
  return sql`(${value} #>> '{}')`
}

function whenText(value: Sql, read: Sql): Sql {
  return sql`CASE WHEN jsonb_typeof(${value}) = 'string' THEN ${read} END`
}

function idOf(value: Sql): Sql {
  const text = textOf(value)
  const canonical = sql`length(${text}) <= 128 AND ${text} ~ '^(0|-{0,1}[1-9][0-9]*)$'`
  return sql`CASE jsonb_typeof(${value}) WHEN 'string' THEN ${text} WHEN 'number' THEN CASE WHEN ${canonical} THEN ${text} END END`
}

function dateOf(value: Sql): Sql {
  const text = textOf(value)
  return sql`CASE WHEN ${isCalendarDate(text)} THEN ${text} END`
}

function instantOf(value: Sql): Sql {
  const fromText = instantOfText(textOf(value))
  return sql`CASE jsonb_typeof(${value}) WHEN 'string' THEN ${fromText} WHEN 'number' THEN ${instantOfEpoch(numberOf(value))} END`
}

/** Of a JSON number; NULL for one that is too long to be read. */
function numberOf(value: Sql): Sql {
  return sql`CASE WHEN length(${textOf(value)}) <= 128 THEN ${value}::numeric END`
}

function numberTest(value: Sql, test: Test): Sql {
  const number = numberOf(value)
  const readable =
    test.field.type === 'integer' ? sql`CASE WHEN ${number} = trunc(${number}) THEN ${number} END` : number
  const left = sql`CASE WHEN jsonb_typeof(${value}) = 'number' THEN ${readable} END`
  const operands = textsOf(test)
  const order = orderOf(test.operator)
  if (order !== undefined) return sql`${left} ${constant(order)} ${parameter(operands[0] ?? null, 'numeric')}`
  const list = sql`(${arrayParameter(operands, 'numeric[]')})`
  return isNegative(test.operator) ? sql`${left} <> ALL ${list}` : sql`${left} = ANY ${list}`
}

function booleanTest(value: Sql, test: Test): Sql {
  const [only, ...others] = permittedFlags(test)
  if (only === undefined) return postgresText.falsehood
  if (others.length > 0) return sql`jsonb_typeof(${value}) = 'boolean'`
  return sql`${value} = to_jsonb(${parameter(only, 'boolean')})`
}

function listTest(value: Sql, test: Test): Sql {
  const operands = storable(textsOf(test))
  const wanted = isAny(sql`(e.item #>> '{}') COLLATE "C"`, operands, postgresText)
  const items = sql`FROM jsonb_array_elements(${value}) AS e (item) WHERE`
  const some = sql`EXISTS (SELECT ${items} ${wanted})`
  const isList = sql`NOT EXISTS (SELECT ${items} jsonb_typeof(e.item) <> 'string')`
  return sql`CASE WHEN jsonb_typeof(${value}) = 'array' THEN ${isList} AND ${isNegative(test.operator) ? sql`NOT ${some}` : some} END`
}
