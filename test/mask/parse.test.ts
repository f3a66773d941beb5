import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MaskError, type MaskProblem } from '../../src/mask/mask-error.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { canonicalJson } from '../../src/mask/render/header-json.ts'
import { json, ledger } from './masks.ts'

function problemsOf(written: unknown): readonly MaskProblem[] {
  try {
    parseMask(written, ledger())
  } catch (error) {
    if (error instanceof MaskError) return error.problems
    throw error
  }
  return []
}

/** A mask as JSON, where its problem is, and what the message says. */
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['{}', '', /\{\} is no mask/],
  ['[]', '', /got a list/],
  ['[{"owner":"a"}]', '', /got a list/],
  ['null', '', /got null/],
  ['false', '', /got false/],
  ['"true"', '', /got "true"/],
  ['1', '', /got 1/],
  ['{"nobody":"a"}', 'nobody', /declares no such field/],
  ['{"Owner":"a"}', 'Owner', /declares no such field/],
  ['{"__proto__":"a"}', '__proto__', /declares no such field/],
  ['{"constructor":"a"}', 'constructor', /declares no such field/],
  ['{"prototype":"a"}', 'prototype', /declares no such field/],
  ['{"$not":{"owner":"a"}}', '$not', /unknown operator \$not/],
  ['{"$nor":[{"owner":"a"}]}', '$nor', /unknown operator/],
  ['{"$where":"1"}', '$where', /unknown operator/],
  ['{"$user":"x"}', '$user', /unknown operator/],
  ['{"owner":{"$regex":"."}}', 'owner', /unknown operator \$regex/],
  ['{"owner":{"$not":{"$eq":"a"}}}', 'owner', /unknown operator \$not/],
  ['{"owner":{"eq":"a"}}', 'owner', /unknown operator eq/],
  ['{"owner":{"__proto__":"a"}}', 'owner', /unknown operator __proto__/],
  ['{"owner":{}}', 'owner', /\{\} is no condition/],
  ['{"owner":null}', 'owner', /takes no null/],
  ['{"owner":["a"]}', 'owner', /\$eq needs a string.*got a list/],
  ['{"owner":{"$ne":null}}', 'owner', /\$ne takes no null/],
  ['{"owner":{"$in":null}}', 'owner', /\$in takes no null/],
  ['{"owner":{"$in":["a",null]}}', 'owner.$in[1]', /got null/],
  ['{"owner":{"$in":[]}}', 'owner', /1 to 1000 values, got 0/],
  ['{"owner":{"$in":"a"}}', 'owner', /\$in needs a list/],
  ['{"owner":{"$in":[{"$user":"x"}]}}', 'owner.$in[0]', /got an object/],
  ['{"owner":{"$eq":["a"]}}', 'owner', /got a list/],
  ['{"owner":{"$exists":1}}', 'owner', /\$exists needs true or false, got 1/],
  ['{"owner":{"$exists":{"$user":"x"}}}', 'owner', /\$exists needs true or false/],
  ['{"owner":1}', 'owner', /needs a string/],
  ['{"owner":"\\ud800"}', 'owner', /needs a string/],
  ['{"owner":{"$prefix":""}}', 'owner', /not empty/],
  ['{"owner":{"$user":1}}', 'owner', /name of an attribute/],
  ['{"owner":{"$user":""}}', 'owner', /name of an attribute/],
  ['{"owner":{"$user":"__proto__"}}', 'owner', /name of an attribute/],
  ['{"owner":{"$user":"x","$ne":"a"}}', 'owner', /stands alone/],
  ['{"key":7.5}', 'key', /a string or an exact integer/],
  ['{"key":7.0}', 'key', /a string or an exact integer/],
  ['{"key":""}', 'key', /a string or an exact integer/],
  ['{"key":{"$gt":7}}', 'key', /\$gt is not for id fields/],
  ['{"count":1.5}', 'count', /an exact integer/],
  ['{"count":1e400}', 'count', /an exact integer/],
  ['{"count":true}', 'count', /an exact integer/],
  ['{"count":{"$prefix":"1"}}', 'count', /\$prefix is not for integer/],
  ['{"$or":[{"owner":"a"},{"amount":{"$gt":"10"}}]}', '$or[1].amount', /^\$gt needs a number, got "10"$/],
  ['{"open":"true"}', 'open', /needs true or false/],
  ['{"open":{"$gt":false}}', 'open', /\$gt is not for boolean/],
  ['{"day":"2023-02-29"}', 'day', /needs a date/],
  ['{"at":"2024-01-01"}', 'at', /RFC 3339/],
  ['{"at":1.5}', 'at', /RFC 3339/],
  ['{"tags":{"$eq":"a"}}', 'tags', /\$eq is not for string\[\]/],
  ['{"tags":["a"]}', 'tags', /\$has needs a string/],
  ['{"owner":{"$has":"a"}}', 'owner', /\$has is not for string fields/],
  ['{"owner":{"$hasNone":["a"]}}', 'owner', /\$hasNone is not for string/],
  ['{"$and":[]}', '$and', /at least one mask/],
  ['{"$or":[]}', '$or', /at least one mask/],
  ['{"$or":{"owner":"a"}}', '$or', /needs a list of masks/],
  ['{"$or":[{"owner":"a"},{}]}', '$or[1]', /\{\} is no mask/],
  ['{"$and":[null]}', '$and[0]', /got null/],
]

describe('parseMask', () => {
  for (const [mask, path, message] of refused) {
    it(`refuses ${mask}`, () => {
      const [problem] = problemsOf(json(mask))
      assert.equal(problem?.path, path)
      assert.match(problem?.message ?? '', message)
    })
  }

  it('refuses undefined, functions, dates and maps', () => {
    for (const written of [undefined, () => true, new Date(0), new Map([['owner', 'a']])]) {
      assert.equal(problemsOf(written).length, 1)
    }
  })

  it('refuses JavaScript numbers that may have been rounded, beside the last exact one', () => {
    assert.equal(problemsOf({ count: 2 ** 53 }).length, 1)
    assert.equal(problemsOf({ amount: 1e21 }).length, 1)
    assert.equal(problemsOf({ amount: Number.NaN }).length, 1)
    assert.deepEqual(problemsOf({ count: 2 ** 53 - 1, amount: 0.5 }), [])
    assert.deepEqual(problemsOf({ count: 2n ** 53n + 1n }), [])
  })

  it('names every problem', () => {
    assert.deepEqual(
      problemsOf({ owner: 1, open: 1, $or: [{ count: 'a' }] }).map(({ path }) => path),
      ['owner', 'open', '$or[0].count'],
    )
  })

  it('allows six levels and refuses the seventh', () => {
    assert.deepEqual(problemsOf(nested(6)), [])
    assert.match(problemsOf(nested(7))[0]?.message ?? '', /nested too deep/)
    const endless: Record<string, unknown> = {}
    endless['$or'] = [endless]
    assert.match(problemsOf(endless)[0]?.message ?? '', /nested too deep/)
  })

  it('allows 256 nodes and refuses one more, once', () => {
    const masks = Array.from({ length: 255 }, (_, index) => ({ count: index }))
    assert.deepEqual(problemsOf({ $or: masks }), [])
    assert.deepEqual(
      problemsOf({ $or: [...masks, true] }).map(({ message }) => message),
      ['more than 256 nodes'],
    )
    assert.equal(problemsOf({ $or: Array.from({ length: 100_000 }, () => true) }).length, 1)
  })

  it('allows lists of 1,000 and strings of 1 KiB, and nothing longer', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index)
    assert.deepEqual(problemsOf({ count: { $in: list } }), [])
    assert.equal(problemsOf({ count: { $in: [...list, 1000] } }).length, 1)
    assert.deepEqual(problemsOf({ owner: 'é'.repeat(512) }), [])
    assert.equal(problemsOf({ owner: `${'é'.repeat(512)}a` }).length, 1)
    assert.equal(problemsOf({ owner: '😀'.repeat(257) }).length, 1)
  })

  it('stops after a hundred problems', () => {
    assert.equal(
      problemsOf(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]))).length,
      100,
    )
  })

  it('gives two spellings of one mask one form', () => {
    const forms = [
      { owner: 'a', count: { $gt: 1, $lt: 9 } },
      { $and: [{ count: { $lt: 9 } }, { owner: { $eq: 'a' } }, true, { count: { $gt: 1 } }] },
      { $or: [{ $and: [{ count: { $lt: 9, $gt: 1 } }, { owner: 'a' }] }], owner: { $eq: 'a' } },
    ]
    for (const form of forms) {
      assert.equal(canonicalJson(parseMask(form, ledger())), '{"count":{"$gt":1,"$lt":9},"owner":"a"}')
    }
  })

  it('freezes what it returns', () => {
    const mask = parseMask({ owner: { $in: ['a', 'b'] }, open: true }, ledger())
    assert.ok(Object.isFrozen(mask) && Object.isFrozen(mask.root))
    assert.ok(mask.root.kind === 'and' && mask.root.children.every((child) => Object.isFrozen(child)))
  })
})

function nested(depth: number): unknown {
  let mask: unknown = { owner: 'a' }
  for (let level = 1; level < depth; level++) mask = { $or: [mask] }
  return mask
}
