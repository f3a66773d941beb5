import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderSql, type SqlSource } from '../../../src/mask/render/sql.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { json, ledger } from '../masks.ts'

const documents: SqlSource = { kind: 'json', column: 'data' }
const columns: SqlSource = { kind: 'columns' }

describe('a mask in PostgreSQL', () => {
  let client: Client

  before(async () => {
    client = new Client({ connectionString: await freshDatabase() })
    await client.connect()
  })

  after(() => client.end())

  /** The positions of the values, each written in SQL, that a mask selects. */
  async function select(
    written: string,
    source: SqlSource,
    column: string,
    values: readonly string[],
  ): Promise<number[]> {
    const { text, parameters } = renderSql(parseMask(json(written), ledger()), 'postgresql', source)
    const rows = values.map((value, index) => `(${index}, ${value})`).join(', ')
    const query = `select id from (values ${rows}) as rows (id, ${column}) where ${text} order by id`
    const found = await client.query<{ id: number }>(query, [...parameters])
    return found.rows.map(({ id }) => id)
  }

  it('takes what JSON has no number for as unknown', async () => {
    const values = ["'NaN'::numeric", "'Infinity'", "'-Infinity'", '1e309', '-1e309', '5', 'NULL', '5.5']
    for (const operator of ['"$ne":7', '"$nin":[7,8]']) {
      assert.deepEqual(await select(`{"amount":{${operator}}}`, columns, 'amount', values), [5, 7])
      assert.deepEqual(await select(`{"count":{${operator}}}`, columns, 'count', values), [3, 4, 5])
    }
    assert.deepEqual(await select('{"amount":{"$gt":1}}', columns, 'amount', values), [5, 7])
    assert.deepEqual(await select('{"amount":{"$lt":9}}', columns, 'amount', values), [5, 7])
    assert.deepEqual(await select('{"count":5}', columns, 'count', values), [5])
  })

  it('takes days and instants outside of the years 0001 to 9999 as unknown', async () => {
    const days = ["'infinity'::date", "'-infinity'", "'0001-12-31 BC'", "'10000-01-01'", "'2024-02-29'", 'NULL']
    const instants = [
      "'infinity'::timestamptz",
      "'-infinity'",
      "'0001-12-31 23:59:59Z BC'",
      "'10000-01-01Z'",
      "'2024-02-29Z'",
    ]
    for (const operator of ['"$ne":', '"$gt":', '"$gte":', '"$lt":', '"$lte":']) {
      const limit = operator.includes('g') ? '0001-01-01' : '9999-12-31'
      assert.deepEqual(await select(`{"day":{${operator}"${limit}"}}`, columns, 'day', days), [4])
      assert.deepEqual(await select(`{"at":{${operator}"${limit}T00:00:00Z"}}`, columns, 'at', instants), [4])
    }
  })

  it('takes an array with NULL, or of arrays, for no list of strings', async () => {
    const values = ["'{a}'::text[]", "'{a,NULL}'", "'{{a}}'", "'{}'", 'NULL', "'{{a},{b}}'", "'{b}'"]
    assert.deepEqual(await select('{"tags":"a"}', columns, 'tags', values), [0])
    assert.deepEqual(await select('{"tags":{"$hasAny":["a","b"]}}', columns, 'tags', values), [0, 6])
    assert.deepEqual(await select('{"tags":{"$hasNone":["a","c"]}}', columns, 'tags', values), [3, 6])
    assert.deepEqual(await select('{"tags":{"$hasNone":["\\u0000"]}}', columns, 'tags', values), [0, 3, 6])
    assert.deepEqual(await select('{"tags":"\\u0000"}', columns, 'tags', values), [])
  })

  it('gives no parameter with U+0000, which the server refuses, and means the same', async () => {
    const values = ["'a'", "'ab'", "'b'", "''"]
    assert.deepEqual(await select('{"owner":"a\\u0000"}', columns, 'owner', values), [])
    assert.deepEqual(await select('{"owner":{"$ne":"a\\u0000"}}', columns, 'owner', values), [0, 1, 2, 3])
    assert.deepEqual(await select('{"owner":{"$in":["a\\u0000","b"]}}', columns, 'owner', values), [2])
    assert.deepEqual(await select('{"owner":{"$prefix":"a\\u0000"}}', columns, 'owner', values), [])
    assert.deepEqual(await select('{"owner":{"$lt":"a\\u0000"}}', columns, 'owner', values), [0, 3])
    assert.deepEqual(await select('{"owner":{"$gte":"a\\u0000"}}', columns, 'owner', values), [1, 2])
  })

  it('reads ids from columns of integers and of uuids', async () => {
    assert.deepEqual(await select('{"key":{"$in":["7","07"]}}', columns, 'key', ['7::bigint', '70', 'NULL']), [0])
    const uuid = '0b4e7e3c-7c55-4e6e-9d2d-0e7a3f1f6a10'
    assert.deepEqual(await select(`{"key":"${uuid}"}`, columns, 'key', [`'${uuid}'::uuid`, 'NULL']), [0])
    assert.deepEqual(await select(`{"key":{"$prefix":"0b4e"}}`, columns, 'key', [`'${uuid}'::uuid`, 'NULL']), [0])
  })

  it('selects nothing where there is no document, and something where it is null', async () => {
    const values = ['NULL::jsonb', "'null'", "'{}'", "'[]'", `'"a"'`]
    assert.deepEqual(await select('{"owner":{"$exists":false}}', documents, 'data', values), [1, 2])
    assert.deepEqual(await select('{"owner":{"$exists":true}}', documents, 'data', values), [3, 4])
    assert.deepEqual(await select('{"owner":{"$ne":"a"}}', documents, 'data', values), [])
  })

  it('fails on no number, however long', async () => {
    const values = [
      `'{"amount":${'9'.repeat(5000)},"at":${'9'.repeat(5000)}}'::jsonb`,
      `'{"amount":1e131071,"at":0}'`,
      `'{"amount":5,"at":1}'`,
    ]
    assert.deepEqual(await select('{"amount":{"$gt":1}}', documents, 'data', values), [2])
    assert.deepEqual(await select('{"at":{"$gte":0}}', documents, 'data', values), [1, 2])
  })

  it('uses an index for equality, lists, order and prefixes', async () => {
    await client.query(
      'create table rows (tenant text, owner text collate "C", count bigint, amount numeric, day date, at timestamptz, tags text[])',
    )
    for (const name of ['tenant', 'owner', 'count', 'amount', 'day', 'at'])
      await client.query(`create index on rows (${name})`)
    await client.query('create index on rows using gin (tags)')
    await client.query('set enable_seqscan = off')
    const masks = [
      '"tenant":"a"',
      '"tenant":{"$in":["a","b"]}',
      '"owner":{"$gt":"a"}',
      '"owner":{"$prefix":"a"}',
      '"count":7',
      '"tags":"a"',
      '"count":{"$in":[1,2]}',
      '"count":{"$lt":7}',
      '"amount":7',
      '"amount":{"$gt":7.5}',
      '"day":{"$gte":"2024-01-01"}',
      '"at":{"$lt":"2024-01-01T00:00:00Z"}',
      '"tags":{"$hasAny":["a","b"]}',
    ]
    for (const written of masks) {
      const { text, parameters } = renderSql(parseMask(json(`{${written}}`), ledger()), 'postgresql', columns)
      const plan = await client.query<{ 'QUERY PLAN': string }>(`explain select from rows where ${text}`, [
        ...parameters,
      ])
      assert.match(plan.rows.map((row) => row['QUERY PLAN']).join('\n'), /Index Cond/, written)
    }
    await client.query('reset enable_seqscan')
  })
})
