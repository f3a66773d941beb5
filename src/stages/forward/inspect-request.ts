import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'

const bodyless = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What the head says about the request body. */
export type DeclaredBody =
  | { readonly kind: 'none' }
  /** `length` undefined = chunked. */
  | { readonly kind: 'body'; readonly length: number | undefined; readonly maxBytes: number }

/** Reads the framing of the body and refuses what cannot be forwarded as it is. */
export function inspectBody(masked: Masked): DeclaredBody {
  const { headers, arrival } = masked
  const maxBytes = masked.route.config.maxBodyBytes
  const chunked = headers.single('transfer-encoding') !== undefined
  const written = headers.single('content-length')
  const length = written === undefined ? undefined : Number(written)
  if (!chunked && (length === undefined || length === 0)) return { kind: 'none' }
  if (bodyless.has(arrival.method)) throw new ProxyError('ERR_BODY_UNEXPECTED', `${arrival.method} with a body`)
  if (length !== undefined && (!Number.isSafeInteger(length) || length > maxBytes)) {
    throw new ProxyError('ERR_BODY_TOO_LARGE', `body of ${written ?? ''} bytes, ${maxBytes} allowed`)
  }
  return { kind: 'body', length: chunked ? undefined : length, maxBytes }
}
