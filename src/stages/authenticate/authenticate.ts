import { ProxyError } from '../../errors.ts'
import type { Admitted, Authenticated, Identity, Principal, Throttled } from '../../exchange.ts'
import type { Authenticator } from './authenticator.ts'

const anonymous: Identity = { kind: 'anonymous' }

/**
 * Finds out who asks. A public route asks nobody, so that a stale cookie does not shut anyone out of it. Elsewhere
 * every authenticator is asked: two credentials in one request are refused, since they could name two accounts.
 */
export async function authenticate(
  throttled: Throttled,
  authenticators: readonly Authenticator[],
): Promise<Authenticated> {
  if (throttled.route.access.kind === 'public') return { ...throttled, identity: anonymous }
  const principal = await findPrincipal(throttled, authenticators)
  return { ...throttled, identity: principal === undefined ? anonymous : { kind: 'principal', principal } }
}

/** Undefined where no credential was shown; throws on a bad one, and on two. */
export async function findPrincipal(
  request: Admitted,
  authenticators: readonly Authenticator[],
): Promise<Principal | undefined> {
  let found: Principal | undefined
  for (const authenticator of authenticators) {
    const answer = authenticator.authenticate(request)
    const principal = answer instanceof Promise ? await answer : answer
    if (principal === undefined) continue
    if (found !== undefined) {
      throw new ProxyError('ERR_CREDENTIAL_AMBIGUOUS', `both a ${found.proof} and a ${principal.proof} were shown`)
    }
    found = principal
  }
  return found
}
