import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import type { Dataset, FieldType } from '../../../src/mask/language.ts'
import { MaskError } from '../../../src/mask/mask-error.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderOdata } from '../../../src/mask/render/odata.ts'
import { parseOdata } from '../../support/evaluators/odata.ts'
import { json, ledger } from '../masks.ts'

function render(written: unknown, dataset: Dataset = ledger()): string {
  return renderOdata(parseMask(written, dataset))
}

function withField(path: readonly string[], type: FieldType = 'string'): Dataset {
  return ledger({ fields: new Map([...ledger().fields, ['field', { name: 'field', type, path }]]) })
}

describe('renderOdata', () => {
  it('doubles the quotes of a string, and nothing ends it early', () => {
    assert.equal(render({ owner: "O'Neil" }), "owner eq 'O''Neil'")
    const hostile = "x' or 1 eq 1 or owner eq '"
    assert.equal(render({ owner: hostile }), "owner eq 'x'' or 1 eq 1 or owner eq '''")
    const selects = parseOdata(render({ owner: hostile }), ledger(), 'decimals')
    assert.equal(selects({ owner: 'x' }), false)
    assert.equal(selects({ owner: hostile }), true)
  })

  it('writes literals as their types are written', () => {
    assert.equal(render({ amount: { $lt: 0.1 } }), 'amount lt 0.1')
    assert.equal(render(json('{"count":{"$gte":9007199254740993}}')), 'count ge 9007199254740993')
    assert.equal(render(json('{"amount":{"$gt":1e50}}')), 'amount gt 1e50')
    assert.equal(render({ open: true }), 'open eq true')
    assert.equal(render({ day: { $gt: '2024-01-01' } }), 'day gt 2024-01-01')
    assert.equal(render({ at: { $lte: '2024-01-01T01:00:00+01:00' } }), 'at le 2024-01-01T00:00:00Z')
    assert.equal(render({ key: 7 }), "key eq '7'")
  })

  it('expands lists, since 4.0 has no list', () => {
    assert.equal(render({ owner: { $in: ['A', 'B'] } }), "(owner eq 'A' or owner eq 'B')")
    assert.equal(render({ owner: { $nin: ['A', 'B'] } }), "owner ne 'A' and owner ne 'B' and owner ne null")
    assert.equal(render({ tags: { $hasAny: ['a', 'b'] } }), "tags/any(x:x eq 'a' or x eq 'b')")
    assert.equal(render({ tags: { $hasNone: ['a'] } }), "not tags/any(x:x eq 'a')")
  })

  it('may stand beside and without parentheses', () => {
    assert.equal(
      render({ owner: 'A', $or: [{ open: true, day: '2024-01-01' }, { tags: 'x' }] }),
      "(day eq 2024-01-01 and open eq true or tags/any(x:x eq 'x')) and owner eq 'A'",
    )
    assert.match(render({ $or: [{ owner: 'A' }, { open: true }] }), /^\(.*\)$/)
  })

  it('keeps null from being unequal to a value', () => {
    assert.equal(render({ open: { $ne: true } }), 'open ne true and open ne null')
    assert.equal(render({ owner: { $exists: false } }), 'owner eq null')
    assert.equal(render({ owner: { $exists: true } }), 'owner ne null')
  })

  it('lets any string through where strings are ordered, which every service does its own way', () => {
    assert.equal(render({ owner: { $gt: 'm' } }), 'owner ne null')
    assert.equal(render({ owner: { $prefix: "m'" } }), "startswith(owner,'m''')")
  })

  it('puts what a property cannot hold between its neighbours', () => {
    assert.equal(render(json('{"amount":0.10000000000000001}')), 'amount gt 0.1 and amount lt 0.10000000000000002')
    assert.equal(render({ at: { $gt: '2024-01-01T00:00:00.0005Z' } }), 'at gt 2024-01-01T00:00:00Z')
    assert.equal(render({ at: { $lt: '9999-12-31T23:59:59.9999Z' } }), 'at ne null')
  })

  it('says no row and every row', () => {
    assert.equal(render(true), 'true')
    assert.equal(renderOdata(bindMask(parseMask({ owner: { $user: 'x' } }, ledger()), new Map())), 'false')
    assert.equal(render({ tags: { $exists: true } }), 'true')
    assert.equal(render({ tags: { $exists: false } }), 'not tags/any()')
  })

  it('leads into complex properties', () => {
    assert.equal(render({ field: 'A' }, withField(['meta', 'größe'])), "meta/größe eq 'A'")
    assert.equal(render({ field: 'A' }, withField(['meta', 'items'], 'string[]')), "meta/items/any(x:x eq 'A')")
  })

  it('refuses a name that is no identifier', () => {
    const names = ['', 'a b', 'a-b', '1a', "a'b", 'a/b', '$it', 'a.b', 'null', 'not', 'or', 'NaN', 'a'.repeat(129)]
    for (const name of names) {
      assert.throws(() => render({ field: 'A' }, withField([name])), MaskError, name)
      assert.throws(() => render({ owner: 'B', field: { $exists: true } }, withField(['meta', name])), MaskError, name)
    }
    assert.throws(() => render({ field: 'A' }, withField([])), /^MaskError: field: its place/)
    assert.equal(render({ field: 'A' }, withField(['a'.repeat(128)])), `${'a'.repeat(128)} eq 'A'`)
    assert.equal(render({ owner: 'A' }, withField(['a b'])), "owner eq 'A'")
  })

  it('will not render a mask that is not bound', () => {
    assert.throws(() => renderOdata(parseMask({ owner: { $user: 'x' } }, ledger())), TypeError)
  })
})
