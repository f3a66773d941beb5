import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import type { CountRequest, Limit } from '../stages/throttle/throttle.ts'

/** What the library's key function is given in place of a Fastify request. */
interface Counted {
  readonly key: string
  /** The library looks here for the settings of a route. */
  readonly routeOptions: Record<string, never>
}

type Callback = (error: Error | null, result?: { current: number; ttl: number }) => void

/** A store of `@fastify/rate-limit` over shared state; while that is away each edge counts for itself. */
function storeOver(state: SharedState, local: SharedState) {
  return class Store {
    incr(key: string, callback: Callback, timeWindow: number): void {
      const done = ({ count, ttlMs }: { count: number; ttlMs: number }) =>
        callback(null, { current: count, ttl: ttlMs })
      const fail = (error: unknown) => callback(error instanceof Error ? error : new Error('counting failed'))
      // oxlint-disable-next-line promise/no-callback-in-promise -- the library asks for a callback
      state.hit(key, timeWindow).then(done, (error: unknown) => {
        const away = error instanceof ProxyError && error.code === 'ERR_STATE_UNAVAILABLE'
        // oxlint-disable-next-line promise/no-callback-in-promise -- likewise
        if (away) local.hit(key, timeWindow).then(done, fail)
        else fail(error)
      })
    }

    child(): Store {
      return this
    }
  }
}

/** Counting by the function of `@fastify/rate-limit`, outside of its hooks; one function for each limit. */
export async function createCounter(
  app: FastifyInstance,
  state: SharedState,
  local: SharedState,
): Promise<CountRequest> {
  const { default: rateLimit } = await import('@fastify/rate-limit')
  await app.register(rateLimit, { global: false, store: storeOver(state, local) })
  const open = ({ name, max, windowMs }: Limit) =>
    app.createRateLimit({
      max,
      timeWindow: windowMs,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library hands back what it was given below
      keyGenerator: (request: unknown) => `${name} ${(request as Counted).key}`,
    })
  const checks = new WeakMap<Limit, ReturnType<typeof open>>()
  return (limit, key) => {
    const check = checks.get(limit) ?? open(limit)
    checks.set(limit, check)
    const counted: Counted = { key, routeOptions: {} }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library reads routeOptions and hands it to keyGenerator
    return check(counted as unknown as FastifyRequest).then((result) => {
      if (result.isAllowed) throw new ProxyError('ERR_INTERNAL', 'a limit with an allow list')
      return { exceeded: result.isExceeded, remaining: result.remaining, ttlMs: result.ttl }
    })
  }
}
