import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckBaseMask } from '../../src/config/load.ts'
import { changed, good, parse, problemsOf } from './support.ts'

/** What is replaced in the good document, by what, and every problem it must give. */
const refusals: readonly (readonly [string, string, ...string[]])[] = [
  [
    'tenant: account',
    'tenant: acount',
    '8:13 datasets.orders.tenant: no field is called "acount"; did you mean "account"?',
  ],
  [
    'tenant: account',
    'tenant: amount',
    '8:13 datasets.orders.tenant: the field "amount" is of type number; a tenant is a string or an id',
  ],
  [
    'at: /meta/owner',
    'at: meta/owner',
    '12:34 datasets.orders.fields.owner.at: must be an RFC 6901 pointer such as /meta/owner',
  ],
  [
    'at: /meta/owner',
    'at: /meta~2',
    '12:34 datasets.orders.fields.owner.at: must be an RFC 6901 pointer such as /meta/owner',
  ],
  [
    '    fields:',
    '    base: { eq: [amount, 1] }\n    fields:',
    '9:11 datasets.orders.base: base masks cannot be checked here',
  ],
]

describe('refuses a dataset that contradicts itself', () => {
  it('accepts the document without the fault', () => assert.deepEqual(problemsOf(good), []))

  for (const [before, after, ...expected] of refusals) {
    it(`refuses ${JSON.stringify(after)} in place of ${JSON.stringify(before)}`, () => {
      assert.deepEqual(problemsOf(changed(before, after)), expected)
    })
  }
})

const checkBaseMask: CheckBaseMask = () => [{ path: ['eq', 1], message: 'is not the amount it should be: 31337' }]

describe('hands base masks to the composition root', () => {
  const masked = changed('    fields:', '    base:\n      eq: [amount, ${LEAST}]\n    fields:')

  it('points at the part of the mask that is wrong', () => {
    const text = masked.replace('${LEAST}', '31337')
    assert.deepEqual(problemsOf(text, { checkBaseMask }), [
      '10:20 datasets.orders.base.eq[1]: is not the amount it should be: 31337',
    ])
  })

  it('does not repeat a message about a mask that holds a referenced value', () => {
    const quoted = masked.replace('${LEAST}', '"${LEAST}"')
    assert.deepEqual(problemsOf(quoted, { checkBaseMask, env: { LEAST: '31337' } }), [
      '10:20 datasets.orders.base.eq[1]: is not a mask of this dataset (it holds a reference, which is not shown)',
    ])
  })

  it('keeps the mask as written where nothing is wrong', () => {
    const { datasets } = parse(masked.replace('${LEAST}', '3'), { checkBaseMask: () => [] })
    assert.deepEqual(datasets.get('orders')?.base, { eq: ['amount', 3] })
  })
})

describe('attributes that are declared', () => {
  it('refuses one that everybody has already, and one of no known type', () => {
    assert.deepEqual(problemsOf(changed('datasets:', 'attributes: { tenant: id }\ndatasets:')), [
      '6:15 attributes.tenant: everybody has it already',
    ])
    assert.equal(problemsOf(changed('datasets:', 'attributes: { level: int }\ndatasets:')).length, 1)
  })

  it('reach the masks of every dataset', () => {
    const { datasets } = parse(changed('datasets:', 'attributes: { level: integer }\ndatasets:'))
    assert.deepEqual(datasets.get('orders')?.attributes, new Map([['level', 'integer']]))
    assert.equal(parse(good).datasets.get('orders')?.attributes, undefined)
  })
})
