import type { Injection } from '../../../config/config.ts'
import type { ComposedMask } from '../../../mask/compose.ts'
import { injectOData } from './inject-odata.ts'
import { injectPostgrest } from './inject-postgrest.ts'
import { odataMask, postgrestMask } from './mask-renderings.ts'
import { joinQuery, type QueryPart, splitQuery } from './query-parts.ts'
import { requireSearchParameters } from './search-parameters.ts'
import { dropParameters, parametersToSet, writeParameters } from './set-parameters.ts'
import type { WithheldPaths } from './withheld-paths.ts'

/**
 * The query string to forward (with its `?`, or empty): the client's, without every spelling of a parameter that is set,
 * with the mask joined to its filter, behind the parameters that are set. Undefined mask: a route without a dataset,
 * where parameters alone are set. Throws ERR_QUERY_REFUSED where the client's query could reach past what is added, also
 * past a mask in the body, or asks about a withheld field, and ERR_MASK_UNRESOLVED where a value to set is not there.
 */
export function injectQuery(
  query: string,
  injections: readonly Injection[],
  mask: ComposedMask | undefined,
  attributes: ReadonlyMap<string, unknown>,
  withheld: WithheldPaths,
): string {
  if (!injections.some(({ kind }) => kind !== 'header')) return query
  const ours = writeParameters(parametersToSet(injections, attributes))
  let parts = dropParameters(query === '' ? [] : splitQuery(query.slice(1)), injections)
  if (mask !== undefined) for (const injection of injections) parts = withMask(parts, injection, mask, withheld)
  const text = [ours, joinQuery(parts)].filter((each) => each !== '').join('&')
  return text === '' ? '' : `?${text}`
}

function withMask(
  parts: readonly QueryPart[],
  injection: Injection,
  mask: ComposedMask,
  withheld: WithheldPaths,
): readonly QueryPart[] {
  switch (injection.kind) {
    case 'query':
      return injection.mask === 'odata'
        ? injectOData(parts, odataMask(mask), withheld)
        : injectPostgrest(parts, postgrestMask(mask), withheld)
    case 'body':
      if (injection.mask === 'elasticsearch') requireSearchParameters(parts)
      return parts
    case 'set':
    case 'header':
      return parts
  }
}
