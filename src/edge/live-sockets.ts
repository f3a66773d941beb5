import type { ClientAddress } from '../exchange.ts'

/** A socket or an answer: what both have in common. */
interface Closable {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}

interface Live {
  readonly socket: Closable
  readonly address: ClientAddress
  readonly sid: string | undefined
}

/** Exchanges that may last: upgraded sockets and answers under way. A ban or a revocation ends them. */
export class LiveSockets {
  readonly #live = new Set<Live>()

  get size(): number {
    return this.#live.size
  }

  /** Forgets it by itself when it closes. */
  add(live: Live): void {
    this.#live.add(live)
    live.socket.once('close', () => this.#live.delete(live))
  }

  closeWhere(matches: (address: ClientAddress, sid: string | undefined) => boolean): void {
    for (const live of this.#live) if (matches(live.address, live.sid)) live.socket.destroy()
  }
}
