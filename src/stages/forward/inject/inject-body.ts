import type { BodyMaskInjection, Injection } from '../../../config/config.ts'
import type { ComposedMask } from '../../../mask/compose.ts'
import { compilePredicate } from '../../../mask/evaluate.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import { documentAsks } from '../inspect/withheld.ts'
import { changeAt, requireNoOptions, withoutPlace } from './body-place.ts'
import { injectElasticsearch } from './elasticsearch-search.ts'
import { elasticsearchMask, mongodbMask } from './mask-renderings.ts'
import { injectMongodb, injectMongodbPipeline } from './mongodb-query.ts'
import { asksWithheld, type WithheldPaths } from './withheld-paths.ts'

/**
 * A body (as `parseJsonExact` reads it) in which the mask is joined to the client's query; the original is left alone.
 * Undefined mask: a route without a dataset, whose body goes on as it came. Throws ERR_QUERY_REFUSED where the client's
 * query could reach past the mask, or anything in the body asks about a withheld field. Whatever else the body says, a
 * collection for one, is not looked at: the route, not the client, has to say which rows it is about.
 */
export function injectBody(
  document: unknown,
  injections: readonly Injection[],
  mask: ComposedMask | undefined,
  withheld: WithheldPaths,
): unknown {
  if (mask === undefined) return document
  let changed = document
  for (const injection of injections) {
    if (injection.kind !== 'body') continue
    if (documentAsks(withoutPlace(document, injection.at), withheld.fields)) throw asksWithheld()
    changed = withMask(changed, injection, mask, withheld)
  }
  return changed
}

function withMask(
  document: unknown,
  injection: BodyMaskInjection,
  mask: ComposedMask,
  withheld: WithheldPaths,
): unknown {
  const { at } = injection
  switch (injection.mask) {
    case 'mongodb':
      requireNoOptions(document, at, withheld)
      return changeAt(document, at, (client) => injectMongodb(client, mongodbMask(mask), withheld))
    case 'mongodb-pipeline':
      requireNoOptions(document, at, withheld)
      return changeAt(document, at, (client) =>
        injectMongodbPipeline(client, mongodbMask(mask), withheld, readsOf(mask)),
      )
    case 'elasticsearch':
      return changeAt(document, at, (client) => injectElasticsearch(client, elasticsearchMask(mask), withheld))
  }
}

/** The answer is held to the same mask. */
function readsOf(mask: ComposedMask): readonly FieldDeclaration[] {
  return mask.kind === 'conditional' ? compilePredicate(mask.mask).reads : []
}
