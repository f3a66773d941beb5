import { ProxyError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { AccountStore, Policy } from './account-store.ts'
import { inForce, nextBorder } from './in-force.ts'

/** How long a version counts as known: the bound on how late a change is noticed on any edge. */
const freshMs = 1000
/** How often versions are asked for: twice within that time. */
const pollMs = 400
/** How long a copy may be used though its version stays: the bound on what no trigger of the database has seen. */
const maxAgeMs = 60_000
const maxEntries = 20_000
const maxPerStatement = 1000

/** What was last heard of a tenant. */
interface Known {
  version: number
  /** When whoever told began to ask. */
  asOf: number
  /** Which question it was: the answer to a later one counts, whichever arrives last. */
  turn: number
  /** When a copy was last used. */
  usedAt: number
}

type Question = Pick<Known, 'asOf' | 'turn'>

interface Entry {
  readonly policy: Policy | undefined
  readonly version: number
  readonly known: Known
  readonly readAt: number
  /** The next moment at which the same version means something else. */
  readonly until: number
}

interface Load {
  readonly startedAt: number
  readonly result: Promise<Policy | undefined>
}

type Store = Pick<AccountStore, 'readPolicy' | 'policyVersions'>

/**
 * Copies of what accounts may do. One is used while the version of its tenant is known to be the one it was read with,
 * and was so less than a second ago; else there is one query, however many ask at once. Nothing is kept of a tenant that
 * never was: whoever asks may have made it up.
 */
export class PolicyCache {
  readonly #store: Store
  readonly #clock: Clock
  readonly #entries = new BoundedMap<string, Entry>(maxEntries)
  readonly #tenants = new Map<string, Known>()
  readonly #running = new Map<string, Load>()
  #turn = 0
  #polling = false

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Undefined where there is no such membership, or it is not valid now. Grants out of validity are left out. */
  policy(tenant: string, account: string): Policy | undefined | Promise<Policy | undefined> {
    // No store can hold a NUL: no two pairs make one key.
    const key = `${tenant}\0${account}`
    const now = this.#clock.now()
    const entry = this.#entries.get(key)
    if (entry !== undefined && isUsable(entry, now)) {
      entry.known.usedAt = now
      return entry.policy
    }
    const running = this.#running.get(key)
    // What was asked for long ago may be older than what a question of now would bring.
    if (running !== undefined && isFresh(running.startedAt, now)) return running.result
    return this.#load(key, tenant, account, now)
  }

  #load(key: string, tenant: string, account: string, now: number): Promise<Policy | undefined> {
    this.#turn += 1
    const question = { asOf: now, turn: this.#turn }
    const result = this.#store
      .readPolicy(tenant, account)
      .then(({ version, policy: read }) => {
        const at = this.#clock.now()
        // What it says may have been taken back more than a second ago.
        if (!isFresh(now, at)) throw tooLate()
        if (read === undefined && version === 0) return undefined
        const policy = read && inForce(read, at)
        const border = read === undefined ? Infinity : nextBorder(read, at)
        const known = this.#learn(tenant, version, question, at)
        this.#entries.set(key, { policy, version, known, readAt: now, until: Math.min(now + maxAgeMs, border) })
        return policy
      })
      .finally(() => {
        if (this.#running.get(key)?.result === result) this.#running.delete(key)
      })
    this.#running.set(key, { startedAt: now, result })
    return result
  }

  #learn(tenant: string, version: number, question: Question, now: number): Known {
    const known = this.#tenants.get(tenant)
    if (known !== undefined) {
      note(known, version, question)
      known.usedAt = now
      return known
    }
    const [oldest] = this.#tenants.keys()
    if (oldest !== undefined && this.#tenants.size >= maxEntries) this.#tenants.delete(oldest)
    const learnt = { version, ...question, usedAt: now }
    this.#tenants.set(tenant, learnt)
    return learnt
  }

  /** Keeps the copies known to be right until it is stopped. `report` hears of mistakes, not of a store that is away. */
  watch(report: (error: unknown) => void): () => void {
    const timer = setInterval(() => {
      // Nothing is confirmed meanwhile, and copies that are not are not used.
      void this.poll().catch((error: unknown) => {
        if (!(error instanceof ProxyError)) report(error)
      })
    }, pollMs).unref()
    return () => clearInterval(timer)
  }

  /** Asks for the versions of all tenants whose copies are in use. */
  async poll(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    try {
      const tenants = this.#inUse()
      for (let at = 0; at < tenants.length; at += maxPerStatement)
        await this.#confirm(tenants.slice(at, at + maxPerStatement))
    } finally {
      this.#polling = false
    }
  }

  async #confirm(tenants: readonly string[]): Promise<void> {
    this.#turn += 1
    const question = { asOf: this.#clock.now(), turn: this.#turn }
    const versions = await this.#store.policyVersions(tenants)
    for (const tenant of tenants) {
      const known = this.#tenants.get(tenant)
      // As a policy that was read says where there is none.
      if (known !== undefined) note(known, versions.get(tenant) ?? 0, question)
    }
  }

  /** Forgets the others: no copy of theirs may be used any more. */
  #inUse(): readonly string[] {
    const now = this.#clock.now()
    for (const [tenant, { usedAt }] of this.#tenants)
      if (now < usedAt || now - usedAt >= maxAgeMs) this.#tenants.delete(tenant)
    return [...this.#tenants.keys()]
  }
}

function note(known: Known, version: number, { asOf, turn }: Question): void {
  if (turn < known.turn) return
  known.version = version
  known.asOf = asOf
  known.turn = turn
}

function isUsable({ version, known, readAt, until }: Entry, now: number): boolean {
  return version === known.version && isFresh(known.asOf, now) && readAt <= now && now < until
}

function tooLate(): ProxyError {
  return new ProxyError('ERR_STORE_UNAVAILABLE', 'rights took too long to read', { retryAfter: 2 })
}

/** A clock that was put back makes nothing fresh. */
function isFresh(asOf: number, now: number): boolean {
  return asOf <= now && now < asOf + freshMs
}
