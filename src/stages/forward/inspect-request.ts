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
  const coding = headers.single('transfer-encoding')
  // RFC 9112 section 6.1: another coding would go on undecoded and unnamed; in HTTP/1.0 the field has no meaning.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || arrival.httpVersion !== '1.1')) {
    throw new ProxyError('ERR_REQUEST_MALFORMED', 'transfer coding other than chunked')
  }
  const chunked = coding !== undefined
  const written = headers.single('content-length')
  const length = written === undefined ? undefined : Number(written)
  if (!chunked && (length === undefined || length === 0)) return { kind: 'none' }
  if (bodyless.has(arrival.method)) throw new ProxyError('ERR_BODY_UNEXPECTED', `${arrival.method} with a body`)
  if (length !== undefined && (!Number.isSafeInteger(length) || length > maxBytes)) {
    throw new ProxyError('ERR_BODY_TOO_LARGE', `body of ${written ?? ''} bytes, ${maxBytes} allowed`)
  }
  return { kind: 'body', length: chunked ? undefined : length, maxBytes }
}
