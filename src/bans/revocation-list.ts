import type { Clock } from '../lib/clock.ts'
import type { ReplicatedChange, ReplicatedEntry, ReplicatedSet } from '../shared-state/shared-state.ts'
import { Replica } from './replica.ts'

const DEFAULT_MAX_KEYS = 500_000
const MAX_KEY_LENGTH = 256
const SWEEP_EVERY_MS = 1_000
const SWEEP_SLICE = 2_000

/** What was ended before its time (`sid:…`, `jti:…`), as this edge knows it; answers from memory. */
export class RevocationList {
  readonly #clock: Clock
  readonly #untilByKey = new Map<string, number>()
  readonly #maxKeys: number
  readonly #replica: Replica
  readonly #listeners = new Set<(key: string) => void>()
  readonly #timer: NodeJS.Timeout
  #cursor: IterableIterator<[string, number]> | undefined
  #ignored = 0

  constructor(shared: ReplicatedSet, clock: Clock, options: { readonly maxKeys?: number } = {}) {
    this.#clock = clock
    this.#maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS
    this.#replica = new Replica(shared, {
      onSnapshot: (entries, emptied) => this.#onSnapshot(entries, emptied),
      onChange: (change) => this.#onChange(change),
    })
    this.#timer = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref()
  }

  /** Resolves once the list holds what the fleet knows, however long the store stays away. */
  get started(): Promise<void> {
    return this.#replica.started
  }

  /** False until the first copy arrived. */
  get synced(): boolean {
    return this.#replica.synced
  }

  /** Changes made here that the fleet has not got yet. */
  get pending(): number {
    return this.#replica.pending
  }

  /** Entries of the shared list that could not be taken. */
  get ignored(): number {
    return this.#ignored
  }

  isRevoked(key: string): boolean {
    const until = this.#untilByKey.get(key)
    return until !== undefined && until > this.#clock.now()
  }

  /** In force here at once; the other edges follow. `until` is when the thing would have ended by itself. */
  revoke(key: string, until: number): void {
    if (key.length > MAX_KEY_LENGTH) throw new TypeError('a revocation key is a prefix and an id')
    if (until <= this.#clock.now()) return
    const latest = Math.max(until, this.#untilByKey.get(key) ?? 0)
    this.#put(key, latest)
    this.#replica.publish(encode(key, latest))
  }

  /** Calls `listener` for every key that becomes revoked here, so that open sockets can be closed. */
  onRevoked(listener: (key: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves once everything revoked here is published. */
  settled(): Promise<void> {
    return this.#replica.settled()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#replica.close()
    this.#listeners.clear()
  }

  #put(key: string, until: number): void {
    const known = this.isRevoked(key)
    if (!this.#untilByKey.has(key) && this.#untilByKey.size >= this.#maxKeys) {
      this.#sweep()
      // Forgetting the oldest is better than not believing the newest.
      const oldest = this.#untilByKey.keys().next()
      if (this.#untilByKey.size >= this.#maxKeys && oldest.done !== true) this.#untilByKey.delete(oldest.value)
    }
    this.#untilByKey.set(key, until)
    if (!known) for (const listener of this.#listeners) listener(key)
  }

  #onSnapshot(entries: readonly ReplicatedEntry[], emptied: boolean): void {
    const members = new Set(entries.map((entry) => entry.member))
    for (const [key, until] of this.#untilByKey) {
      if (members.has(key) || until <= this.#clock.now()) continue
      if (emptied) this.#replica.publish(encode(key, until))
      else this.#untilByKey.delete(key)
    }
    for (const entry of entries) this.#take(entry)
  }

  #onChange(change: ReplicatedChange): void {
    if (change.kind === 'added') this.#take(change.entry)
    else this.#untilByKey.delete(change.member)
  }

  #take(entry: ReplicatedEntry): void {
    if (entry.expiresAt <= this.#clock.now()) return
    // A key is never revoked for a shorter time than it was.
    if (entry.member.length > MAX_KEY_LENGTH || !Number.isSafeInteger(entry.expiresAt)) this.#ignored++
    else this.#put(entry.member, Math.max(entry.expiresAt, this.#untilByKey.get(entry.member) ?? 0))
  }

  #sweep(): void {
    const now = this.#clock.now()
    this.#cursor ??= this.#untilByKey.entries()
    for (let i = 0; i < SWEEP_SLICE; i++) {
      const next = this.#cursor.next()
      if (next.done === true) {
        this.#cursor = undefined
        return
      }
      const [key, until] = next.value
      if (until <= now) this.#untilByKey.delete(key)
    }
  }
}

function encode(key: string, until: number): ReplicatedEntry {
  return { member: key, value: '{}', expiresAt: until }
}
