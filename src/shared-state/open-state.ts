import type { Clock } from '../lib/clock.ts'
import { openMemoryState } from './memory.ts'
import { openRedisState } from './redis.ts'
import type { SharedState } from './shared-state.ts'

/** Opens what `state.url` names; throws where the scheme is not one of ours. The message never holds the URL. */
export function openSharedState(url: string, clock: Clock): SharedState {
  const scheme = /^([a-z][a-z0-9+.-]{0,31}):/i.exec(url)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'memory':
      return openMemoryState(clock)
    case 'redis':
    case 'rediss':
      return openRedisState(url, { clock })
    case 'redis+sentinel':
    case 'redis+cluster':
      throw new Error(`state.url: ${scheme}: is not supported yet; use redis: or rediss:`)
    case undefined:
      throw new Error('state.url: not a URL')
    default:
      throw new Error(`state.url: ${scheme}: is none of memory:, redis:, rediss:`)
  }
}
