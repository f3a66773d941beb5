import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../../src/mask/bind.ts'
import type { Dataset, FieldType } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { renderMongodb } from '../../../src/mask/render/mongodb.ts'
import { toDocument } from '../../support/evaluators/bson.ts'
import { jsonText } from '../../support/evaluators/json-text.ts'
import { matchesMongodb } from '../../support/evaluators/mongodb.ts'
import { json, ledger } from '../masks.ts'

function render(written: unknown, dataset: Dataset = ledger()): Readonly<Record<string, unknown>> {
  return renderMongodb(parseMask(written, dataset))
}

/** A dataset with one more field, `field`, somewhere. */
function withField(type: FieldType, path: readonly string[]): Dataset {
  return ledger({ fields: new Map([...ledger().fields, ['field', { name: 'field', type, path }]]) })
}

function matches(mask: string, row: string, dataset?: Dataset): boolean {
  return matchesMongodb(render(json(mask), dataset), toDocument(json(row) as Record<string, unknown>, 'longs'))
}

const noList = { $not: { $type: 'array' } }

describe('renderMongodb', () => {
  it('keeps a comparison from looking into lists', () => {
    assert.deepEqual(render({ owner: 'A' }), { owner: { $eq: 'A', ...noList } })
    assert.equal(matches('{"owner":"A"}', '{"owner":"A"}'), true)
    assert.equal(matches('{"owner":"A"}', '{"owner":["A"]}'), false)
    assert.equal(matches('{"amount":{"$gt":1}}', '{"amount":[2]}'), false)
  })

  it('keeps a path from leading through lists', () => {
    const dataset = withField('string', ['meta', 'owner'])
    assert.deepEqual(render({ field: 'A' }, dataset), { 'meta.owner': { $eq: 'A', ...noList }, meta: noList })
    assert.equal(matches('{"field":"A"}', '{"meta":{"owner":"A"}}', dataset), true)
    assert.equal(matches('{"field":"A"}', '{"meta":[{"owner":"A"}]}', dataset), false)
  })

  it('guards a negation against what is absent, null, or of another type', () => {
    assert.deepEqual(render({ owner: { $ne: 'A' } }), {
      owner: {
        $nin: ['A'],
        $exists: true,
        $not: { $type: ['array', 'object', 'null', 'bool', 'int', 'long', 'double'] },
      },
    })
    assert.equal(matches('{"owner":{"$nin":["A","B"]}}', '{"owner":"C"}'), true)
    for (const row of ['{}', '{"owner":null}', '{"owner":1}', '{"owner":["C"]}', '{"owner":{}}', '{"owner":"A"}'])
      assert.equal(matches('{"owner":{"$nin":["A","B"]}}', row), false, row)
  })

  it('joins masks by $and and $or', () => {
    assert.deepEqual(render({ owner: 'A', $or: [{ tenant: 'x' }, { open: true }] }), {
      $and: [
        { $or: [{ open: { $eq: true, ...noList } }, { tenant: { $eq: 'x', ...noList } }] },
        { owner: { $eq: 'A', ...noList } },
      ],
    })
  })

  it('says no row and every row', () => {
    assert.deepEqual(render(true), {})
    const none = renderMongodb(bindMask(parseMask({ owner: { $user: 'x' } }, ledger()), new Map()))
    assert.deepEqual(none, { _id: { $in: [] } })
    assert.equal(matchesMongodb(none, toDocument({ _id: 'a', owner: 'A' }, 'longs')), false)
  })

  it('asks for an id as a text and as a number', () => {
    assert.equal(jsonText(render({ key: '7' })), '{"key":{"$in":["7",7],"$not":{"$type":"array"}}}')
    assert.equal(jsonText(render({ key: '07' })), '{"key":{"$eq":"07","$not":{"$type":"array"}}}')
  })

  it('finds the numbers whose digits begin with a prefix', () => {
    for (const [prefix, inside, outside] of [
      ['1', ['1', '10', '19', '1234567', '"1x"'], ['0', '2', '20', '91', '-1', '"21"']],
      ['-4', ['-4', '-40', '-49', '-4567'], ['4', '-5', '-50', '-3', '-39']],
      ['-', ['-4', '-40', '"-x"'], ['4', '0']],
      ['0', ['0', '"07"'], ['1', '10']],
      ['x1', ['"x1"'], ['1', '11']],
    ] as const) {
      for (const key of inside)
        assert.ok(matches(`{"key":{"$prefix":"${prefix}"}}`, `{"key":${key}}`), `${prefix} ${key}`)
      for (const key of outside)
        assert.ok(!matches(`{"key":{"$prefix":"${prefix}"}}`, `{"key":${key}}`), `${prefix} ${key}`)
    }
  })

  it('says a prefix as a range, in which no character is a pattern', () => {
    assert.deepEqual(render({ owner: { $prefix: 'a.*' } }), { owner: { $gte: 'a.*', $lt: 'a.+', ...noList } })
    assert.deepEqual(render({ owner: { $prefix: 'a\u{10ffff}' } }), {
      owner: { $gte: 'a\u{10ffff}', $lt: 'b', ...noList },
    })
    assert.deepEqual(render({ owner: { $prefix: '\u{10ffff}' } }), { owner: { $gte: '\u{10ffff}', ...noList } })
    assert.deepEqual(render({ owner: { $prefix: '\ud7ff' } }), { owner: { $gte: '\ud7ff', $lt: '\ue000', ...noList } })
  })

  it('puts a number that no double holds between the two beside it, in full digits', () => {
    assert.equal(
      jsonText(render(json('{"count":9007199254740993}'))),
      '{"count":{"$gt":9007199254740992,"$lt":9007199254740994,"$not":{"$type":"array"}}}',
    )
    assert.equal(
      jsonText(render(json('{"count":{"$lte":9007199254740993}}'))),
      '{"count":{"$lt":9007199254740994,"$not":{"$type":"array"}}}',
    )
    assert.equal(matches('{"count":9007199254740993}', '{"count":9007199254740993}'), true)
    assert.equal(matches('{"count":9007199254740993}', '{"count":9007199254740992}'), false)
  })

  it('lets BSON decimals through where the operand is none', () => {
    assert.equal(jsonText(render({ amount: { $lt: 0.5 } })), '{"amount":{"$lt":0.5,"$not":{"$type":"array"}}}')
    assert.equal(
      jsonText(render({ amount: { $lt: 0.1 } })),
      '{"$or":[{"amount":{"$lt":0.1}},{"amount":{"$type":"decimal"}}],"amount":{"$not":{"$type":"array"}}}',
    )
  })

  it('lets through a time that is spelled in a way it cannot compare, and BSON dates', () => {
    const mask = '{"at":{"$gt":"2024-01-01T00:00:00Z"}}'
    for (const at of ['2024-01-01T00:00:00.001Z', '2024-01-01T00:00:01Z', '2023-12-31T23:30:00-01:00'])
      assert.equal(matches(mask, `{"at":"${at}"}`), true, at)
    for (const at of ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000Z', '2023-12-31T23:59:59.999Z', 'later'])
      assert.equal(matches(mask, `{"at":"${at}"}`), at === 'later', at)
    assert.match(jsonText(render(json(mask))), /\{"at":\{"\$type":"date"\}\}/)
  })

  it('knows an instant with three, six and nine digits after the second', () => {
    for (const rest of ['.5Z', '.500Z', '.500000Z', '.500000000Z'])
      assert.equal(matches('{"at":"2024-01-01T00:00:00.5Z"}', `{"at":"2024-01-01T00:00:00${rest}"}`), true, rest)
    for (const rest of ['Z', '.05Z', '.501Z', '.5000001Z'])
      assert.equal(matches('{"at":"2024-01-01T00:00:00.5Z"}', `{"at":"2024-01-01T00:00:00${rest}"}`), false, rest)
  })

  it('asks the items of a list, all of which have to be texts', () => {
    const mask = '{"tags":{"$hasNone":["a","b"]}}'
    for (const tags of ['[]', '["c"]']) assert.equal(matches(mask, `{"tags":${tags}}`), true, tags)
    for (const tags of ['["a"]', '["c",1]', '["c",null]', '[["c"]]', '"c"', 'null', '{}'])
      assert.equal(matches(mask, `{"tags":${tags}}`), false, tags)
    assert.equal(matches('{"tags":"a"}', '{"tags":["b","a"]}'), true)
    assert.equal(matches('{"tags":"a"}', '{"tags":"a"}'), false)
  })

  it('takes null for absent, and a list or an object for present', () => {
    for (const [row, present] of [
      ['{}', false],
      ['{"owner":null}', false],
      ['{"owner":"x"}', true],
      ['{"owner":[null]}', true],
      ['{"owner":[]}', true],
      ['{"owner":{}}', true],
    ] as const) {
      assert.equal(matches('{"owner":{"$exists":true}}', row), present, row)
      assert.equal(matches('{"owner":{"$exists":false}}', row), !present, row)
    }
  })

  it('leaves out a test on a path that a filter cannot name', () => {
    for (const token of ['a.b', '$where', '', 'a\0b']) {
      const dataset = withField('string', ['meta', token])
      assert.deepEqual(render({ field: 'A' }, dataset), {}, token)
      assert.deepEqual(render({ field: 'A', owner: 'B' }, dataset), { owner: { $eq: 'B', ...noList } }, token)
      assert.deepEqual(render({ $or: [{ field: 'A' }, { owner: 'B' }] }, dataset), {}, token)
    }
    assert.deepEqual(render({ field: 'A' }, withField('string', [])), {})
    assert.deepEqual(Object.keys(render({ field: 'A' }, withField('string', ['a$', '0']))), ['a$.0', 'a$'])
  })

  it('will not render a mask that is not bound', () => {
    const mask = parseMask({ owner: { $user: 'x' } }, ledger())
    assert.throws(() => renderMongodb(mask), TypeError)
    assert.throws(() => renderMongodb(parseMask({ field: { $user: 'x' } }, withField('string', ['$a']))), TypeError)
  })
})
