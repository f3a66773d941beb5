import type { Policy } from './accounts/account-store.ts'
import type { Brand } from './lib/brand.ts'
import type { SignInMethod } from './lib/sign-in-method.ts'
import type { ComposedMask } from './mask/compose.ts'
import type { App, Route } from './stages/match/route-table.ts'

/**
 * What each stage establishes. A stage takes the type before it and returns the type after it; there is no other way
 * to make one, so the order of the checks cannot be changed without the compiler noticing.
 */

/** A canonical IP address: unmapped IPv4 or RFC 5952 IPv6. */
export type ClientAddress = Brand<string, 'ClientAddress'>

/** A request as it came off the socket, before anything is believed. */
export interface Arrival {
  readonly id: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly method: string
  /** The request-target as sent (RFC 9112 section 3.2). */
  readonly target: string
  readonly httpVersion: string
  /** Names and values alternating, as sent. */
  readonly rawHeaders: readonly string[]
  readonly peerAddress: string | undefined
  readonly encrypted: boolean
  /** An `Upgrade: websocket` handshake. */
  readonly upgrade: boolean
}

/** Knows who is on the other end of the wire, and that they are not banned. */
export interface Admitted {
  readonly arrival: Arrival
  readonly headers: RequestHeaders
  readonly client: ClientAddress
  readonly scheme: 'http' | 'https'
}

/** Incoming headers by lower-case name; every value in the order sent. */
export interface RequestHeaders {
  /** The only value; undefined where absent; throws ERR_HEADER_INVALID where repeated. */
  single(name: string): string | undefined
  all(name: string): readonly string[]
}

/** The one reading of the request-target: what rules are matched on and what is forwarded. */
export interface Target {
  /** Canonical, percent-encoded, begins with `/`. */
  readonly path: string
  /** With the leading `?`, or empty. */
  readonly query: string
}

/** Knows which app and which rule. */
export interface Matched extends Admitted {
  /** Lower case, no port, no trailing dot. */
  readonly host: string
  readonly target: Target
  readonly app: App
  readonly route: Route
}

/** Inside the limits of its address and its route. */
export interface Throttled extends Matched {
  readonly limit: LimitState | undefined
}

/** The tightest limit that applied, for the RateLimit header fields. */
export interface LimitState {
  readonly name: string
  readonly max: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly windowSeconds: number
}

export interface Principal {
  readonly policy: Policy
  /** How the request proved itself. */
  readonly proof: 'session' | 'token' | 'key'
  /** How whoever it is signed in; unknown meets no tenant's demand. */
  readonly method?: SignInMethod | undefined
  /** Public name of session or token, never the credential. */
  readonly sid: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export type Identity = { readonly kind: 'anonymous' } | { readonly kind: 'principal'; readonly principal: Principal }

/** Knows who asks; `anonymous` only where no credential was shown. */
export interface Authenticated extends Throttled {
  readonly identity: Identity
}

/** The route's rule holds for this identity. */
export interface Authorized extends Authenticated {
  readonly access: Access
}

export type Access = { readonly kind: 'public' } | { readonly kind: 'member'; readonly principal: Principal }

/** Knows which rows may come back. */
export interface Masked extends Authorized {
  readonly rows: RowAccess
}

export type RowAccess =
  /** The route declares no dataset: nothing to filter by. */
  { readonly kind: 'undeclared' } | MaskedRows

export interface MaskedRows {
  readonly kind: 'masked'
  /** `none` only where the route answers it with an empty list. */
  readonly mask: ComposedMask
  /** Names of declared fields that must not reach the caller, sorted. */
  readonly withhold: readonly string[]
  /** What an upstream may be told; undefined when every row is open or none is. */
  readonly header: { readonly json: string; readonly digest: string } | undefined
}
