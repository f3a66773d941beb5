import { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'
import { compilePredicate } from '../../../src/mask/evaluate.ts'
import type { Dataset } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import type { Mask } from '../../../src/mask/predicate.ts'
import { renderElasticsearch } from '../../../src/mask/render/elasticsearch.ts'
import { renderHeaderJson } from '../../../src/mask/render/header-json.ts'
import { renderMongodb } from '../../../src/mask/render/mongodb.ts'
import { renderOdata } from '../../../src/mask/render/odata.ts'
import { renderPostgrest } from '../../../src/mask/render/postgrest.ts'
import { renderSql } from '../../../src/mask/render/sql.ts'
import { readRow } from '../../../src/mask/row-values.ts'
import { json, ledger } from '../../mask/masks.ts'
import { type NumberReader, toDocument } from './bson.ts'
import { ElasticsearchIndex } from './elasticsearch.ts'
import { matchesMongodb } from './mongodb.ts'
import { parseOdata } from './odata.ts'
import { PostgrestRelation } from './postgrest-relation.ts'

/** Rows by name, as JSON text. */
export type NamedRows = ReadonlyMap<string, string>

/** Something that a mask is rendered for, over rows that it holds. */
export interface Target {
  readonly name: string
  /** The names of the rows that it can hold: one with types refuses some. */
  readonly holds: ReadonlySet<string>
  /** The names of those that it selects. */
  select(mask: Mask): Promise<ReadonlySet<string>>
}

/** Every rendering there is, each over those of the rows of a ledger that `typed` names or, without types, over all. */
export async function everyTarget(
  client: Client,
  rows: NamedRows,
  typed: readonly string[],
): Promise<readonly Target[]> {
  const dataset = ledger()
  return [
    predicate(rows),
    header(rows, dataset),
    mongodb(rows, 'longs'),
    mongodb(rows, 'doubles'),
    elasticsearch(only(rows, typed), dataset),
    odata(only(rows, typed), dataset),
    await postgrest(client, only(rows, typed), dataset),
    await postgresql(client, rows),
    sqlite(rows),
  ]
}

function only(rows: NamedRows, names: readonly string[]): NamedRows {
  return new Map([...rows].filter(([name]) => names.includes(name)))
}

function target(name: string, rows: NamedRows, compile: (mask: Mask) => (row: Row) => boolean): Target {
  const parsed = [...rows].map(([name, text]): [string, Row] => [name, json(text) as Row])
  return {
    name,
    holds: new Set(rows.keys()),
    select: (mask) => {
      const selects = compile(mask)
      return Promise.resolve(new Set(parsed.filter(([, row]) => selects(row)).map(([name]) => name)))
    },
  }
}

type Row = Readonly<Record<string, unknown>>

function predicate(rows: NamedRows): Target {
  return target('the predicate', rows, permits)
}

function permits(mask: Mask): (row: Row) => boolean {
  const compiled = compilePredicate(mask)
  return (row) => compiled.test(readRow(row, compiled.reads))
}

/** An app that reads the header; where there is none to send, it gets no request. */
function header(rows: NamedRows, dataset: Dataset): Target {
  return target('the header', rows, (mask) => {
    try {
      return permits(parseMask(json(renderHeaderJson(mask)), dataset))
    } catch (error) {
      if (error instanceof TypeError) return () => false
      throw error
    }
  })
}

function mongodb(rows: NamedRows, reader: NumberReader): Target {
  return target(`MongoDB, numbers read as ${reader}`, rows, (mask) => {
    const filter = renderMongodb(mask)
    return (row) => matchesMongodb(filter, toDocument(row, 'longs'), reader)
  })
}

function elasticsearch(rows: NamedRows, dataset: Dataset): Target {
  const index = new ElasticsearchIndex(dataset)
  return target('Elasticsearch', rows, (mask) => {
    const query = renderElasticsearch(mask)
    return (row) => {
      const document = index.index(row)
      if (document === undefined) throw new TypeError('the index refuses the row')
      return index.finds(query, document)
    }
  })
}

function odata(rows: NamedRows, dataset: Dataset): Target {
  return target('OData', rows, (mask) => parseOdata(renderOdata(mask), dataset, 'decimals'))
}

async function postgrest(client: Client, rows: NamedRows, dataset: Dataset): Promise<Target> {
  const names = [...rows.keys()]
  const relation = await PostgrestRelation.create(client, 'relation', dataset, [...rows.values()].map(json))
  return {
    name: 'PostgREST',
    holds: new Set(names),
    select: async (mask) => named(names, await relation.select(renderPostgrest(mask))),
  }
}

function named(names: readonly string[], selected: ReadonlySet<number>): ReadonlySet<string> {
  return new Set(names.filter((_, at) => selected.has(at)))
}

async function postgresql(client: Client, rows: NamedRows): Promise<Target> {
  await client.query('create table documents (name text, document jsonb)')
  await client.query('insert into documents select * from unnest($1::text[], $2::jsonb[])', [
    [...rows.keys()],
    [...rows.values()],
  ])
  return {
    name: 'PostgreSQL',
    holds: new Set(rows.keys()),
    select: async (mask) => {
      const { text, parameters } = renderSql(mask, 'postgresql', { kind: 'json', column: 'document' })
      const query = { text: `select name from documents where ${text}`, values: [...parameters] }
      const found = await client.query<{ name: string }>(query)
      return new Set(found.rows.map(({ name }) => name))
    },
  }
}

function sqlite(rows: NamedRows): Target {
  const database = new DatabaseSync(':memory:')
  database.exec('create table documents (name text, document text)')
  const insert = database.prepare('insert into documents values (?, ?)')
  for (const [name, text] of rows) insert.run(name, text)
  return {
    name: 'SQLite',
    holds: new Set(rows.keys()),
    select: (mask) => {
      const { text, parameters } = renderSql(mask, 'sqlite', { kind: 'json', column: 'document' })
      const values = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value))
      const found = database.prepare(`select name from documents where ${text}`).all(...values)
      return Promise.resolve(new Set(found.map(({ name }) => String(name))))
    },
  }
}
