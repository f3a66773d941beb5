import type { AuditEventName } from '../audit/audit-event.ts'
import { ProxyError } from '../errors.ts'

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

/** Under which name the audit keeps a refusal. */
export function refusalEvent(error: ProxyError): AuditEventName {
  switch (error.code) {
    case 'ERR_ADDRESS_BANNED':
      return 'ban.enforced'
    case 'ERR_LIMIT_EXCEEDED':
      return 'limit.exceeded'
    case 'ERR_CREDENTIAL_MISSING':
    case 'ERR_CREDENTIAL_INVALID':
    case 'ERR_CREDENTIAL_AMBIGUOUS':
    case 'ERR_SESSION_ENDED':
    case 'ERR_ORIGIN_FOREIGN':
    case 'ERR_ROLE_MISSING':
    case 'ERR_TENANT_FORBIDDEN':
    case 'ERR_ACTION_FORBIDDEN':
    case 'ERR_MASK_NONE':
    case 'ERR_MASK_UNRESOLVED':
    case 'ERR_ROW_FORBIDDEN':
    case 'ERR_ITEM_NOT_FOUND':
      return 'access.denied'
    case 'ERR_ANSWER_KIND':
    case 'ERR_ANSWER_CODING':
    case 'ERR_ANSWER_UNREADABLE':
    case 'ERR_ANSWER_TOO_LARGE':
    case 'ERR_ANSWER_SHAPE':
    case 'ERR_ANSWER_VIOLATION':
    case 'ERR_ANSWER_STATUS':
      return 'response.blocked'
    default:
      return 'request.refused'
  }
}

/** RFC 9457. The same for a stranger and a friend: status, title, code and the request id. */
export function problemOf(error: ProxyError, requestId: string) {
  return { type: 'about:blank', status: error.status, title: error.title, code: error.code, request: requestId }
}

/** What goes with it in the head. */
export function refusalHeaders(error: ProxyError): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="sallyport"' } : {}),
    ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
    ...error.headers,
  }
}
