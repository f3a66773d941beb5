import type { ApiKey } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import type { Admitted, Principal } from '../../exchange.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Authenticator } from './authenticator.ts'
import { apiKeyPrefix, bearerCredential } from './bearer.ts'
import { type PolicySource, resolvePrincipal } from './member.ts'

export interface ApiKeySource {
  /** `key` is the whole credential. */
  find(key: string): ApiKey | undefined | Promise<ApiKey | undefined>
}

/** Who a key stands for; throws on one that is unknown or has run out. */
export function keyPrincipal(
  key: ApiKey | undefined,
  policies: PolicySource,
  clock: Clock,
): Principal | Promise<Principal> {
  if (key === undefined) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'no such API key')
  const expiresAt = key.expiresAt ?? Number.MAX_SAFE_INTEGER
  if (expiresAt <= clock.now()) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'API key has expired')
  const { account, tenant, id } = key
  const claim = { proof: 'key', method: 'key', account, tenant, sid: id, epoch: undefined, expiresAt } as const
  return resolvePrincipal(claim, policies)
}

/** Personal API keys, shown as a bearer credential. */
export function apiKey(keys: ApiKeySource, policies: PolicySource, clock: Clock): Authenticator {
  const toPrincipal = (key: ApiKey | undefined) => keyPrincipal(key, policies, clock)
  return {
    kind: 'key',
    authenticate(request: Admitted) {
      // A field without the prefix holds no key, whatever else is wrong with it: the token's authenticator says that.
      if (request.headers.single('authorization')?.includes(apiKeyPrefix) !== true) return undefined
      const credential = bearerCredential(request)
      if (credential === undefined || !credential.startsWith(apiKeyPrefix)) return undefined
      const key = keys.find(credential)
      return key instanceof Promise ? key.then(toPrincipal) : toPrincipal(key)
    },
  }
}
