import { ProxyError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { ExpiringMap } from './expiring-map.ts'
import { MemoryReplicatedSet } from './memory-replicated-set.ts'
import { endOf, revocationOf } from './session-record.ts'
import type { SessionRecord, SharedState } from './shared-state.ts'

const MAX_SESSIONS = 100_000
const MAX_COUNTERS = 200_000
const MAX_CLAIMS = 200_000
const MAX_ONCE = 100_000
const MAX_LISTED = 250_000
const SWEEP_EVERY_MS = 1_000
const SWEEP_SLICE = 2_000

/** State of a single process: everything in bounded maps, gone with the process. */
export function openMemoryState(clock: Clock): SharedState {
  return new MemoryState(clock)
}

class MemoryState implements SharedState {
  readonly #clock: Clock
  readonly #sessions: ExpiringMap<SessionRecord>
  readonly #idsByAccount = new Map<string, Set<string>>()
  /** A counter that is forgotten early lets a few more attempts through; one that is refused would stop everyone. */
  readonly #counters: ExpiringMap<number>
  readonly #claims: ExpiringMap<true>
  readonly #once: ExpiringMap<string>
  readonly #timer: NodeJS.Timeout
  readonly bans: MemoryReplicatedSet
  readonly revocations: MemoryReplicatedSet
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sessions = new ExpiringMap(clock, MAX_SESSIONS, 'refuse')
    this.#counters = new ExpiringMap(clock, MAX_COUNTERS, 'evict')
    this.#claims = new ExpiringMap(clock, MAX_CLAIMS, 'refuse')
    this.#once = new ExpiringMap(clock, MAX_ONCE, 'refuse')
    this.bans = new MemoryReplicatedSet(new ExpiringMap(clock, MAX_LISTED, 'refuse'))
    this.revocations = new MemoryReplicatedSet(new ExpiringMap(clock, MAX_LISTED, 'refuse'))
    this.#timer = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref()
  }

  async putSession(id: string, record: SessionRecord): Promise<void> {
    this.#assertOpen()
    if (!this.#sessions.set(id, record, endOf(record))) throw full('sessions')
    const ids = this.#idsByAccount.get(record.account) ?? new Set()
    this.#idsByAccount.set(record.account, ids.add(id))
    this.#forgetEnded(record.account, ids)
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    this.#assertOpen()
    return this.#sessions.get(id)
  }

  async touchSession(id: string, idleUntil: number): Promise<boolean> {
    this.#assertOpen()
    const record = this.#sessions.get(id)
    if (record === undefined) return false
    const touched = { ...record, idleUntil }
    this.#sessions.set(id, touched, endOf(touched))
    return true
  }

  async endSession(id: string): Promise<void> {
    this.#assertOpen()
    const record = this.#sessions.get(id)
    if (record === undefined) return
    this.#sessions.delete(id)
    this.#forgetEnded(record.account, this.#idsByAccount.get(record.account) ?? new Set())
    await this.revocations.add(revocationOf(record))
  }

  async sessionsOf(account: string): Promise<readonly (SessionRecord & { readonly id: string })[]> {
    this.#assertOpen()
    return Array.from(this.#idsByAccount.get(account) ?? []).flatMap((id) => {
      const record = this.#sessions.get(id)
      return record === undefined ? [] : [{ ...record, id }]
    })
  }

  async hit(key: string, windowMs: number): Promise<{ readonly count: number; readonly ttlMs: number }> {
    this.#assertOpen()
    const count = (this.#counters.get(key) ?? 0) + 1
    const ttlMs = count === 1 ? windowMs : this.#counters.ttlMs(key)
    this.#counters.set(key, count, this.#clock.now() + ttlMs)
    return { count, ttlMs }
  }

  async peek(key: string): Promise<{ readonly count: number; readonly ttlMs: number }> {
    this.#assertOpen()
    return { count: this.#counters.get(key) ?? 0, ttlMs: this.#counters.ttlMs(key) }
  }

  async reset(key: string): Promise<void> {
    this.#assertOpen()
    this.#counters.delete(key)
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    this.#assertOpen()
    if (this.#claims.get(key) === true) return false
    if (!this.#claims.set(key, true, this.#clock.now() + ttlMs)) throw full('claims')
    return true
  }

  async putOnce(key: string, value: string, ttlMs: number): Promise<void> {
    this.#assertOpen()
    if (!this.#once.set(key, value, this.#clock.now() + ttlMs)) throw full('one-time values')
  }

  async peekOnce(key: string): Promise<string | undefined> {
    this.#assertOpen()
    return this.#once.get(key)
  }

  async takeOnce(key: string): Promise<string | undefined> {
    this.#assertOpen()
    const value = this.#once.get(key)
    this.#once.delete(key)
    return value
  }

  async ping(): Promise<void> {
    this.#assertOpen()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    this.bans.close()
    this.revocations.close()
    for (const map of [this.#sessions, this.#counters, this.#claims, this.#once]) map.clear()
    this.#idsByAccount.clear()
  }

  #assertOpen(): void {
    if (this.#closed) throw new ProxyError('ERR_STATE_UNAVAILABLE', 'the state is closed')
  }

  #forgetEnded(account: string, ids: Set<string>): void {
    for (const id of ids) {
      if (this.#sessions.get(id) === undefined) ids.delete(id)
    }
    if (ids.size === 0) this.#idsByAccount.delete(account)
  }

  #sweep(): void {
    for (const map of [this.#sessions, this.#counters, this.#claims, this.#once]) map.sweep(SWEEP_SLICE)
    this.bans.sweep(SWEEP_SLICE)
    this.revocations.sweep(SWEEP_SLICE)
    this.#sweepAccounts()
  }

  /** Accounts whose sessions all ended; the oldest entries come round again behind the newest. */
  #sweepAccounts(): void {
    let left = Math.min(SWEEP_SLICE, this.#idsByAccount.size)
    for (const [account, ids] of this.#idsByAccount) {
      if (left-- === 0) return
      this.#idsByAccount.delete(account)
      this.#idsByAccount.set(account, ids)
      this.#forgetEnded(account, ids)
    }
  }
}

function full(what: string): ProxyError {
  return new ProxyError('ERR_STATE_UNAVAILABLE', `too many ${what} in memory`, { retryAfter: 2 })
}
