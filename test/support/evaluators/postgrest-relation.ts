import type { Client } from 'pg'
import type { Dataset, FieldType } from '../../../src/mask/language.ts'
import { json } from '../../mask/masks.ts'
import { jsonText } from './json-text.ts'
import { type Condition, type Filter, parsePostgrest } from './postgrest.ts'

/** The columns that suit the types; `real` keeps numbers as machines do. */
const columnTypes: Readonly<Record<'exact' | 'real', Readonly<Record<FieldType, string>>>> = {
  exact: {
    string: 'text collate "und-x-icu"',
    id: 'text',
    integer: 'numeric',
    number: 'numeric',
    boolean: 'boolean',
    date: 'date',
    datetime: 'timestamptz',
    'string[]': 'text[]',
  },
  real: {
    string: 'text',
    id: 'text',
    integer: 'bigint',
    number: 'double precision',
    boolean: 'boolean',
    date: 'date',
    datetime: 'timestamptz',
    'string[]': 'text[]',
  },
}

/**
 * A table that conditions select from as PostgREST has PostgreSQL do it: the same operators on the same operands, every
 * operand a literal of unknown type, a field inside a document reached by `to_jsonb` and arrows.
 */
export class PostgrestRelation {
  readonly #client: Client
  readonly #name: string
  /** The rows as they are written in an answer. */
  readonly rows: readonly unknown[]

  private constructor(client: Client, name: string, rows: readonly unknown[]) {
    this.#client = client
    this.#name = name
    this.rows = rows
  }

  static async create(
    client: Client,
    name: string,
    { fields }: Dataset,
    rows: readonly unknown[],
    kind: 'exact' | 'real' = 'exact',
  ): Promise<PostgrestRelation> {
    const columns = [...fields.values()].map(({ path, type }) => {
      return `${identifier(path[0] ?? '')} ${path.length > 1 ? 'jsonb' : columnTypes[kind][type]}`
    })
    const table = identifier(name)
    await client.query(`create table ${table} (${['at_row int', ...new Set(columns)].join(', ')})`)
    await client.query(
      `insert into ${table} select (json_populate_record(null::${table}, row)).* from json_array_elements($1::json) row`,
      [jsonText(rows.map((row, at) => ({ ...(row as object), at_row: rawNumber(at) })))],
    )
    const written = await client.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${table} t order by at_row`,
    )
    return new PostgrestRelation(
      client,
      name,
      written.rows.map(({ row }) => json(row)),
    )
  }

  /** Which of the rows a condition selects, by their positions. */
  async select(condition: string): Promise<ReadonlySet<number>> {
    const where = sqlOf(parsePostgrest(condition), identifier(this.#name))
    const { rows } = await this.#client.query<{ at_row: number }>(
      `select at_row from ${identifier(this.#name)} where ${where}`,
    )
    return new Set(rows.map(({ at_row }) => at_row))
  }
}

function rawNumber(value: number): unknown {
  return json(String(value))
}

function sqlOf(condition: Condition, table: string): string {
  if (condition.kind === 'filter') return filterSql(condition, table)
  const parts = condition.parts.map((part) => sqlOf(part, table))
  return `${condition.negated ? 'not ' : ''}(${parts.join(` ${condition.kind} `)})`
}

const signs = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', match: '~', cs: '@>', ov: '&&' } as const

function filterSql({ column, keys, asText, negated, operator, values }: Filter, table: string): string {
  const [value = ''] = values
  const own = `${table}.${identifier(column)}`
  const arrows = keys.map((key, at) => `${asText && at === keys.length - 1 ? '->>' : '->'}${literal(key)}`)
  const field = keys.length === 0 ? own : `to_jsonb(${own})${arrows.join('')}`
  return `${negated ? 'not ' : ''}${field} ${comparison(operator, value, values)}`
}

function comparison(operator: Filter['operator'], value: string, values: readonly string[]): string {
  if (operator === 'is') return `is ${value}`
  if (operator === 'like') return `like ${literal(value.replaceAll('*', '%'))}`
  if (operator !== 'in') return `${signs[operator]} ${literal(value)}`
  if (values.length === 1 && value === '') return `= any ('{}')`
  const items = values.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
  return `= any (${literal(`{${items.join(',')}}`)})`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Of unknown type, as a parameter without one is; standard_conforming_strings is on. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
