import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldDeclaration } from '../../../../src/mask/language.ts'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectMongodb, injectMongodbPipeline } from '../../../../src/stages/forward/inject/mongodb-query.ts'
import { nothingWithheld, WithheldPaths } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { json } from '../../../mask/masks.ts'
import { declare, outcome, withheld } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = { tenant: 'acme' }
const filter = (text: string, held = withheld) => outcome(() => writeJsonExact(injectMongodb(json(text), mask, held)))
const pipeline = (text: string, held = withheld, reads: readonly FieldDeclaration[] = []) =>
  outcome(() => writeJsonExact(injectMongodbPipeline(json(text), mask, held, reads)))
const narrow = (text: string) => pipeline(text, withheld, [declare('margin')])

const field = (...path: string[]): FieldDeclaration => ({ name: 'x', type: 'string', path })

/** The second stage of a pipeline where these paths are withheld. */
const first = (...paths: string[][]) => {
  const [, second] = injectMongodbPipeline([], mask, new WithheldPaths(paths.map((path) => field(...path))), []) as [
    unknown,
    unknown,
  ]
  return JSON.stringify(second)
}

const asking = [
  '{"margin":20}',
  '{"margin":null}',
  '{"Margin":20}',
  '{"ｍargin":20}',
  '{"margin":{"$gt":20}}',
  '{"margin":{"$exists":true}}',
  '{"margin.a":1}',
  '{"margin.0":1}',
  '{"meta.owner":"ann"}',
  '{"meta.owner.first":"ann"}',
  '{"owner":"ann"}',
  '{"lines.cost":1}',
  '{"lines.0.cost":1}',
  '{"lines.0.cost.1":1}',
  '{"prices.0":1}',
  '{"prices.1":1}',
  '{"prices":1}',
  '{"prices":{"$elemMatch":{"$gt":1}}}',
  '{"amount":1,"$or":[{"a":1},{"b":1,"$and":[{"c":1,"$nor":[{"margin":{"$gt":20}}]}]}]}',
  '{"meta":{"owner":"ann"}}',
  '{"meta":{"$gt":{"owner":"ann"}}}',
  '{"meta":{"$in":[null,{"owner":"ann"}]}}',
  '{"meta":{"$not":{"$lt":{"owner":"ann"}}}}',
  '{"meta":{"$elemMatch":{"owner":"ann"}}}',
  '{"meta":{"$elemMatch":{"$gt":{"owner":"ann"}}}}',
  '{"meta":{"$geoWithin":{"$box":[[0,0],[1,1]]}}}',
  '{"lines":{"$elemMatch":{"cost":{"$gt":1}}}}',
  '{"lines":{"$elemMatch":{"$or":[{"a":1},{"cost":1}]}}}',
  '{"lines":{"$all":[{"$elemMatch":{"a":1}},{"$elemMatch":{"cost":1}}]}}',
  '{"lines":{"$all":[{"cost":1}]}}',
  '{"lines":{"$not":{"$elemMatch":{"cost":1}}}}',
  '{"lines.0":{"$elemMatch":{"cost":1}}}',
  '{"lines.0":{"cost":1}}',
  '{"$expr":"$margin"}',
  '{"$expr":{"$gt":["$margin",20]}}',
  '{"$expr":{"$gt":["$MARGIN",20]}}',
  '{"$expr":{"$gt":["$meta.owner","a"]}}',
  '{"$expr":{"$gt":["$meta",{"owner":"a"}]}}',
  '{"$expr":{"$gt":["$$ROOT.margin",20]}}',
  '{"$expr":{"$gt":["$$CURRENT.margin",20]}}',
  '{"$expr":{"$gt":["$$ROOT",20]}}',
  '{"$expr":{"$gt":["$$CURRENT",20]}}',
  '{"$expr":{"$let":{"vars":{"x":"$$ROOT"},"in":{"$gt":["$$x.margin",20]}}}}',
  '{"$expr":{"$let":{"vars":{"x":1},"in":{"$gt":["$$x.margin",20]}}}}',
  '{"$expr":{"$anyElementTrue":{"$map":{"input":"$lines","in":{"$gt":["$$this.cost",1]}}}}}',
  '{"$expr":{"$gt":[{"$getField":"margin"},20]}}',
  '{"$expr":{"$gt":[{"$getField":{"$concat":["mar","gin"]}},20]}}',
  '{"$expr":{"$gt":[{"$meta":"indexKey"},20]}}',
  '{"$expr":{"a":{"b":["$c",{"d":"$margin"}]}}}',
  '{"$text":{"$search":"thin"}}',
]

const neighbours = [
  '{"amount":{"$gt":20},"note":"margin"}',
  '{"note":"$margin","x":{"margin":1}}',
  '{"margins":1,"net_margin":1,"a.margin":1}',
  '{"meta":null}',
  '{"meta":{"$exists":true,"$type":"object"}}',
  '{"meta":{"$ne":null}}',
  '{"meta":{"$in":[null]}}',
  '{"meta.colour":"red","meta.owners":1}',
  '{"meta":{"$elemMatch":{"colour":"red"}}}',
  '{"lines":{"$size":2,"$elemMatch":{"sku":"a","$and":[{"b":1}]}}}',
  '{"lines":{"$all":[{"$elemMatch":{"sku":"a"}}]}}',
  '{"lines.sku":"a","lines.0.sku":"a"}',
  '{"$comment":"margin"}',
  '{"$expr":{"$gt":["$amount","$$ROOT.note"]}}',
  '{"$expr":{"$let":{"vars":{"margin":"$amount"},"in":{"$gt":["$$margin",1]}}}}',
  '{"$expr":{"$gt":["$meta.colour","margin"]}}',
  '{"$expr":{"$eq":["$$NOW","$$REMOVE"]}}',
]

describe('a filter of MongoDB where fields are withheld', () => {
  for (const text of asking)
    it(`refuses ${text}, and lets it stand where nothing is withheld`, () => {
      assert.equal(filter(text), refused)
      assert.equal(filter(text, nothingWithheld), `{"$and":[${text},{"tenant":"acme"}]}`)
    })

  for (const text of neighbours)
    it(`lets ${text} stand`, () => {
      assert.equal(filter(text), `{"$and":[${text},{"tenant":"acme"}]}`)
    })

  it('has to stand where every row is open too', () => {
    assert.equal(
      outcome(() => injectMongodb(json('{"margin":1}'), undefined, withheld)),
      refused,
    )
  })
})

const unset = '{"$unset":["margin","meta.owner","lines.cost","prices"]}'

describe('a pipeline of MongoDB where fields are withheld', () => {
  const stages = [
    '{"$match":{"margin":{"$gt":20}}}',
    '{"$sort":{"margin":1}}',
    '{"$project":{"x":"$margin"}}',
    '{"$group":{"_id":"$meta.owner","rows":{"$push":"$$ROOT"}}}',
    '{"$addFields":{"x":{"$getField":"margin"}}}',
    '{"$facet":{"a":[{"$sort":{"margin":1}}]}}',
  ]
  for (const stage of stages)
    it(`takes them away before ${stage}`, () => {
      assert.equal(pipeline(`[${stage}]`), `[{"$match":{"tenant":"acme"}},${unset},${stage}]`)
    })

  it('takes them away where the client asks for everything, and where every row is open', () => {
    assert.equal(pipeline('null'), `[{"$match":{"tenant":"acme"}},${unset}]`)
    assert.equal(
      outcome(() => writeJsonExact(injectMongodbPipeline(json('[]'), undefined, withheld, []))),
      `[${unset}]`,
    )
  })

  it('refuses what reads them from an index', () => {
    for (const stage of [
      '{"$project":{"x":{"$meta":"indexKey"}}}',
      '{"$facet":{"a":[{"$sort":{"x":{"$meta":"a"}}}]}}',
    ]) {
      assert.equal(pipeline(`[${stage}]`), refused)
      assert.notEqual(pipeline(`[${stage}]`, nothingWithheld), refused)
    }
  })

  it('takes away the object around what MongoDB cannot name', () => {
    assert.equal(first(['a', 'b.c']), '{"$unset":["a"]}')
    assert.equal(first(['a', '$b', 'c']), '{"$unset":["a"]}')
    assert.equal(first(['a', '0', 'c']), '{"$unset":["a"]}')
    assert.equal(first(['a', 'b', ''], ['a', 'b', 'c'], ['d']), '{"$unset":["a.b","d"]}')
    assert.equal(first(['0', 'b']), '{"$unset":["0.b"]}')
  })
})

describe('a pipeline of MongoDB whose rows are held to a mask that reads a withheld field', () => {
  const kept = [
    '[]',
    '[{"$match":{"amount":{"$gt":1}}},{"$sort":{"amount":-1,"meta.colour":1}},{"$skip":5},{"$limit":5}]',
    '[{"$match":{"lines":{"$elemMatch":{"sku":"a"}}}}]',
  ]
  for (const text of kept)
    it(`lets ${text} stand, without taking anything away`, () => {
      const stages = text === '[]' ? '' : `,${text.slice(1, -1)}`
      assert.equal(narrow(text), `[{"$match":{"tenant":"acme"}}${stages}]`)
    })

  const others = [
    ...asking.map((text) => `[{"$match":${text}}]`),
    '[{"$sort":{"margin":1}}]',
    '[{"$sort":{"meta":1}}]',
    '[{"$sort":{"lines.0.cost":1}}]',
    '[{"$sort":{"x":{"$meta":"textScore"}}}]',
    '[{"$project":{"x":"$amount"}}]',
    '[{"$addFields":{"x":"$amount"}}]',
    '[{"$group":{"_id":null}}]',
    '[{"$count":"n"}]',
    '[{"$facet":{}}]',
    '[{"$limit":{"$function":{}}}]',
    '[{"$limit":1,"$skip":1}]',
    '[{"$lookup":{}}]',
    '{}',
  ]
  for (const text of others)
    it(`refuses ${text}`, () => {
      assert.equal(narrow(text), refused)
    })

  it('is such a one where the field it reads would be taken away with another, and not where it reads beside', () => {
    const colour: FieldDeclaration = { name: 'colour', type: 'string', path: ['meta', 'colour'] }
    const first: FieldDeclaration = { name: 'first', type: 'string', path: ['meta', 'owner', 'first'] }
    const group = '[{"$group":{"_id":"$amount"}}]'
    assert.equal(pipeline(group, withheld, [first]), refused)
    assert.notEqual(pipeline(group, withheld, [colour, declare('amount')]), refused)
  })

  it('is such a one where a field cannot be named at all', () => {
    const odd = new WithheldPaths([{ name: 'odd', type: 'string', path: ['a.b'] }])
    assert.equal(pipeline('[{"$group":{"_id":null}}]', odd), refused)
    assert.equal(pipeline('[{"$limit":1}]', odd), '[{"$match":{"tenant":"acme"}},{"$limit":1}]')
  })
})
