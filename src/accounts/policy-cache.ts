import type { Clock } from '../lib/clock.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { AccountStore, Policy } from './account-store.ts'

/** How long a copy may be used: the bound on how late a revoked grant is noticed on any edge. */
const freshMs = 1000
const maxEntries = 20_000

interface Entry {
  readonly policy: Policy | undefined
  readonly until: number
}

/** Copies of what accounts may do, at most a second old; one query per copy, however many ask at once. */
export class PolicyCache {
  readonly #store: AccountStore
  readonly #clock: Clock
  readonly #entries = new BoundedMap<string, Entry>(maxEntries)
  readonly #running = new Map<string, Promise<Policy | undefined>>()

  constructor(store: AccountStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Undefined where there is no such membership, or it is not valid now. Grants out of validity are left out. */
  policy(tenant: string, account: string): Policy | undefined | Promise<Policy | undefined> {
    const key = `${tenant} ${account}`
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.until > this.#clock.now()) return entry.policy
    return this.#running.get(key) ?? this.#load(key, tenant, account)
  }

  #load(key: string, tenant: string, account: string): Promise<Policy | undefined> {
    const started = this.#clock.now()
    const loading = this.#store
      .policy(tenant, account)
      .then((found) => {
        const policy = inForce(found, this.#clock.now())
        this.#entries.set(key, { policy, until: started + freshMs })
        return policy
      })
      .finally(() => this.#running.delete(key))
    this.#running.set(key, loading)
    return loading
  }
}

function inForce(policy: Policy | undefined, now: number): Policy | undefined {
  if (policy === undefined || !isValid(policy.membership, now)) return undefined
  return { ...policy, grants: policy.grants.filter((grant) => isValid(grant, now)) }
}

function isValid(
  span: { readonly validFrom: number | undefined; readonly validUntil: number | undefined },
  now: number,
) {
  return (span.validFrom ?? 0) <= now && now < (span.validUntil ?? Number.POSITIVE_INFINITY)
}
