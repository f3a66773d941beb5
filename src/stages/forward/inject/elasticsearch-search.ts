import { requireAggregations } from './elasticsearch-aggregations.ts'
import { requirePlain, requireSearchQuery, snakeCase } from './elasticsearch-query.ts'
import { isAbsent, Walk } from './json-walk.ts'
import { queryRefused } from './query-parts.ts'

/** Members of a search whose value holds no query: how many objects deep it may be. */
const plainMembers: ReadonlyMap<string, number> = new Map([
  ['from', 0],
  ['size', 0],
  ['search_after', 0],
  ['track_total_hits', 0],
  ['track_scores', 0],
  ['timeout', 0],
  ['terminate_after', 0],
  ['min_score', 0],
  ['version', 0],
  ['seq_no_primary_term', 0],
  ['_source', 1],
  ['fields', 1],
  ['docvalue_fields', 1],
  ['stored_fields', 0],
  ['collapse', 1],
])

const queryOption = /(?:^|_)query(?:_|$)/

/**
 * A search request whose `query` is a new `bool`: the client's query must match, the mask filters. Only members that
 * narrow, order or page what the query finds are let through; refused are scripts and fields made by them, `knn`,
 * `retriever`, `rank`, `sub_searches` and `suggest` (they find rows beside the query), `pit` (another index),
 * `explain` and `profile` (they tell of other rows), `rescore` and `indices_boost`, `inner_hits`, and whatever is not
 * known. `query_string` and its kin may name any field, and find no row outside the mask by it. Absent or null asks for
 * everything. Without a mask the request goes on as it came, if it stands.
 */
export function injectElasticsearch(client: unknown, mask: unknown): unknown {
  const request: Record<string, unknown> = { __proto__: null }
  if (!isAbsent(client)) {
    for (const [name, value] of requireSearch(client)) request[name] = value
  }
  if (mask === undefined) return client
  const { query } = request
  request['query'] = { bool: isAbsent(query) ? { filter: [mask] } : { must: [query], filter: [mask] } }
  return request
}

function requireSearch(value: unknown): readonly (readonly [string, unknown])[] {
  const walk = new Walk()
  const members = walk.members(value, 'a search')
  for (const [name, member] of members) {
    if (!isAbsent(member)) walk.enter(() => requireMember(name, member, walk))
  }
  return members
}

function requireMember(name: string, value: unknown, walk: Walk): void {
  const depth = plainMembers.get(name)
  if (depth !== undefined) return requirePlain(value, depth, walk)
  if (name === 'query' || name === 'post_filter') return requireSearchQuery(value, walk)
  if (name === 'aggs' || name === 'aggregations') return requireAggregations(value, walk)
  if (name === 'sort') return requireSort(value, walk)
  if (name === 'highlight') return requireHighlight(value, walk)
  throw queryRefused('a member of a search that may reach past the mask')
}

/** By fields and by distance. Objects end where the `filter` of a `nested` would begin. */
function requireSort(value: unknown, walk: Walk): void {
  for (const entry of Array.isArray(value) ? walk.items(value, 'a sort') : [value]) {
    if (typeof entry === 'string') continue
    for (const [name, order] of walk.members(entry, 'a sort')) {
      if (name === '_script') throw queryRefused('a sort by a script')
      requirePlain(order, 2, walk)
    }
  }
}

/** Marks words in rows that were found; its own query is none of ours to judge. */
function requireHighlight(value: unknown, walk: Walk): void {
  requirePlain(value, 3, walk)
  for (const [name, member] of walk.members(value, 'a highlight')) {
    if (queryOption.test(snakeCase(name))) throw queryRefused('a highlight with a query')
    if (name !== 'fields') continue
    const fields = Array.isArray(member) ? walk.items(member, 'fields') : [member]
    for (const field of fields) for (const [, options] of walk.members(field, 'fields')) requireNoQuery(options, walk)
  }
}

function requireNoQuery(options: unknown, walk: Walk): void {
  for (const [name] of walk.members(options, 'a highlight')) {
    if (queryOption.test(snakeCase(name))) throw queryRefused('a highlight with a query')
  }
}
