import type { SignInMethod } from './lib/sign-in-method.ts'

/**
 * Every way in which Sallyport says no: the code for operators, the status and the title for the client.
 * `docs/errors.md` is held to this table by a test.
 */
const registry = {
  // admit
  ERR_ADDRESS_BANNED: [403, 'Forbidden'],
  ERR_ADDRESS_UNKNOWN: [400, 'Bad Request'],
  ERR_HEADER_COUNT: [431, 'Request Header Fields Too Large'],
  ERR_HEADER_INVALID: [400, 'Bad Request'],
  ERR_REQUEST_MALFORMED: [400, 'Bad Request'],
  ERR_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  // match
  ERR_TARGET_INVALID: [400, 'Bad Request'],
  ERR_TARGET_TOO_LONG: [414, 'URI Too Long'],
  ERR_HOST_INVALID: [400, 'Bad Request'],
  ERR_HOST_UNKNOWN: [421, 'Misdirected Request'],
  ERR_METHOD_UNSUPPORTED: [405, 'Method Not Allowed'],
  ERR_ROUTE_NOT_FOUND: [404, 'Not Found'],
  // throttle
  ERR_LIMIT_EXCEEDED: [429, 'Too Many Requests'],
  // authenticate
  ERR_CREDENTIAL_MISSING: [401, 'Unauthorized'],
  ERR_CREDENTIAL_INVALID: [401, 'Unauthorized'],
  ERR_CREDENTIAL_AMBIGUOUS: [401, 'Unauthorized'],
  ERR_SESSION_ENDED: [401, 'Unauthorized'],
  ERR_ORIGIN_FOREIGN: [403, 'Forbidden'],
  ERR_SIGN_IN_REFUSED: [401, 'Unauthorized'],
  ERR_SIGN_IN_FORM: [400, 'Bad Request'],
  ERR_SIGN_IN_BUSY: [503, 'Service Unavailable'],
  ERR_TENANT_REQUIRED: [400, 'Tenant Required'],
  ERR_TENANT_DEMANDS: [403, 'Forbidden'],
  // authorize and mask
  ERR_ROLE_MISSING: [403, 'Forbidden'],
  ERR_TENANT_FORBIDDEN: [403, 'Forbidden'],
  ERR_MASK_NONE: [403, 'Forbidden'],
  ERR_MASK_UNRESOLVED: [403, 'Forbidden'],
  // forward
  ERR_BODY_TOO_LARGE: [413, 'Content Too Large'],
  ERR_BODY_UNEXPECTED: [400, 'Bad Request'],
  ERR_BODY_UNREADABLE: [400, 'Bad Request'],
  ERR_BODY_TYPE: [415, 'Unsupported Media Type'],
  ERR_ROW_FORBIDDEN: [403, 'Forbidden'],
  ERR_REQUEST_UNSAFE: [400, 'Bad Request'],
  ERR_TENANT_FOREIGN: [403, 'Forbidden'],
  ERR_QUERY_REFUSED: [400, 'Bad Request'],
  ERR_OPERATION_NOT_ALLOWED: [403, 'Forbidden'],
  ERR_IDENTITY_TOO_LARGE: [502, 'Bad Gateway'],
  ERR_UPGRADE_REFUSED: [403, 'Forbidden'],
  ERR_UPSTREAM_UNAVAILABLE: [503, 'Service Unavailable'],
  ERR_UPSTREAM_FAILED: [502, 'Bad Gateway'],
  ERR_UPSTREAM_TLS: [502, 'Bad Gateway'],
  ERR_UPSTREAM_TIMEOUT: [504, 'Gateway Timeout'],
  ERR_UPSTREAM_PROTOCOL: [502, 'Bad Gateway'],
  // filter
  ERR_ANSWER_KIND: [502, 'Bad Gateway'],
  ERR_ANSWER_CODING: [502, 'Bad Gateway'],
  ERR_ANSWER_UNREADABLE: [502, 'Bad Gateway'],
  ERR_ANSWER_TOO_LARGE: [502, 'Bad Gateway'],
  ERR_ANSWER_SHAPE: [502, 'Bad Gateway'],
  ERR_ANSWER_VIOLATION: [502, 'Bad Gateway'],
  ERR_ANSWER_STATUS: [502, 'Bad Gateway'],
  ERR_ITEM_NOT_FOUND: [404, 'Not Found'],
  // rooms
  ERR_STORE_UNAVAILABLE: [503, 'Service Unavailable'],
  ERR_STORE_REFUSED: [409, 'Conflict'],
  ERR_STATE_UNAVAILABLE: [503, 'Service Unavailable'],
  ERR_AUDIT_UNAVAILABLE: [503, 'Service Unavailable'],
  ERR_KEYS_UNUSABLE: [503, 'Service Unavailable'],
  ERR_INTERNAL: [500, 'Internal Server Error'],
} as const satisfies Record<`ERR_${string}`, readonly [number, string]>

export type ErrorCode = keyof typeof registry

/** All codes, in the order of the pipeline. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a frozen literal
export const errorCodes = Object.keys(registry) as readonly ErrorCode[]

/** The HTTP status a client sees for `code`. */
export function statusOf(code: ErrorCode): number {
  return registry[code][0]
}

/** The only words a client sees for `code` (RFC 9457 `title`). */
export function titleOf(code: ErrorCode): string {
  return registry[code][1]
}

export interface ProxyErrorOptions {
  readonly cause?: unknown
  /** Seconds for `Retry-After`. */
  readonly retryAfter?: number
  /** Extra response headers the refusal must carry (RateLimit, WWW-Authenticate). */
  readonly headers?: Readonly<Record<string, string>>
  /** Ways to sign in that would do. */
  readonly signIn?: readonly SignInMethod[]
}

/** A refusal. `detail` is for the log and the audit; the client sees status, title and code only. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly code: ErrorCode
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly signIn: readonly SignInMethod[]

  constructor(code: ErrorCode, detail: string, options: ProxyErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfter = options.retryAfter
    this.headers = options.headers ?? {}
    this.signIn = options.signIn ?? []
  }

  get status(): number {
    return statusOf(this.code)
  }

  get title(): string {
    return titleOf(this.code)
  }
}
