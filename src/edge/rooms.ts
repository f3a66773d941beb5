import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { AccountStore } from '../accounts/account-store.ts'
import { hashApiKey } from '../accounts/api-key.ts'
import { normaliseEmail } from '../accounts/email.ts'
import type { KeyRing } from '../accounts/key-ring.ts'
import { dummyVerify, verifyPassword } from '../accounts/password.ts'
import { PolicyCache } from '../accounts/policy-cache.ts'
import type { BanList } from '../bans/ban-list.ts'
import type { RevocationList } from '../bans/revocation-list.ts'
import type { Config } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import type { Admitted, ClientAddress } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import { formatNetwork, networkOf, parseAddress } from '../lib/ip-network.ts'
import { isOwnOrigin } from '../lib/same-origin.ts'
import { Csrf } from '../login/csrf.ts'
import type { LoginRooms } from '../login/rooms.ts'
import { SessionService } from '../login/session-service.ts'
import { SignIn } from '../login/sign-in.ts'
import { TokenService } from '../login/token-service.ts'
import { parseMask } from '../mask/parse.ts'
import type { Mask } from '../mask/predicate.ts'
import { decideAgain, type Rooms } from '../pipeline.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import { resolveClientAddress } from '../stages/admit/client-address.ts'
import { parseTrustedProxies } from '../stages/admit/trusted-proxies.ts'
import { apiKey } from '../stages/authenticate/api-key.ts'
import { findPrincipal } from '../stages/authenticate/authenticate.ts'
import type { Authenticator } from '../stages/authenticate/authenticator.ts'
import { bearerToken } from '../stages/authenticate/bearer-token.ts'
import { resolvePrincipal } from '../stages/authenticate/member.ts'
import { sessionCookie } from '../stages/authenticate/session-cookie.ts'
import { Assertions } from '../stages/forward/assertion.ts'
import { HeaderNames, identityNames } from '../stages/forward/header-names.ts'
import { Upstreams } from '../stages/forward/upstreams.ts'
import { RouteTable } from '../stages/match/route-table.ts'
import type { CountRequest, Limits } from '../stages/throttle/throttle.ts'
import { addressKey } from './address-key.ts'
import { ownOf } from './exchange-slot.ts'
import { accessTokenCodec, assertionSigner } from './jwt-codec.ts'
import { LiveSockets } from './live-sockets.ts'
import type { Observer } from './observer.ts'
import type { AppLink, LaneName } from './proxy.ts'
import { type ServerRooms, sendPage } from './server.ts'
import { createAgent } from './upstream-agents.ts'

/** What lives as long as the edge. */
export interface Foundations {
  readonly config: Config
  readonly clock: Clock
  readonly keys: KeyRing
  readonly store: AccountStore
  readonly state: SharedState
  readonly bans: BanList
  readonly revocations: RevocationList
  readonly observer: Observer
  readonly lane: LaneName
}

/** Builds what the stages and pages are handed, from what is open already. */
export async function buildRooms(app: FastifyInstance, base: Foundations, count: CountRequest): Promise<ServerRooms> {
  const { config, clock } = base
  const policies = new PolicyCache(base.store, clock)
  const sessions = buildSessions(base)
  const tokens = buildTokens(app, base, policies)
  const keys = { find: (key: string) => base.store.apiKeyByHash(hashApiKey(key)) }
  const authenticators = [
    sessionCookie(sessions, policies, clock),
    bearerToken(tokens, policies),
    apiKey(keys, policies, clock),
  ]
  const pipeline = buildPipeline(base, count, authenticators)
  const live = new LiveSockets()
  const headers = {
    names: new HeaderNames(config.apps.flatMap((one) => [...one.identity.headers.values()])),
    assertions: new Assertions(assertionSigner(app, base.keys), config.publicUrl, clock),
    profiles: new Map(config.apps.map((one) => [one.id, identityNames(one.identity.profile, one.identity.headers)])),
    publicScheme: schemeOf(config),
  }
  const links = await openLinks(config)
  const addressOf = tellAddress(pipeline)
  return {
    config,
    clock,
    observer: base.observer,
    pipeline,
    login: buildLogin(base, { policies, sessions, tokens, authenticators, limits: pipeline.limits, clock }),
    proxy: {
      headers,
      links,
      live,
      observer: base.observer,
      addressOf,
      lane: base.lane,
      decideAgain: (masked) => decideAgain(masked, pipeline),
    },
    upgrade: { headers, links, live },
  }
}

function schemeOf(config: Config): 'http' | 'https' {
  return config.publicUrl.startsWith('https:') ? 'https' : 'http'
}

/** `__Host-` needs https (RFC 6265bis section 4.1.3.2); plain http is allowed on loopback only. */
function cookieName(config: Config, suffix: string): string {
  return `${schemeOf(config) === 'https' ? '__Host-' : ''}sallyport${suffix}`
}

function buildSessions(base: Foundations): SessionService {
  const { config, state, clock, revocations, observer } = base
  const { idleMs, absoluteMs } = config.sessions
  const report = (error: unknown) => observer.log.warn({ error: String(error) }, 'session could not be touched')
  return new SessionService(
    { cookieName: cookieName(config, ''), publicScheme: schemeOf(config), idleMs, absoluteMs },
    { state, clock, isRevoked: (key) => revocations.isRevoked(key), report },
  )
}

function buildTokens(app: FastifyInstance, base: Foundations, policies: PolicyCache): TokenService {
  const { config, store, state, keys, clock, revocations } = base
  return new TokenService(
    { issuer: config.publicUrl, ...config.tokens },
    {
      store,
      state,
      codec: accessTokenCodec(app, config.publicUrl),
      unseal: (sealed, context) => keys.unseal(sealed, context),
      isRevoked: (key) => revocations.isRevoked(key),
      revoke: (key, until) => revocations.revoke(key, until),
      policy: (tenant, account) => policies.policy(tenant, account),
      clock,
    },
  )
}

function buildPipeline(base: Foundations, count: CountRequest, authenticators: readonly Authenticator[]): Rooms {
  const { config, bans, revocations, observer } = base
  return {
    admission: {
      trustedProxies: parseTrustedProxies(config.listen.trustedProxies),
      maxHeaders: config.listen.maxHeaders,
      bans: {
        isBanned(address) {
          // Before the first copy of the fleet's lists there is nothing to judge by.
          if (bans.synced && revocations.synced) return bans.isBanned(address)
          throw new ProxyError('ERR_STATE_UNAVAILABLE', 'the lists of bans and revocations have not arrived yet', {
            retryAfter: 2,
          })
        },
      },
    },
    routes: new RouteTable(config.apps, config.publicHost),
    limits: buildLimits(config, count),
    authenticators,
    masks: { auditFailure: () => observer.audit.failure, bases: parseBases(config) },
  }
}

function buildLimits(config: Config, count: CountRequest): Limits {
  const { address, account, tenant } = config.limits
  return {
    count,
    addressKey,
    address: { name: 'address', ...address },
    account: { name: 'account', ...account },
    tenant: { name: 'tenant', ...tenant },
  }
}

function parseBases(config: Config): ReadonlyMap<string, Mask> {
  const bases = new Map<string, Mask>()
  for (const dataset of config.datasets.values()) {
    if (dataset.base !== undefined) bases.set(dataset.name, parseMask(dataset.base, dataset))
  }
  return bases
}

interface LoginParts {
  readonly policies: PolicyCache
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly authenticators: readonly Authenticator[]
  readonly limits: Limits
  readonly clock: Clock
}

function buildLogin(base: Foundations, parts: LoginParts): LoginRooms {
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
    whoIs: (request) => findPrincipal(request, authenticators),
    byApiKey: async (key) => {
      const found = await store.apiKeyByHash(hashApiKey(key))
      if (found === undefined || (found.expiresAt ?? Number.POSITIVE_INFINITY) <= clock.now()) {
        throw new ProxyError('ERR_CREDENTIAL_INVALID', 'no such API key')
      }
      const expiresAt = found.expiresAt ?? Number.MAX_SAFE_INTEGER
      const claim = {
        proof: 'key',
        tenant: found.tenant,
        account: found.account,
        sid: found.id,
        epoch: undefined,
        expiresAt,
      } as const
      return resolvePrincipal(claim, policies)
    },
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

async function openLinks(config: Config): Promise<ReadonlyMap<string, AppLink>> {
  const links = new Map<string, AppLink>()
  for (const app of config.apps) {
    const ca = app.tls === undefined ? undefined : await readFile(app.tls.caFile, 'utf8')
    links.set(app.id, { upstreams: new Upstreams(app.upstreams), agent: createAgent(app, ca) })
  }
  return links
}

/** The client's address for the record of a refusal that came before admission was through. */
function tellAddress(pipeline: Rooms): ServerRooms['proxy']['addressOf'] {
  const { trustedProxies } = pipeline.admission
  return (arrival) => {
    const forwarded: string[] = []
    for (let i = 0; i + 1 < arrival.rawHeaders.length; i += 2) {
      if (arrival.rawHeaders[i]?.toLowerCase() === 'x-forwarded-for') forwarded.push(arrival.rawHeaders[i + 1] ?? '')
    }
    try {
      return resolveClientAddress(arrival.peerAddress, forwarded, trustedProxies)
    } catch {
      // No address to tell.
      return undefined
    }
  }
}
