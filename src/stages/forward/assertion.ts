import { randomUUID } from 'node:crypto'
import type { Policy } from '../../accounts/account-store.ts'
import type { Principal } from '../../exchange.ts'
import type { Clock } from '../../lib/clock.ts'
import { sha256 } from '../../lib/digest.ts'
import { BoundedMap } from '../../lib/lru.ts'

const lifetimeSeconds = 60
const reuseMs = 30_000
const maxCached = 20_000
/** Sessions, apps and masks of one copy of one account's rights. */
const maxPerPolicy = 64

interface Issued {
  readonly token: string
  readonly until: number
  readonly keyId: string
}

type Claims = Readonly<Record<string, unknown>>

/** Signs with the assertion key in use (ES256, `typ: sallyport+jwt`). */
export interface AssertionSigner {
  sign(claims: Claims): string
  /** The name of that key: with another one, what was signed before is signed again. */
  keyId(): string
}

/** A request as an upstream receives it. */
export interface ForwardTarget {
  readonly method: string
  readonly path: string
  /** With the leading `?`, or empty. */
  readonly query: string
}

/** The statement an upstream can verify at `/.sallyport/jwks.json`. */
export class Assertions {
  readonly #signer: AssertionSigner
  readonly #issuer: string
  readonly #clock: Clock
  readonly #cache = new BoundedMap<string, Issued>(maxCached)
  /** In front of it, so that the same copy of the same rights is not written out and hashed again for each request. */
  readonly #byPolicy = new WeakMap<Policy, Map<string, Issued>>()

  constructor(signer: AssertionSigner, issuer: string, clock: Clock) {
    this.#signer = signer
    this.#issuer = issuer
    this.#clock = clock
  }

  /**
   * The compact JWS for `app`: made once per session, app, rights and mask and reused for 30 s, because a signature
   * costs more than all the rest of a request.
   */
  issue(principal: Principal, app: string, maskDigest: string | undefined): string {
    const now = this.#clock.now()
    const near = this.#byPolicy.get(principal.policy) ?? new Map<string, Issued>()
    const key = `${app} ${maskDigest ?? ''} ${principal.sid}`
    const known = near.get(key)
    if (known !== undefined && this.#holds(known, now)) return known.token
    const issued = this.#cached(claimsOf(principal, app, maskDigest), now)
    if (near.size >= maxPerPolicy) near.clear()
    this.#byPolicy.set(principal.policy, near.set(key, issued))
    return issued.token
  }

  /** The compact JWS for `app` and this one request: held to another method, path or query it does not fit. */
  issueBound(principal: Principal, app: string, maskDigest: string | undefined, target: ForwardTarget): string {
    return this.#sign({ ...claimsOf(principal, app, maskDigest), ...bindingOf(target) }, this.#clock.now())
  }

  #holds(issued: Issued, now: number): boolean {
    return issued.until > now && issued.keyId === this.#signer.keyId()
  }

  #cached(claims: Claims, now: number): Issued {
    const key = sha256(JSON.stringify(claims))
    const cached = this.#cache.get(key, now)
    if (cached !== undefined && this.#holds(cached, now)) return cached
    const keyId = this.#signer.keyId()
    const issued = { token: this.#sign(claims, now), until: now + reuseMs, keyId }
    this.#cache.set(key, issued, issued.until)
    return issued
  }

  #sign(claims: Claims, now: number): string {
    const iat = Math.floor(now / 1000)
    return this.#signer.sign({ iss: this.#issuer, ...claims, iat, exp: iat + lifetimeSeconds, jti: randomUUID() })
  }
}

function claimsOf(principal: Principal, app: string, maskDigest: string | undefined): Claims {
  const { account, tenant, membership, groups } = principal.policy
  return {
    sub: account.id,
    email: account.email,
    tenant: tenant.id,
    roles: membership.roles,
    groups,
    sid: principal.sid,
    aud: app,
    ...(membership.support === undefined ? {} : { support: true }),
    ...(maskDigest === undefined ? {} : { mask: maskDigest }),
  }
}

/**
 * `htm` is RFC 9449's (section 4.2). Of path and query the digest goes, so that a long target takes no room in the
 * head; the query is what a server hands its application: without the question mark, empty where there is none.
 */
function bindingOf({ method, path, query }: ForwardTarget): Claims {
  return { htm: method, htp: sha256(path), htq: sha256(query.replace(/^\?/, '')) }
}
