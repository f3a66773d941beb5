import { ProxyError } from '../../errors.ts'

/** One address of an app. */
export interface Upstream {
  readonly origin: string
  /** `host:port` as the Host field has it. */
  readonly authority: string
  readonly pending: number
  readonly healthy: boolean
}

interface Slot {
  readonly origin: string
  readonly authority: string
  pending: number
  healthy: boolean
}

/** The addresses of one app: the healthy one with the fewest requests under way is next. */
export class Upstreams {
  readonly #slots: readonly Slot[]
  #next = 0

  constructor(origins: readonly string[]) {
    this.#slots = origins.map((origin) => ({ origin, authority: new URL(origin).host, pending: 0, healthy: true }))
  }

  get all(): readonly Upstream[] {
    return this.#slots
  }

  /** Takes an address until `release` is called; ties go round in turn. */
  acquire(): { readonly upstream: Upstream; readonly release: () => void } {
    let best: Slot | undefined
    for (let i = 0; i < this.#slots.length; i += 1) {
      const slot = this.#slots[(this.#next + i) % this.#slots.length]
      if (slot?.healthy === true && (best === undefined || slot.pending < best.pending)) best = slot
    }
    this.#next = (this.#next + 1) % this.#slots.length
    if (best === undefined) {
      throw new ProxyError('ERR_UPSTREAM_UNAVAILABLE', 'no upstream is healthy', { retryAfter: 2 })
    }
    const taken = best
    taken.pending += 1
    let held = true
    return {
      upstream: taken,
      release: () => {
        if (held) taken.pending -= 1
        held = false
      },
    }
  }

  /** Returns whether that was news. */
  markHealth(origin: string, healthy: boolean): boolean {
    const slot = this.#slots.find((candidate) => candidate.origin === origin)
    if (slot === undefined || slot.healthy === healthy) return false
    slot.healthy = healthy
    return true
  }
}
