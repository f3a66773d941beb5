import { createHash, randomUUID } from 'node:crypto'
import type { Policy } from '../../accounts/account-store.ts'
import type { Principal } from '../../exchange.ts'
import type { Clock } from '../../lib/clock.ts'
import { BoundedMap } from '../../lib/lru.ts'

const lifetimeSeconds = 60
const reuseMs = 30_000
const maxCached = 20_000
/** Sessions, apps and masks of one copy of one account's rights. */
const maxPerPolicy = 64

interface Issued {
  readonly token: string
  readonly until: number
}

/** Signs with the current assertion key (ES256, `typ: sallyport+jwt`). */
export type SignAssertion = (claims: Readonly<Record<string, unknown>>) => string

/**
 * The statement an upstream can verify at `/.sallyport/jwks.json`. Made once per session, app, rights and mask and
 * reused for 30 s, because a signature costs more than all the rest of a request.
 */
export class Assertions {
  readonly #sign: SignAssertion
  readonly #issuer: string
  readonly #clock: Clock
  readonly #cache = new BoundedMap<string, Issued>(maxCached)
  /** In front of it, so that the same copy of the same rights is not written out and hashed again for each request. */
  readonly #byPolicy = new WeakMap<Policy, Map<string, Issued>>()

  constructor(sign: SignAssertion, issuer: string, clock: Clock) {
    this.#sign = sign
    this.#issuer = issuer
    this.#clock = clock
  }

  /** The compact JWS for `app`. */
  issue(principal: Principal, app: string, maskDigest: string | undefined): string {
    const now = this.#clock.now()
    const near = this.#byPolicy.get(principal.policy) ?? new Map<string, Issued>()
    const key = `${app} ${maskDigest ?? ''} ${principal.sid}`
    const known = near.get(key)
    if (known !== undefined && known.until > now) return known.token
    const issued = this.#issue(principal, app, maskDigest, now)
    if (near.size >= maxPerPolicy) near.clear()
    this.#byPolicy.set(principal.policy, near.set(key, issued))
    return issued.token
  }

  #issue(principal: Principal, app: string, maskDigest: string | undefined, now: number): Issued {
    const { account, tenant, membership, groups } = principal.policy
    const facts = {
      sub: account.id,
      email: account.email,
      tenant: tenant.id,
      roles: membership.roles,
      groups,
      sid: principal.sid,
      aud: app,
      ...(maskDigest === undefined ? {} : { mask: maskDigest }),
    }
    const key = createHash('sha256').update(JSON.stringify(facts)).digest('base64url')
    const cached = this.#cache.get(key, now)
    if (cached !== undefined) return cached
    const iat = Math.floor(now / 1000)
    const token = this.#sign({ iss: this.#issuer, ...facts, iat, exp: iat + lifetimeSeconds, jti: randomUUID() })
    const issued = { token, until: now + reuseMs }
    this.#cache.set(key, issued, issued.until)
    return issued
  }
}
