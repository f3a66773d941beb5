import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import { connectRedis, type RedisAddress, unavailable } from './redis-connection.ts'
import type { ScriptedRedis } from './redis-scripts.ts'
import { collectEntries, decodeEntry } from './redis-values.ts'
import type { ReplicatedChange, ReplicatedEntry, ReplicatedSubscriber } from './shared-state.ts'

/** How long a read waits for news; also how soon a flushed but living Redis is noticed. */
const BLOCK_MS = 1_000
const ANSWER_WITHIN_MS = 1_000
const RETRY_MS = 100
const PAGE = 1_000

interface Position {
  readonly epoch: string
  readonly sequence: number
  readonly id: string
}

/** Thrown inside to begin again with a snapshot. */
class FeedBroken extends Error {}

/**
 * One subscriber's own connection: a snapshot, then the stream from where the snapshot began. Every change is numbered,
 * so that a trimmed stream, a failover that lost some, or a flushed Redis is seen as a gap and the snapshot is read again.
 */
export class RedisFeed {
  /** Resolves with the first snapshot, rejects if closed before. */
  readonly started: Promise<void>
  readonly #client: ScriptedRedis
  readonly #keys: readonly string[]
  readonly #feedKey: string
  readonly #valuesKey: string
  readonly #clock: Clock
  readonly #subscriber: ReplicatedSubscriber
  readonly #closing = new AbortController()
  readonly #start = Promise.withResolvers<void>()
  #epoch: string | undefined

  constructor(address: RedisAddress, keys: readonly string[], clock: Clock, subscriber: ReplicatedSubscriber) {
    const answerWithin = BLOCK_MS + ANSWER_WITHIN_MS
    this.#client = connectRedis(address, { commandTimeout: answerWithin, socketTimeout: answerWithin })
    this.#keys = keys
    this.#valuesKey = keys[1] ?? ''
    this.#feedKey = keys[2] ?? ''
    this.#clock = clock
    this.#subscriber = subscriber
    this.started = this.#start.promise
    void this.#run()
  }

  close(): void {
    this.#closing.abort()
    this.#client.disconnect()
    this.#start.reject(unavailable('the state is closed', undefined))
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#follow().catch(() => undefined)
      await delay(RETRY_MS, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined)
    }
  }

  async #follow(): Promise<never> {
    // Rejects with the connection's next error, and then the loop comes back here.
    if (this.#client.status !== 'ready') await once(this.#client, 'ready', { signal: this.#closing.signal })
    let position = await this.#readSnapshot()
    for (;;) {
      const reply = await this.#client.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#feedKey, position.id)
      if (this.#closing.signal.aborted) throw new FeedBroken('closed')
      position = reply === null ? await this.#verify(position) : this.#deliver(reply[0]?.[1] ?? [], position)
    }
  }

  /** The position is read first: what changes while the pages are read comes once more through the stream. */
  async #readSnapshot(): Promise<Position> {
    const position = await this.#readPosition()
    const found = new Map<string, ReplicatedEntry>()
    let cursor = '0'
    do {
      const [next, flat] = await this.#client.hscan(this.#valuesKey, cursor, 'COUNT', PAGE)
      collectEntries(flat, this.#clock.now(), found)
      cursor = next
    } while (cursor !== '0')
    if (this.#closing.signal.aborted) throw new FeedBroken('closed')
    const emptied = this.#epoch !== undefined && this.#epoch !== position.epoch
    this.#epoch = position.epoch
    this.#subscriber.onSnapshot([...found.values()], emptied)
    this.#start.resolve()
    return position
  }

  async #readPosition(): Promise<Position> {
    const reply = await this.#client.spReplicatedPosition(...this.#keys, randomUUID())
    const [epoch, sequence, id] = Array.isArray(reply) ? reply.map(String) : []
    if (epoch === undefined || sequence === undefined || id === undefined) throw new FeedBroken('no position')
    return { epoch, sequence: Number(sequence), id }
  }

  /** No news may also mean that everything is gone. */
  async #verify(known: Position): Promise<Position> {
    const current = await this.#readPosition()
    // A higher number alone is news that came in between: the next read has it.
    if (current.epoch !== known.epoch || current.sequence < known.sequence) throw new FeedBroken('another data set')
    return known
  }

  #deliver(items: readonly (readonly [id: string, fields: readonly string[]])[], known: Position): Position {
    let position = known
    for (const [id, flat] of items) {
      const fields = new Map<string, string>()
      for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '')
      const sequence = Number(fields.get('seq'))
      if (fields.get('epoch') !== known.epoch || sequence !== position.sequence + 1) throw new FeedBroken('a gap')
      position = { epoch: known.epoch, sequence, id }
      const change = decodeChange(fields)
      if (change !== undefined) this.#subscriber.onChange(change)
    }
    return position
  }
}

function decodeChange(fields: ReadonlyMap<string, string>): ReplicatedChange | undefined {
  const member = fields.get('member')
  const value = fields.get('value')
  if (member === undefined) return undefined
  if (value === undefined) return { kind: 'removed', member }
  const entry = decodeEntry(member, value)
  return entry === undefined ? undefined : { kind: 'added', entry }
}
