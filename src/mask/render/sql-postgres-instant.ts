import { constant, type Sql, sql } from './sql-fragment.ts'

/** The days of the years 0001 to 9999. A regular expression fails on no text; a cast to date does. */
const day = [
  '(0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9]|[1-9][0-9]{3})',
  '-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))',
  '|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29',
].join('')
const time = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,40}){0,1}'
const zone = '([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])'

/** Whether a text is a calendar date, `YYYY-MM-DD`. */
export function isCalendarDate(text: Sql): Sql {
  return sql`${text} ~ ${constant(`'^(${day})$'`)}`
}

const isInstant = constant(`t ~ '^(${day})[Tt]${time}${zone}$'`)
const localTime = constant(
  'make_timestamp(substr(t, 1, 4)::int, substr(t, 6, 2)::int, substr(t, 9, 2)::int, substr(t, 12, 2)::int, substr(t, 15, 2)::int, substr(t, 18, 2)::int)',
)
const offset = constant(
  "CASE WHEN right(t, 1) IN ('Z', 'z') THEN INTERVAL '0' ELSE make_interval(hours => left(right(t, 6), 3)::int, mins => (left(right(t, 6), 1) || right(t, 2))::int) END",
)
const seconds = `'YYYY-MM-DD"T"HH24:MI:SS'`
const inRange = constant("u BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59'")

/**
 * The instant that an RFC 3339 text names, spelled as `instantFromText` does; NULL for any other text. A timestamptz
 * would round the fraction and refuses offsets that RFC 3339 allows.
 */
export function instantOfText(text: Sql): Sql {
  const read = sql`(SELECT ${text} COLLATE "C" AS t OFFSET 0) AS a`
  const whole = sql`CASE WHEN ${isInstant} THEN ${localTime} - ${offset} END AS u`
  const fraction = constant(`coalesce('.' || nullif(rtrim(substring(t from '[.]([0-9]+)'), '0'), ''), '') AS f`)
  const parts = sql`(SELECT ${whole}, ${fraction} FROM ${read} OFFSET 0) AS b`
  return sql`(SELECT CASE WHEN ${inRange} THEN to_char(u, ${constant(seconds)}) || f END FROM ${parts})`
}

/** The same for milliseconds since the Unix epoch, a numeric that may be NULL. */
export function instantOfEpoch(ms: Sql): Sql {
  const isReadable = constant('n = trunc(n) AND n BETWEEN -62135596800000 AND 253402300799999')
  const read = sql`(SELECT ${ms} AS n OFFSET 0) AS a`
  const sinceYear1 = sql`(SELECT CASE WHEN ${isReadable} THEN n::bigint + 62135596800000 END AS k FROM ${read} OFFSET 0) AS b`
  const whole =
    "TIMESTAMP '0001-01-01 00:00:00' + make_interval(days => (k / 86400000)::int, secs => k % 86400000 / 1000)"
  const fraction = "coalesce('.' || nullif(rtrim(lpad((k % 1000)::text, 3, '0'), '0'), ''), '')"
  return sql`(SELECT ${constant(`to_char(${whole}, ${seconds}) || ${fraction}`)} FROM ${sinceYear1})`
}
