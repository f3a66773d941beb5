import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectElasticsearch } from '../../../../src/stages/forward/inject/elasticsearch-search.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { json } from '../../../mask/masks.ts'
import { outcome } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = { term: { tenant: 'acme' } }
const maskText = JSON.stringify(mask)
const search = (text: string) => outcome(() => writeJsonExact(injectElasticsearch(json(text), mask, nothingWithheld)))
const query = (text: string) => search(`{"query":${text}}`)
const aggregation = (text: string) => search(`{"aggs":{"x":${text}}}`)

const deep = (depth: number) => {
  let query: unknown = { match_all: {} }
  for (let i = 0; i < depth; i++) query = { bool: { must: query } }
  return outcome(() => injectElasticsearch({ query }, mask, nothingWithheld))
}
const list = (length: number) => `{"terms":{"a":[${Array.from({ length }, () => 1).join(',')}]}}`

describe('the mask in a search of Elasticsearch', () => {
  const queries = [
    '{"match_all":{}}',
    '{"match_none":{}}',
    '{"term":{"a":"x"}}',
    '{"term":{"script":{"value":"x","case_insensitive":true}}}',
    '{"terms":{"a":["x",1],"boost":2}}',
    '{"terms_set":{"a":{"terms":["x"],"minimum_should_match_field":"n"}}}',
    '{"match":{"description":{"query":"x","operator":"and"}}}',
    '{"multi_match":{"query":"x","fields":["a","b^2"]}}',
    '{"query_string":{"query":"tenant:globex OR a:*"}}',
    '{"simple_query_string":{"query":"x | y"}}',
    '{"range":{"a":{"gte":1,"lt":"now/d"}}}',
    '{"exists":{"field":"a"}}',
    '{"ids":{"values":["1"]}}',
    '{"prefix":{"a":"x"}}',
    '{"wildcard":{"a":{"value":"x*"}}}',
    '{"fuzzy":{"a":{"value":"x"}}}',
    '{"bool":{"must":[{"term":{"a":1}}],"should":{"term":{"b":1}},"must_not":[],"filter":{"term":{"c":1}},"minimum_should_match":1}}',
    '{"dis_max":{"queries":[{"term":{"a":1}}],"tie_breaker":0.7}}',
    '{"constant_score":{"filter":{"term":{"a":1}},"boost":1.2}}',
    '{"boosting":{"positive":{"term":{"a":1}},"negative":{"term":{"b":1}},"negative_boost":0.5}}',
    '{"nested":{"path":"a","query":{"term":{"a.b":1}},"score_mode":"avg"}}',
    '{"function_score":{"query":{"match_all":{}},"functions":[{"filter":{"term":{"a":1}},"weight":2},{"gauss":{"place":{"origin":{"lat":1,"lon":2},"scale":"2km"}}}],"boost_mode":"sum"}}',
    '{"function_score":{"field_value_factor":{"field":"likes"},"random_score":{}}}',
    '{"geo_distance":{"distance":"5km","place":{"lat":1,"lon":2}}}',
    '{"geo_bounding_box":{"place":{"top_left":{"lat":1,"lon":2},"bottom_right":{"lat":0,"lon":3}}}}',
    '{"geo_shape":{"place":{"shape":{"type":"envelope","coordinates":[[1,2],[3,4]]},"relation":"within"}}}',
  ]
  for (const text of queries)
    it(`filters beside ${text}`, () => {
      assert.equal(query(text), `{"query":{"bool":{"must":[${text}],"filter":[${maskText}]}}}`)
    })

  const reachingQueries = [
    '{"script":{"script":{"source":"true"}}}',
    '{"script":{"script":"true"}}',
    '{"script_score":{"query":{"match_all":{}},"script":{"source":"1"}}}',
    '{"wrapper":{"query":"eyJtYXRjaF9hbGwiOnt9fQ=="}}',
    '{"terms":{"a":{"index":"other","id":"1","path":"b"}}}',
    '{"terms":{"a":[{"index":"other"}]}}',
    '{"terms":{"a":"x"}}',
    '{"terms_set":{"a":{"terms":["x"],"minimum_should_match_script":{"source":"1"}}}}',
    '{"terms_set":{"a":{"terms":["x"],"minimum_should_match_script":"1"}}}',
    '{"terms_set":{"a":{"terms":["x"],"minimumShouldMatchScript":"1"}}}',
    '{"term":{"a":{"value":{"x":1}}}}',
    '{"more_like_this":{"fields":["a"],"like":[{"_index":"other","_id":"1"}]}}',
    '{"more_like_this":{"fields":["a"],"like":"x"}}',
    '{"percolate":{"field":"q","index":"other","id":"1"}}',
    '{"percolate":{"field":"q","document":{}}}',
    '{"geo_shape":{"place":{"indexed_shape":{"index":"other","id":"1"}}}}',
    '{"shape":{"place":{"indexed_shape":{"index":"other","id":"1"}}}}',
    '{"has_child":{"type":"x","query":{"match_all":{}}}}',
    '{"has_parent":{"parent_type":"x","query":{"match_all":{}}}}',
    '{"parent_id":{"type":"x","id":"1"}}',
    '{"knn":{"field":"v","query_vector":[1],"k":1}}',
    '{"semantic":{"field":"a","query":"x"}}',
    '{"sparse_vector":{"field":"a","inference_id":"x","query":"y"}}',
    '{"text_expansion":{"a":{"model_id":"x","model_text":"y"}}}',
    '{"pinned":{"ids":["1"],"organic":{"match_all":{}}}}',
    '{"rule":{"organic":{"match_all":{}},"ruleset_ids":["x"]}}',
    '{"intervals":{"a":{"match":{"query":"x","filter":{"script":{"source":"true"}}}}}}',
    '{"nested":{"path":"a","query":{"match_all":{}},"inner_hits":{}}}',
    '{"nested":{"path":"a","query":{"match_all":{}},"innerHits":{}}}',
    '{"function_score":{"query":{"match_all":{}},"script_score":{"script":"1"}}}',
    '{"function_score":{"functions":[{"script_score":{"script":"1"}}]}}',
    '{"function_score":{"functions":[{"unknown":1}]}}',
    '{"function_score":{"unknown":[{"weight":1}]}}',
    '{"function_score":{"functions":[{"filter":{"script":{"script":"1"}},"weight":1}]}}',
    '{"function_score":{"query":{"script":{"script":"1"}}}}',
    '{"bool":{"must":[{"script":{"script":"1"}}]}}',
    '{"bool":{"should":{"wrapper":{"query":"x"}}}}',
    '{"bool":{"must_not":[{"bool":{"filter":[{"percolate":{}}]}}]}}',
    '{"bool":{"mustNot":[{"match_all":{}}]}}',
    '{"bool":{"unknown":[{"match_all":{}}]}}',
    '{"bool":{"must":"x"}}',
    '{"bool":{"minimum_should_match":{"x":1}}}',
    '{"constant_score":{"filter":{"script":{"script":"1"}}}}',
    '{"dis_max":{"queries":[{"script":{"script":"1"}}]}}',
    '{"boosting":{"positive":{"script":{"script":"1"}},"negative":{"match_all":{}}}}',
    '{"match_all":{},"script":{"script":"1"}}',
    '{"indices":{"indices":["other"],"query":{"match_all":{}}}}',
    '{"template":{"source":"x"}}',
    '{"Match_all":{}}',
    '{"unknown":{}}',
    '{}',
    '[]',
    '"x"',
  ]
  for (const text of reachingQueries)
    it(`is kept from the query ${text} by refusing it`, () => {
      assert.equal(query(text), refused)
      assert.equal(search(`{"post_filter":${text}}`), refused)
      assert.equal(query(`{"bool":{"filter":[{"match_all":{}},${text}]}}`), refused)
      assert.equal(aggregation(`{"filter":${text}}`), refused)
    })

  const members = [
    '"from":10,"size":5',
    '"sort":"a"',
    '"sort":["a",{"b":"desc"},{"c":{"order":"asc","missing":"_last","nested":{"path":"c"}}},"_score"]',
    '"sort":[{"description":"asc"},{"_geo_distance":{"place":{"lat":1,"lon":2},"order":"asc"}}]',
    '"_source":false',
    '"_source":["a","b.*"]',
    '"_source":{"includes":["a"],"excludes":["b"]}',
    '"fields":["a",{"field":"b","format":"epoch_millis"}]',
    '"docvalue_fields":["a"],"stored_fields":"_none_"',
    '"track_total_hits":true,"track_scores":true,"timeout":"5s","terminate_after":100,"min_score":0.5',
    '"search_after":[1,"x"]',
    '"version":true,"seq_no_primary_term":true',
    '"post_filter":{"term":{"a":1}}',
    '"collapse":{"field":"a"}',
    '"highlight":{"pre_tags":["<b>"],"fields":{"description":{"fragment_size":10},"b":{}}}',
    '"highlight":{"fields":[{"a":{}}]}',
    '"aggs":{}',
    '"aggs":null,"sort":null',
  ]
  for (const member of members)
    it(`filters beside ${member}`, () => {
      assert.equal(search(`{${member}}`), `{${member},"query":{"bool":{"filter":[${maskText}]}}}`)
    })

  const reachingMembers = [
    '"script_fields":{"a":{"script":{"source":"1"}}}',
    '"runtime_mappings":{"tenant":{"type":"keyword","script":"emit(\'acme\')"}}',
    '"knn":{"field":"v","query_vector":[1],"k":1,"num_candidates":1}',
    '"retriever":{"standard":{"query":{"match_all":{}}}}',
    '"sub_searches":[{"query":{"match_all":{}}}]',
    '"rank":{"rrf":{}}',
    '"suggest":{"x":{"text":"a","term":{"field":"a"}}}',
    '"pit":{"id":"x"}',
    '"indices_boost":[{"other":2}]',
    '"rescore":{"window_size":1,"query":{"rescore_query":{"match_all":{}}}}',
    '"explain":true',
    '"profile":true',
    '"ext":{}',
    '"slice":{"id":0,"max":2}',
    '"stats":["x"]',
    '"facets":{}',
    '"filter":{"match_all":{}}',
    '"fielddata_fields":["a"]',
    '"script":"x"',
    '"Query":{"match_all":{}}',
    '"unknown":1',
    '"sort":{"_script":{"script":"1","type":"number"}}',
    '"sort":["a",{"_script":{"script":"1","type":"number"}}]',
    '"sort":{"a":{"nested":{"path":"a","filter":{"script":{"script":"1"}}}}}',
    '"sort":{"a":{"nested_filter":{"match_all":{}}}}',
    '"sort":{"a":{"nested":{"path":"a","filter":{"term":{"b":1}}}}}',
    '"sort":{"_script":{"file":"x","type":"number"}}',
    '"sort":{"a":{"nested":{"path":"a","nested":{"path":"b","filter":{}}}}}',
    '"sort":[1]',
    '"sort":[[{"_script":{}}]]',
    '"collapse":{"field":"a","inner_hits":{"name":"x"}}',
    '"collapse":{"field":"a","collapse":{"field":"b"}}',
    '"highlight":{"highlight_query":{"match_all":{}},"fields":{}}',
    '"highlight":{"fields":{"a":{"highlight_query":{"match_all":{}}}}}',
    '"highlight":{"fields":[{"a":{"highlight_query":{"match_all":{}}}}]}',
    '"fields":[{"field":"a","script":"1"}]',
    '"size":{"script":"1"}',
    '"__proto__":{"query":1}',
    '"\\u0000query":{}',
  ]
  for (const member of reachingMembers)
    it(`is kept from ${member} by refusing it`, () => {
      assert.equal(search(`{${member}}`), refused)
    })

  const aggregations = [
    '{"terms":{"field":"a","size":10,"order":{"_count":"desc"},"min_doc_count":1}}',
    '{"terms":{"field":"a","min_doc_count":2},"aggs":{"y":{"avg":{"field":"b"}}}}',
    '{"terms":{"field":"a","shard_min_doc_count":0},"aggregations":{"y":{"avg":{"field":"b"}}},"meta":{"z":1}}',
    '{"date_histogram":{"field":"a","calendar_interval":"day","min_doc_count":0,"extended_bounds":{"min":1,"max":2}}}',
    '{"histogram":{"field":"a","interval":5,"min_doc_count":0}}',
    '{"range":{"field":"a","ranges":[{"to":1},{"from":1}]}}',
    '{"filter":{"term":{"a":1}}}',
    '{"filters":{"filters":{"y":{"term":{"a":1}}},"other_bucket":true}}',
    '{"filters":{"filters":[{"term":{"a":1}}]}}',
    '{"composite":{"size":10,"sources":[{"a":{"terms":{"field":"a","order":"asc"}}}],"after":{"a":"x"}}}',
    '{"nested":{"path":"a"},"aggs":{"y":{"reverse_nested":{}}}}',
    '{"cardinality":{"field":"a"}}',
    '{"weighted_avg":{"value":{"field":"a"},"weight":{"field":"b"}}}',
    '{"sum_bucket":{"buckets_path":"x>y"}}',
  ]
  for (const text of aggregations)
    it(`filters beside the aggregation ${text}`, () => {
      assert.equal(aggregation(text), `{"aggs":{"x":${text}},"query":{"bool":{"filter":[${maskText}]}}}`)
    })

  const reachingAggregations = [
    '{"global":{}}',
    '{"terms":{"field":"a"},"aggs":{"y":{"global":{}}}}',
    '{"terms":{"field":"a"},"aggregations":{"y":{"filter":{"match_all":{}},"aggs":{"z":{"global":{}}}}}}',
    '{"significant_terms":{"field":"a"}}',
    '{"significant_terms":{"field":"a","background_filter":{"match_all":{}}}}',
    '{"significant_text":{"field":"a"}}',
    '{"scripted_metric":{"map_script":"1"}}',
    '{"bucket_script":{"buckets_path":{},"script":"1"}}',
    '{"bucket_selector":{"buckets_path":{},"script":"1"}}',
    '{"moving_fn":{"script":"1","window":1,"buckets_path":"x"}}',
    '{"children":{"type":"x"}}',
    '{"parent":{"type":"x"}}',
    '{"top_hits":{"size":10}}',
    '{"top_metrics":{"metrics":{"field":"a"},"sort":{"b":"asc"}}}',
    '{"inference":{"model_id":"x"}}',
    '{"unknown":{}}',
    '{"sum":{"script":{"source":"1"}}}',
    '{"sum":{"script":"1"}}',
    '{"terms":{"script":"1"}}',
    '{"terms":{"field":"a","min_doc_count":0}}',
    '{"terms":{"field":"a","minDocCount":0}}',
    '{"terms":{"field":"a","min_doc_count":0.0}}',
    '{"terms":{"field":"a","min_doc_count":-1}}',
    '{"terms":{"field":"a","min_doc_count":"0"}}',
    '{"multi_terms":{"terms":[{"field":"a"},{"field":"b"}],"min_doc_count":0}}',
    '{"weighted_avg":{"value":{"script":"1"},"weight":{"field":"b"}}}',
    '{"composite":{"sources":[{"a":{"terms":{"script":"1"}}}]}}',
    '{"filters":{"filters":{"y":{"script":{"script":"1"}}}}}',
    '{"filters":{"filters":[{"wrapper":{"query":"x"}}]}}',
    '{"filter":{"has_child":{"type":"x","query":{"match_all":{}}}}}',
    '{"filter":"x"}',
    '"x"',
    '[]',
  ]
  for (const text of reachingAggregations)
    it(`is kept from the aggregation ${text} by refusing it`, () => {
      assert.equal(aggregation(text), refused)
      assert.equal(search(`{"aggregations":{"x":${text}}}`), refused)
      assert.equal(aggregation(`{"terms":{"field":"a"},"aggs":{"y":${text}}}`), refused)
    })

  it('stands alone where the client asks for everything', () => {
    const alone = `{"query":{"bool":{"filter":[${maskText}]}}}`
    assert.equal(search('{}'), alone)
    assert.equal(search('null'), alone)
    assert.equal(search('{"query":null}'), alone)
    assert.equal(
      outcome(() => writeJsonExact(injectElasticsearch(undefined, mask, nothingWithheld))),
      alone,
    )
  })

  for (const text of ['[]', '"x"', '1', '[{"query":{"match_all":{}}}]'])
    it(`refuses ${text} for a search`, () => {
      assert.equal(search(text), refused)
    })

  it('is not added where every row is open, and a search has to stand all the same', () => {
    const client = json('{"query":{"match_all":{}},"size":1}')
    assert.equal(injectElasticsearch(client, undefined, nothingWithheld), client)
    assert.equal(
      outcome(() => injectElasticsearch(json('{"suggest":{}}'), undefined, nothingWithheld)),
      refused,
    )
    assert.equal(
      outcome(() => injectElasticsearch(json('{"query":{"wrapper":{}}}'), undefined, nothingWithheld)),
      refused,
    )
  })

  it('changes nothing of the search itself', () => {
    const client = json('{"query":{"term":{"a":1}}}')
    injectElasticsearch(client, mask, nothingWithheld)
    assert.equal(writeJsonExact(client), '{"query":{"term":{"a":1}}}')
  })

  it('refuses queries that are too deep', () => {
    assert.notEqual(deep(30), refused)
    assert.equal(deep(40), refused)
    const arrays = `${'['.repeat(50)}${']'.repeat(50)}`
    assert.equal(search(`{"search_after":${arrays}}`), refused)
  })

  it('refuses lists that are too long', () => {
    assert.notEqual(query(list(40_000)), refused)
    assert.equal(query(list(60_000)), refused)
  })
})
