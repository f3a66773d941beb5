import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Arrival } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'

/** The name of a request in log, audit and problem; never one that a client chose. */
export function newRequestId(): string {
  return randomUUID()
}

/** What came off the socket, before anything is believed. */
export function arrivalOf(raw: IncomingMessage, id: string, clock: Clock): Arrival {
  // Node takes the socket away from a request that was destroyed.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the comment above says: Node’s type knows neither
  const socket = raw.socket as (Socket & Partial<TLSSocket>) | null
  return {
    id,
    at: clock.now(),
    method: raw.method ?? '',
    target: raw.url ?? '',
    httpVersion: raw.httpVersion,
    rawHeaders: raw.rawHeaders,
    peerAddress: socket?.remoteAddress,
    encrypted: socket?.encrypted === true,
    upgrade: (raw as IncomingMessage & { readonly upgrade?: boolean | null }).upgrade === true, // Node sets it, untyped
  }
}
