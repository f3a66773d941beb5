import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectJsonBody, type Profile, profiles, rule, tellBody } from './support.ts'

const through = 'let through'
const ask = (document: string, profile?: Profile) => rule(inspectJsonBody(document, profile))
const json = 'application/json'
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('a JSON body under strict', () => {
  const rows: readonly (readonly [document: string, verdict: string])[] = [
    ['{}', through],
    ['[]', through],
    ['"$where"', through],
    ['{"a":{"b":[1,null,true,"x"]}}', through],
    ['{"price":"$100","US$":1}', through],
    ['{"$where":"1"}', 'operator'],
    ['{"\\u0024where":"1"}', 'operator'],
    ['{"\\u200b$where":"1"}', 'operator'],
    ['{"\\u0000$where":"1"}', 'name'],
    ['{"\\u0001$where":"1"}', 'operator'],
    ['{"＄where":"1"}', 'operator'],
    ['{"﹩where":"1"}', 'operator'],
    ['{"a":[{"b":{"$gt":""}}]}', 'operator'],
    ['{"a.$where":1}', 'operator'],
    ['{"a[$ne]":1}', 'operator'],
    ['{"$ref":1}', 'operator'],
    ['{"$oid":1}', 'operator'],
    ['{"__proto__":{"x":1}}', 'prototype'],
    ['{"a":{"\\u005f_proto__":1}}', 'prototype'],
    ['{"constructor":{"prototype":{}}}', 'prototype'],
    ['{"a.__proto__.b":1}', 'prototype'],
    ['{"construct":1,"proto":2}', through],
    ['{"a\\u0000":1}', 'name'],
    ['{"a\\ud800":1}', 'name'],
    ['{"Unit\\nPrice":1," a ":2,"größe":3}', through],
    ['{"a":1,"a":2}', 'duplicate-key'],
    ['{"a":1,"\\u0061":2}', 'duplicate-key'],
    ['{"x":{"a":1,"b":[{"c":1,"c":1}]}}', 'duplicate-key'],
    [`[${'{},[],'.repeat(50)}{"a":1,"a":2}]`, 'duplicate-key'],
    ['{"a":1,"A":2}', through],
    ['{"a":1e400}', 'number'],
    ['{"a":-1e400}', 'number'],
    ['{"a":1e-400}', 'number'],
    ['{"a":0.0e-400}', through],
    ['{"a":1e308,"b":9e99,"c":1.5e-300,"d":9007199254740993}', through],
    [`{"a":1${'0'.repeat(128)}}`, 'number'],
    [`{"a":1${'0'.repeat(127)}}`, through],
    ['{', 'unreadable'],
    ['{"a":1} {}', 'unreadable'],
    ["{'a':1}", 'unreadable'],
    ['{a:1}', 'unreadable'],
    ['{"a":NaN}', 'unreadable'],
    ['{"a":1,}', 'unreadable'],
    ['// x\n{}', 'unreadable'],
    [' ', 'unreadable'],
    ['\ufeff{}', 'charset'],
    [nested(64), through],
    [nested(65), 'too-deep'],
    [`{"a":"${'['.repeat(100)}\\"["}`, through],
    ['{"a":1,"b":"[[[]]]\\\\","a":2}', 'duplicate-key'],
    [`{"a":"${'['.repeat(99)}","a":2}`, 'duplicate-key'],
    [`{"a":"\\\\\\"${'['.repeat(99)}","a":2}`, 'duplicate-key'],
    ['{"filter":"{\\"a\\":1}"}', 'json-in-parameter'],
    ['{"x":{"where":" [1]"}}', 'json-in-parameter'],
    ['{"filter":"{a","q":"[urgent] x","query":"{ orders { id } }"}', through],
    ['{"note":"{\\"$where\\":1}"}', through],
  ]
  for (const [document, verdict] of rows)
    it(`${verdict}: ${document.slice(0, 60)}`, () => assert.equal(ask(document), verdict))

  it('is refused where the bytes are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xa4]), Buffer.from('"}')])
    assert.equal(tellBody(json, bytes), 'charset in json: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(json, Buffer.from('{"a":1}', 'utf16le')), 'unreadable in json: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(json, Buffer.from(bytes.toString('latin1'))), through)
  })

  it('says where and with which code', () => {
    assert.equal(tellBody(json, '{"$a":1}'), 'operator in json: ERR_REQUEST_UNSAFE')
    assert.equal(tellBody(json, '{"a":1,"a":1}'), 'duplicate-key in json: ERR_REQUEST_UNSAFE')
    assert.equal(tellBody(json, '{'), 'unreadable in json: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(json, '\ufeff{}'), 'charset in json: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(json, '{"account":1}'), 'tenant in json: ERR_TENANT_FOREIGN')
  })

  it('is refused at any depth without an exception', () => {
    for (const profile of profiles) {
      assert.equal(ask(nested(200_000), profile), 'too-deep')
      assert.equal(ask('['.repeat(200_000), profile), 'unreadable')
      assert.equal(ask('{"a":'.repeat(100_000), profile), 'unreadable')
    }
  })
})

describe('a JSON body under odata', () => {
  it('may have annotations, and no operators', () => {
    assert.equal(ask('{"@odata.id":"x","@type":"#A","B@odata.bind":["Bs(1)"],"@removed":{}}', 'odata'), through)
    for (const key of ['$filter', '$id', '$ref', '$type', '$where'])
      assert.equal(ask(`{"${key}":1}`, 'odata'), 'operator')
  })
})

describe('a JSON body under jsonschema', () => {
  const keywords =
    '$schema $id $ref $defs $anchor $comment $vocabulary $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor'
  for (const keyword of keywords.split(' '))
    it(`may have ${keyword}`, () => assert.equal(ask(`{"properties":{"a":{"${keyword}":"x"}}}`, 'jsonschema'), through))

  for (const key of ['$where', '$ne', '$data', '$Ref', '＄ref', ' $ref', '$ref\\u200b', 'a.$ref', '$type'])
    it(`may not have ${key}`, () => assert.equal(ask(`{"${key}":"x"}`, 'jsonschema'), 'operator'))

  it('may not have a key twice, nor a prototype', () => {
    assert.equal(ask('{"$ref":1,"$ref":2}', 'jsonschema'), 'duplicate-key')
    assert.equal(ask('{"properties":{"__proto__":{}}}', 'jsonschema'), 'prototype')
  })
})

describe('a JSON body under query-api', () => {
  const allowed =
    '$and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $all $elemMatch $size $type $mod $match $sort $limit $skip $oid $date'
  for (const operator of allowed.split(' '))
    it(`may have ${operator}`, () => assert.equal(ask(`{"a":{"${operator}":[1]}}`, 'query-api'), through))

  const refused =
    '$where $function $accumulator $expr $jsonSchema $out $merge $lookup $graphLookup $unionWith $facet $project $group $addFields $set $unset $replaceRoot $replaceWith $literal $regex $options $text $code $regularExpression $ $GT $eq\\u0000 __proto__'
  for (const operator of refused.split(' '))
    it(`may not have ${operator}`, () => assert.notEqual(ask(`{"a":[{"${operator}":1}]}`, 'query-api'), through))

  it('reads queries that stand in texts', () => {
    assert.equal(ask('{"filter":"{\\"a\\":{\\"$gt\\":1}}"}', 'query-api'), through)
    assert.equal(ask('{"filter":"{\\"$where\\":1}"}', 'query-api'), 'operator')
    assert.equal(ask('{"filter":"{\\"a\\":1,\\"a\\":1}"}', 'query-api'), 'duplicate-key')
    assert.equal(ask('{"filter":"{ orders { id } }"}', 'query-api'), through)
  })
})

describe('a JSON body under raw', () => {
  it('may be anything that can be read', () => {
    assert.equal(ask('{"$where":1,"__proto__":{},"a\\u0000":1e999,"filter":"{}"}', 'raw'), through)
  })

  it('is refused where a tenant could hide', () => {
    assert.equal(ask('{"account":"acme","account":"globex"}', 'raw'), 'duplicate-key')
    assert.equal(ask('{"account":"globex"', 'raw'), 'unreadable')
  })

  it('is not looked into where no tenant parameter is declared', () => {
    assert.equal(inspectJsonBody('{"a":1,"a":2', 'raw', { tenantParameters: [] }), undefined)
  })
})

describe('a tenant parameter in a JSON body', () => {
  for (const profile of profiles) {
    for (const document of [
      '{"account":"globex"}',
      '{"account":""}',
      '{"account":"Acme"}',
      '{"account":"acme "}',
      '{"account":7}',
      '{"account":true}',
      '{"account":["acme","globex"]}',
      '{"account":{"id":"globex"}}',
      '{"account":{"id":"acme","name":"Acme"}}',
      '{"a":[{"b":{"account":"globex"}}]}',
      '{"Account":"globex"}',
      '{"\\u0061ccount":"globex"}',
      '{"tenantId":"globex"}',
      '{"tenant.id":"globex"}',
      '{"a.account":"globex"}',
      '{"account":"acme","ACCOUNT":"globex"}',
      '{"text":"{\\"account\\":\\"globex\\"}"}',
      '["{\\"account\\":\\"globex\\"}"]',
      '"{\\"account\\":\\"globex\\"}"',
      '{"account":{"filter":"{}"}}',
      '{"text":"{\\"text\\":\\"{\\\\\\"account\\\\\\":1}\\"}"}',
      '[{"op":"replace","path":"/account","value":"globex"}]',
      '[{"Op":"add","Path":"/0/account/-","Value":"globex"}]',
      '[{"op":"add","path":"/account","value":{"id":"globex"}}]',
      '[{"op":"copy","path":"/account","from":"/x"}]',
    ])
      it(`is foreign in ${document} under ${profile}`, () => assert.equal(ask(document, profile), 'tenant'))

    for (const document of [
      '{"account":"acme"}',
      '{"account":null}',
      '{"account":[]}',
      '{"account":["acme",{"id":"acme"}]}',
      '{"tenant_id":"acme","a":[{"account":"acme"}]}',
      '{"accounts":["globex"],"x":"account"}',
      '{"text":"{\\"account\\":\\"acme\\"}"}',
      '{"text":"{account: globex}"}',
      '[{"op":"replace","path":"/account","value":"acme"},{"op":"remove","path":"/account"}]',
      '[{"op":"replace","path":"/name","value":"globex"}]',
    ])
      it(`is no foreign one in ${document} under ${profile}`, () => assert.equal(ask(document, profile), through))

    it(`may not be there for a caller without a tenant under ${profile}`, () => {
      const none = { tenant: undefined }
      assert.equal(rule(inspectJsonBody('{"account":"acme"}', profile, none)), 'tenant')
      assert.equal(rule(inspectJsonBody('{"account":7}', profile, none)), 'tenant')
      assert.equal(inspectJsonBody('{"other":"acme"}', profile, none), undefined)
    })
  }

  it('is compared as it is written where it is a number', () => {
    const seven = { tenant: '7' }
    assert.equal(inspectJsonBody('{"account":7}', 'strict', seven), undefined)
    assert.equal(inspectJsonBody('{"account":"7"}', 'strict', seven), undefined)
    for (const text of ['7.0', '70', '7e0', '"07"']) {
      assert.equal(rule(inspectJsonBody(`{"account":${text}}`, 'strict', seven)), 'tenant')
    }
  })

  it('may be asked for, and only compared with the active one', () => {
    assert.equal(ask('{"account":{"$exists":true}}', 'query-api'), through)
    assert.equal(ask('{"account":{"$in":["acme"]}}', 'query-api'), through)
    for (const test of [
      '{"$in":["acme","globex"]}',
      '{"$ne":"globex"}',
      '{"$exists":"globex"}',
      '{"$not":{"$eq":"x"}}',
    ])
      assert.equal(ask(`{"account":${test}}`, 'query-api'), 'tenant')
  })
})

describe('JSON in a text of a JSON body', () => {
  const wrapped = (document: string, levels: number): string =>
    levels === 0 ? document : wrapped(JSON.stringify([document]), levels - 1)

  it('is looked into for three levels, and refused on the fourth', () => {
    for (const profile of profiles) {
      assert.equal(ask(wrapped('{"account":"globex"}', 3), profile), 'tenant')
      assert.equal(ask(wrapped('{"account":"acme"}', 3), profile), through)
      assert.equal(ask(wrapped('{}', 4), profile), 'too-deep')
      assert.equal(ask(wrapped('{', 4), profile), through)
    }
    const query = (levels: number): string => (levels === 0 ? '{}' : JSON.stringify({ filter: query(levels - 1) }))
    assert.equal(ask(query(3), 'query-api'), through)
    assert.equal(ask(query(4), 'query-api'), 'too-deep')
  })
})

const list = (count: number, text: string) => JSON.stringify(Array.from({ length: count }, () => text))

describe('texts that look like JSON and are none', () => {
  it('are let through 10,000 times', () => {
    for (const profile of ['strict', 'raw'] as const) {
      assert.equal(ask(list(10_000, '[1 1]'), profile), through)
      assert.equal(ask(list(10_001, '[1 1]'), profile), 'too-many')
      for (const text of ['[draft]', '{name}', '[1', '{"a"', '[1]', '{}', 'x[1 1]'])
        assert.equal(ask(list(10_001, text), profile), through)
    }
  })

  it('are none whatever stands behind the brackets', () => {
    for (const inner of [
      '{"account":1}',
      '"{}",{"account":1}',
      '1,{"account":1}',
      '-1,{"account":1}',
      'null,{"account":1}',
    ])
      assert.equal(ask(JSON.stringify([`\n[ ${inner} ]\t`])), 'tenant')
    for (const first of ['true', 'false', '[]'])
      assert.equal(ask(JSON.stringify([`[${first},{"account":1}]`])), 'tenant')
    assert.equal(ask(JSON.stringify([' {\n"account":1} '])), 'tenant')
  })
})

describe('a list of changes', () => {
  it('may not reach for a prototype or an operator by a path', () => {
    assert.equal(ask('[{"op":"add","path":"/__proto__/x","value":1}]'), 'prototype')
    assert.equal(ask('[{"op":"add","path":"/a/$where","value":1}]'), 'operator')
    assert.equal(ask('[{"op":"add","path":"/a/$where","value":1}]', 'raw'), through)
    assert.equal(ask('[{"op":"add","path":"/a/where","value":1}]'), through)
    assert.equal(ask('[{"op":"add","path":7},{"op":"x"},{"path":"/account"},7]'), through)
  })
})
