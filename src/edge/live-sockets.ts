import type { Masked } from '../exchange.ts'

interface Closable {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}

/** Something under way, and the decision that let it in. */
export interface Live {
  readonly masked: Masked
  destroy(): void
}

/** Exchanges that may last: upgraded sockets and answers under way. A ban, a revocation or a lost right ends them. */
export class LiveSockets {
  readonly #live = new Set<Live>()

  get size(): number {
    return this.#live.size
  }

  /** Until `leave` is called with the same. */
  enter(live: Live): void {
    this.#live.add(live)
  }

  leave(live: Live): void {
    this.#live.delete(live)
  }

  /** A socket, forgotten by itself when it closes. */
  add(socket: Closable, masked: Masked): void {
    const live = { masked, destroy: () => void socket.destroy() }
    this.#live.add(live)
    socket.once('close', () => this.#live.delete(live))
  }

  /** What began at `time` or before. */
  since(time: number): readonly Live[] {
    return [...this.#live].filter(({ masked }) => masked.arrival.at <= time)
  }

  closeWhere(matches: (masked: Masked) => boolean): void {
    for (const live of this.#live) if (matches(live.masked)) live.destroy()
  }
}
