import {
  parseRedisUrl,
  type RedisAddress,
  RedisCommands,
  type RedisStateOptions,
  unavailable,
} from './redis-connection.ts'
import { addArguments, RedisReplicatedSet } from './redis-replicated-set.ts'
import { decodeSession, encodeSession } from './redis-values.ts'
import { endOf, revocationOf } from './session-record.ts'
import type { SessionRecord, SharedState } from './shared-state.ts'

/** One hash tag: scripts touch several keys, and a cluster must keep those together. */
const PREFIX = 'sp:{sallyport}'
/** More sessions of one account than this are not listed. */
const MAX_LISTED_SESSIONS = 1_000

/** State shared through Redis; opens at once, also while Redis is away. */
export function openRedisState(url: string, options: RedisStateOptions): SharedState {
  return new RedisState(parseRedisUrl(url, options.ca), options)
}

class RedisState implements SharedState {
  readonly #commands: RedisCommands
  readonly #now: () => number
  readonly bans: RedisReplicatedSet
  readonly revocations: RedisReplicatedSet

  constructor(address: RedisAddress, options: RedisStateOptions) {
    const { clock } = options
    this.#commands = new RedisCommands(address, clock)
    this.#now = () => clock.now()
    this.bans = new RedisReplicatedSet(`${PREFIX}:bans`, this.#commands, address, clock)
    this.revocations = new RedisReplicatedSet(`${PREFIX}:revocations`, this.#commands, address, clock)
  }

  async putSession(id: string, record: SessionRecord): Promise<void> {
    const now = this.#now()
    const ttlMs = endOf(record) - now
    if (ttlMs <= 0) return
    const times = [ttlMs, record.absoluteUntil, record.absoluteUntil - now]
    await this.#commands.run((client) =>
      client.spPutSession(sessionKey(id), accountKey(record.account), id, encodeSession(record), ...times),
    )
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    const text = await this.#commands.run((client) => client.get(sessionKey(id)))
    return this.#live(text)
  }

  async touchSession(id: string, idleUntil: number): Promise<boolean> {
    const touched = await this.#commands.run((client) => client.spTouchSession(sessionKey(id), idleUntil, this.#now()))
    return touched === 1
  }

  async endSession(id: string): Promise<void> {
    const record = await this.session(id)
    if (record === undefined) return
    const keys = [...this.revocations.keys, sessionKey(id), accountKey(record.account)]
    const revocation = addArguments(revocationOf(record))
    const told = await this.#commands.run((client) => client.spEndSession(...keys, ...revocation, id))
    if (told !== 1) throw unavailable('the session ended here, but the list of ended sessions is full', undefined)
  }

  async sessionsOf(account: string): Promise<readonly (SessionRecord & { readonly id: string })[]> {
    const ids = await this.#commands.run((client) => client.zrevrange(accountKey(account), 0, MAX_LISTED_SESSIONS - 1))
    if (ids.length === 0) return []
    const texts = await this.#commands.run((client) => client.mget(ids.map(sessionKey)))
    return ids.flatMap((id, i) => {
      const record = this.#live(texts[i] ?? null)
      return record === undefined ? [] : [{ ...record, id }]
    })
  }

  async hit(key: string, windowMs: number): Promise<{ readonly count: number; readonly ttlMs: number }> {
    const reply = await this.#commands.run((client) => client.spHit(counterKey(key), windowMs))
    return readCounter(reply)
  }

  async peek(key: string): Promise<{ readonly count: number; readonly ttlMs: number }> {
    const [count, ttlMs] = await this.#commands.run((client) =>
      Promise.all([client.get(counterKey(key)), client.pttl(counterKey(key))]),
    )
    return readCounter([Number(count ?? 0), Math.max(0, ttlMs)])
  }

  async reset(key: string): Promise<void> {
    await this.#commands.run((client) => client.del(counterKey(key)))
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    const reply = await this.#commands.run((client) => client.set(`${PREFIX}:claim:${key}`, '1', 'PX', ttlMs, 'NX'))
    return reply === 'OK'
  }

  async putOnce(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#commands.run((client) => client.set(onceKey(key), value, 'PX', ttlMs))
  }

  async peekOnce(key: string): Promise<string | undefined> {
    return (await this.#commands.run((client) => client.get(onceKey(key)))) ?? undefined
  }

  async takeOnce(key: string): Promise<string | undefined> {
    return (await this.#commands.run((client) => client.getdel(onceKey(key)))) ?? undefined
  }

  async ping(): Promise<void> {
    await this.#commands.run((client) => client.ping())
  }

  async close(): Promise<void> {
    this.bans.close()
    this.revocations.close()
    this.#commands.close()
  }

  #live(text: string | null): SessionRecord | undefined {
    const record = text === null ? undefined : decodeSession(text)
    return record !== undefined && endOf(record) > this.#now() ? record : undefined
  }
}

function sessionKey(id: string): string {
  return `${PREFIX}:session:${id}`
}

function accountKey(account: string): string {
  return `${PREFIX}:sessions-of:${account}`
}

function counterKey(key: string): string {
  return `${PREFIX}:count:${key}`
}

function onceKey(key: string): string {
  return `${PREFIX}:once:${key}`
}

function readCounter(reply: unknown): { readonly count: number; readonly ttlMs: number } {
  const [count, ttlMs] = Array.isArray(reply) ? reply.map(Number) : []
  if (count === undefined || ttlMs === undefined) throw new TypeError('a counter is two numbers')
  return { count, ttlMs }
}
