import type { Agent } from 'undici'
import type { HealthConfig } from '../config/config.ts'
import type { Upstreams } from '../stages/forward/upstreams.ts'

export interface HealthTarget {
  readonly app: string
  readonly health: HealthConfig
  readonly upstreams: Upstreams
  readonly agent: Agent
}

/** Called when an upstream comes or goes. */
export type OnHealth = (app: string, origin: string, healthy: boolean) => void

/** Asks every upstream of `target` for its health path until stopped; 2xx and 3xx are healthy. */
export function watchHealth(target: HealthTarget, onHealth: OnHealth): () => void {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined

  async function round(): Promise<void> {
    await Promise.all(target.upstreams.all.map(({ origin }) => checkOne(target, origin, controller.signal, onHealth)))
    if (!controller.signal.aborted) timer = setTimeout(start, target.health.everyMs).unref()
  }

  function start(): void {
    void round()
  }

  start()
  return () => {
    controller.abort()
    clearTimeout(timer)
  }
}

async function checkOne(target: HealthTarget, origin: string, stopped: AbortSignal, onHealth: OnHealth): Promise<void> {
  const healthy = await isHealthy(target, origin, stopped)
  if (!stopped.aborted && target.upstreams.markHealth(origin, healthy)) onHealth(target.app, origin, healthy)
}

async function isHealthy(target: HealthTarget, origin: string, stopped: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(target.health.timeoutMs)])
  try {
    const answer = await target.agent.request({ origin, path: target.health.path, method: 'GET', signal })
    await answer.body.dump({ limit: 65_536, signal })
    return answer.statusCode >= 200 && answer.statusCode < 400
  } catch {
    // No answer is the answer.
    return false
  }
}
