import type { ClientAddress } from '../exchange.ts'

interface Closable {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}

/** Something under way, and whose it is. */
export interface Live {
  readonly address: ClientAddress
  readonly sid: string | undefined
  destroy(): void
}

/** Exchanges that may last: upgraded sockets and answers under way. A ban or a revocation ends them. */
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
  add(socket: Closable, address: ClientAddress, sid: string | undefined): void {
    const live = { address, sid, destroy: () => void socket.destroy() }
    this.#live.add(live)
    socket.once('close', () => this.#live.delete(live))
  }

  closeWhere(matches: (address: ClientAddress, sid: string | undefined) => boolean): void {
    for (const live of this.#live) if (matches(live.address, live.sid)) live.destroy()
  }
}
