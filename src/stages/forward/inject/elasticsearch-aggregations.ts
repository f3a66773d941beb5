import { JsonNumber } from '../../../mask/language.ts'
import { requirePlain, requireSearchQuery, snakeCase } from './elasticsearch-query.ts'
import type { Walk } from './json-walk.ts'
import { queryRefused } from './query-parts.ts'

/** Buckets and figures of the rows that the query found. */
const plainAggregations: ReadonlySet<string> = new Set(
  (
    'terms multi_terms range date_range ip_range ip_prefix histogram date_histogram auto_date_histogram ' +
    'variable_width_histogram missing nested reverse_nested composite geohash_grid geotile_grid geohex_grid geo_distance ' +
    'avg sum min max stats extended_stats extended_stats_bucket value_count cardinality percentiles percentile_ranks ' +
    'median_absolute_deviation boxplot weighted_avg rate geo_bounds geo_centroid matrix_stats string_stats ' +
    'avg_bucket sum_bucket min_bucket max_bucket stats_bucket percentiles_bucket cumulative_sum derivative ' +
    'serial_diff normalize bucket_sort'
  ).split(' '),
)

/** Levels of a `composite`: sources, name, kind, options. */
const depthOfOptions = 4

/**
 * Holds aggregations to those over the rows that the query found. Refused: `global` and everything that counts beside
 * the query (`significant_terms`: its background is the whole index), parents and children, scripts, rows that would
 * come where nobody looks for them (`top_hits`), `min_doc_count: 0` on terms, which lists the values of every row, and
 * withheld fields.
 */
export function requireAggregations(value: unknown, walk: Walk): void {
  for (const [, aggregation] of walk.members(value, 'aggregations')) {
    walk.enter(() => requireAggregation(aggregation, walk))
  }
}

function requireAggregation(value: unknown, walk: Walk): void {
  for (const [name, body] of walk.members(value, 'an aggregation')) {
    if (name === 'aggs' || name === 'aggregations') requireAggregations(body, walk)
    else if (name === 'filter') requireSearchQuery(body, walk)
    else if (name === 'filters' || name === 'adjacency_matrix') requireFilters(body, walk)
    else if (name === 'meta' || plainAggregations.has(name)) requireOptions(name, body, walk)
    else throw queryRefused('an aggregation that may reach past the mask')
  }
}

function requireOptions(name: string, body: unknown, walk: Walk): void {
  requirePlain(body, depthOfOptions, walk)
  // The empty buckets of a histogram lie between those of rows that were found.
  if (name.endsWith('histogram')) return
  for (const [option, value] of walk.members(body, 'an aggregation')) {
    if (snakeCase(option) !== 'min_doc_count') continue
    if (!(value instanceof JsonNumber) || !/^[1-9][0-9]{0,8}$/.test(value.text))
      throw queryRefused('terms that no row needs to hold')
  }
}

/** `{filters: {name: query}}` or a list of queries. */
function requireFilters(body: unknown, walk: Walk): void {
  for (const [name, value] of walk.members(body, 'filters')) {
    if (name !== 'filters') requirePlain(value, 0, walk)
    else if (Array.isArray(value)) for (const query of walk.items(value, 'filters')) requireSearchQuery(query, walk)
    else for (const [, query] of walk.members(value, 'filters')) requireSearchQuery(query, walk)
  }
}
