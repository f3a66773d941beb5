import { profileNames } from './identity-profiles.ts'

/** Names no client may send: ours under every profile, and what tells an application where a request came from. */
const reservedNames = new Set([
  ...profileNames,
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-host',
  'x-scheme',
  'x-url-scheme',
  'x-request-id',
  'proxy',
])
const reservedPrefixes = [
  'x-sallyport',
  'x-forwarded',
  'x-original',
  'x-rewrite',
  'x-envoy',
  'x-webauth',
  'x-auth-request',
  'remote-',
  'x-hasura',
  'x-goog-authenticated',
  'x-goog-iap',
]

/** RFC 9110 section 7.6.1: fields about this connection, and what only concerns us. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
])

/** Standard names that frame, describe or condition an exchange: they pass in their own spelling only (CWE-444). */
const ownSpellingOnly = new Set([
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
])

/**
 * How some servers see a name: CGI, WSGI and others take `X_Tenant`, `x.tenant` and `X-Tenant` for one variable
 * (GHSA-hxp7-7qrx-5w4q and its kin), so names are compared in this form.
 */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
}

/** What clients can make it remember: 4,096 names of 64 characters. */
const maxRemembered = 4096
const maxRememberedName = 64

/** Decides on incoming header names; remembers the last few thousand decisions. */
export class HeaderNames {
  readonly #reserved: ReadonlySet<string>
  readonly #decided = new Map<string, boolean>()

  /** `custom` are the names that any app's own profile uses. */
  constructor(custom: readonly string[]) {
    this.#reserved = new Set([...reservedNames, ...custom.map(foldName)])
  }

  /** Whether a header the client sent may go on; `name` is lower case. */
  mayPass(name: string): boolean {
    const known = this.#decided.get(name)
    if (known !== undefined) return known
    const answer = this.#decide(name)
    if (name.length > maxRememberedName) return answer
    if (this.#decided.size >= maxRemembered) this.#decided.clear()
    this.#decided.set(name, answer)
    return answer
  }

  #decide(name: string): boolean {
    const folded = foldName(name)
    if (hopByHop.has(folded) || this.#reserved.has(folded)) return false
    if (folded !== name && ownSpellingOnly.has(folded)) return false
    // An all-digit name would be moved to the front of a JavaScript object, before ours.
    if (/^\d+$/.test(name)) return false
    return !reservedPrefixes.some((prefix) => folded.startsWith(prefix))
  }
}
