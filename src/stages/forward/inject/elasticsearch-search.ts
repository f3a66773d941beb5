import { isPlainObject } from '../../../mask/describe.ts'
import { requireAggregations } from './elasticsearch-aggregations.ts'
import { requireField, requireFields } from './elasticsearch-fields.ts'
import { requireOption, requirePlain, requireSearchQuery, snakeCase } from './elasticsearch-query.ts'
import { isAbsent, Walk } from './json-walk.ts'
import { queryRefused } from './query-parts.ts'
import type { WithheldPaths } from './withheld-paths.ts'

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
 * known. `query_string` and its kin may name any field, and find no row outside the mask by it; where fields are withheld,
 * they are refused, or have to name each of theirs. So is every mention of a withheld field, and every pattern that could
 * be one. Absent or null asks for everything. Without a mask the request goes on as it came, if it stands.
 */
export function injectElasticsearch(client: unknown, mask: unknown, withheld: WithheldPaths): unknown {
  const request: Record<string, unknown> = { __proto__: null }
  if (!isAbsent(client)) {
    for (const [name, value] of requireSearch(client, withheld)) request[name] = value
  }
  if (mask === undefined) return client
  const { query } = request
  request['query'] = { bool: isAbsent(query) ? { filter: [mask] } : { must: [query], filter: [mask] } }
  return request
}

function requireSearch(value: unknown, withheld: WithheldPaths): readonly (readonly [string, unknown])[] {
  const walk = new Walk(withheld)
  const members = walk.members(value, 'a search')
  for (const [name, member] of members) {
    if (!isAbsent(member)) walk.enter(() => requireMember(name, member, walk))
  }
  return members
}

function requireMember(name: string, value: unknown, walk: Walk): void {
  const depth = plainMembers.get(name)
  if (depth !== undefined) return requireOption(name, value, depth, walk)
  if (name === 'query' || name === 'post_filter') return requireSearchQuery(value, walk)
  if (name === 'aggs' || name === 'aggregations') return requireAggregations(value, walk)
  if (name === 'sort') return requireSort(value, walk)
  if (name === '_source') return requireSource(value, walk)
  if (name === 'highlight') return requireHighlight(value, walk)
  throw queryRefused('a member of a search that may reach past the mask')
}

/** By fields and by distance. Objects end where the `filter` of a `nested` would begin. */
function requireSort(value: unknown, walk: Walk): void {
  for (const entry of Array.isArray(value) ? walk.items(value, 'a sort') : [value]) {
    if (typeof entry === 'string') {
      requireField(entry, walk)
      continue
    }
    requireFields(entry, walk)
    for (const [name, order] of walk.members(entry, 'a sort')) {
      if (name === '_script') throw queryRefused('a sort by a script')
      if (name === '_geo_distance') requireFields(order, walk)
      requirePlain(order, 2, walk)
    }
  }
}

/** What is shown of a row: it may be asked for whole, and is filtered; patterns are held to what they could name. */
function requireSource(value: unknown, walk: Walk): void {
  requirePlain(value, 1, walk, 'values')
  const lists: readonly unknown[] = isPlainObject(value) ? Object.values(value) : [value]
  for (const name of lists.flat()) if (typeof name === 'string') requireField(name, walk, 'place')
}

/** Marks words in rows that were found; its own query is none of ours to judge. */
function requireHighlight(value: unknown, walk: Walk): void {
  requirePlain(value, 3, walk)
  for (const [name, member] of walk.members(value, 'a highlight')) {
    if (queryOption.test(snakeCase(name))) throw queryRefused('a highlight with a query')
    if (name !== 'fields') continue
    const fields = Array.isArray(member) ? walk.items(member, 'fields') : [member]
    for (const field of fields) {
      requireFields(field, walk)
      for (const [, options] of walk.members(field, 'fields')) requireNoQuery(options, walk)
    }
  }
}

function requireNoQuery(options: unknown, walk: Walk): void {
  for (const [name] of walk.members(options, 'a highlight')) {
    if (queryOption.test(snakeCase(name))) throw queryRefused('a highlight with a query')
  }
}
