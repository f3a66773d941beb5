import assert from 'node:assert/strict'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { describe, it } from 'node:test'
import { parseMask } from '../../../src/mask/parse.ts'
import { branch, makeMask, test } from '../../../src/mask/predicate.ts'
import { renderSql, type SqlRendering, type SqlSource } from '../../../src/mask/render/sql.ts'
import { json, ledger } from '../masks.ts'

const documents: SqlSource = { kind: 'json', column: 'data' }
const columns: SqlSource = { kind: 'columns' }

function run({ text, parameters }: SqlRendering, database: DatabaseSync, table = 'rows'): number[] {
  const values = parameters.map((value) => (typeof value === 'boolean' ? null : value))
  const found = database.prepare(`select rowid as id from ${table} where ${text} order by 1`).all(...values)
  return found.map(({ id }) => Number(id))
}

/** The positions of the documents that a mask selects. */
function select(written: string, rows: readonly SQLInputValue[]): number[] {
  const database = new DatabaseSync(':memory:')
  database.exec('create table rows (data)')
  for (const row of rows) database.prepare('insert into rows values (?)').run(row)
  const ids = run(renderSql(parseMask(json(written), ledger()), 'sqlite', documents), database)
  database.close()
  return ids.map((id) => id - 1)
}

describe('a mask over documents in SQLite', () => {
  it('selects no row that is not JSON text, and fails on none', () => {
    const broken = [
      '',
      '{',
      "{'owner':'a'}",
      '{"owner":"a",}',
      '{"owner":"a"}x',
      '{"owner":"a"}\0',
      '{owner:"a"}',
      null,
      1,
    ]
    const blob = new TextEncoder().encode('{"owner":"a"}')
    for (const mask of [
      '{"owner":"a"}',
      '{"owner":{"$exists":true}}',
      '{"key":{"$exists":false}}',
      '{"owner":{"$ne":"b"}}',
    ]) {
      assert.deepEqual(select(mask, [...broken, blob]), [])
      assert.deepEqual(select(mask, ['{"owner":"a"}', ' {"owner" : "a"}\n']), [0, 1])
    }
  })

  it('selects no row that has a key twice where the mask reads', () => {
    const rows = [
      '{"owner":"a","owner":"b"}',
      '{"owner":"a","own\\u0065r":"a"}',
      '{"owner":"a"}',
      '{"owner":"a","x":1,"x":2}',
    ]
    assert.deepEqual(select('{"owner":"a"}', rows), [2, 3])
    assert.deepEqual(select('{"owner":{"$exists":true}}', rows), [2, 3])
    assert.deepEqual(select('{"$or":[{"key":{"$exists":false}},{"owner":"b"}]}', rows), [2, 3])
  })

  it('finds a key however it is spelled', () => {
    assert.deepEqual(select('{"owner":"a"}', ['{"\\u006fwner":"\\u0061"}', '{"Owner":"a"}', '{"owner ":"a"}']), [0])
    assert.deepEqual(select('{"owner":{"$exists":false}}', ['{"\\u006fwner":"a"}', '{"Owner":"a"}']), [1])
  })

  it('takes a number with an exponent beyond all integers for none, unless it is zero', () => {
    const rows = [
      '{"amount":1e99999999999999999999}',
      '{"amount":1e-99999999999999999999}',
      '{"amount":0e99999999999999999999}',
    ]
    assert.deepEqual(select('{"amount":{"$lt":5}}', rows), [2])
    assert.deepEqual(select('{"amount":{"$ne":7}}', rows), [2])
  })

  it('compares texts with U+0000 in them whole', () => {
    const rows = ['{"owner":"a\\u0000"}', '{"owner":"a\\u0000b"}', '{"owner":"a"}', '{"owner":"a\\u0000\\ud800"}']
    assert.deepEqual(select('{"owner":"a"}', rows), [2])
    assert.deepEqual(select('{"owner":"a\\u0000b"}', rows), [1])
    assert.deepEqual(select('{"owner":{"$prefix":"a\\u0000"}}', rows), [0, 1])
    assert.deepEqual(select('{"owner":{"$in":["a\\u0000","a\\u0000b"]}}', rows), [0, 1])
  })

  it('finds a prefix that ends at the last character before the surrogates, or at the last of all', () => {
    const rows = [
      '\u{d7ff}',
      '\u{d7ff}\u{10ffff}',
      '\u{e000}',
      '\u{10ffff}',
      '\u{10ffff}a',
      'a\u{10ffff}',
      'a\u{10ffff}b',
      'b',
    ]
    const stored = rows.map((owner) => JSON.stringify({ owner }))
    assert.deepEqual(select('{"owner":{"$prefix":"\\ud7ff"}}', stored), [0, 1])
    assert.deepEqual(select('{"owner":{"$prefix":"\\udbff\\udfff"}}', stored), [3, 4])
    assert.deepEqual(select('{"owner":{"$prefix":"a\\udbff\\udfff"}}', stored), [5, 6])
  })

  it('is found in a column that has the name of one of json_each', () => {
    const database = new DatabaseSync(':memory:')
    for (const name of ['value', 'json', 'key', 'doc', 't', 'v', 'e']) {
      database.exec(
        `create table "${name}_rows" ("${name}"); insert into "${name}_rows" values ('{"owner":"a","tags":["x"]}')`,
      )
      const mask = parseMask({ owner: { $prefix: 'a' }, tags: 'x', key: { $exists: false } }, ledger())
      assert.deepEqual(run(renderSql(mask, 'sqlite', { kind: 'json', column: name }), database, `"${name}_rows"`), [1])
    }
  })
})

describe('a mask over columns in SQLite', () => {
  it('is an error where a column is missing, not a condition on its name', () => {
    const database = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true })
    database.exec("create table rows (tenant text); insert into rows values ('acme')")
    for (const written of [{ owner: { $ne: 'x' } }, { owner: { $exists: true } }, { owner: 'owner' }]) {
      assert.throws(() => run(renderSql(parseMask(written, ledger()), 'sqlite', columns), database), /no such column/)
    }
    assert.deepEqual(run(renderSql(parseMask({ tenant: 'acme' }, ledger()), 'sqlite', columns), database), [1])
  })

  it('uses an index for equality, lists, order and prefixes', () => {
    const database = new DatabaseSync(':memory:')
    database.exec('create table rows (owner text, key integer, count integer, day text)')
    for (const name of ['owner', 'key', 'count', 'day']) database.exec(`create index by_${name} on rows (${name})`)
    const masks = [
      '"owner":"a"',
      '"owner":{"$in":["a","b"]}',
      '"owner":{"$gt":"a"}',
      '"owner":{"$prefix":"a"}',
      '"key":"7"',
      '"key":{"$in":["7","8"]}',
      '"count":7',
      '"count":{"$lt":7}',
      '"count":{"$in":[1,2]}',
      '"day":"2024-01-01"',
      '"day":{"$gte":"2024-01-01"}',
    ]
    for (const written of masks) {
      const { text, parameters } = renderSql(parseMask(json(`{${written}}`), ledger()), 'sqlite', columns)
      const values = parameters.map((value) => (typeof value === 'boolean' ? null : value))
      const plan = database.prepare(`explain query plan select 1 from rows where ${text}`).all(...values)
      assert.match(String(plan[0]?.['detail']), /SEARCH rows USING (?:COVERING )?INDEX/, written)
    }
  })

  it('takes more conditions than an expression may be deep', () => {
    const field = ledger().fields.get('owner')
    assert.ok(field !== undefined)
    const tests = Array.from({ length: 3000 }, (_, index) => test(field, '$ne', { kind: 'value', value: `${index}` }))
    const database = new DatabaseSync(':memory:')
    database.exec("create table rows (owner text); insert into rows values ('2999'), ('a')")
    assert.deepEqual(run(renderSql(makeMask('ledger', branch('and', tests)), 'sqlite', columns), database), [2])
  })
})
