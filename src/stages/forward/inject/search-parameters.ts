import { type QueryPart, queryRefused } from './query-parts.ts'

/** Parameters of a search that change how it is run and written, not what is searched for. */
const harmless: ReadonlySet<string> = new Set(
  (
    'allow_no_indices allow_partial_search_results batched_reduce_size ccs_minimize_roundtrips error_trace ' +
    'expand_wildcards filter_path from human ignore_throttled ignore_unavailable max_concurrent_shard_requests ' +
    'pre_filter_shard_size preference pretty request_cache rest_total_hits_as_int routing search_type ' +
    'seq_no_primary_term size terminate_after timeout track_scores track_total_hits typed_keys version'
  ).split(' '),
)

/**
 * Refuses what a query string could say to Elasticsearch besides: its `q` replaces the query in the body, and the mask
 * with it; `source` may stand for the body; `suggest_field` and `explain` tell of rows that no query found.
 */
export function requireSearchParameters(parts: readonly QueryPart[]): void {
  for (const { separator, text, rawName } of parts) {
    if (text === '') continue
    if (separator === ';' || !harmless.has(rawName))
      throw queryRefused('a parameter that may change what is searched for')
  }
}
