import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Client } from 'pg'
import type { Mask } from '../../src/mask/predicate.ts'
import { renderSql, type SqlRendering, type SqlSource } from '../../src/mask/render/sql.ts'
import { json } from '../mask/masks.ts'
import type { CleanRow } from './mask-sql-rows.ts'

/** A table in a database. */
export interface Store {
  readonly name: string
  readonly keeps: 'documents' | 'columns'
  /** The rows as JSON text, as somebody gets them from the table; the index is the id. */
  readonly rows: readonly string[]
  render(mask: Mask): SqlRendering
  /** The ids of the rows for which a condition is true. */
  select(condition: SqlRendering): Promise<ReadonlySet<number>>
}

const documents: SqlSource = { kind: 'json', column: 'value' }
/** Columns with names that have to be quoted, one of which `json_each` has too. */
const columns: SqlSource = {
  kind: 'columns',
  columns: new Map([
    ['owner', 'o"w`n\'er'],
    ['tags', 'value'],
  ]),
}

/** PostgreSQL keeps neither U+0000 nor lone surrogates. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable)
}

function postgresStore(client: Client, name: string, source: SqlSource, rows: readonly string[]): Store {
  return {
    name: `PostgreSQL ${name}`,
    keeps: source === documents ? 'documents' : 'columns',
    rows,
    render: (mask) => renderSql(mask, 'postgresql', source),
    select: async ({ text, parameters }) => {
      const query = { text: `select id from ${name} where ${text}`, values: [...parameters] }
      const found = await client.query<{ id: number }>(query)
      return new Set(found.rows.map(({ id }) => id))
    },
  }
}

export async function postgresStores(
  client: Client,
  dirty: readonly string[],
  clean: readonly CleanRow[],
): Promise<readonly Store[]> {
  const kept = dirty.filter((text) => isStorable(JSON.parse(text)))
  await client.query('create table documents (id int, value jsonb)')
  await client.query(
    'insert into documents select ordinality - 1, item::jsonb from unnest($1::text[]) with ordinality as u (item)',
    [kept],
  )
  const stored = await client.query<{ text: string }>('select value::text as text from documents order by id')
  const stores = [
    postgresStore(
      client,
      'documents',
      documents,
      stored.rows.map(({ text }) => text),
    ),
  ]
  for (const [name, key, count] of [
    ['narrow', 'bigint', 'bigint'],
    ['wide', 'text', 'numeric'],
  ] as const) {
    const rows = clean.map((row) => rowText(row, { key: key === 'text' ? quote(row['key']) : (row['key'] ?? 'null') }))
    await client.query(
      `create table ${name} (id int, tenant text, "o""w\`n'er" varchar, key ${key}, count ${count}, amount numeric, open boolean, day date, at timestamptz, value text[])`,
    )
    await client.query(
      `insert into ${name} select ordinality - 1, r.tenant, r.owner, r.key, r.count, r.amount, r.open, r.day, r.at, r.tags
       from unnest($1::text[]) with ordinality as u (item), jsonb_to_record(item::jsonb)
       as r (tenant text, owner text, key ${key}, count ${count}, amount numeric, open boolean, day date, at timestamptz, tags text[])`,
      [rows],
    )
    stores.push(postgresStore(client, name, columns, rows))
  }
  return stores
}

function quote(literal = 'null'): string {
  return literal === 'null' ? literal : JSON.stringify(literal)
}

function rowText({ fine: _, ...row }: CleanRow, changes: Readonly<Record<string, string>>): string {
  const members = Object.entries({ ...row, ...changes }).map(([name, value]) => `${JSON.stringify(name)}:${value}`)
  return `{${members.join(',')}}`
}

function sqliteStore(database: DatabaseSync, name: string, source: SqlSource, rows: readonly string[]): Store {
  return {
    name: `SQLite ${name}`,
    keeps: source === documents ? 'documents' : 'columns',
    rows,
    render: (mask) => renderSql(mask, 'sqlite', source),
    select: ({ text, parameters }) => {
      const values = parameters.map((value): SQLInputValue => {
        if (typeof value === 'boolean') throw new TypeError('SQLite has no booleans')
        return value
      })
      const found = database.prepare(`select id from ${name} where ${text}`).all(...values)
      return Promise.resolve(new Set(found.map(({ id }) => Number(id))))
    },
  }
}

export function sqliteStores(
  database: DatabaseSync,
  dirty: readonly string[],
  clean: readonly CleanRow[],
): readonly Store[] {
  database.exec(`create table documents (id integer primary key, value text);
    create table narrow (id integer primary key, tenant text, "o""w\`n'er" varchar, key bigint, count integer, amount numeric, open boolean, day date, at bigint, value text);
    create table wide (id integer primary key, tenant text, "o""w\`n'er" varchar, key text, count real, amount real, open boolean, day text, at text, value text)`)
  const insert = database.prepare('insert into documents values (?, ?)')
  for (const [id, text] of dirty.entries()) insert.run(id, text)
  const narrow = clean.map((row, id) => insertTyped(database, 'narrow', id, typed(row, false)))
  const wide = clean.map((row, id) => insertTyped(database, 'wide', id, typed(row, true)))
  return [
    sqliteStore(database, 'documents', documents, dirty),
    sqliteStore(database, 'narrow', columns, narrow),
    sqliteStore(database, 'wide', columns, wide),
  ]
}

/** What a column gets, and the JSON literal for what it then holds. */
type Cell = readonly [name: string, value: SQLInputValue, literal: string]

function typed(row: CleanRow, isWide: boolean): readonly Cell[] {
  const at = isWide ? row['fine'] : row['at']
  const ms = Math.floor(Date.parse(textOf(at) ?? ''))
  return [
    textCell('tenant', row['tenant']),
    textCell('owner', row['owner']),
    isWide ? textCell('key', quote(row['key'])) : numberCell('key', row['key'], false),
    numberCell('count', row['count'], isWide),
    numberCell('amount', row['amount'], isWide),
    ['open', flags.get(row['open'] ?? '') ?? null, row['open'] ?? 'null'],
    textCell('day', row['day']),
    isWide || at === 'null' ? textCell('at', at) : ['at', ms, String(ms)],
    ['tags', row['tags'] === 'null' ? null : (row['tags'] ?? null), row['tags'] ?? 'null'],
  ]
}

const flags: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['false', 0],
])

function textOf(literal = 'null'): string | null {
  const value = json(literal)
  return typeof value === 'string' ? value : null
}

function textCell(name: string, literal = 'null'): Cell {
  return [name, textOf(literal), literal]
}

/** A real is shown as JavaScript shows it. */
function numberCell(name: string, literal = 'null', isReal: boolean): Cell {
  if (literal === 'null') return [name, null, literal]
  if (!isReal && /^-?\d{1,19}$/u.test(literal) && BigInt.asIntN(64, BigInt(literal)) === BigInt(literal)) {
    return [name, BigInt(literal), literal]
  }
  return [name, Number(literal), String(Number(literal))]
}

function insertTyped(database: DatabaseSync, table: string, id: number, cells: readonly Cell[]): string {
  database
    .prepare(`insert into ${table} values (?${', ?'.repeat(cells.length)})`)
    .run(id, ...cells.map(([, value]) => value))
  return rowText(Object.fromEntries(cells.map(([name, , literal]) => [name, literal])), {})
}
