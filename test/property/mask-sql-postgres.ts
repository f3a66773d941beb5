import { Client } from 'pg'
import { renderSql, type SqlSource } from '../../src/mask/render/sql.ts'
import type { CleanRow } from './mask-sql-rows.ts'
import { columns, documents, quote, rowText, type Store } from './mask-sql-store.ts'

/** A database that orders texts as people do, and can take upper case for lower. */
export async function connectCollated(url: string): Promise<Client> {
  const collated = new URL(url)
  collated.pathname += '_collated'
  const maker = new Client({ connectionString: url })
  await maker.connect()
  const settings = "template template0 encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'und'"
  await maker.query(`create database ${collated.pathname.slice(1)} ${settings}`)
  await maker.end()
  const client = new Client({ connectionString: collated.href })
  await client.connect()
  await client.query(
    "create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false); set timezone = 'Asia/Tokyo'; set datestyle = 'SQL, DMY'",
  )
  return client
}

export async function postgresStores(
  client: Client,
  dirty: readonly string[],
  clean: readonly CleanRow[],
): Promise<readonly Store[]> {
  const narrow = clean.map((row) => rowText(row))
  const wide = clean.map((row) =>
    rowText(row, { key: quote(row['key']), count: row['amount'] ?? 'null', at: row['at'] ?? 'null' }),
  )
  await createColumns(client, 'narrow', { key: 'bigint', count: 'bigint' }, narrow)
  await createColumns(client, 'wide', { key: 'text collate folded', count: 'numeric' }, wide)
  return [
    store(client, 'documents', documents, await createDocuments(client, dirty)),
    store(client, 'narrow', columns, narrow),
    store(client, 'wide', columns, wide),
  ]
}

/** Gives the documents back as the database keeps them, which is not as they were written. */
async function createDocuments(client: Client, dirty: readonly string[]): Promise<readonly string[]> {
  const kept = dirty.filter((text) => isStorable(JSON.parse(text)))
  await client.query('create table documents (id int, value jsonb)')
  await client.query(
    'insert into documents select ordinality - 1, item::jsonb from unnest($1::text[]) with ordinality as u (item)',
    [kept],
  )
  const stored = await client.query<{ text: string }>('select value::text as text from documents order by id')
  return stored.rows.map(({ text }) => text)
}

/** A jsonb has neither U+0000 nor lone surrogates. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable)
}

async function createColumns(
  client: Client,
  name: string,
  { key, count }: { readonly key: string; readonly count: string },
  rows: readonly string[],
): Promise<void> {
  const common = 'amount numeric, open boolean, day date, at timestamptz'
  await client.query(
    `create table ${name} (id int, tenant text, "o""w\`n'er" varchar collate folded, key ${key}, count ${count}, ${common}, value text[] collate folded)`,
  )
  const read = `tenant text, owner text, key ${key}, count ${count}, ${common}, tags text[]`
  await client.query(
    `insert into ${name} select ordinality - 1, tenant, owner, key, count, amount, open, day, at, tags
     from unnest($1::text[]) with ordinality as u (item), jsonb_to_record(item::jsonb) as r (${read})`,
    [rows],
  )
}

function store(client: Client, name: string, source: SqlSource, rows: readonly string[]): Store {
  return {
    name: `PostgreSQL ${name}`,
    keeps: source.kind,
    rows,
    render: (mask) => renderSql(mask, 'postgresql', source),
    select: async ({ text, parameters }) => {
      const query = { text: `select id from ${name} where ${text}`, values: [...parameters] }
      const found = await client.query<{ id: number }>(query)
      return new Set(found.rows.map(({ id }) => id))
    },
  }
}
