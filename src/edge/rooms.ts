import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { hashApiKey } from '../accounts/api-key.ts'
import { PolicyCache } from '../accounts/policy-cache.ts'
import type { Config } from '../config/config.ts'
import { ProxyError } from '../errors.ts'
import { SessionService } from '../login/session-service.ts'
import { TokenService } from '../login/token-service.ts'
import { parseMask } from '../mask/parse.ts'
import type { Mask } from '../mask/predicate.ts'
import { decideAgain, type Rooms } from '../pipeline.ts'
import { resolveClientAddress } from '../stages/admit/client-address.ts'
import { parseTrustedProxies } from '../stages/admit/trusted-proxies.ts'
import { apiKey } from '../stages/authenticate/api-key.ts'
import type { Authenticator } from '../stages/authenticate/authenticator.ts'
import { bearerToken } from '../stages/authenticate/bearer-token.ts'
import { sessionCookie } from '../stages/authenticate/session-cookie.ts'
import { Assertions } from '../stages/forward/assertion.ts'
import { HeaderNames } from '../stages/forward/header-names.ts'
import { identityNames } from '../stages/forward/identity-profiles.ts'
import { Upstreams } from '../stages/forward/upstreams.ts'
import { RouteTable } from '../stages/match/route-table.ts'
import type { CountRequest, Limits } from '../stages/throttle/throttle.ts'
import { addressKey } from './address-key.ts'
import type { Foundations } from './foundations.ts'
import { accessTokenCodec, assertionSigner } from './jwt-codec.ts'
import { LiveSockets } from './live-sockets.ts'
import { buildLogin } from './login-rooms.ts'
import type { AppLink } from './proxy.ts'
import { cookieName, schemeOf } from './public-origin.ts'
import type { ServerRooms } from './server.ts'
import { createAgent } from './upstream-agents.ts'

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
    assertions: new Assertions(assertionSigner(base.keys), config.publicUrl, clock),
    profiles: new Map(config.apps.map((one) => [one.id, identityNames(one.identity.profile, one.identity.headers)])),
    references: base.references,
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
      sanitising: pipeline.sanitising,
      decideAgain: (masked) => decideAgain(masked, pipeline),
    },
    upgrade: { headers, links, live },
  }
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
    sanitising: { found: (masked, rule, where) => observer.found(masked, rule, where) },
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
