import { ProxyError } from '../errors.ts'
import type { ExpiringMap } from './expiring-map.ts'
import type { ReplicatedChange, ReplicatedEntry, ReplicatedSet, ReplicatedSubscriber } from './shared-state.ts'

/** The list of a fleet of one. */
export class MemoryReplicatedSet implements ReplicatedSet {
  readonly #entries: ExpiringMap<string>
  readonly #subscribers = new Set<ReplicatedSubscriber>()
  readonly #undelivered: ReplicatedChange[] = []
  #delivering = false
  #closed = false

  constructor(entries: ExpiringMap<string>) {
    this.#entries = entries
  }

  async add(entry: ReplicatedEntry): Promise<void> {
    this.#assertOpen()
    if (!this.#entries.set(entry.member, entry.value, entry.expiresAt)) {
      throw new ProxyError('ERR_STATE_UNAVAILABLE', 'the list in memory is full', { retryAfter: 2 })
    }
    this.#deliver({ kind: 'added', entry })
  }

  async remove(member: string): Promise<boolean> {
    this.#assertOpen()
    const removed = this.#entries.delete(member)
    if (removed) this.#deliver({ kind: 'removed', member })
    return removed
  }

  async list(): Promise<readonly ReplicatedEntry[]> {
    this.#assertOpen()
    return this.#live()
  }

  async subscribe(subscriber: ReplicatedSubscriber): Promise<() => void> {
    this.#assertOpen()
    subscriber.onSnapshot(this.#live(), false)
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  sweep(slice: number): void {
    this.#entries.sweep(slice)
  }

  close(): void {
    this.#closed = true
    this.#subscribers.clear()
    this.#entries.clear()
  }

  #live(): readonly ReplicatedEntry[] {
    return Array.from(this.#entries.entries(), ([member, value, expiresAt]) => ({ member, value, expiresAt }))
  }

  #assertOpen(): void {
    if (this.#closed) throw new ProxyError('ERR_STATE_UNAVAILABLE', 'the state is closed')
  }

  /** A subscriber may write; its change waits until everyone has seen the one before. */
  #deliver(change: ReplicatedChange): void {
    this.#undelivered.push(change)
    if (this.#delivering) return
    this.#delivering = true
    try {
      for (let next = this.#undelivered.shift(); next !== undefined; next = this.#undelivered.shift()) {
        for (const subscriber of this.#subscribers) subscriber.onChange(next)
      }
    } finally {
      this.#delivering = false
    }
  }
}
