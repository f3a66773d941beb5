import type { TextSyntax } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'

export const sqliteText: TextSyntax = {
  falsehood: constant('1=0'),
  collation: constant(' COLLATE BINARY'),
  holdsNul: true,
  operand: (text) => parameter(text),
  isOneOf: (left, texts) => sql`${left} IN (SELECT value FROM json_each(${parameter(JSON.stringify(texts))}))`,
}

/**
 * Whether this SQLite reads every escape in JSON. Before 3.45 it did not find a key that was spelled with one, and took a
 * text to end at U+0000; there, nothing is selected.
 */
export const readsEscapes = constant(`json_extract('{"\\u0061":"\\u0000"}', '$."a"') = char(0)`)

/** Whether a value may be given to the functions that fail on what is no JSON; U+0000 would end the text for them. */
export function isJson(value: Sql): Sql {
  return sql`typeof(${value}) = 'text' AND instr(${value}, char(0)) = 0 AND json_valid(${value})`
}

/** Whether a text is a calendar date, `YYYY-MM-DD`, of the years 0001 to 9999: what does not exist is moved on. */
export function isCalendarDate(text: Sql): Sql {
  return sql`(date(${text}, '+0 days') = ${text} COLLATE BINARY AND ${text} >= '0001-01-01' COLLATE BINARY)`
}

const seconds = "'%Y-%m-%dT%H:%M:%S'"

const isTime = constant(
  [
    'length(t) = length(CAST(t AS BLOB))',
    "t GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-5][0-9]*'",
    "substr(t, 12, 2) <= '23'",
    "(z = '' OR z GLOB '[+-][0-2][0-9]:[0-5][0-9]' AND substr(z, 2, 2) <= '23')",
    "(f = '' OR f GLOB '.[0-9]*' AND length(f) <= 41 AND substr(f, 2) NOT GLOB '*[^0-9]*')",
  ].join(' AND '),
)

/**
 * The instant that an RFC 3339 text names, spelled as `instantFromText` does; NULL for any other text. Each LIMIT keeps
 * the select above it from repeating what stands below.
 */
export function instantOfText(text: Sql): Sql {
  const read = sql`(SELECT ${text} AS t LIMIT 1)`
  const zone = "CASE WHEN substr(t, -1) IN ('Z', 'z') THEN '' ELSE substr(t, -6) END"
  const zoned = sql`(SELECT t, ${constant(zone)} AS z FROM ${read} LIMIT 1)`
  const fraction = "substr(t, 20, length(t) - 19 - CASE z WHEN '' THEN 1 ELSE 6 END)"
  const parts = sql`(SELECT t, z, ${constant(fraction)} AS f FROM ${zoned} LIMIT 1)`
  const shift = "CASE z WHEN '' THEN '+00:00' ELSE replace('-+', substr(z, 1, 1), '') || substr(z, 2) END"
  const utc = constant(`strftime(${seconds}, substr(t, 1, 10) || ' ' || substr(t, 12, 8), ${shift})`)
  const isDay = isCalendarDate(constant('substr(t, 1, 10)'))
  const whole = sql`(SELECT f, CASE WHEN ${isTime} THEN CASE WHEN ${isDay} THEN ${utc} END END AS u FROM ${parts} LIMIT 1)`
  return sql`(SELECT CASE WHEN u >= '0001-01-01T00:00:00' THEN u || rtrim(rtrim(f, '0'), '.') END FROM ${whole})`
}

/** The same for milliseconds since the Unix epoch, an integer that may be NULL. */
export function instantOfEpoch(ms: Sql): Sql {
  const sinceYear1 = sql`(SELECT CASE WHEN n BETWEEN -62135596800000 AND 253402300799999 THEN n + 62135596800000 END AS k FROM (SELECT ${ms} AS n LIMIT 1) LIMIT 1)`
  const whole = `strftime(${seconds}, k / 1000 - 62135596800, 'unixepoch')`
  const fraction = "rtrim(rtrim(printf('.%03d', k % 1000), '0'), '.')"
  return sql`(SELECT ${constant(`${whole} || ${fraction}`)} FROM ${sinceYear1})`
}

/** An array in JSON whose items are all texts, and among them some, or none, of the operands. */
export function listTest(list: Sql, operands: readonly string[], wanted: boolean): Sql {
  const some = sql`EXISTS (SELECT 1 FROM json_each(${list}) AS e WHERE ${sqliteText.isOneOf(constant('e.value'), operands)})`
  const isList = sql`NOT EXISTS (SELECT 1 FROM json_each(${list}) AS e WHERE e.type <> 'text' OR ${isIllFormed(constant('e.value'))})`
  return sql`${wanted ? some : sql`NOT ${some}`} AND ${isList}`
}

/**
 * Whether a text from JSON has a lone surrogate. GLOB reads those as U+FFFD, and U+FFFE and U+FFFF as well, so these are
 * taken out first; and it stops at U+0000, which a JSON string spells out.
 */
export function isIllFormed(text: Sql): Sql {
  const rest = sql`replace(replace(replace(json_quote(${text}), char(65533), ''), char(65534), ''), char(65535), '')`
  return sql`${rest} GLOB '*[' || char(65533) || ']*'`
}
