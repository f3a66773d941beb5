import { randomInt } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import { ProxyError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { defineScripts, type ScriptedRedis } from './redis-scripts.ts'

export interface RedisStateOptions {
  readonly clock: Clock
  /** PEM of the authority that signs the server's certificate, for `rediss:`. */
  readonly ca?: string
}

export const COMMAND_TIMEOUT_MS = 300
const CONNECT_TIMEOUT_MS = 1_000
/** Nothing heard for so long while something is expected: the connection is a black hole. */
const SOCKET_TIMEOUT_MS = 1_000
const LONGEST_RETRY_MS = 1_000
const DISCONNECT_TIMEOUT_MS = 100
const RETRY_AFTER_SECONDS = 2

/** Where Redis is and how to prove ourselves, read strictly: the driver would take options from the query. */
export interface RedisAddress {
  readonly options: RedisOptions
  readonly secret: string | undefined
}

export function parseRedisUrl(text: string, ca: string | undefined): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new Error('state.url: not a URL')
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw new Error(`state.url: ${url.protocol} is no Redis`)
  if (url.search !== '' || url.hash !== '') throw new Error('state.url: takes no query and no fragment')
  if (url.hostname === '') throw new Error('state.url: has no host')
  const database = /^\/?([0-9]{0,4})$/.exec(url.pathname)?.[1]
  if (database === undefined) throw new Error('state.url: the path must be the number of a database')
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  const password = decodeURIComponent(url.password)
  return {
    options: {
      host,
      port: url.port === '' ? 6379 : Number(url.port),
      db: Number(database),
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(password === '' ? {} : { password }),
      ...(url.protocol === 'redis:' ? {} : { tls: ca === undefined ? {} : { ca } }),
    },
    secret: password === '' ? undefined : password,
  }
}

/** A driver that fails fast, never queues and never sends a command twice. */
export function connectRedis(
  address: RedisAddress,
  overrides: Pick<RedisOptions, 'commandTimeout' | 'socketTimeout'> = {},
): ScriptedRedis {
  const options: RedisOptions & { readonly replyMapping: 'legacy' } = {
    ...address.options,
    replyMapping: 'legacy',
    protocol: 2,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    retryStrategy: (times) => Math.min(LONGEST_RETRY_MS, times * 50) - randomInt(25),
    // A primary that was demoted by a failover: find the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...overrides,
  }
  const client = new Redis(options)
  // Every command reports its own failure; without a listener the driver prints to the console.
  client.on('error', () => undefined)
  return defineScripts(client)
}

/** Runs commands under the circuit breaker and turns whatever goes wrong into ERR_STATE_UNAVAILABLE. */
export class RedisCommands {
  readonly #client: ScriptedRedis
  readonly #breaker: CircuitBreaker
  readonly #secret: string | undefined

  constructor(address: RedisAddress, clock: Clock) {
    this.#client = connectRedis(address)
    this.#secret = address.secret
    this.#breaker = new CircuitBreaker(clock, { failures: 3, openMs: 500 })
  }

  async run<T>(command: (client: ScriptedRedis) => Promise<T>): Promise<T> {
    if (!this.#breaker.tryEnter()) throw unavailable('Redis did not answer lately', undefined)
    try {
      const reply = await command(this.#client)
      this.#breaker.succeeded()
      return reply
    } catch (error) {
      this.#breaker.failed()
      throw unavailable('Redis did not answer', withoutSecret(error, this.#secret))
    }
  }

  close(): void {
    this.#client.disconnect()
  }
}

export function unavailable(detail: string, cause: unknown): ProxyError {
  return new ProxyError('ERR_STATE_UNAVAILABLE', detail, { retryAfter: RETRY_AFTER_SECONDS, cause })
}

/** The driver hangs the command with its arguments on its errors, and Redis quotes arguments: keep neither. */
function withoutSecret(error: unknown, secret: string | undefined): Error {
  const message = error instanceof Error ? error.message : 'unknown failure'
  const quoted = message.indexOf(', with args beginning with')
  const unquoted = quoted === -1 ? message : message.slice(0, quoted)
  return new Error(secret === undefined ? unquoted : unquoted.replaceAll(secret, '***'))
}
