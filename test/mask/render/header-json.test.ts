import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { canonicalJson, renderHeaderJson } from '../../../src/mask/render/header-json.ts'
import { json, ledger } from '../masks.ts'

function render(written: unknown, attributes: ReadonlyMap<string, unknown> = new Map()): string {
  return renderHeaderJson(bindMask(parseMask(written, ledger()), attributes))
}

describe('renderHeaderJson', () => {
  it('sorts keys and lists and drops repeats', () => {
    assert.equal(
      render({
        owner: { $in: ['b', 'a', 'b'] },
        amount: { $lt: 2, $gt: 1 },
        $or: [{ open: true }, { day: '2024-01-01' }],
      }),
      '{"$or":[{"day":"2024-01-01"},{"open":true}],"amount":{"$gt":1,"$lt":2},"owner":{"$in":["a","b"]}}',
    )
  })

  it('is printable ASCII whatever the text holds', () => {
    assert.equal(render({ owner: 'é😀\u007f\r\n"\\' }), '{"owner":"\\u00e9\\ud83d\\ude00\\u007f\\r\\n\\"\\\\"}')
  })

  it('spells numbers and instants one way', () => {
    assert.equal(render(json('{"amount":{"$in":[1.0,1e0,0.10,1e50]}}')), '{"amount":{"$in":[0.1,1,1e50]}}')
    assert.equal(
      render(json('{"at":{"$in":["2024-01-01T01:00:00.50+01:00",1704067200500]}}')),
      '{"at":{"$in":["2024-01-01T00:00:00.5Z"]}}',
    )
    assert.equal(
      render(json('{"key":{"$in":[9007199254740993,"9007199254740993"]}}')),
      '{"key":{"$in":["9007199254740993"]}}',
    )
  })

  it('keeps two conditions of one operator apart', () => {
    assert.equal(
      render({ $and: [{ owner: { $ne: 'a' } }, { owner: { $ne: 'b' } }] }),
      '{"$and":[{"owner":{"$ne":"b"}}],"owner":{"$ne":"a"}}',
    )
  })

  it('puts the attribute in place of its reference', () => {
    assert.equal(
      render({ tags: { $hasAny: { $user: 'x' } } }, new Map([['x', ['b', 'a']]])),
      '{"tags":{"$hasAny":["a","b"]}}',
    )
  })

  it('says true for every row, and will not say that there is none', () => {
    assert.equal(render(true), 'true')
    assert.throws(() => render({ owner: { $user: 'x' } }), TypeError)
  })

  it('will not render a mask that is not bound', () => {
    assert.throws(() => renderHeaderJson(parseMask({ owner: { $user: 'x' } }, ledger())), TypeError)
  })
})

describe('canonicalJson', () => {
  it('shows references and what permits nothing', () => {
    const mask = parseMask({ owner: { $user: 'x' } }, ledger())
    assert.equal(canonicalJson(mask), '{"owner":{"$user":"x"}}')
    assert.equal(canonicalJson(bindMask(mask, new Map())), 'false')
  })
})
