import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeJsonExact } from '../../../../src/mask/write-json-exact.ts'
import { injectElasticsearch } from '../../../../src/stages/forward/inject/elasticsearch-search.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { json } from '../../../mask/masks.ts'
import { outcome, withheld } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = { term: { tenant: 'acme' } }
const search = (text: string, held = withheld) =>
  outcome(() => writeJsonExact(injectElasticsearch(json(text), mask, held))) === refused ? refused : 'let through'

const query = (text: string) => `{"query":${text}}`
const aggregation = (text: string) => `{"aggs":{"x":${text}}}`

const asking = [
  ...[
    '{"term":{"margin":20}}',
    '{"term":{"MARGIN":20}}',
    '{"term":{"margin":{"value":20}}}',
    '{"term":{"margin.keyword":"20"}}',
    '{"terms":{"margin":[20,21]}}',
    '{"match":{"margin":"20"}}',
    '{"match_phrase":{"meta.owner":"ann"}}',
    '{"match":{"owner":"ann"}}',
    '{"prefix":{"meta.owner.raw":"a"}}',
    '{"wildcard":{"meta.owner":"a*"}}',
    '{"regexp":{"meta.owner":"a.*"}}',
    '{"fuzzy":{"meta.owner":"ann"}}',
    '{"range":{"margin":{"gte":20}}}',
    '{"range":{"lines.cost":{"gte":20}}}',
    '{"range":{"prices":{"gte":20}}}',
    '{"exists":{"field":"margin"}}',
    '{"exists":{"field":"meta"}}',
    '{"term":{"meta":"ann"}}',
    '{"term":{"_all":"20"}}',
    '{"term":{"_field_names":"x"}}',
    '{"terms_set":{"note":{"terms":["a"],"minimum_should_match_field":"margin"}}}',
    '{"multi_match":{"query":"20"}}',
    '{"multi_match":{"query":"20","fields":[]}}',
    '{"multi_match":{"query":"20","fields":"note"}}',
    '{"multi_match":{"query":"20","fields":["margin"]}}',
    '{"multi_match":{"query":"20","fields":["note","margin^3"]}}',
    '{"multi_match":{"query":"20","fields":["note*"]}}',
    '{"combined_fields":{"query":"20","fields":["margin"]}}',
    '{"simple_query_string":{"query":"20"}}',
    '{"simple_query_string":{"query":"20","fields":["margin"]}}',
    '{"simple_query_string":{"query":"20","fields":["note"],"quote_field_suffix":".x"}}',
    '{"query_string":{"query":"20"}}',
    '{"query_string":{"query":"20","default_field":"note"}}',
    '{"query_string":{"query":"margin:20","fields":["note"]}}',
    '{"distance_feature":{"field":"margin","origin":"now","pivot":"7d"}}',
    '{"rank_feature":{"field":"margin"}}',
    '{"geo_distance":{"distance":"1km","margin":{"lat":1,"lon":1}}}',
    '{"geo_shape":{"margin":{"shape":{"type":"point","coordinates":[1,1]}}}}',
    '{"nested":{"path":"lines","query":{"term":{"lines.cost":1}}}}',
    '{"nested":{"path":"margin","query":{"match_all":{}}}}',
    '{"bool":{"filter":[{"match_all":{}},{"bool":{"must_not":{"term":{"margin":20}}}}]}}',
    '{"constant_score":{"filter":{"term":{"margin":20}}}}',
    '{"dis_max":{"queries":[{"term":{"margin":20}}]}}',
    '{"boosting":{"positive":{"match_all":{}},"negative":{"term":{"margin":20}}}}',
    '{"function_score":{"field_value_factor":{"field":"margin"}}}',
    '{"function_score":{"random_score":{"field":"margin"}}}',
    '{"function_score":{"gauss":{"margin":{"origin":20,"scale":1}}}}',
    '{"function_score":{"functions":[{"linear":{"margin":{"origin":20,"scale":1}}}]}}',
    '{"function_score":{"functions":[{"filter":{"term":{"margin":20}},"weight":2}]}}',
  ].map(query),
  ...[
    '{"terms":{"field":"margin"}}',
    '{"avg":{"field":"margin"}}',
    '{"avg":{"field":"m*"}}',
    '{"range":{"field":"margin","ranges":[{"to":20}]}}',
    '{"histogram":{"field":"margin","interval":1}}',
    '{"multi_terms":{"terms":[{"field":"note"},{"field":"margin"}]}}',
    '{"composite":{"sources":[{"m":{"terms":{"field":"margin"}}}]}}',
    '{"weighted_avg":{"value":{"field":"amount"},"weight":{"field":"margin"}}}',
    '{"matrix_stats":{"fields":["amount","margin"]}}',
    '{"missing":{"field":"margin"}}',
    '{"filter":{"term":{"margin":20}}}',
    '{"filters":{"filters":{"a":{"term":{"margin":20}}}}}',
    '{"terms":{"field":"note"},"aggs":{"y":{"max":{"field":"margin"}}}}',
    '{"nested":{"path":"lines"},"aggs":{"y":{"max":{"field":"lines.cost"}}}}',
  ].map(aggregation),
  '{"post_filter":{"term":{"margin":20}}}',
  '{"sort":"margin"}',
  '{"sort":"margin:desc"}',
  '{"sort":["amount","margin"]}',
  '{"sort":[{"margin":"desc"}]}',
  '{"sort":{"meta.owner":{"order":"desc"}}}',
  '{"sort":{"meta":"desc"}}',
  '{"sort":[{"_geo_distance":{"margin":[1,1],"order":"asc"}}]}',
  '{"sort":[{"lines.sku":{"nested":{"path":"lines.cost"}}}]}',
  '{"_source":"margin"}',
  '{"_source":["id","margin"]}',
  '{"_source":["*"]}',
  '{"_source":"mar*"}',
  '{"_source":["meta.*"]}',
  '{"_source":{"includes":["m?rgin"]}}',
  '{"_source":{"excludes":["margin"]}}',
  '{"fields":["margin"]}',
  '{"fields":["*"]}',
  '{"fields":["*.keyword"]}',
  '{"fields":["margin.k*"]}',
  '{"fields":[{"field":"m*"}]}',
  '{"fields":["meta"]}',
  '{"docvalue_fields":["margin"]}',
  '{"docvalue_fields":[{"field":"margin","format":"x"}]}',
  '{"stored_fields":["margin"]}',
  '{"stored_fields":"margin"}',
  '{"collapse":{"field":"margin"}}',
  '{"highlight":{"fields":{"margin":{}}}}',
  '{"highlight":{"fields":{"*":{}}}}',
  '{"highlight":{"fields":[{"note":{}},{"meta.owner":{}}]}}',
  '{"highlight":{"fields":{"note":{"matched_fields":["note","margin"]}}}}',
]

const neighbours = [
  ...[
    '{"term":{"note":"margin"}}',
    '{"term":{"note":{"value":"margin"}}}',
    '{"terms":{"note":["margin","meta.owner"]}}',
    '{"match":{"note":{"query":"margin","analyzer":"english"}}}',
    '{"match":{"margins":"20"}}',
    '{"wildcard":{"note":"*"}}',
    '{"range":{"amount":{"gte":20,"format":"margin"}}}',
    '{"terms_set":{"note":{"terms":["margin"],"minimum_should_match_field":"amount"}}}',
    '{"exists":{"field":"meta.colour"}}',
    '{"ids":{"values":["margin"]}}',
    '{"multi_match":{"query":"margin","fields":["note^2","title"]}}',
    '{"combined_fields":{"query":"margin","fields":["note"]}}',
    '{"simple_query_string":{"query":"margin","fields":["note"]}}',
    '{"nested":{"path":"lines","query":{"term":{"lines.sku":"a"}}}}',
    '{"nested":{"path":"meta","query":{"term":{"meta.colour":"red"}}}}',
    '{"function_score":{"gauss":{"amount":{"origin":20,"scale":1}}}}',
    '{"geo_shape":{"place":{"shape":{"type":"point","coordinates":[1,1]}}}}',
  ].map(query),
  ...[
    '{"terms":{"field":"note","include":"mar.*","missing":"margin"}}',
    '{"avg":{"field":"amount"}}',
    '{"nested":{"path":"lines"},"aggs":{"y":{"max":{"field":"lines.amount"}}}}',
  ].map(aggregation),
  '{"aggs":{"margin":{"avg":{"field":"amount"}}}}',
  '{"sort":["amount",{"note":"desc"},"_score"]}',
  '{"sort":[{"lines.sku":{"order":"asc","missing":"margin","nested":{"path":"lines"}}}],"search_after":["margin"]}',
  '{"_source":["id","meta","note*","meta.colour"]}',
  '{"_source":{"includes":["meta"],"excludes":["note"]}}',
  '{"_source":false,"fields":["note*",{"field":"amount"}]}',
  '{"collapse":{"field":"amount"},"docvalue_fields":["amount"],"stored_fields":["note"]}',
  '{"highlight":{"fields":{"note":{"pre_tags":["<margin>"]}},"type":"plain"}}',
  '{"size":5,"from":5,"timeout":"5s"}',
]

describe('a search of Elasticsearch where fields are withheld', () => {
  for (const text of asking)
    it(`refuses ${text}, and lets it through where nothing is withheld`, () => {
      assert.equal(search(text), refused)
      assert.equal(search(text, nothingWithheld), 'let through')
    })

  for (const text of neighbours)
    it(`lets ${text} through`, () => {
      assert.equal(search(text), 'let through')
    })

  it('has to stand where every row is open too', () => {
    assert.equal(
      outcome(() => injectElasticsearch(json('{"sort":"margin"}'), undefined, withheld)),
      refused,
    )
  })
})
