import type { AuditEventName } from '../audit/audit-event.ts'
import { type ErrorCode, ProxyError } from '../errors.ts'

/** Turns whatever was thrown into a refusal. What we did not foresee is our own mistake: 500, and nothing more is said. */
export function toRefusal(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error
  const status = statusOfError(error)
  if (status === 413) return new ProxyError('ERR_BODY_TOO_LARGE', 'body of a form is too large', { cause: error })
  if (status === 415) return new ProxyError('ERR_BODY_TYPE', 'content type of a form', { cause: error })
  if (status !== undefined && status >= 400 && status < 500) {
    return new ProxyError('ERR_REQUEST_MALFORMED', 'request cannot be read', { cause: error })
  }
  return new ProxyError('ERR_INTERNAL', 'unforeseen error', { cause: error })
}

function statusOfError(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' ? error.statusCode : undefined
}

/** Refusals the audit keeps under a name of their own; every other one is `request.refused`. */
const events: Readonly<Partial<Record<ErrorCode, AuditEventName>>> = {
  ERR_ADDRESS_BANNED: 'ban.enforced',
  ERR_LIMIT_EXCEEDED: 'limit.exceeded',
  ERR_CREDENTIAL_MISSING: 'access.denied',
  ERR_CREDENTIAL_INVALID: 'access.denied',
  ERR_CREDENTIAL_AMBIGUOUS: 'access.denied',
  ERR_SESSION_ENDED: 'access.denied',
  ERR_ORIGIN_FOREIGN: 'access.denied',
  ERR_ROLE_MISSING: 'access.denied',
  ERR_TENANT_DEMANDS: 'access.denied',
  ERR_TENANT_FORBIDDEN: 'access.denied',
  ERR_MASK_NONE: 'access.denied',
  ERR_MASK_UNRESOLVED: 'access.denied',
  ERR_ROW_FORBIDDEN: 'access.denied',
  ERR_ITEM_NOT_FOUND: 'access.denied',
  ERR_ANSWER_KIND: 'response.blocked',
  ERR_ANSWER_CODING: 'response.blocked',
  ERR_ANSWER_UNREADABLE: 'response.blocked',
  ERR_ANSWER_TOO_LARGE: 'response.blocked',
  ERR_ANSWER_SHAPE: 'response.blocked',
  ERR_ANSWER_VIOLATION: 'response.blocked',
  ERR_ANSWER_STATUS: 'response.blocked',
}

export function refusalEvent(error: ProxyError): AuditEventName {
  return events[error.code] ?? 'request.refused'
}

/** RFC 9457. The same for a stranger and a friend: status, title, code and the request id. */
export function problemOf(error: ProxyError, requestId: string) {
  return { type: 'about:blank', status: error.status, title: error.title, code: error.code, request: requestId }
}

/** RFC 6750 section 3.1: a request without a credential is told of no error. */
function challengeOf({ code }: ProxyError): string {
  const isBad = code === 'ERR_CREDENTIAL_INVALID' || code === 'ERR_SESSION_ENDED'
  return `Bearer realm="sallyport"${isBad ? ', error="invalid_token"' : ''}`
}

/** What goes with it in the head. */
export function refusalHeaders(error: ProxyError): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    ...(error.status === 401 ? { 'www-authenticate': challengeOf(error) } : {}),
    ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
    ...error.headers,
  }
}
