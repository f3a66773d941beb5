import type { Grant } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import type { Dataset } from '../../mask/language.ts'
import { parseMask } from '../../mask/parse.ts'
import type { Mask } from '../../mask/predicate.ts'

/** The mask of a grant; throws ERR_MASK_UNRESOLVED where it cannot be understood. */
export function parsedRows(grant: Grant, dataset: Dataset): Mask {
  try {
    return parseMask(grant.rows, dataset)
  } catch (cause) {
    throw new ProxyError('ERR_MASK_UNRESOLVED', `grant ${grant.id} on ${dataset.name} cannot be understood`, { cause })
  }
}
