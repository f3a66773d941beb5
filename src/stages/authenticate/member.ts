import type { Policy } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import type { Principal } from '../../exchange.ts'
import type { SignInMethod } from '../../lib/sign-in-method.ts'
import { requireDemand } from './demands.ts'

/** Where an account's rights in a tenant come from; answers at once while its copy is fresh. */
export interface PolicySource {
  /** Undefined where the account, the membership or its validity is gone. */
  policy(tenant: string, account: string): Policy | undefined | Promise<Policy | undefined>
}

/** What a credential claims, once its own proof holds. */
export interface Claim {
  readonly proof: Principal['proof']
  /** The sign-in it came from; undefined where that is not known. */
  readonly method: SignInMethod | undefined
  readonly tenant: string
  readonly account: string
  readonly sid: string
  /** Undefined for credentials that outlive a change of epoch (API keys). */
  readonly epoch: number | undefined
  readonly expiresAt: number
}

/** Turns a proven claim into a principal, if the account is still what the claim says and the tenant content with it. */
export function resolvePrincipal(claim: Claim, source: PolicySource): Principal | Promise<Principal> {
  const policy = source.policy(claim.tenant, claim.account)
  return policy instanceof Promise ? policy.then((found) => toPrincipal(claim, found)) : toPrincipal(claim, policy)
}

function toPrincipal(claim: Claim, policy: Policy | undefined): Principal {
  if (policy === undefined) throw ended('account or membership is gone')
  if (policy.account.state !== 'enabled') throw ended('account is disabled')
  if (claim.epoch !== undefined && claim.epoch !== policy.account.epoch) throw ended('account epoch has moved on')
  requireDemand(policy.tenant, claim.method)
  return { policy, proof: claim.proof, method: claim.method, sid: claim.sid, expiresAt: claim.expiresAt }
}

function ended(detail: string): ProxyError {
  return new ProxyError('ERR_SESSION_ENDED', detail)
}
