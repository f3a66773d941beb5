import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BodyMaskInjection } from '../../../../src/config/config.ts'
import type { ComposedMask } from '../../../../src/mask/compose.ts'
import { renderElasticsearch } from '../../../../src/mask/render/elasticsearch.ts'
import { renderMongodb } from '../../../../src/mask/render/mongodb.ts'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectBody } from '../../../../src/stages/forward/inject/inject-body.ts'
import { nothingWithheld, WithheldPaths } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { json } from '../../../mask/masks.ts'
import { everything, nothing, odata, outcome, rows, set, withheld } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mine = rows({ owner: 'ann' })
assert.ok(mine.kind === 'conditional')
const mongodbText = writeJsonExact(renderMongodb(mine.mask))
const elasticsearchText = writeJsonExact(renderElasticsearch(mine.mask))

const at = (mask: BodyMaskInjection['mask'], ...path: string[]): BodyMaskInjection => ({ kind: 'body', mask, at: path })
const inject = (text: string, injection: BodyMaskInjection, mask: ComposedMask | undefined = mine) =>
  outcome(() => writeJsonExact(injectBody(json(text), [injection], mask, nothingWithheld)))

/** The same for somebody from whom fields are withheld. */
const held = (text: string, injection: BodyMaskInjection, paths = withheld) =>
  outcome(() => writeJsonExact(injectBody(json(text), [injection], mine, paths)))

describe('the mask in a body', () => {
  it('is joined to the filter that is the whole body', () => {
    assert.equal(inject('{"a":1}', at('mongodb')), `{"$and":[{"a":1},${mongodbText}]}`)
  })

  it('is joined to the filter where the configuration says it stands', () => {
    const command = '{"limit":5,"find":{"filter":{"a":1},"sort":{"b":1}},"note":12345678901234567890}'
    assert.equal(
      inject(command, at('mongodb', 'find', 'filter')),
      `{"limit":5,"find":{"filter":{"$and":[{"a":1},${mongodbText}]},"sort":{"b":1}},"note":12345678901234567890}`,
    )
  })

  it('is the filter where there is none, on whatever way there is none', () => {
    const place = at('mongodb', 'find', 'filter')
    const alone = `{"find":{"filter":${mongodbText}}}`
    for (const text of ['{}', 'null', '{"find":null}', '{"find":{}}', '{"find":{"filter":null}}'])
      assert.equal(inject(text, place), alone, text)
    assert.equal(
      outcome(() => writeJsonExact(injectBody(undefined, [place], mine, nothingWithheld))),
      alone,
    )
  })

  it('comes before the stages of a pipeline', () => {
    assert.equal(
      inject('{"pipeline":[{"$limit":1}]}', at('mongodb-pipeline', 'pipeline')),
      `{"pipeline":[{"$match":${mongodbText}},{"$limit":1}]}`,
    )
  })

  it('filters beside the query of a search', () => {
    assert.equal(
      inject('{"body":{"query":{"match_all":{}},"size":1}}', at('elasticsearch', 'body')),
      `{"body":{"query":{"bool":{"must":[{"match_all":{}}],"filter":[${elasticsearchText}]}},"size":1}}`,
    )
  })

  const misplaced = [
    '[]',
    '"x"',
    '1',
    'true',
    '{"find":[]}',
    '{"find":"x"}',
    '{"find":1}',
    '{"find":{"filter":[]}}',
    '{"find":{"filter":"x"}}',
  ]
  for (const text of misplaced)
    it(`refuses ${text} where an object is on the way to the filter`, () => {
      assert.equal(inject(text, at('mongodb', 'find', 'filter')), refused)
    })

  const spellings = ['Filter', 'FILTER', '$filter', 'ｆilter']
  for (const name of spellings)
    it(`refuses a second filter that is called ${name}`, () => {
      assert.equal(inject(`{"${name}":{"a":1},"filter":{}}`, at('mongodb', 'filter')), refused)
      assert.equal(inject(`{"${name}":{"a":1}}`, at('mongodb', 'filter')), refused)
      assert.notEqual(inject(`{"x":{"${name}":{"a":1}}}`, at('mongodb', 'filter')), refused)
    })

  const collations = [
    '{"filter":{},"collation":{"locale":"en","strength":1}}',
    '{"filter":{},"Collation":{}}',
    '{"filter":{},"options":{"collation":{}}}',
    '{"filter":{},"x":[{"y":{"collation":null}}]}',
    '{"collation":{}}',
  ]
  for (const text of collations)
    it(`refuses the collation in ${text}`, () => {
      assert.equal(inject(text, at('mongodb', 'filter')), refused)
      assert.equal(
        inject(text.replace('filter', 'pipeline').replace('{}', '[]'), at('mongodb-pipeline', 'pipeline')),
        refused,
      )
    })

  it('refuses a collation anywhere beside a filter that stands deeper', () => {
    const place = at('mongodb', 'find', 'filter')
    for (const text of ['{"find":{"filter":{},"collation":{}}}', '{"find":{"filter":{}},"collation":{}}'])
      assert.equal(inject(text, place), refused)
    assert.notEqual(inject('{"find":{"filter":{"collation":1}}}', place), refused)
  })

  it('refuses to be asked about a withheld field beside the query, in any language', () => {
    const besides = [
      '"sort":{"margin":1}',
      '"projection":{"x":"$margin"}',
      '"min":{"margin":5}',
      '"x":[{"by":"-margin"}]',
    ]
    const places = [at('mongodb', 'q'), at('mongodb-pipeline', 'q'), at('elasticsearch', 'q')]
    for (const beside of besides)
      for (const place of places) {
        assert.equal(held(`{${beside}}`, place), refused, beside)
        assert.notEqual(inject(`{${beside}}`, place), refused, beside)
      }
    assert.equal(held('{"find":{"filter":{},"sort":{"margin":1}}}', at('mongodb', 'find', 'filter')), refused)
    assert.notEqual(held('{"sort":{"amount":1},"q":null}', at('mongodb', 'q')), refused)
  })

  it('refuses to let an index order what is found, or show its keys, where a field is withheld', () => {
    for (const beside of ['"hint":"account_1_margin_1"', '"options":{"returnKey":true}'])
      for (const place of [at('mongodb', 'q'), at('mongodb-pipeline', 'q')]) {
        assert.equal(held(`{${beside}}`, place), refused, beside)
        assert.notEqual(inject(`{${beside}}`, place), refused, beside)
      }
    assert.notEqual(held('{"hint":{"a":1}}', at('mongodb')), refused)
  })

  it('refuses a withheld field in the query, wherever that stands', () => {
    assert.equal(held('{"margin":1}', at('mongodb')), refused)
    assert.equal(held('{"find":{"filter":{"margin":1}}}', at('mongodb', 'find', 'filter')), refused)
    assert.equal(held('{"body":{"sort":["margin"]}}', at('elasticsearch', 'body')), refused)
  })

  it('takes withheld fields away before a pipeline, unless the mask reads one', () => {
    const owners = new WithheldPaths([{ name: 'owner', type: 'string', path: ['owner'] }])
    const taken = /^\[\{"\$match":.*\},\{"\$unset":\["margin","meta\.owner",/
    assert.match(held('[{"$count":"n"}]', at('mongodb-pipeline')), taken)
    assert.equal(held('[{"$count":"n"}]', at('mongodb-pipeline'), owners), refused)
  })

  it('keeps a field that is called collation, in a filter and as a value', () => {
    assert.notEqual(
      inject('{"filter":{"collation":1},"x":"collation","y":["collation"]}', at('mongodb', 'filter')),
      refused,
    )
    assert.notEqual(inject('{"collation":1}', at('mongodb')), refused)
  })

  it('matches nothing where nobody granted anything', () => {
    assert.equal(inject('{"a":1}', at('mongodb'), nothing), '{"$and":[{"a":1},{"_id":{"$in":[]}}]}')
    assert.equal(inject('[]', at('mongodb-pipeline'), nothing), '[{"$match":{"_id":{"$in":[]}}}]')
    assert.equal(inject('{}', at('elasticsearch'), nothing), '{"query":{"bool":{"filter":[{"match_none":{}}]}}}')
  })

  it('is not there where every row is open, and the query has to stand all the same', () => {
    assert.equal(inject('{"a":1}', at('mongodb'), everything), '{"a":1}')
    assert.equal(inject('{"x":1}', at('mongodb', 'filter'), everything), '{"x":1}')
    assert.equal(inject('{"filter":{"$where":"true"}}', at('mongodb', 'filter'), everything), refused)
    assert.equal(inject('{"filter":{},"collation":{}}', at('mongodb', 'filter'), everything), refused)
    assert.equal(inject('[{"$lookup":{}}]', at('mongodb-pipeline'), everything), refused)
    assert.equal(inject('{"suggest":{}}', at('elasticsearch'), everything), refused)
  })

  it('is not there on a route without a dataset', () => {
    const document = json('{"filter":{"$where":"true"}}')
    assert.equal(injectBody(document, [at('mongodb', 'filter')], undefined, nothingWithheld), document)
  })

  it('is not asked for by injections into other parts of the request', () => {
    const document = json('{"$where":"true"}')
    assert.equal(
      injectBody(document, [set({ a: 'b' }), odata, { kind: 'header', oversize: 'block' }], mine, nothingWithheld),
      document,
    )
  })

  it('leaves the document that came as it was', () => {
    const document = json('{"find":{"filter":{"a":1}}}')
    injectBody(document, [at('mongodb', 'find', 'filter')], mine, nothingWithheld)
    assert.equal(writeJsonExact(document), '{"find":{"filter":{"a":1}}}')
  })

  it('keeps members that are called as what every object has', () => {
    assert.equal(
      inject('{"__proto__":{"a":1},"constructor":2}', at('mongodb', 'filter')),
      `{"__proto__":{"a":1},"constructor":2,"filter":${mongodbText}}`,
    )
  })
})
