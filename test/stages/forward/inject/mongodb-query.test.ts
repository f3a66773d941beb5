import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectMongodb, injectMongodbPipeline } from '../../../../src/stages/forward/inject/mongodb-query.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { json } from '../../../mask/masks.ts'
import { outcome } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = { tenant: 'acme' }
const filter = (text: string) => outcome(() => writeJsonExact(injectMongodb(json(text), mask, nothingWithheld)))
const pipeline = (text: string) =>
  outcome(() => writeJsonExact(injectMongodbPipeline(json(text), mask, nothingWithheld, [])))
const list = (length: number) => `{"a":{"$in":[${Array.from({ length }, () => 1).join(',')}]}}`
const facets = (depth: number) => `${'[{"$facet":{"a":'.repeat(depth)}[]${'}}]'.repeat(depth)}`
const nested = (depth: number) => `${'{"$and":['.repeat(depth)}{"a":1}${']}'.repeat(depth)}`

describe('the mask beside a filter of MongoDB', () => {
  const kept = [
    '{}',
    '{"a":1}',
    '{"a":null,"b.c":"$x","d":{"e":[1,{"f":2}]}}',
    '{"a":{"$gt":1,"$lte":5.50}}',
    '{"a":{"$in":[1,"x",null]},"b":{"$nin":[]}}',
    '{"$or":[{"a":1},{"$and":[{"b":2},{"$nor":[{"c":3}]}]}]}',
    '{"a":{"$not":{"$regex":"^x","$options":"i"}}}',
    '{"a":{"$exists":false},"b":{"$type":"string"},"c":{"$size":2},"d":{"$mod":[4,0]}}',
    '{"tags":{"$all":["x",{"$elemMatch":{"a":1}}]}}',
    '{"items":{"$elemMatch":{"a":{"$gt":1},"$or":[{"b":1},{"c":2}]}}}',
    '{"n":{"$elemMatch":{"$gt":1,"$lt":5}}}',
    '{"items":{"$elemMatch":{"$or":[{"b":1},{"c":2}]}}}',
    '{"$text":{"$search":"x","$language":"en"}}',
    '{"$comment":"x","a":1}',
    '{"place":{"$near":{"$geometry":{"type":"Point","coordinates":[1,2]},"$maxDistance":5}}}',
    '{"place":{"$geoWithin":{"$centerSphere":[[1,2],0.1]}}}',
    '{"_id":{"$oid":"507f1f77bcf86cd799439011"}}',
    '{"at":{"$gte":{"$date":{"$numberLong":"1704067200000"}}}}',
    '{"x":{"$in":[{"$regularExpression":{"pattern":"^a","options":""}}]}}',
    '{"$expr":{"$gt":["$spent",{"$multiply":["$budget",1.1]}]}}',
    '{"$expr":{"$eq":["$$ROOT.a",{"$let":{"vars":{"x":1},"in":"$$x"}}]}}',
    '{"flags":{"$bitsAllSet":[1,5]}}',
    '{"where":"x","function":{"lookup":1},"constructor":1,"a$where":1,"":1}',
  ]
  for (const text of kept)
    it(`is joined by and with ${text}`, () => {
      assert.equal(filter(text), `{"$and":[${text},{"tenant":"acme"}]}`)
    })

  const reaching = [
    '{"$where":"true"}',
    '{"a":1,"$where":"sleep(1)"}',
    '{"$or":[{"a":1},{"$where":"true"}]}',
    '{"$nor":[{"$and":[{"$where":"true"}]}]}',
    '{"a":{"$where":"true"}}',
    '{"a":{"$not":{"$where":"true"}}}',
    '{"a":{"$elemMatch":{"$where":"true"}}}',
    '{"a":{"$elemMatch":{"b":1,"$where":"true"}}}',
    '{"a":{"$all":[{"$elemMatch":{"$where":"true"}}]}}',
    '{"a":{"$in":[{"$where":"true"}]}}',
    '{"a":{"$eq":{"$where":"true"}}}',
    '{"a":{"b":{"$where":"true"}}}',
    '{"$expr":{"$function":{"body":"x","args":[],"lang":"js"}}}',
    '{"$expr":{"$and":[{"$eq":[1,{"$function":{"body":"x"}}]}]}}',
    '{"$expr":{"$literal2":1}}',
    '{"$expr":{"$_internalJsEmit":1}}',
    '{"$function":1}',
    '{"$accumulator":1}',
    '{"$jsonSchema":{}}',
    '{"$unknown":1}',
    '{"a":{"$unknown":1}}',
    '{"a":{"$gt":1,"b":1}}',
    '{"a":{"b":1,"$gt":1}}',
    '{"a":{"$code":"x"}}',
    '{"a":{"$code":"x","$scope":{}}}',
    '{"$code":"x"}',
    '{"$ref":"x","$id":1}',
    '{"$":1}',
    '{"$text":{"$search":{"$where":1}}}',
    '{"$comment":{"$where":1}}',
    '{"place":{"$near":{"$where":1}}}',
    '{"\\u0000$where":"true"}',
    '{"a\\u0000b":1}',
    '{" $where":"true"}',
    '{"\\u0009$where":"true"}',
    '{"\\u200b$where":"true"}',
    '{"\\ufeff$or":[{"a":1}]}',
    '{"＄where":"true"}',
    '{"﹩where":"true"}',
    '{" ＄where":"true"}',
    '{"a":{"＄gt":1}}',
    '{"a":{"b":{"\\u0007$gt":1}}}',
    '{"\\ud800":1}',
    '{"__proto__":{"a":1}}',
    '{"a":{"__proto__":1}}',
    '[]',
    '[{"a":1}]',
    '"x"',
    '1',
    'true',
    '{"$or":{"a":1}}',
    '{"$or":["x"]}',
    '{"$and":"x"}',
    '{"a":{"$in":"x"}}',
    '{"a":{"$in":{"0":1}}}',
  ]
  for (const text of reaching)
    it(`is kept from ${text} by refusing it`, () => {
      assert.equal(filter(text), refused)
    })

  it('stands alone where the client asks for everything', () => {
    assert.equal(filter('null'), '{"tenant":"acme"}')
    assert.deepEqual(injectMongodb(undefined, mask, nothingWithheld), mask)
  })

  it('is not added where every row is open, and a filter has to stand all the same', () => {
    const client = json('{"a":1}')
    assert.equal(injectMongodb(client, undefined, nothingWithheld), client)
    assert.equal(
      outcome(() => injectMongodb(json('{"$where":"true"}'), undefined, nothingWithheld)),
      refused,
    )
  })

  it('changes nothing of the filter itself', () => {
    const client = json('{"a":{"$gt":12345678901234567890.10}}')
    const before = writeJsonExact(client)
    injectMongodb(client, mask, nothingWithheld)
    assert.equal(writeJsonExact(client), before)
    assert.equal(filter(before), `{"$and":[${before},{"tenant":"acme"}]}`)
  })

  it('is joined with what is 19 junctions deep, and refuses what is 20', () => {
    assert.notEqual(filter(nested(19)), refused)
    assert.equal(filter(nested(20)), refused)
  })

  it('is joined with lists of many, and refuses what is too many', () => {
    assert.notEqual(filter(list(40_000)), refused)
    assert.equal(filter(list(60_000)), refused)
  })
})

describe('the mask before a pipeline of MongoDB', () => {
  const kept = [
    '{"$match":{"a":{"$gt":1}}}',
    '{"$project":{"a":1,"b":{"$concat":["$c","x"]}}}',
    '{"$addFields":{"a":{"$cond":{"if":{"$eq":["$b",1]},"then":1,"else":"$$REMOVE"}}}}',
    '{"$set":{"a":{"$literal":"$b"}}}',
    '{"$unset":["a","b"]}',
    '{"$group":{"_id":"$a","n":{"$sum":1},"rows":{"$push":"$$ROOT"}}}',
    '{"$sort":{"a":1,"score":{"$meta":"textScore"}}}',
    '{"$sortByCount":"$a"}',
    '{"$limit":5}',
    '{"$skip":5}',
    '{"$count":"n"}',
    '{"$unwind":{"path":"$a","preserveNullAndEmptyArrays":true}}',
    '{"$replaceRoot":{"newRoot":"$a"}}',
    '{"$replaceWith":{"$mergeObjects":["$$ROOT",{"a":1}]}}',
    '{"$bucket":{"groupBy":"$a","boundaries":[0,1],"output":{"n":{"$sum":1}}}}',
    '{"$redact":{"$cond":[{"$eq":["$a",1]},"$$KEEP","$$PRUNE"]}}',
    '{"$sample":{"size":3}}',
    '{"$setWindowFields":{"sortBy":{"a":1},"output":{"r":{"$rank":{}},"s":{"$sum":"$b","window":{"documents":[-1,0]}}}}}',
    '{"$facet":{"a":[{"$match":{"b":1}},{"$count":"n"}],"c":[]}}',
  ]
  for (const stage of kept)
    it(`stands before ${stage}`, () => {
      assert.equal(pipeline(`[${stage}]`), `[{"$match":{"tenant":"acme"}},${stage}]`)
    })

  const reaching = [
    '{"$lookup":{"from":"other","localField":"a","foreignField":"b","as":"c"}}',
    '{"$graphLookup":{"from":"other"}}',
    '{"$unionWith":"other"}',
    '{"$unionWith":{"coll":"other","pipeline":[]}}',
    '{"$out":"other"}',
    '{"$merge":{"into":"other"}}',
    '{"$geoNear":{"near":[1,2],"distanceField":"d"}}',
    '{"$search":{"text":{}}}',
    '{"$searchMeta":{}}',
    '{"$vectorSearch":{}}',
    '{"$rankFusion":{}}',
    '{"$documents":[{"tenant":"acme"}]}',
    '{"$collStats":{}}',
    '{"$indexStats":{}}',
    '{"$planCacheStats":{}}',
    '{"$currentOp":{}}',
    '{"$listSessions":{}}',
    '{"$listLocalSessions":{}}',
    '{"$listSearchIndexes":{}}',
    '{"$changeStream":{}}',
    '{"$changeStreamSplitLargeEvent":{}}',
    '{"$queryStats":{}}',
    '{"$shardedDataDistribution":{}}',
    '{"$_internalInhibitOptimization":{}}',
    '{"$unknown":1}',
    '{"match":{"a":1}}',
    '{"＄match":{"a":1}}',
    '{" $lookup":{}}',
    '{}',
    '{"$match":{"a":1},"$lookup":{}}',
    '"$match"',
    '[{"$match":{}}]',
    'null',
    '{"$match":{"$where":"true"}}',
    '{"$match":[]}',
    '{"$match":"x"}',
    '{"$facet":{"a":[{"$lookup":{}}]}}',
    '{"$facet":{"a":[{"$facet":{"b":[{"$unionWith":"x"}]}}]}}',
    '{"$facet":{"a":{"$lookup":{}}}}',
    '{"$facet":[]}',
    '{"$project":{"a":{"$function":{"body":"x"}}}}',
    '{"$addFields":{"a":[{"b":{"$function":{"body":"x"}}}]}}',
    '{"$group":{"_id":null,"a":{"$accumulator":{"init":"x"}}}}',
    '{"$group":{"_id":{"$function":{"body":"x"}}}}',
    '{"$sort":{"a":{"$where":"x"}}}',
    '{"$project":{"a":{"$literal":{"$where":"x"}}}}',
    '{"$project":{"a":{"$lookup":1}}}',
    '{"$project":{"\\u0000$function":1}}',
  ]
  for (const stage of reaching)
    it(`is kept from ${stage} by refusing it`, () => {
      assert.equal(pipeline(`[{"$limit":1},${stage}]`), refused)
      assert.equal(pipeline(`[${stage}]`), refused)
    })

  for (const text of ['{}', '{"$match":{}}', '"x"', '1', 'false'])
    it(`refuses ${text} for a pipeline`, () => {
      assert.equal(pipeline(text), refused)
    })

  it('stands alone where the client asks for everything', () => {
    assert.equal(pipeline('null'), '[{"$match":{"tenant":"acme"}}]')
    assert.equal(pipeline('[]'), '[{"$match":{"tenant":"acme"}}]')
  })

  it('is not added where every row is open, and the stages have to stand all the same', () => {
    const client = json('[{"$limit":1}]')
    assert.equal(injectMongodbPipeline(client, undefined, nothingWithheld, []), client)
    assert.equal(
      outcome(() => injectMongodbPipeline(json('[{"$lookup":{}}]'), undefined, nothingWithheld, [])),
      refused,
    )
  })

  it('refuses facets that are too deep', () => {
    assert.notEqual(pipeline(facets(10)), refused)
    assert.equal(pipeline(facets(21)), refused)
  })
})
