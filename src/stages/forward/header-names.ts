import type { IdentityFact, IdentityProfile } from '../../config/config.ts'

/** The signed statement every upstream may verify, whatever its profile. */
export const assertionHeader = 'x-sallyport-assertion'

type Names = Readonly<Partial<Record<IdentityFact, readonly string[]>>>

/** What applications that exist expect to be told, and under which names. */
const profiles: Readonly<Record<Exclude<IdentityProfile, 'custom'>, Names>> = {
  sallyport: {
    account: ['x-sallyport-account'],
    email: ['x-sallyport-email'],
    name: ['x-sallyport-name'],
    tenant: ['x-sallyport-tenant'],
    roles: ['x-sallyport-roles'],
    groups: ['x-sallyport-groups'],
    'row-mask': ['x-sallyport-row-mask'],
    'row-mask-digest': ['x-sallyport-row-mask-digest'],
  },
  'remote-user': {
    account: ['remote-user'],
    email: ['remote-email'],
    name: ['remote-name'],
    groups: ['remote-groups'],
  },
  grafana: {
    email: ['x-webauth-user', 'x-webauth-email'],
    name: ['x-webauth-name'],
    roles: ['x-webauth-role'],
    groups: ['x-webauth-groups'],
  },
  'oauth2-proxy': {
    account: ['x-forwarded-user', 'x-auth-request-user'],
    email: ['x-forwarded-email', 'x-auth-request-email'],
    name: ['x-forwarded-preferred-username', 'x-auth-request-preferred-username'],
    groups: ['x-forwarded-groups', 'x-auth-request-groups'],
  },
  hasura: {},
  iap: {},
}

/** Fact and header name, in the order they are sent. */
export type IdentityNames = readonly (readonly [IdentityFact, string])[]

const facts = ['account', 'email', 'name', 'tenant', 'role', 'roles', 'groups', 'row-mask', 'row-mask-digest'] as const

export function identityNames(profile: IdentityProfile, custom: ReadonlyMap<IdentityFact, string>): IdentityNames {
  return facts.flatMap((fact) => namesOf(profile, custom, fact).map((name) => [fact, name] as const))
}

function namesOf(profile: IdentityProfile, custom: ReadonlyMap<IdentityFact, string>, fact: IdentityFact) {
  if (profile !== 'custom') return profiles[profile][fact] ?? []
  const name = custom.get(fact)
  return name === undefined ? [] : [name]
}

/** Names no client may send: ours under every profile, and what tells an application where a request came from. */
const reservedNames = new Set([
  ...Object.values(profiles).flatMap((names) => Object.values(names).flat()),
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
