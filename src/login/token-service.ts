import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { AccountStore, Policy, Tenant, WrappedSecret } from '../accounts/account-store.ts'
import { ProxyError } from '../errors.ts'
import { decodeBase64url } from '../lib/base64url.ts'
import type { Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/digest.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import type { TokenClaims, TokenVerifier } from '../stages/authenticate/bearer-token.ts'
import { type AccessPayload, parseAccessHeader, parseAccessPayload } from './access-token.ts'

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

/** A refresh token's family: everything issued from one sign-in. */
interface Refresh {
  readonly account: string
  readonly tenant: string
  readonly sid: string
  readonly epoch: number
  readonly until: number
}

const tenantFreshMs = 1000
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

  /** New access and refresh tokens for a sign-in; `family` continues one. */
  async issue(policy: Policy, family?: { readonly sid: string; readonly until: number }): Promise<IssuedTokens> {
    const tenant = await this.#tenant(policy.tenant.id)
    const [secret] = tenant?.tokenSecrets ?? []
    if (tenant === undefined || secret === undefined)
      throw new ProxyError('ERR_KEYS_UNUSABLE', 'tenant has no token secret')
    const now = this.#rooms.clock.now()
    const lifetime = tenant.accessTokenSeconds ?? Math.floor(this.#settings.accessMs / 1000)
    const refreshMs =
      tenant.refreshTokenSeconds === undefined ? this.#settings.refreshMs : tenant.refreshTokenSeconds * 1000
    const sid = family?.sid ?? randomUUID()
    const until = family?.until ?? now + refreshMs
    const iat = Math.floor(now / 1000)
    const { issuer } = this.#settings
    const { account } = policy
    const payload = {
      iss: issuer,
      aud: issuer,
      sub: account.id,
      tenant: tenant.id,
      sid,
      jti: randomUUID(),
      epoch: account.epoch,
      iat,
      exp: iat + lifetime,
    }
    const access = this.#rooms.codec.sign(payload, this.#secret(tenant.id, secret), kidOf(tenant.id, secret))
    const refresh = await this.#keepRefresh({
      account: account.id,
      tenant: tenant.id,
      sid,
      epoch: account.epoch,
      until,
    })
    return {
      access_token: access,
      token_type: 'Bearer',
      expires_in: lifetime,
      refresh_token: refresh,
      tenant: tenant.id,
      sid,
    }
  }

  async #keepRefresh(refresh: Refresh): Promise<string> {
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
    if (kept === undefined) return this.#refuseUsed(key)
    const refresh = JSON.parse(kept) as Refresh // written by #keepRefresh alone
    const policy = await this.#rooms.policy(refresh.tenant, refresh.account)
    const dead = this.#rooms.isRevoked(`sid:${refresh.sid}`)
    if (dead || policy === undefined || policy.account.state !== 'enabled' || policy.account.epoch !== refresh.epoch) {
      throw new ProxyError('ERR_SESSION_ENDED', 'the account or the family behind the refresh token has ended')
    }
    await this.#rooms.state.putOnce(`used:${key}`, kept, Math.max(1, refresh.until - this.#rooms.clock.now()))
    if ((await this.#rooms.state.takeOnce(`refresh:${key}`)) === undefined) return this.#refuseUsed(key)
    return { policy, tokens: await this.issue(policy, refresh) }
  }

  async #refuseUsed(key: string): Promise<never> {
    await this.#endReusedFamily(key)
    throw new ProxyError('ERR_CREDENTIAL_INVALID', 'unknown or used refresh token')
  }

  async #endReusedFamily(key: string): Promise<void> {
    const used = await this.#rooms.state.peekOnce(`used:${key}`)
    if (used === undefined) return
    const family = JSON.parse(used) as Refresh // written by refresh() alone
    this.#rooms.revoke(`sid:${family.sid}`, family.until)
  }

  /** Ends the family an access or refresh token belongs to; an unknown token is no error (RFC 7009 section 2.2). */
  async revoke(token: string): Promise<{ readonly account: string; readonly tenant: string } | undefined> {
    const kept = await this.#rooms.state.takeOnce(`refresh:${sha256(token)}`)
    if (kept !== undefined) {
      const family = JSON.parse(kept) as Refresh // written by #keepRefresh alone
      this.#rooms.revoke(`sid:${family.sid}`, family.until)
      return family
    }
    if (!token.includes('.')) return undefined
    const claims = await this.verify(token)
    this.#rooms.revoke(`sid:${claims.sid}`, this.#rooms.clock.now() + this.#settings.refreshMs)
    return claims
  }

  verify(token: string): TokenClaims | Promise<TokenClaims> {
    const now = this.#rooms.clock.now()
    const digest = createHash('sha256').update(token).digest('latin1')
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
