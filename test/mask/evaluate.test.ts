import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../src/mask/bind.ts'
import { compilePredicate } from '../../src/mask/evaluate.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { readRow } from '../../src/mask/row-values.ts'
import { json, ledger } from './masks.ts'

/** Whether `mask` permits `row`, both as JSON. */
function permits(mask: string, row: string, attributes: Readonly<Record<string, unknown>> = {}): boolean {
  const bound = bindMask(parseMask(json(mask), ledger()), new Map(Object.entries(attributes)))
  const predicate = compilePredicate(bound)
  return predicate.test(readRow(json(row), predicate.reads))
}

/** Mask, rows it permits, rows it does not. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['true', ['{}', '{"owner":null}'], []],
  // string
  [
    '{"owner":"a"}',
    ['{"owner":"a"}'],
    ['{"owner":"A"}', '{"owner":" a"}', '{"owner":"a\\u0000"}', '{"owner":1}', '{"owner":true}', '{"owner":["a"]}'],
  ],
  ['{"owner":"\\u00e9"}', ['{"owner":"é"}'], ['{"owner":"e\\u0301"}']],
  ['{"owner":""}', ['{"owner":""}'], ['{}', '{"owner":null}', '{"owner":" "}']],
  [
    '{"owner":{"$ne":"a"}}',
    ['{"owner":"b"}', '{"owner":""}'],
    ['{"owner":"a"}', '{}', '{"owner":null}', '{"owner":1}', '{"owner":[]}', '{"owner":"\\ud800"}'],
  ],
  ['{"owner":{"$in":["a","b"]}}', ['{"owner":"a"}', '{"owner":"b"}'], ['{"owner":"c"}', '{}', '{"owner":["a"]}']],
  [
    '{"owner":{"$nin":["a","b"]}}',
    ['{"owner":"c"}'],
    ['{"owner":"a"}', '{}', '{"owner":null}', '{"owner":["c"]}', '{"owner":"\\udc00"}'],
  ],
  ['{"owner":{"$gt":"b"}}', ['{"owner":"ba"}', '{"owner":"c"}'], ['{"owner":"b"}', '{"owner":"B"}', '{"owner":3}']],
  [
    '{"owner":{"$gte":"\\ue000"}}',
    ['{"owner":"\\ue000"}', '{"owner":"\\ud800\\udc00"}'],
    ['{"owner":"\\ud7ff"}', '{"owner":"\\uffff\\ud800"}'],
  ],
  [
    '{"owner":{"$lt":"\\ud83d\\ude00"}}',
    ['{"owner":"\\uffff"}', '{"owner":""}'],
    ['{"owner":"\\ud83d\\ude00"}', '{"owner":"\\ud83d"}'],
  ],
  ['{"owner":{"$gte":"a","$lt":"c"}}', ['{"owner":"a"}', '{"owner":"bz"}'], ['{"owner":"c"}', '{"owner":"Z"}']],
  [
    '{"owner":{"$prefix":"eu-"}}',
    ['{"owner":"eu-"}', '{"owner":"eu-1"}'],
    ['{"owner":"eu"}', '{"owner":"EU-1"}', '{}', '{"owner":["eu-1"]}'],
  ],
  ['{"owner":{"$exists":true}}', ['{"owner":""}', '{"owner":{}}'], ['{}', '{"owner":null}']],
  ['{"owner":{"$exists":false}}', ['{}', '{"owner":null}'], ['{"owner":""}', '{"owner":[]}']],
  // id
  [
    '{"key":"7"}',
    ['{"key":"7"}', '{"key":7}'],
    ['{"key":7.0}', '{"key":"07"}', '{"key":7e0}', '{"key":"7.0"}', '{"key":true}'],
  ],
  ['{"key":7}', ['{"key":"7"}', '{"key":7}'], ['{"key":8}']],
  ['{"key":"0"}', ['{"key":0}'], ['{"key":-0}', '{"key":""}', '{"key":false}', '{"key":null}']],
  [
    '{"key":9007199254740993}',
    ['{"key":9007199254740993}', '{"key":"9007199254740993"}'],
    ['{"key":9007199254740992}', '{"key":9007199254740994}'],
  ],
  ['{"key":{"$ne":7}}', ['{"key":8}', '{"key":"x"}'], ['{"key":7}', '{"key":"7"}', '{"key":7.5}', '{"key":1e2}', '{}']],
  ['{"key":{"$in":[1,"b"]}}', ['{"key":"1"}', '{"key":"b"}'], ['{"key":2}']],
  ['{"key":{"$prefix":"12"}}', ['{"key":123}', '{"key":"12"}'], ['{"key":"012"}', '{"key":1.2}']],
  // integer
  [
    '{"count":100}',
    ['{"count":100}', '{"count":1e2}', '{"count":100.0}', '{"count":1000E-1}'],
    ['{"count":"100"}', '{"count":100.5}', '{"count":-100}', '{"count":true}', '{"count":[100]}'],
  ],
  [
    '{"count":0}',
    ['{"count":0}', '{"count":-0}', '{"count":0e999999999}', '{"count":0.000}'],
    ['{"count":1e-999999999}', '{"count":null}', '{"count":""}', '{"count":false}'],
  ],
  [
    '{"count":9007199254740993}',
    ['{"count":9007199254740993}', '{"count":9007199254740993.0}'],
    ['{"count":9007199254740992}', '{"count":9007199254740994}'],
  ],
  [
    '{"count":{"$gt":9007199254740992}}',
    ['{"count":9007199254740993}', '{"count":1e30}'],
    ['{"count":9007199254740992}', '{"count":1e400}', '{"count":1e999999999}', '{"count":-1e30}'],
  ],
  [
    '{"count":{"$ne":1}}',
    ['{"count":2}', '{"count":1e20}'],
    ['{"count":1}', '{"count":1.5}', '{"count":1e400}', '{"count":"2"}', '{}', '{"count":null}'],
  ],
  [
    '{"count":{"$nin":[1,2]}}',
    ['{"count":3}'],
    ['{"count":1.0}', '{"count":2e0}', '{"count":20e-1}', '{"count":2.5}', '{"count":1e400}'],
  ],
  [
    '{"count":{"$lte":-5}}',
    ['{"count":-5}', '{"count":-6}', '{"count":-1e300}'],
    ['{"count":-4}', '{"count":-5.5}', '{"count":-1e999}'],
  ],
  // number
  [
    '{"amount":0.1}',
    ['{"amount":0.1}', '{"amount":0.10}', '{"amount":1e-1}'],
    ['{"amount":0.1000000000000000055}', '{"amount":"0.1"}'],
  ],
  [
    '{"amount":{"$gte":10}}',
    ['{"amount":10}', '{"amount":1e1}', '{"amount":10.0000000000000000001}', '{"amount":9e9}'],
    ['{"amount":9.9999999999999999999}', '{"amount":"11"}', '{"amount":"9"}'],
  ],
  [
    '{"amount":{"$lt":1e-7}}',
    ['{"amount":9.9e-8}', '{"amount":0}', '{"amount":-1}'],
    ['{"amount":0.0000001}', '{"amount":1e-7}', '{"amount":-1e400}'],
  ],
  [
    '{"amount":{"$in":[1.5,1e30]}}',
    ['{"amount":1.50}', '{"amount":1000000000000000000000000000000}'],
    ['{"amount":1e31}', '{"amount":15}'],
  ],
  // boolean
  ['{"open":false}', ['{"open":false}'], ['{"open":true}', '{"open":0}', '{"open":"false"}', '{"open":null}', '{}']],
  ['{"open":{"$ne":true}}', ['{"open":false}'], ['{"open":true}', '{"open":"x"}', '{}']],
  ['{"open":{"$in":[true,false]}}', ['{"open":true}'], ['{"open":1}', '{}']],
  // date
  [
    '{"day":{"$gte":"2024-02-29"}}',
    ['{"day":"2024-02-29"}', '{"day":"2024-03-01"}'],
    [
      '{"day":"2024-02-28"}',
      '{"day":"2025-02-29"}',
      '{"day":"2024-02-29T00:00:00Z"}',
      '{"day":"2024-13-01"}',
      '{"day":"2024-3-01"}',
      '{"day":20240301}',
    ],
  ],
  [
    '{"day":{"$ne":"2024-01-01"}}',
    ['{"day":"2024-01-02"}'],
    ['{"day":"2024-01-01"}', '{"day":"1900-02-29"}', '{"day":"0000-01-01"}', '{"day":"tomorrow"}'],
  ],
  // datetime
  [
    '{"at":"2024-01-01T00:00:00Z"}',
    [
      '{"at":"2024-01-01T01:00:00+01:00"}',
      '{"at":"2023-12-31t23:00:00.000-01:00"}',
      '{"at":1704067200000}',
      '{"at":1.7040672e12}',
    ],
    [
      '{"at":1704067200}',
      '{"at":"2024-01-01T00:00:00"}',
      '{"at":"2024-01-01T00:00:00.000000001Z"}',
      '{"at":"2024-01-01"}',
      '{"at":"1704067200000"}',
    ],
  ],
  [
    '{"at":{"$gt":"2024-01-01T00:00:00.123456788Z"}}',
    ['{"at":"2024-01-01T00:00:00.123456789Z"}', '{"at":1704067200124}'],
    [
      '{"at":"2024-01-01T00:00:00.1234567880Z"}',
      '{"at":1704067200123}',
      '{"at":"2024-06-31T00:00:00Z"}',
      '{"at":"2024-06-30T23:59:60Z"}',
      '{"at":"2024-06-30T24:00:00Z"}',
      '{"at":1e400}',
      '{"at":1704067200124.5}',
      '{"at":99999999999999999}',
    ],
  ],
  [
    '{"at":{"$lt":0}}',
    ['{"at":-1}', '{"at":"1969-12-31T23:59:59.999Z"}'],
    ['{"at":0}', '{"at":-0}', '{"at":"1970-01-01T00:00:00-00:00"}'],
  ],
  ['{"at":{"$ne":0}}', ['{"at":1}'], ['{"at":"never"}', '{"at":null}', '{"at":"0001-01-01T00:00:00+01:00"}']],
  // string[]
  [
    '{"tags":"a"}',
    ['{"tags":["a"]}', '{"tags":["b","a"]}'],
    ['{"tags":"a"}', '{"tags":["A"]}', '{"tags":[]}', '{"tags":["a",1]}', '{"tags":["a",null]}', '{}'],
  ],
  ['{"tags":{"$hasAny":["a","b"]}}', ['{"tags":["b"]}'], ['{"tags":["c"]}', '{"tags":[]}', '{"tags":{"0":"a"}}']],
  [
    '{"tags":{"$hasNone":["a","b"]}}',
    ['{"tags":["c"]}', '{"tags":[]}'],
    ['{"tags":["c","a"]}', '{}', '{"tags":null}', '{"tags":"c"}', '{"tags":["c",["a"]]}', '{"tags":["\\ud800"]}'],
  ],
  ['{"tags":{"$exists":true}}', ['{"tags":[]}', '{"tags":[1]}'], ['{"tags":null}']],
  // branches
  [
    '{"owner":"a","open":true}',
    ['{"owner":"a","open":true}'],
    ['{"owner":"a"}', '{"open":true}', '{"owner":"a","open":false}'],
  ],
  [
    '{"$or":[{"owner":"a"},{"open":true}]}',
    ['{"owner":"a"}', '{"open":true,"owner":1}'],
    ['{"owner":"b","open":false}', '{}'],
  ],
  [
    '{"$or":[{"owner":{"$exists":false}},{"$and":[{"count":{"$gt":1}},{"count":{"$lt":3}}]}]}',
    ['{}', '{"owner":"x","count":2}'],
    ['{"owner":"x","count":3}'],
  ],
]

describe('a compiled mask', () => {
  for (const [mask, inside, outside] of cases) {
    for (const row of inside) it(`${mask} permits ${row}`, () => assert.equal(permits(mask, row), true))
    for (const row of outside) it(`${mask} does not permit ${row}`, () => assert.equal(permits(mask, row), false))
  }
})

/** Operator with a reference, the attribute's value, a row it permits with a good attribute. */
const references: readonly (readonly [string, unknown, string])[] = [
  ['{"owner":{"$user":"x"}}', 'a', '{"owner":"a"}'],
  ['{"owner":{"$ne":{"$user":"x"}}}', 'b', '{"owner":"a"}'],
  ['{"owner":{"$in":{"$user":"x"}}}', ['a'], '{"owner":"a"}'],
  ['{"owner":{"$nin":{"$user":"x"}}}', ['b'], '{"owner":"a"}'],
  ['{"count":{"$lte":{"$user":"x"}}}', 5, '{"count":5}'],
  ['{"key":{"$user":"x"}}', '9007199254740993', '{"key":9007199254740993}'],
  ['{"owner":{"$prefix":{"$user":"x"}}}', 'a', '{"owner":"ab"}'],
  ['{"tags":{"$user":"x"}}', 'a', '{"tags":["a"]}'],
  ['{"tags":{"$hasNone":{"$user":"x"}}}', ['b'], '{"tags":["a"]}'],
]

const badAttributes: readonly unknown[] = [
  undefined,
  null,
  '',
  [],
  {},
  [''],
  [null],
  ['a', null],
  [['a']],
  Number.NaN,
  2 ** 53,
  '\ud800',
  ['\ud800'],
  () => 'a',
  'a'.repeat(1025),
  Array.from({ length: 1001 }, (_, index) => `${index}`),
]

describe('a reference to a user attribute', () => {
  for (const [mask, attribute, row] of references) {
    it(`${mask} permits where the attribute is set`, () => assert.equal(permits(mask, row, { x: attribute }), true))
    it(`${mask} permits nothing where the attribute is missing, empty or of the wrong type`, () => {
      assert.equal(permits(mask, row), false)
      for (const bad of badAttributes) assert.equal(permits(mask, row, { x: bad }), false)
    })
  }

  it('does not read a number out of a text, nor a text out of a list', () => {
    assert.equal(permits('{"count":{"$user":"x"}}', '{"count":5}', { x: '5' }), false)
    assert.equal(permits('{"owner":{"$user":"x"}}', '{"owner":"a"}', { x: ['a'] }), false)
    assert.equal(permits('{"owner":{"$in":{"$user":"x"}}}', '{"owner":"a"}', { x: 'a' }), false)
  })

  it('leaves the other side of an $or standing', () => {
    const mask = '{"$or":[{"owner":{"$user":"x"}},{"open":true}]}'
    assert.equal(permits(mask, '{"owner":"a","open":true}'), true)
    assert.equal(permits(mask, '{"owner":"a","open":false}'), false)
  })

  it('must be bound before it is compiled', () => {
    assert.throws(() => compilePredicate(parseMask({ owner: { $user: 'x' } }, ledger())), TypeError)
  })
})

describe('a predicate', () => {
  it('names the fields it reads once, by name', () => {
    const predicate = compilePredicate(parseMask(json('{"tags":"a","$or":[{"at":0},{"at":1,"open":true}]}'), ledger()))
    assert.deepEqual(
      predicate.reads.map((field) => field.name),
      ['at', 'open', 'tags'],
    )
  })

  it('is compiled once for a mask, however many rows are held to it', () => {
    const mask = parseMask({ owner: 'a' }, ledger())
    assert.equal(compilePredicate(mask), compilePredicate(mask))
    assert.notEqual(compilePredicate(mask), compilePredicate(parseMask({ owner: 'a' }, ledger())))
  })

  it('takes a slot that was never filled for an absent value', () => {
    assert.equal(compilePredicate(parseMask({ owner: 'a' }, ledger())).test([]), false)
  })
})
