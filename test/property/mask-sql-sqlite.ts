import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { JsonNumber } from '../../src/mask/language.ts'
import { renderSql, type SqlSource } from '../../src/mask/render/sql.ts'
import { json, ledger } from '../mask/masks.ts'
import type { CleanRow } from './mask-sql-rows.ts'
import { columns, documents, quote, rowText, type Store } from './mask-sql-store.ts'

export function sqliteStores(
  database: DatabaseSync,
  dirty: readonly string[],
  clean: readonly CleanRow[],
  loose: readonly CleanRow[],
): readonly Store[] {
  database.exec('create table documents (id integer primary key, value text)')
  const insert = database.prepare('insert into documents values (?, ?)')
  for (const [id, text] of dirty.entries()) insert.run(id, text)
  const integers = { key: 'bigint', count: 'integer', amount: 'numeric', open: 'boolean', day: 'date', at: 'bigint' }
  const reals = { key: 'text', count: 'real', amount: 'real', open: 'boolean', day: 'text', at: 'text' }
  const untyped = { key: '', count: '', amount: '', open: '', day: '', at: '' }
  return [
    store(database, 'documents', documents, dirty),
    columnStore(database, 'narrow', { text: 'text', ...integers }, clean.map(narrowCells)),
    columnStore(database, 'wide', { text: 'varchar collate nocase', ...reals }, clean.map(wideCells)),
    columnStore(database, 'loose', { text: '', ...untyped }, loose.map(looseCells)),
    columnStore(database, 'odd', { text: 'string', ...untyped, day: 'string', at: 'string' }, loose.map(looseCells)),
  ]
}

/** What a column gets. */
type Cell = SQLInputValue

function narrowCells(row: CleanRow): readonly Cell[] {
  const ms = Date.parse(String(json(row['at'] ?? 'null')))
  return [
    ...['tenant', 'owner'].map((name) => textCell(row[name])),
    ...['key', 'count', 'amount'].map((name) => numberCell(row[name])),
    flags.get(row['open'] ?? '') ?? null,
    textCell(row['day']),
    Number.isNaN(ms) ? null : BigInt(ms),
    listCell(row['tags']),
  ]
}

function wideCells(row: CleanRow): readonly Cell[] {
  return [
    ...['tenant', 'owner'].map((name) => textCell(row[name])),
    textCell(quote(row['key'])),
    ...['amount', 'amount'].map((name) => numberCell(row[name])),
    flags.get(row['open'] ?? '') ?? null,
    textCell(row['day']),
    textCell(row['fine']),
    listCell(row['tags']),
  ]
}

/** Whatever SQLite can hold, in any column. */
function looseCells(row: CleanRow): readonly Cell[] {
  return fieldNames.map((name): Cell => {
    const literal = row[name] ?? 'null'
    const value = json(literal)
    if (typeof value === 'string') return value
    if (typeof value === 'boolean') return flags.get(literal) ?? null
    return value instanceof JsonNumber ? numberCell(literal) : listCell(literal)
  })
}

const fieldNames = [...ledger().fields.keys()]

const flags: ReadonlyMap<string, bigint> = new Map([
  ['true', 1n],
  ['false', 0n],
])

function listCell(literal = 'null'): Cell {
  return literal === 'null' ? null : literal
}

function textCell(literal = 'null'): Cell {
  const value = json(literal)
  return typeof value === 'string' ? value : null
}

function numberCell(literal = 'null'): Cell {
  if (literal === 'null') return null
  const isInteger = /^(?:0|-?[1-9]\d{0,18})$/u.test(literal) && BigInt.asIntN(64, BigInt(literal)) === BigInt(literal)
  return isInteger ? BigInt(literal) : Number(literal)
}

/** What stands in a column, as JSON. A real keeps its point, by which it is told from an integer. */
function literalOf(name: string, value: SQLOutputValue): string {
  if (typeof value === 'bigint')
    return name === 'open' && (value === 0n || value === 1n) ? String(value === 1n) : String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return '{}'
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)
  }
  return typeof value === 'string' && name === 'tags' && isJson(value) ? value : JSON.stringify(value)
}

function isJson(text: string): boolean {
  try {
    json(text)
    return true
  } catch {
    return false
  }
}

type Types = Readonly<Record<'text' | 'key' | 'count' | 'amount' | 'open' | 'day' | 'at', string>>

function columnStore(database: DatabaseSync, name: string, types: Types, rows: readonly (readonly Cell[])[]): Store {
  const { text, key, count, amount, open, day, at } = types
  database.exec(
    `create table ${name} (id integer primary key, tenant ${text}, "o""w\`n'er" ${text}, key ${key}, count ${count}, amount ${amount}, open ${open}, day ${day}, at ${at}, value ${text})`,
  )
  const insert = database.prepare(`insert into ${name} values (?${', ?'.repeat(fieldNames.length)})`)
  for (const [id, cells] of rows.entries()) insert.run(id, ...cells)
  const select = database.prepare(`select * from ${name} order by id`)
  select.setReadBigInts(true)
  const shown = select.all().map((row) => {
    const [, ...values] = Object.values(row)
    return rowText(Object.fromEntries(fieldNames.map((field, at) => [field, literalOf(field, values[at] ?? null)])))
  })
  return store(database, name, columns, shown)
}

function store(database: DatabaseSync, name: string, source: SqlSource, rows: readonly string[]): Store {
  return {
    name: `SQLite ${name}`,
    keeps: source.kind,
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
