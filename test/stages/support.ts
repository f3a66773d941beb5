import type { Grant, Policy } from '../../src/accounts/account-store.ts'
import type { Admitted, Arrival, Authenticated, ClientAddress, Identity, Throttled } from '../../src/exchange.ts'
import { readHeaders } from '../../src/stages/admit/request-headers.ts'
import { compilePattern } from '../../src/stages/match/path-pattern.ts'
import type { App, Route } from '../../src/stages/match/route-table.ts'

const always = { validFrom: undefined, validUntil: undefined }

export function policy(changes: { roles?: string[]; grants?: Grant[]; id?: string; tenant?: string } = {}): Policy {
  const id = changes.id ?? 'id-ann'
  const tenant = changes.tenant ?? 'acme'
  return {
    account: {
      id,
      email: `${id}@acme.example`,
      name: id,
      state: 'enabled',
      operator: false,
      epoch: 0,
      passwordExpired: false,
    },
    tenant: { id: tenant, name: tenant, signIn: [] },
    membership: { tenant, account: id, roles: changes.roles ?? ['viewer'], attributes: { login: 'ann' }, ...always },
    groups: [],
    grants: changes.grants ?? [],
    sharers: [],
  }
}

export function grant(changes: Partial<Grant> = {}): Grant {
  return {
    id: 'g1',
    tenant: 'acme',
    dataset: 'ledger',
    subject: { kind: 'everyone' },
    actions: ['read'],
    rows: true,
    effect: 'permit',
    withhold: [],
    ...always,
    sharedBy: undefined,
    ...changes,
  }
}

export function principal(of: Policy = policy(), proof: 'session' | 'token' | 'key' = 'session'): Identity {
  return { kind: 'principal', principal: { policy: of, proof, sid: 'sid-1', expiresAt: 2_000_000 } }
}

export const anonymous: Identity = { kind: 'anonymous' }

/** A request that has been let in. */
export function admitted(
  headers: readonly (readonly [string, string])[] = [],
  changes: Partial<Arrival> & { client?: string } = {},
): Admitted {
  const rawHeaders = headers.flat()
  const arrival: Arrival = {
    id: 'request-1',
    at: 1_000_000,
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    rawHeaders,
    peerAddress: '127.0.0.1',
    encrypted: false,
    upgrade: false,
    ...changes,
  }
  const client = (changes.client ?? '203.0.113.1') as ClientAddress // a canonical spelling, written by a test
  return { arrival, headers: readHeaders(rawHeaders, 100), client, scheme: 'http' }
}

/** A route with what a stage looks at; a stage that looked at more would see nothing. */
export function throttled(route: Partial<Route>, request: Admitted = admitted()): Throttled {
  const matched = {
    id: 'GET /x',
    methods: new Set(['GET']),
    pattern: compilePattern('/x'),
    limit: undefined,
    rows: undefined,
    ...route,
  }
  return {
    ...request,
    host: 'app.example',
    target: { path: '/x', query: '' },
    app: { id: 'app' } as App, // no stage before `forward` reads more of it
    route: { config: { audit: false }, ...matched } as Route, // as above
    limit: undefined,
  }
}

export function authenticated(route: Partial<Route>, identity: Identity): Authenticated {
  return { ...throttled(route), identity }
}
