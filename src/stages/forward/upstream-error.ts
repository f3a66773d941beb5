import { type ErrorCode, ProxyError } from '../../errors.ts'

const byCode: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'ERR_UPSTREAM_UNAVAILABLE',
  EHOSTUNREACH: 'ERR_UPSTREAM_UNAVAILABLE',
  ENETUNREACH: 'ERR_UPSTREAM_UNAVAILABLE',
  ENOTFOUND: 'ERR_UPSTREAM_UNAVAILABLE',
  EAI_AGAIN: 'ERR_UPSTREAM_UNAVAILABLE',
  ETIMEDOUT: 'ERR_UPSTREAM_TIMEOUT',
  UND_ERR_CONNECT_TIMEOUT: 'ERR_UPSTREAM_UNAVAILABLE',
  UND_ERR_HEADERS_TIMEOUT: 'ERR_UPSTREAM_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'ERR_UPSTREAM_TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'ERR_UPSTREAM_PROTOCOL',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ERR_UPSTREAM_PROTOCOL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'ERR_UPSTREAM_TLS',
  SELF_SIGNED_CERT_IN_CHAIN: 'ERR_UPSTREAM_TLS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'ERR_UPSTREAM_TLS',
  UNABLE_TO_GET_ISSUER_CERT: 'ERR_UPSTREAM_TLS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'ERR_UPSTREAM_TLS',
  CERT_HAS_EXPIRED: 'ERR_UPSTREAM_TLS',
  CERT_NOT_YET_VALID: 'ERR_UPSTREAM_TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'ERR_UPSTREAM_TLS',
}

/** Names what went wrong on the way to or from an upstream, by the codes of the error and its causes. */
export function upstreamError(error: unknown): ProxyError {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof ProxyError) return cause
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
    const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined
    if (known !== undefined) return made(known, code, error)
    if (code.startsWith('HPE_')) return made('ERR_UPSTREAM_PROTOCOL', code, error)
    if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) return made('ERR_UPSTREAM_TLS', code, error)
  }
  return new ProxyError('ERR_UPSTREAM_FAILED', 'exchange with the upstream failed', { cause: error })
}

function made(code: ErrorCode, detail: string, cause: unknown): ProxyError {
  return new ProxyError(code, detail, code === 'ERR_UPSTREAM_UNAVAILABLE' ? { cause, retryAfter: 2 } : { cause })
}
