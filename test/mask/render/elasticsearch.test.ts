import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import type { Dataset } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderElasticsearch } from '../../../src/mask/render/elasticsearch.ts'
import { jsonText } from '../../support/evaluators/json-text.ts'
import { json, ledger } from '../masks.ts'

function render(written: unknown, dataset: Dataset = ledger()): Readonly<Record<string, unknown>> {
  return renderElasticsearch(parseMask(written, dataset))
}

function at(path: readonly string[]): Dataset {
  return ledger({ fields: new Map([...ledger().fields, ['field', { name: 'field', type: 'string', path }]]) })
}

describe('renderElasticsearch', () => {
  it('says equality as terms', () => {
    assert.deepEqual(render({ owner: 'A' }), { term: { owner: { value: 'A' } } })
    assert.deepEqual(render({ owner: { $in: ['B', 'A'] } }), { terms: { owner: ['A', 'B'] } })
    assert.deepEqual(render({ open: true }), { term: { open: { value: true } } })
  })

  it('takes as many terms as a list may have', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `e${index}`)
    assert.deepEqual(render({ owner: { $in: many } }), { terms: { owner: many.toSorted() } })
  })

  it('guards a negation against what is absent', () => {
    assert.deepEqual(render({ owner: { $ne: 'A' } }), {
      bool: { filter: [{ exists: { field: 'owner' } }], must_not: [{ term: { owner: { value: 'A' } } }] },
    })
  })

  it('wants one of the alternatives to hold', () => {
    assert.deepEqual(render({ owner: 'A', $or: [{ tenant: 'x' }, { tenant: { $prefix: 'y' } }] }), {
      bool: {
        filter: [
          {
            bool: {
              should: [{ term: { tenant: { value: 'x' } } }, { prefix: { tenant: { value: 'y' } } }],
              minimum_should_match: 1,
            },
          },
          { term: { owner: { value: 'A' } } },
        ],
      },
    })
  })

  it('says no row and every row', () => {
    assert.deepEqual(render(true), { match_all: {} })
    const none = bindMask(parseMask({ owner: { $user: 'x' } }, ledger()), new Map())
    assert.deepEqual(renderElasticsearch(none), { match_none: {} })
  })

  it('spells whole numbers in full, and stays within 64 bits', () => {
    assert.equal(
      jsonText(render(json('{"count":{"$lt":9007199254740993}}'))),
      '{"range":{"count":{"lt":9007199254740993}}}',
    )
    assert.equal(
      jsonText(render(json('{"count":{"$gt":9223372036854775808}}'))),
      '{"range":{"count":{"gt":9223372036854775807}}}',
    )
    assert.deepEqual(render(json('{"count":{"$lt":9223372036854775808}}')), { exists: { field: 'count' } })
    assert.deepEqual(render(json('{"count":{"$gt":-9223372036854775809}}')), { exists: { field: 'count' } })
  })

  it('spells a time with its milliseconds, which a range would else round up', () => {
    assert.deepEqual(render({ at: { $gt: '2024-01-01T00:00:00Z' } }), {
      range: { at: { gt: '2024-01-01T00:00:00.000Z' } },
    })
    assert.deepEqual(render({ at: { $lte: '2024-01-01T01:00:00.0005+01:00' } }), {
      range: { at: { lt: '2024-01-01T00:00:00.001Z' } },
    })
    assert.deepEqual(render({ at: { $lt: '9999-12-31T23:59:59.9999Z' } }), { exists: { field: 'at' } })
  })

  it('takes an empty list for an absent one', () => {
    assert.deepEqual(render({ tags: { $exists: true } }), { match_all: {} })
    assert.deepEqual(render({ tags: { $hasNone: ['a'] } }), {
      bool: { must_not: [{ term: { tags: { value: 'a' } } }] },
    })
    assert.deepEqual(render({ owner: { $exists: true } }), { exists: { field: 'owner' } })
    assert.deepEqual(render({ owner: { $exists: false } }), { bool: { must_not: [{ exists: { field: 'owner' } }] } })
  })

  it('leaves out a test on a path that a query cannot name', () => {
    for (const path of [[], ['a.b'], ['a*'], ['meta', ''], [' '], ['a\0']])
      assert.deepEqual(render({ field: 'A' }, at(path)), { match_all: {} }, path.join('/'))
    assert.deepEqual(render({ field: 'A' }, at(['meta', 'owner'])), { term: { 'meta.owner': { value: 'A' } } })
  })

  it('will not render a mask that is not bound', () => {
    assert.throws(() => renderElasticsearch(parseMask({ owner: { $user: 'x' } }, ledger())), TypeError)
  })
})
