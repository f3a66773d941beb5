import { hash, randomBytes, randomUUID } from 'node:crypto'
import type { AccountStore, Policy, Tenant, WrappedSecret } from '../accounts/account-store.ts'
import { ProxyError } from '../errors.ts'
import { decodeBase64url } from '../lib/base64url.ts'
import type { Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/digest.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { SignInMethod } from '../lib/sign-in-method.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import type { TokenClaims, TokenVerifier } from '../stages/authenticate/bearer-token.ts'
import { requireDemand } from '../stages/authenticate/demands.ts'
import { type AccessPayload, parseAccessHeader, parseAccessPayload } from './access-token.ts'
import { parseRefreshFamily, type RefreshFamily } from './refresh-family.ts'

/** Signing and verifying HS256 (the codec of @fastify/jwt). */
export interface TokenCodec {
  sign(payload: AccessPayload, secret: string, kid: string): string
  /** Verifies the signature and `exp`; throws on anything else than a good token. */
  verify(token: string, secret: string): unknown
}

export interface TokenRooms {
  readonly store: AccountStore
  readonly state: SharedState
  readonly codec: TokenCodec
  readonly unseal: (sealed: string, context: string) => string
  readonly isRevoked: (key: string) => boolean
  readonly revoke: (key: string, until: number) => void
  readonly policy: (tenant: string, account: string) => Policy | undefined | Promise<Policy | undefined>
  readonly clock: Clock
}

export interface TokenSettings {
  /** `iss` and `aud`: publicUrl. */
  readonly issuer: string
  readonly accessMs: number
  readonly refreshMs: number
}

/** The answer of the token endpoint (RFC 6749 section 5.1). */
export interface IssuedTokens {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token: string
  readonly tenant: string
  readonly sid: string
}

/** The copy of a verified token stands behind the copy of its tenant: a withdrawn secret is gone within both, a second. */
const tenantFreshMs = 500
const maxVerified = 20_000

/** API tokens: a JWT per tenant secret, and a refresh token that works once. */
export class TokenService implements TokenVerifier {
  readonly #rooms: TokenRooms
  readonly #settings: TokenSettings
  readonly #verified = new BoundedMap<string, { readonly claims: TokenClaims; readonly secretsUntil: number }>(
    maxVerified,
  )
  readonly #tenants = new BoundedMap<string, Tenant | undefined>(1000)

  constructor(settings: TokenSettings, rooms: TokenRooms) {
    this.#settings = settings
    this.#rooms = rooms
  }

  /** New access and refresh tokens for a sign-in. Where an API key was shown, none of them outlives it. */
  async issue(
    policy: Policy,
    method: SignInMethod,
    key?: { readonly id: string; readonly expiresAt: number },
  ): Promise<IssuedTokens> {
    requireDemand(policy.tenant, method)
    const tenant = await this.#tenant(policy.tenant.id)
    const until = Math.min(this.#rooms.clock.now() + this.#refreshMs(tenant), key?.expiresAt ?? Infinity)
    const { id: account, epoch } = policy.account
    const sid = randomUUID()
    return this.#mint(tenant, { account, tenant: policy.tenant.id, sid, method, epoch, until, key: key?.id })
  }

  async #mint(tenant: Tenant | undefined, family: RefreshFamily): Promise<IssuedTokens> {
    const [secret] = tenant?.tokenSecrets ?? []
    if (tenant === undefined || secret === undefined)
      throw new ProxyError('ERR_KEYS_UNUSABLE', 'tenant has no token secret')
    const iat = Math.floor(this.#rooms.clock.now() / 1000)
    // A revoked family is remembered until it would have run out: no token of it may be older than that.
    const left = Math.floor(family.until / 1000) - iat
    const lifetime = Math.min(tenant.accessTokenSeconds ?? Math.floor(this.#settings.accessMs / 1000), left)
    const refresh = await this.#keepRefresh(family)
    const { issuer } = this.#settings
    const { account, sid, method, epoch } = family
    const times = { iat, exp: iat + lifetime }
    const payload = {
      iss: issuer,
      aud: issuer,
      sub: account,
      tenant: tenant.id,
      sid,
      jti: randomUUID(),
      method,
      epoch,
      ...times,
    }
    return {
      access_token: this.#rooms.codec.sign(payload, this.#secret(tenant.id, secret), kidOf(tenant.id, secret)),
      token_type: 'Bearer',
      expires_in: lifetime,
      refresh_token: refresh,
      tenant: tenant.id,
      sid,
    }
  }

  /** How long a family lasts. */
  #refreshMs(tenant: Tenant | undefined): number {
    const seconds = tenant?.refreshTokenSeconds
    return seconds === undefined ? this.#settings.refreshMs : seconds * 1000
  }

  async #keepRefresh(refresh: RefreshFamily): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    const ttlMs = refresh.until - this.#rooms.clock.now()
    if (ttlMs <= 0) throw new ProxyError('ERR_SESSION_ENDED', 'refresh family has run out')
    await this.#rooms.state.putOnce(`refresh:${sha256(token)}`, JSON.stringify(refresh), ttlMs)
    return token
  }

  /**
   * Trades a refresh token for new tokens. One that was used before ends its whole family (RFC 9700 section 4.14.2).
   * It is spent only once everything else has answered, so that a store that is away costs nobody their sign-in.
   */
  async refresh(token: string): Promise<{ readonly policy: Policy; readonly tokens: IssuedTokens }> {
    const key = sha256(token)
    const kept = await this.#rooms.state.peekOnce(`refresh:${key}`)
    const refresh = kept === undefined ? undefined : parseRefreshFamily(kept)
    if (kept === undefined || refresh === undefined) return this.#refuseUsed(key)
    const policy = await this.#rooms.policy(refresh.tenant, refresh.account)
    const dead = this.#rooms.isRevoked(`sid:${refresh.sid}`) || !(await this.#keyHolds(refresh))
    if (dead || policy === undefined || policy.account.state !== 'enabled' || policy.account.epoch !== refresh.epoch) {
      throw new ProxyError('ERR_SESSION_ENDED', 'the account or the family behind the refresh token has ended')
    }
    requireDemand(policy.tenant, refresh.method)
    await this.#rooms.state.putOnce(`used:${key}`, kept, Math.max(1, refresh.until - this.#rooms.clock.now()))
    if ((await this.#rooms.state.takeOnce(`refresh:${key}`)) === undefined) return this.#refuseUsed(key)
    return { policy, tokens: await this.#mint(await this.#tenant(refresh.tenant), refresh) }
  }

  async #keyHolds({ key, tenant, account }: RefreshFamily): Promise<boolean> {
    if (key === undefined) return true
    const keys = await this.#rooms.store.apiKeys({ tenant, account })
    return keys.some((one) => one.id === key && (one.expiresAt ?? Infinity) > this.#rooms.clock.now())
  }

  async #refuseUsed(key: string): Promise<never> {
    await this.#endReusedFamily(key)
    throw new ProxyError('ERR_CREDENTIAL_INVALID', 'unknown or used refresh token')
  }

  async #endReusedFamily(key: string): Promise<void> {
    const used = await this.#rooms.state.peekOnce(`used:${key}`)
    const family = used === undefined ? undefined : parseRefreshFamily(used)
    if (family !== undefined) this.#rooms.revoke(`sid:${family.sid}`, family.until)
  }

  /** Ends the family an access or refresh token belongs to; an invalid token is no error (RFC 7009 section 2.2). */
  async revoke(token: string): Promise<{ readonly account: string; readonly tenant: string } | undefined> {
    const kept = await this.#rooms.state.takeOnce(`refresh:${sha256(token)}`)
    const family = kept === undefined ? undefined : parseRefreshFamily(kept)
    if (family !== undefined) {
      this.#rooms.revoke(`sid:${family.sid}`, family.until)
      return family
    }
    const claims = token.includes('.') ? await this.#verifyOrNone(token) : undefined
    if (claims === undefined) return undefined
    const longestMs = Math.max(this.#settings.refreshMs, this.#refreshMs(await this.#tenant(claims.tenant)))
    this.#rooms.revoke(`sid:${claims.sid}`, this.#rooms.clock.now() + longestMs)
    return claims
  }

  async #verifyOrNone(token: string): Promise<TokenClaims | undefined> {
    try {
      return await this.verify(token)
    } catch (error) {
      const over = error instanceof ProxyError && ['ERR_CREDENTIAL_INVALID', 'ERR_SESSION_ENDED'].includes(error.code)
      if (over) return undefined
      throw error
    }
  }

  verify(token: string): TokenClaims | Promise<TokenClaims> {
    const now = this.#rooms.clock.now()
    const digest = hash('sha256', token, 'base64url')
    const known = this.#verified.get(digest, now)
    if (known !== undefined && known.secretsUntil > now) return this.#unrevoked(known.claims)
    return this.#verifyFresh(token, digest, now)
  }

  async #verifyFresh(token: string, digest: string, now: number): Promise<TokenClaims> {
    const { tenant: named, secretId } = parseAccessHeader(token)
    const tenant = await this.#tenant(named)
    const secret = tenant?.tokenSecrets.find((candidate) => candidate.id === secretId)
    if (tenant === undefined || secret === undefined) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'unknown key id')
    const payload = this.#verifySignature(token, this.#secret(tenant.id, secret))
    const claims = parseAccessPayload(payload, { issuer: this.#settings.issuer, tenant: tenant.id, now })
    this.#verified.set(digest, { claims, secretsUntil: now + tenantFreshMs }, claims.expiresAt)
    return this.#unrevoked(claims)
  }

  #verifySignature(token: string, secret: string): string {
    try {
      this.#rooms.codec.verify(token, secret)
    } catch (cause) {
      throw new ProxyError('ERR_CREDENTIAL_INVALID', 'token rejected', { cause })
    }
    return decodeBase64url(token.split('.')[1] ?? '')?.toString('utf8') ?? ''
  }

  #unrevoked(claims: TokenClaims): TokenClaims {
    if (this.#rooms.isRevoked(`sid:${claims.sid}`) || this.#rooms.isRevoked(`jti:${claims.jti}`)) {
      throw new ProxyError('ERR_SESSION_ENDED', 'token has been revoked')
    }
    return claims
  }

  #secret(tenant: string, secret: WrappedSecret): string {
    return this.#rooms.unseal(secret.sealed, `token-secret:${tenant}:${secret.id}`)
  }

  async #tenant(id: string): Promise<Tenant | undefined> {
    const now = this.#rooms.clock.now()
    const known = this.#tenants.get(id, now)
    if (known !== undefined) return known
    const tenant = await this.#rooms.store.tenant(id)
    if (tenant !== undefined) this.#tenants.set(id, tenant, now + tenantFreshMs)
    return tenant
  }
}

function kidOf(tenant: string, secret: WrappedSecret): string {
  return `${tenant}/${secret.id}`
}
