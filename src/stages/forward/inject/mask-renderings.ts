import { ProxyError } from '../../../errors.ts'
import type { ComposedMask } from '../../../mask/compose.ts'
import { MaskError } from '../../../mask/mask-error.ts'
import { falsehood, type Mask, makeMask } from '../../../mask/predicate.ts'
import { renderElasticsearch } from '../../../mask/render/elasticsearch.ts'
import { renderMongodb } from '../../../mask/render/mongodb.ts'
import { renderOdata } from '../../../mask/render/odata.ts'
import { renderPostgrest } from '../../../mask/render/postgrest.ts'

/** A condition for the rows of `mask`, or for none; undefined where every row is open, and nothing is to be added. */
export function odataMask(mask: ComposedMask): string | undefined {
  return rendered(mask, renderOdata)
}

export function postgrestMask(mask: ComposedMask): string | undefined {
  return rendered(mask, renderPostgrest)
}

export function mongodbMask(mask: ComposedMask): unknown {
  return rendered(mask, renderMongodb)
}

export function elasticsearchMask(mask: ComposedMask): unknown {
  return rendered(mask, renderElasticsearch)
}

const noRows = makeMask('', falsehood)

function rendered<T>(mask: ComposedMask, render: (mask: Mask) => T): T | undefined {
  if (mask.kind === 'all') return undefined
  try {
    return render(mask.kind === 'none' ? noRows : mask.mask)
  } catch (cause) {
    if (!(cause instanceof MaskError)) throw cause
    throw new ProxyError('ERR_MASK_UNRESOLVED', 'the mask cannot be said in the language of the upstream', { cause })
  }
}
