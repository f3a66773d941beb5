import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import type { CountRequest, Limit } from '../stages/throttle/throttle.ts'

/** What the library's key and limit functions are given in place of a Fastify request. */
interface Counted {
  readonly limit: Limit
  readonly key: string
  /** The library looks here for the settings of a route. */
  readonly routeOptions: Record<string, never>
}

type Callback = (error: Error | null, result?: { current: number; ttl: number }) => void

/** A store of `@fastify/rate-limit` over shared state; while that is away each edge counts for itself. */
function storeOver(state: SharedState, local: SharedState) {
  return class Store {
    incr(key: string, callback: Callback, timeWindow: number): void {
      state
        .hit(key, timeWindow)
        .catch((error: unknown) => {
          if (error instanceof ProxyError && error.code === 'ERR_STATE_UNAVAILABLE') return local.hit(key, timeWindow)
          throw error
        })
        .then(({ count, ttlMs }) => callback(null, { current: count, ttl: ttlMs }))
        .catch((error: unknown) => callback(error instanceof Error ? error : new Error('counting failed')))
    }

    child(): Store {
      return this
    }
  }
}

/** Counting by the function of `@fastify/rate-limit`, outside of its hooks. */
export async function createCounter(
  app: FastifyInstance,
  state: SharedState,
  local: SharedState,
): Promise<CountRequest> {
  const { default: rateLimit } = await import('@fastify/rate-limit')
  await app.register(rateLimit, { global: false, store: storeOver(state, local) })
  const check = app.createRateLimit({
    keyGenerator: (request: unknown) => `${(request as Counted).limit.name} ${(request as Counted).key}`,
    max: (request: unknown) => (request as Counted).limit.max,
    timeWindow: (request: unknown) => (request as Counted).limit.windowMs,
  })
  return async (limit, key) => {
    const counted: Counted = { limit, key, routeOptions: {} }
    const result = await check(counted as unknown as FastifyRequest)
    if (result.isAllowed) throw new ProxyError('ERR_INTERNAL', 'a limit with an allow list')
    return { exceeded: result.isExceeded, remaining: result.remaining, ttlMs: result.ttl }
  }
}
