import { randomBytes } from 'node:crypto'
import type { Tenant, WrappedSecret } from '../../accounts/account-store.ts'
import { mintTenantSecret } from '../../accounts/api-key.ts'
import type { Sealer } from '../open-rooms.ts'

/** A new tenant, able to sign tokens. */
export function mintTenant(id: string, name: string, keys: Sealer): Tenant {
  return {
    id,
    name,
    accessTokenSeconds: undefined,
    refreshTokenSeconds: undefined,
    tokenSecrets: [mintTokenSecret(id, keys)],
    signIn: [],
  }
}

export function mintTokenSecret(tenant: string, keys: Sealer): WrappedSecret {
  const id = randomBytes(6).toString('hex')
  return { id, sealed: keys.seal(mintTenantSecret(), `token-secret:${tenant}:${id}`) }
}
