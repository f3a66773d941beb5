import type { Tenant } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import { meetsDemand, type SignInMethod } from '../../lib/sign-in-method.ts'

/** Throws ERR_TENANT_DEMANDS where `tenant` asks for another way to sign in than `method`; undefined meets no demand. */
export function requireDemand(tenant: Pick<Tenant, 'id' | 'signIn'>, method: SignInMethod | undefined): void {
  if (!meetsDemand(tenant.signIn, method)) throw demands(tenant)
}

/** The refusal that says so. */
export function demands({ id, signIn }: Pick<Tenant, 'id' | 'signIn'>): ProxyError {
  return new ProxyError('ERR_TENANT_DEMANDS', `tenant ${id} asks for ${signIn.join(', ')}`, { signIn })
}
