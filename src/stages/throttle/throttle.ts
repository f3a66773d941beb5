import { ProxyError } from '../../errors.ts'
import type { Admitted, Authenticated, LimitState, Matched, Throttled } from '../../exchange.ts'

/** A number of requests in a window, counted for the whole fleet. */
export interface Limit {
  /** Quoted in the RateLimit header fields: `address`, `account`, `tenant`, `route`, `sign-in`. */
  readonly name: string
  readonly max: number
  readonly windowMs: number
}

/** Counts one request under `key` and says what is left. */
export type CountRequest = (limit: Limit, key: string) => Promise<LimitCount>

export interface LimitCount {
  readonly exceeded: boolean
  readonly remaining: number
  readonly ttlMs: number
}

export interface Limits {
  readonly count: CountRequest
  /** What an address is counted by: IPv4 whole, IPv6 by /64. */
  readonly addressKey: (client: Admitted['client']) => string
  readonly address: Limit
  readonly account: Limit
  readonly tenant: Limit
}

/** Per address and per route: before anything is spent on finding out who asks. */
export async function throttle(matched: Matched, limits: Limits): Promise<Throttled> {
  const { limit } = matched.route
  const source = limits.addressKey(matched.client)
  const address = check(limits, limits.address, source)
  if (limit === undefined) return { ...matched, limit: await address }
  return {
    ...matched,
    limit: tightest(await Promise.all([address, check(limits, limit, `${matched.route.id} ${source}`)])),
  }
}

/** The same per address alone, for the pages that are ours. */
export async function throttleAddress(admitted: Admitted, limits: Limits): Promise<void> {
  await check(limits, limits.address, limits.addressKey(admitted.client))
}

/** Per account and per tenant: once it is known who asks. */
export async function throttleMember(authenticated: Authenticated, limits: Limits): Promise<Authenticated> {
  const { identity } = authenticated
  if (identity.kind === 'anonymous') return authenticated
  const { account, tenant } = identity.principal.policy
  const states = await Promise.all([
    check(limits, limits.account, `${tenant.id} ${account.id}`),
    check(limits, limits.tenant, tenant.id),
  ])
  return { ...authenticated, limit: tightest([...states, authenticated.limit]) }
}

function check(limits: Limits, limit: Limit, key: string): Promise<LimitState> {
  return limits.count(limit, key).then((count) => judge(limit, count))
}

function judge(limit: Limit, count: LimitCount): LimitState {
  const state: LimitState = {
    name: limit.name,
    max: limit.max,
    remaining: count.remaining,
    resetSeconds: Math.max(1, Math.ceil(count.ttlMs / 1000)),
    windowSeconds: Math.ceil(limit.windowMs / 1000),
  }
  if (!count.exceeded) return state
  throw new ProxyError('ERR_LIMIT_EXCEEDED', `limit ${limit.name}: more than ${limit.max} in ${limit.windowMs} ms`, {
    retryAfter: state.resetSeconds,
    headers: limitHeaders(state),
  })
}

function tightest(states: readonly (LimitState | undefined)[]): LimitState | undefined {
  let best: LimitState | undefined
  for (const state of states) {
    if (state !== undefined && (best === undefined || state.remaining / state.max < best.remaining / best.max)) {
      best = state
    }
  }
  return best
}

/** The same fields, names and values alternating, for an answer that goes out. */
export function limitFields(state: LimitState): readonly string[] {
  return ['ratelimit-policy', policyOf(state), 'ratelimit', stateOf(state)]
}

/** The RateLimit and RateLimit-Policy fields (draft-ietf-httpapi-ratelimit-headers-10). */
export function limitHeaders(state: LimitState): Readonly<Record<string, string>> {
  return { 'ratelimit-policy': policyOf(state), ratelimit: stateOf(state) }
}

function policyOf({ name, max, windowSeconds }: LimitState): string {
  return `"${name}";q=${max};w=${windowSeconds}`
}

function stateOf({ name, remaining, resetSeconds }: LimitState): string {
  return `"${name}";r=${remaining};t=${resetSeconds}`
}
