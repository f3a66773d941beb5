import { ProxyError } from '../../errors.ts'
import type { Admitted, Authenticated, Identity, Principal, Throttled } from '../../exchange.ts'
import type { Authenticator } from './authenticator.ts'

const anonymous: Identity = { kind: 'anonymous' }

/**
 * Finds out who asks. A public route asks nobody, so that a stale cookie does not shut anyone out of it. Elsewhere
 * every authenticator is asked: two credentials in one request are refused, since they could name two accounts.
 */
export function authenticate(
  throttled: Throttled,
  authenticators: readonly Authenticator[],
): Authenticated | Promise<Authenticated> {
  if (throttled.route.access.kind === 'public') return { ...throttled, identity: anonymous }
  const principal = findPrincipal(throttled, authenticators)
  return principal instanceof Promise
    ? principal.then((found) => identified(throttled, found))
    : identified(throttled, principal)
}

function identified(throttled: Throttled, principal: Principal | undefined): Authenticated {
  return { ...throttled, identity: principal === undefined ? anonymous : { kind: 'principal', principal } }
}

/** Undefined where no credential was shown; throws on a bad one, and on two. Answers at once where all of it is known. */
export function findPrincipal(
  request: Admitted,
  authenticators: readonly Authenticator[],
): Principal | undefined | Promise<Principal | undefined> {
  return askFrom(0, request, authenticators, undefined)
}

function askFrom(
  first: number,
  request: Admitted,
  authenticators: readonly Authenticator[],
  known: Principal | undefined,
): Principal | undefined | Promise<Principal | undefined> {
  let found = known
  for (let i = first; i < authenticators.length; i += 1) {
    const answer = authenticators[i]?.authenticate(request)
    if (answer instanceof Promise) {
      const before = found
      return answer.then((principal) => askFrom(i + 1, request, authenticators, theOnly(before, principal)))
    }
    found = theOnly(found, answer)
  }
  return found
}

/** Two credentials in one request could name two accounts. */
function theOnly(found: Principal | undefined, other: Principal | undefined): Principal | undefined {
  if (found === undefined || other === undefined) return found ?? other
  throw new ProxyError('ERR_CREDENTIAL_AMBIGUOUS', `both a ${found.proof} and a ${other.proof} were shown`)
}
