import { hashApiKey } from '../accounts/api-key.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { dummyVerify, verifyPassword } from '../accounts/password.ts'
import type { PolicyCache } from '../accounts/policy-cache.ts'
import { ProxyError } from '../errors.ts'
import type { Admitted, ClientAddress } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import { formatNetwork, networkOf, parseAddress } from '../lib/ip-network.ts'
import { isOwnOrigin } from '../lib/same-origin.ts'
import { Csrf } from '../login/csrf.ts'
import type { LoginRooms } from '../login/rooms.ts'
import type { SessionService } from '../login/session-service.ts'
import { SignIn } from '../login/sign-in.ts'
import type { TokenService } from '../login/token-service.ts'
import { keyPrincipal } from '../stages/authenticate/api-key.ts'
import { findPrincipal } from '../stages/authenticate/authenticate.ts'
import type { Authenticator } from '../stages/authenticate/authenticator.ts'
import type { Limits } from '../stages/throttle/throttle.ts'
import { addressKey } from './address-key.ts'
import { ownOf } from './exchange-slot.ts'
import type { Foundations } from './foundations.ts'
import type { Observer } from './observer.ts'
import { cookieName, schemeOf } from './public-origin.ts'
import { sendPage } from './server.ts'

interface LoginParts {
  readonly policies: PolicyCache
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly authenticators: readonly Authenticator[]
  readonly limits: Limits
  readonly clock: Clock
}

/** What our own pages are handed. */
export function buildLogin(base: Foundations, parts: LoginParts): LoginRooms {
  const { config, store, state, keys, observer } = base
  const { policies, sessions, tokens, authenticators, limits, clock } = parts
  const { max, windowMs } = config.bans.signInFailures
  const signInLimit = { name: 'sign-in', ...config.limits.signIn }
  const signIn = new SignIn(
    { maxAddressFailures: max, addressWindowMs: windowMs },
    {
      store,
      state,
      normaliseEmail,
      verifyPassword: (phc, password) => verifyPassword(phc, password),
      dummyVerify: (password) => dummyVerify(password),
      policy: (tenant, account) => policies.policy(tenant, account),
      clock,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- came out of admit
      addressKey: (address) => addressKey(address as ClientAddress),
      onAddressFailures: (address, failures) => banSource(base, address, failures),
    },
  )
  return {
    store,
    policies,
    signIn,
    sessions,
    tokens,
    csrf: new Csrf(keys, {
      cookieName: cookieName(config, '-form'),
      secure: schemeOf(config) === 'https',
    }),
    admitted: ownOf,
    isOwnOrigin: (request) => isOwnOrigin(request, schemeOf(config)),
    whoIs: async (request) => findPrincipal(request, authenticators),
    byApiKey: async (key) => keyPrincipal(await store.apiKeyByHash(hashApiKey(key)), policies, clock),
    countSignIn: (request) => countSignIn(limits, signInLimit, request),
    record: (event) => recordOrRefuse(observer, event),
    loginOutcome: (outcome) => observer.metrics.loginFinished(outcome),
    jwks: () => ({ keys: keys.assertionJwks }),
    sendPage,
  }
}

async function countSignIn(
  limits: Limits,
  limit: { readonly name: string; readonly max: number; readonly windowMs: number },
  request: Admitted,
) {
  const { exceeded, ttlMs } = await limits.count(limit, limits.addressKey(request.client))
  if (!exceeded) return
  throw new ProxyError('ERR_LIMIT_EXCEEDED', 'too many sign-in attempts from this source', {
    retryAfter: Math.max(1, Math.ceil(ttlMs / 1000)),
  })
}

/** Nobody signs in unseen. */
function recordOrRefuse(observer: Observer, event: Parameters<Observer['tell']>[0]): void {
  if (observer.audit.failure !== undefined && event.outcome === 'success') {
    throw new ProxyError('ERR_AUDIT_UNAVAILABLE', observer.audit.failure, { retryAfter: 5 })
  }
  observer.audit.write(event)
}

function banSource(base: Foundations, address: string, failures: number): void {
  const { config, bans, clock, observer } = base
  const parsed = parseAddress(address)
  if (parsed === undefined) return
  const network = networkOf(parsed, { v6Prefix: 64 })
  const outcome = bans.add({
    network,
    until: clock.now() + config.bans.signInFailures.banMs,
    origin: 'sign-in',
    reason: `${failures} failed sign-ins`,
    scenario: 'sign-in-brute-force',
  })
  if (outcome.kind !== 'added') return
  observer.tell({
    event: 'ban.added',
    outcome: 'success',
    address,
    reason: 'sign-in-brute-force',
    detail: { network: formatNetwork(network), failures },
  })
}
