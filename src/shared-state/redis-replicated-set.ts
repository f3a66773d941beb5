import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { type RedisAddress, type RedisCommands, unavailable } from './redis-connection.ts'
import { RedisFeed } from './redis-feed.ts'
import { collectEntries } from './redis-values.ts'
import type { ReplicatedEntry, ReplicatedSet, ReplicatedSubscriber } from './shared-state.ts'

/** Changes kept for edges that fall behind; one that falls further reads the whole set again. */
export const MAX_FEED = 10_000
export const MAX_ENTRIES = 1_000_000

/** A sorted set by expiry and a hash of values are the truth, a stream is the feed; one script writes all three. */
export class RedisReplicatedSet implements ReplicatedSet {
  readonly #commands: RedisCommands
  readonly #address: RedisAddress
  readonly #clock: Clock
  readonly #feeds = new Set<RedisFeed>()
  readonly keys: readonly string[]
  readonly #name: string
  #closed = false

  constructor(prefix: string, commands: RedisCommands, address: RedisAddress, clock: Clock) {
    this.#name = prefix
    this.#commands = commands
    this.#address = address
    this.#clock = clock
    this.keys = ['expiries', 'values', 'feed', 'sequence', 'epoch'].map((key) => `${prefix}:${key}`)
  }

  async add(entry: ReplicatedEntry): Promise<void> {
    const added = await this.#commands.run((client) => client.spReplicatedAdd(...this.keys, ...addArguments(entry)))
    if (added !== 1) throw unavailable('the shared list is full', undefined)
  }

  async remove(member: string): Promise<boolean> {
    const removed = await this.#commands.run((client) =>
      client.spReplicatedRemove(...this.keys, randomUUID(), member, MAX_FEED),
    )
    return removed === 1
  }

  /** Page by page, so that no reply is larger than a page. */
  async list(): Promise<readonly ReplicatedEntry[]> {
    const found = new Map<string, ReplicatedEntry>()
    let cursor = '0'
    do {
      const [next, flat] = await this.#commands.run((client) =>
        client.hscan(`${this.#name}:values`, cursor, 'COUNT', 1_000),
      )
      collectEntries(flat, this.#clock.now(), found)
      cursor = next
    } while (cursor !== '0')
    return [...found.values()]
  }

  async subscribe(subscriber: ReplicatedSubscriber): Promise<() => void> {
    if (this.#closed) throw unavailable('the state is closed', undefined)
    const feed = new RedisFeed(this.#address, this.keys, this.#clock, subscriber)
    this.#feeds.add(feed)
    await feed.started
    return () => {
      feed.close()
      this.#feeds.delete(feed)
    }
  }

  close(): void {
    this.#closed = true
    for (const feed of this.#feeds) feed.close()
    this.#feeds.clear()
  }
}

/** What the scripts that add want after the keys. */
export function addArguments(entry: ReplicatedEntry): readonly (string | number)[] {
  return [randomUUID(), entry.member, entry.expiresAt, entry.value, MAX_FEED, MAX_ENTRIES]
}
