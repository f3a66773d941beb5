import { ProxyError } from '../../errors.ts'
import type { Admitted, Principal } from '../../exchange.ts'
import type { SignInMethod } from '../../lib/sign-in-method.ts'
import type { Authenticator } from './authenticator.ts'
import { apiKeyPrefix, bearerCredential } from './bearer.ts'
import { type PolicySource, resolvePrincipal } from './member.ts'

/** The facts of a verified access token. */
export interface TokenClaims {
  readonly account: string
  readonly tenant: string
  readonly sid: string
  readonly jti: string
  /** The sign-in it was issued for. */
  readonly method: SignInMethod
  readonly epoch: number
  readonly expiresAt: number
}

export interface TokenVerifier {
  /** Throws ERR_CREDENTIAL_INVALID. Answers at once for a token it has verified before. */
  verify(token: string): TokenClaims | Promise<TokenClaims>
}

/** Access tokens (RFC 6750): signature, lifetime and revocation by the verifier, then the account as it is now. */
export function bearerToken(tokens: TokenVerifier, policies: PolicySource): Authenticator {
  function toPrincipal(claims: TokenClaims): Principal | Promise<Principal> {
    const { account, tenant, method, sid, epoch, expiresAt } = claims
    return resolvePrincipal({ proof: 'token', method, account, tenant, sid, epoch, expiresAt }, policies)
  }

  return {
    kind: 'token',
    authenticate(request: Admitted) {
      const credential = bearerCredential(request)
      if (credential === undefined || credential.startsWith(apiKeyPrefix)) return undefined
      if (credential.length > 4096) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'token too long')
      const claims = tokens.verify(credential)
      return claims instanceof Promise ? claims.then(toPrincipal) : toPrincipal(claims)
    },
  }
}
