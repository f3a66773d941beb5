import type { FieldDeclaration } from '../language.ts'
import { flagsOf, isNegative, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { compareText, permittedFlags, type SqlWriter } from './sql-compare.ts'
import { constant, joinSql, parameter, type Sql, sql } from './sql-fragment.ts'
import { instantOfText, isCalendarDate, isIllFormed, isJson, listTest, readsEscapes, sqliteText } from './sql-sqlite.ts'
import { instantOfNumber, numberTest } from './sql-sqlite-number.ts'

/**
 * For documents as JSON text. A row whose text is no JSON, or has a key twice where the mask reads, is not selected. Two
 * things that `parseJsonExact` refuses are not looked for: a document nested more than 64 deep, and a key that occurs
 * twice where the mask does not read.
 */
export class SqliteJson implements SqlWriter {
  readonly truth = constant('1=1')
  readonly falsehood = sqliteText.falsehood
  readonly #column: Sql

  constructor(column: Sql) {
    this.#column = column
  }

  /** The column gets a name of ours: inside `json_each`, one called `value` or `json` would be another. */
  guarded(condition: Sql, tests: readonly Test[]): Sql {
    const guards = uniqueSteps(tests.map(({ field }) => field)).map(hasKeyOnce)
    const checked = guards.length === 0 ? condition : sql`CASE WHEN ${joinSql('AND', guards)} THEN ${condition} END`
    return sql`(SELECT CASE WHEN ${readsEscapes} AND ${isJson(constant('doc'))} THEN ${checked} END FROM (SELECT ${this.#column} AS doc LIMIT 1))`
  }

  test(test: Test): Sql {
    const { path, type } = test.field
    if (test.operator === '$exists') {
      return flagsOf(test).includes(true) ? sql`NOT (${isMissing(path)})` : sql`(${isMissing(path)})`
    }
    switch (type) {
      case 'string':
        return compareText(wellFormed(textAt(path)), test, sqliteText)
      case 'id':
        return compareText(wellFormed(idAt(path)), test, sqliteText)
      case 'date':
        return compareText(dateAt(path), test, sqliteText)
      case 'datetime':
        return compareText(instantAt(path), test, sqliteText, (text) => text.slice(0, -1))
      case 'integer':
      case 'number':
        return numberTest(numberAt(path), test)
      case 'boolean':
        return booleanTest(path, test)
      case 'string[]': {
        const isList = sql`${typeAt(path)} = 'array'`
        return sql`CASE WHEN ${isList} THEN ${listTest(jsonAt(path), textsOf(test), !isNegative(test.operator))} END`
      }
    }
  }
}

type Path = FieldDeclaration['path']

function pathParameter(path: Path): Sql {
  return parameter(`$${path.map((token) => `.${JSON.stringify(token)}`).join('')}`)
}

function typeAt(path: Path): Sql {
  return sql`json_type(doc, ${pathParameter(path)})`
}

/** As JSON: a number exactly as it is spelled. */
function jsonAt(path: Path): Sql {
  return sql`doc -> ${pathParameter(path)}`
}

function textAt(path: Path): Sql {
  return sql`CASE ${typeAt(path)} WHEN 'text' THEN doc ->> ${pathParameter(path)} END`
}

function idAt(path: Path): Sql {
  const integer = sql`(SELECT r FROM (SELECT ${jsonAt(path)} AS r LIMIT 1) WHERE length(r) <= 128 AND r <> '-0')`
  return sql`CASE ${typeAt(path)} WHEN 'text' THEN doc ->> ${pathParameter(path)} WHEN 'integer' THEN ${integer} END`
}

function wellFormed(text: Sql): Sql {
  return sql`(SELECT t FROM (SELECT ${text} AS t LIMIT 1) WHERE NOT (${isIllFormed(constant('t'))}))`
}

function dateAt(path: Path): Sql {
  return sql`(SELECT t FROM (SELECT ${textAt(path)} AS t LIMIT 1) WHERE ${isCalendarDate(constant('t'))})`
}

function numberAt(path: Path): Sql {
  return sql`CASE WHEN ${typeAt(path)} IN ('integer', 'real') THEN ${jsonAt(path)} END`
}

function instantAt(path: Path): Sql {
  return sql`CASE ${typeAt(path)} WHEN 'text' THEN ${instantOfText(sql`doc ->> ${pathParameter(path)}`)} ELSE ${instantOfNumber(numberAt(path))} END`
}

function booleanTest(path: Path, test: Test): Sql {
  const [only, ...others] = permittedFlags(test)
  if (only === undefined) return sqliteText.falsehood
  return others.length === 0
    ? sql`${typeAt(path)} = ${parameter(String(only))}`
    : sql`${typeAt(path)} IN ('true', 'false')`
}

/** Absent or null: an object that lacks the rest, or null, is where the path ends. */
function isMissing(path: Path): Sql {
  let rest: Sql | undefined
  for (let length = path.length; length > 0; length--) {
    const type = typeAt(path.slice(0, length))
    const ends = sql`coalesce(${type}, 'null') = 'null'`
    rest = rest === undefined ? ends : sql`${ends} OR ${type} = 'object' AND (${rest})`
  }
  const type = typeAt([])
  return rest === undefined ? sql`${type} = 'null'` : sql`${type} = 'null' OR ${type} = 'object' AND (${rest})`
}

function uniqueSteps(fields: readonly FieldDeclaration[]): readonly Path[] {
  const steps = fields.flatMap(({ path }) => path.map((_, index) => path.slice(0, index + 1)))
  return [...new Map(steps.map((step) => [JSON.stringify(step), step])).values()]
}

/** Once, or not at all: readers disagree on which of two equal keys counts. */
function hasKeyOnce(path: Path): Sql {
  const key = path.at(-1)
  if (key === undefined || key.includes('\0')) throw new TypeError('a key has no U+0000')
  const keys = sql`(SELECT count(*) FROM json_each(doc, ${pathParameter(path.slice(0, -1))}) WHERE key = ${parameter(key)})`
  return sql`${keys} = (${typeAt(path)} IS NOT NULL)`
}
