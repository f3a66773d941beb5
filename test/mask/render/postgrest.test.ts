import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import { bindMask } from '../../../src/mask/bind.ts'
import type { Dataset, FieldType } from '../../../src/mask/language.ts'
import { MaskError } from '../../../src/mask/mask-error.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderPostgrest } from '../../../src/mask/render/postgrest.ts'
import { PostgrestRelation } from '../../support/evaluators/postgrest-relation.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { json, ledger } from '../masks.ts'

function render(written: unknown, dataset: Dataset = ledger()): string {
  return renderPostgrest(parseMask(written, dataset))
}

function withField(path: readonly string[], type: FieldType = 'string'): Dataset {
  return ledger({ fields: new Map([['field', { name: 'field', type, path }]]), tenantField: 'field' })
}

describe('renderPostgrest', () => {
  it('quotes every value, with a backslash before quotes and backslashes', () => {
    assert.equal(render({ owner: 'A' }), 'owner.eq."A"')
    assert.equal(render({ owner: 'a",b.c(d)\\' }), 'owner.eq."a\\",b.c(d)\\\\"')
    assert.equal(render({ owner: { $in: ['a,b', 'c"d'] } }), 'owner.in.("a,b","c\\"d")')
    assert.equal(render({ owner: { $nin: ['a', 'b'] } }), 'owner.not.in.("a","b")')
  })

  it('nests and and or', () => {
    assert.equal(
      render({ owner: 'A', $or: [{ open: true, count: { $lt: 5 } }, { tags: 'x' }] }),
      'and(or(and(count.lt."5",open.eq."true"),tags.ov."{\\"x\\"}"),owner.eq."A")',
    )
  })

  it('does not write a list of one empty text, which would be an empty list', () => {
    assert.equal(render({ owner: { $in: [''] } }), 'owner.eq.""')
    assert.equal(render({ owner: { $nin: [''] } }), 'owner.neq.""')
  })

  it('escapes what like takes for a pattern, and uses match where a star stands', () => {
    assert.equal(render({ owner: { $prefix: 'a%_\\' } }), 'owner.like."a\\\\%\\\\_\\\\\\\\*"')
    assert.equal(render({ owner: { $prefix: 'a*.' } }), 'owner.match."^a\\\\*\\\\."')
  })

  it('leads into documents by arrows, and quotes names that are no plain words', () => {
    assert.equal(render({ field: 'A' }, withField(['meta', 'owner'])), 'meta->>owner.eq."A"')
    assert.equal(
      render({ field: { $lt: 5 } }, withField(['meta', 'a', '0'], 'number')),
      'and(meta->a->>"0".not.is.null,meta->a->"0".lt."5")',
    )
    assert.equal(render({ field: 'A' }, withField(['Order "No."'])), '"Order \\"No.\\"".eq."A"')
    assert.equal(render({ field: 'A' }, withField(['and'])), '"and".eq."A"')
    assert.equal(
      render({ field: { $hasNone: ['a"'] } }, withField(['meta', 'tags'], 'string[]')),
      'and(meta->>tags.not.is.null,meta->tags.not.cs."[\\"a\\\\\\"\\"]")',
    )
  })

  it('lets any value through where the order is not its own', () => {
    assert.equal(render({ owner: { $gt: 'm' } }), 'owner.not.is.null')
    assert.equal(render({ field: { $gt: 0 } }, withField(['meta', 'at'], 'datetime')), 'meta->>at.not.is.null')
    assert.equal(render({ at: { $gt: '2024-01-01T00:00:00.0000005Z' } }), 'at.gt."2024-01-01T00:00:00Z"')
    assert.equal(render(json('{"count":{"$gt":9007199254740993}}')), 'count.gt."9007199254740993"')
  })

  it('says nothing of texts with U+0000, which no column holds', () => {
    const none = 'and(pg_typeof.is.null,pg_typeof.not.is.null)'
    assert.equal(render({ owner: 'a\0' }), none)
    assert.equal(render({ owner: { $prefix: 'a\0' } }), none)
    assert.equal(render({ owner: { $ne: 'a\0' } }), 'owner.not.is.null')
    assert.equal(render({ owner: { $in: ['a\0', 'b'] } }), 'owner.eq."b"')
    assert.equal(render({ tags: { $hasNone: ['a\0', 'b'] } }), 'tags.not.ov."{\\"b\\"}"')
    assert.equal(render({ tags: { $hasAny: ['a\0'] } }), none)
  })

  it('refuses a place that no column can be named for', () => {
    for (const path of [[], [''], ['é'.repeat(32)], ['a\0'], ['meta', 'a\0']])
      assert.throws(() => render({ field: 'A' }, withField(path)), MaskError, path.join('/'))
    assert.equal(render({ field: 'A' }, withField(['e'.repeat(63)])), `${'e'.repeat(63)}.eq."A"`)
    assert.equal(render({ field: 'A' }, withField(['meta', ''])), 'meta->>"".eq."A"')
  })

  it('will not render a mask that is not bound', () => {
    assert.throws(() => renderPostgrest(parseMask({ owner: { $user: 'x' } }, ledger())), TypeError)
  })
})

describe('a condition in PostgreSQL', () => {
  let client: Client
  before(async () => {
    client = new Client({ connectionString: await freshDatabase() })
    await client.connect()
  })
  after(() => client.end())

  it('selects no row and every row of a table and of a view', async () => {
    const relation = await PostgrestRelation.create(client, 'kept', ledger(), [{ owner: 'a' }, { owner: null }])
    const none = renderPostgrest(bindMask(parseMask({ owner: { $user: 'x' } }, ledger()), new Map()))
    assert.deepEqual(await relation.select(none), new Set())
    assert.deepEqual(await relation.select(render(true)), new Set([0, 1]))
    await client.query('create view seen as select owner from kept')
    const viewed = await client.query('select count(*)::int as rows from seen where seen.pg_typeof is null')
    assert.deepEqual(viewed.rows, [{ rows: 0 }])
  })

  it('takes no part of a text for a part of the condition', async () => {
    const texts = [
      'a',
      'a",b',
      '"),owner.neq.("x',
      'a\\',
      '{a}',
      'a*b',
      'aXb',
      '%',
      '',
      "'; drop table x; --",
      '()',
      'null',
    ]
    const relation = await PostgrestRelation.create(
      client,
      'texts',
      ledger(),
      texts.map((owner) => ({ owner, tags: [owner] })),
    )
    for (const [at, text] of texts.entries()) {
      assert.deepEqual(await relation.select(render({ owner: text })), new Set([at]), text)
      assert.deepEqual(await relation.select(render({ owner: { $in: [text] } })), new Set([at]), text)
      assert.deepEqual(await relation.select(render({ tags: text })), new Set([at]), text)
      const others = await relation.select(render({ owner: { $nin: [text, 'none'] } }))
      assert.equal(others.size, texts.length - 1, text)
    }
    assert.deepEqual(await relation.select(render({ owner: { $prefix: 'a*' } })), new Set([5]))
    assert.deepEqual(await relation.select(render({ owner: { $prefix: '%' } })), new Set([7]))
  })
})
