import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import { bindMask } from '../../../src/mask/bind.ts'
import { MaskError } from '../../../src/mask/mask-error.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import type { Mask } from '../../../src/mask/predicate.ts'
import { everyTarget, type NamedRows, type Target } from '../../support/evaluators/targets.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { json, ledger } from '../masks.ts'

/** Where products of this kind have shown everything: whatever is missing or not understood selects no row. */
const rows: NamedRows = new Map([
  [
    'full',
    '{"tenant":"acme","owner":"a","key":"1","count":1,"amount":1,"open":true,"day":"2024-01-01","at":"2024-01-01T00:00:00Z","tags":["a"]}',
  ],
  ['nothing', '{}'],
  [
    'nulls',
    '{"tenant":null,"owner":null,"key":null,"count":null,"amount":null,"open":null,"day":null,"at":null,"tags":null}',
  ],
  ['even', '{"key":"9007199254740992","count":9007199254740992,"amount":9007199254740992}'],
  ['odd', '{"key":"9007199254740993","count":9007199254740993}'],
  [
    'other types',
    '{"tenant":7,"owner":7,"key":true,"count":"1","amount":"1","open":"true","day":20240101,"at":true,"tags":"a"}',
  ],
  [
    'lists',
    '{"tenant":["acme"],"owner":["a"],"key":["1"],"count":[1],"amount":[1],"open":[true],"day":["2024-01-01"],"at":["2024-01-01T00:00:00Z"],"tags":[["a"]]}',
  ],
  [
    'objects',
    '{"tenant":{},"owner":{"a":1},"key":{},"count":{},"amount":{},"open":{},"day":{},"at":{},"tags":{"a":"a"}}',
  ],
])

/** What columns, properties and an index with types can hold. */
const typed = ['full', 'nothing', 'nulls', 'even', 'odd']

function bound(written: unknown, attributes: Readonly<Record<string, unknown>> = {}): Mask {
  return bindMask(parseMask(written, ledger()), new Map(Object.entries(attributes)))
}

const one = { $user: 'one' }

/** Every operator that takes a value, and what is of another type than its field. */
const scalarMasks: readonly (readonly [unknown, unknown])[] = [
  ...['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$prefix'].map((each) => [{ owner: { [each]: one } }, 7] as const),
  ...['$eq', '$ne', '$prefix'].map((each) => [{ key: { [each]: one } }, true] as const),
  ...['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'].flatMap((each) => [
    [{ count: { [each]: one } }, 1.5] as const,
    [{ amount: { [each]: one } }, '1'] as const,
    [{ day: { [each]: one } }, '2024-02-30'] as const,
    [{ at: { [each]: one } }, '2024-01-01T00:00:00'] as const,
  ]),
  ...['$eq', '$ne'].map((each) => [{ open: { [each]: one } }, 'true'] as const),
  [{ tags: one }, 7],
]

/** Every operator that takes a list, and a list with one entry that is of another type. */
const listMasks: readonly (readonly [unknown, unknown])[] = [
  ...['$in', '$nin'].flatMap((each) => [
    [{ owner: { [each]: one } }, ['a', 7]] as const,
    [{ key: { [each]: one } }, ['1', null]] as const,
    [{ count: { [each]: one } }, [1, 1.5]] as const,
    [{ amount: { [each]: one } }, [1, '1']] as const,
    [{ open: { [each]: one } }, [true, 'false']] as const,
    [{ day: { [each]: one } }, ['2024-01-01', '']] as const,
    [{ at: { [each]: one } }, ['2024-01-01T00:00:00Z', 'now']] as const,
  ]),
  ...['$hasAny', '$hasNone'].map((each) => [{ tags: { [each]: one } }, ['a', ['b']]] as const),
]

/** What the membership may hold instead of a value that the mask can be bound to. */
const missing: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  missing: [{}, { other: 'a' }],
  undefined: [{ one: undefined }],
  null: [{ one: null }],
  'an empty text': [{ one: '' }],
  'an empty list': [{ one: [] }],
  'a list of an empty text': [{ one: [''] }],
  'an object': [{ one: {} }, { one: { $ne: 'a' } }],
}

/** What somebody may write, or a broken tool may, that is no mask. */
const noMasks: readonly unknown[] = [
  [undefined, null, false, 0, 1, '', 'true', [], [true], {}, Number.NaN],
  [{ owner: null }, { owner: {} }, { owner: [] }, { owner: ['a'] }, { owner: { $in: [] } }, { owner: { $in: 'a' } }],
  [{ owner: { $eq: null } }, { owner: { $ne: null } }, { owner: { $nin: [null] } }, { owner: { $prefix: '' } }],
  [{ owner: { $exists: null } }, { owner: { $exists: 1 } }, { owner: 7 }, { count: '1' }, { open: 'true' }],
  [{ $or: [] }, { $and: [] }, { $or: {} }, { $or: [{}] }, { $or: [true, {}] }, { $nor: [{ owner: 'a' }] }],
  [{ owner: { $not: { $eq: 'a' } } }, { owner: { $regex: '.*' } }, { $where: 'true' }, { $expr: true }],
  [{ owner: { eq: 'a' } }, { nobody: 'a' }, { $user: 'one' }, { owner: { $user: '' } }, { owner: { $user: null } }],
  [{ tags: { $ne: 'a' } }, { tags: { $hasNone: [] } }, { at: '2024-01-01' }, { day: 'today' }],
].flat()

/** Every operator, with what holds for the full row; none asks for a value that is not there. */
const certain: readonly unknown[] = [
  [{ owner: 'a' }, { owner: { $ne: 'b' } }, { owner: { $in: ['a'] } }, { owner: { $nin: ['b', 'c'] } }],
  [{ owner: { $gt: 'Z' } }, { owner: { $lte: 'a' } }, { owner: { $prefix: 'a' } }, { owner: { $exists: true } }],
  [{ key: '1' }, { key: { $ne: '2' } }, { key: { $nin: ['2', '3'] } }, { key: { $prefix: '1' } }],
  [{ count: 1 }, { count: { $ne: 2 } }, { count: { $nin: [2, 3] } }, { count: { $lt: 2 } }, { count: { $gte: 1 } }],
  [{ amount: 1 }, { amount: { $ne: 0.1 } }, { amount: { $nin: [0, 2] } }, { amount: { $gt: 0.1 } }],
  [{ open: true }, { open: { $ne: false } }, { open: { $in: [true, false] } }],
  [{ day: '2024-01-01' }, { day: { $ne: '2024-01-02' } }, { day: { $lt: '2025-01-01' } }],
  [{ at: '2024-01-01T00:00:00Z' }, { at: { $ne: 0 } }, { at: { $gt: 0 } }, { at: { $lte: '2024-01-01T00:00:00Z' } }],
  [{ tags: 'a' }, { tags: { $hasAny: ['a', 'b'] } }],
].flat()

describe('nothing is selected by any target', () => {
  let client: Client
  let targets: readonly Target[] = []
  before(async () => {
    client = new Client({ connectionString: await freshDatabase() })
    await client.connect()
    targets = await everyTarget(client, rows, typed)
  })
  after(() => client.end())

  async function selectsNone(mask: Mask, about: string, names: readonly string[] = [...rows.keys()]): Promise<void> {
    for (const target of targets) {
      const selected = await target.select(mask)
      for (const name of names) assert.ok(!selected.has(name), `${target.name} selects ${name} by ${about}`)
    }
  }

  for (const [title, attributes] of Object.entries(missing))
    it(`where the attribute is ${title}`, async () => {
      for (const held of attributes) {
        for (const [written] of [...scalarMasks, ...listMasks]) {
          await selectsNone(bound(written, held), JSON.stringify(written))
          await selectsNone(bound({ tenant: 'acme', $or: [written] }, held), `a tenant and ${JSON.stringify(written)}`)
        }
      }
    })

  it('where the attribute is of another type, a list for a value, or a value for a list', async () => {
    for (const [written, other] of [...scalarMasks, ...listMasks])
      await selectsNone(bound(written, { one: other }), JSON.stringify([written, other]))
    for (const [written] of scalarMasks) await selectsNone(bound(written, { one: ['a'] }), JSON.stringify(written))
    for (const [written] of listMasks) await selectsNone(bound(written, { one: 'a' }), JSON.stringify(written))
  })

  it('where what is written is no mask: there is nothing to render', () => {
    for (const written of noMasks) assert.throws(() => bound(written, { one: 'a' }), MaskError, JSON.stringify(written))
  })

  it('of the rows that lack the field or have null in it', async () => {
    for (const written of certain) await selectsNone(bound(written), JSON.stringify(written), ['nothing', 'nulls'])
    const hasNone = bound({ tags: { $hasNone: ['b'] } })
    for (const target of targets) {
      // These two know no difference between an empty list and none.
      if (target.name === 'Elasticsearch' || target.name === 'OData') continue
      const selected = await target.select(hasNone)
      assert.ok(selected.has('full') && !selected.has('nothing') && !selected.has('nulls'), target.name)
    }
  })

  it('of the rows with a value of another type, or a list of such values', async () => {
    for (const written of [...certain, { tags: { $hasNone: ['b'] } }]) {
      const asksOnlyForPresence = JSON.stringify(written).includes('$exists')
      if (asksOnlyForPresence) continue
      await selectsNone(bound(written), JSON.stringify(written), ['other types', 'lists', 'objects'])
    }
  })

  it('of the rows with an even number where the next odd one is wanted, which no double holds', async () => {
    const masks = ['count', 'amount'].flatMap((name) => [
      `{"${name}":9007199254740993}`,
      `{"${name}":{"$in":[9007199254740993,9007199254740995]}}`,
      `{"${name}":{"$gte":9007199254740993}}`,
    ])
    for (const text of [...masks, '{"key":9007199254740993}', '{"key":"9007199254740993"}'])
      await selectsNone(bound(json(text)), text, ['even', 'full'])
  })

  it('but the row that a mask is certain of', async () => {
    for (const target of targets) {
      for (const written of certain)
        assert.ok((await target.select(bound(written))).has('full'), `${target.name} by ${JSON.stringify(written)}`)
      for (const text of ['{"count":9007199254740993}', '{"key":"9007199254740993"}'])
        assert.ok((await target.select(bound(json(text)))).has('odd'), `${target.name} by ${text}`)
      assert.deepEqual(await target.select(bound(true)), target.holds, target.name)
    }
  })

  it('but what an attribute names', async () => {
    for (const target of targets) {
      assert.ok((await target.select(bound({ owner: one }, { one: 'a' }))).has('full'), target.name)
      assert.ok((await target.select(bound({ owner: { $in: one } }, { one: ['b', 'a'] }))).has('full'), target.name)
    }
  })
})
