import type { BanList } from '../../bans/ban-list.ts'
import { type Network, parseAddress } from '../../lib/ip-network.ts'
import { isTrusted } from './client-address.ts'

/** As much of `net.Socket` as the gate needs. */
export interface GatedSocket {
  readonly remoteAddress?: string | undefined
  destroy(): unknown
}

export interface ConnectionGateOptions {
  readonly trustedProxies: readonly Network[]
  readonly bans: Pick<BanList, 'isBanned'>
}

/**
 * At accept: drops the connection of a banned peer before it costs a TLS handshake; true where it may stay.
 * A trusted proxy speaks for others and stays, its clients are judged by `admit`.
 */
export function gateConnection(socket: GatedSocket, options: ConnectionGateOptions): boolean {
  const address = socket.remoteAddress === undefined ? undefined : parseAddress(socket.remoteAddress)
  if (address !== undefined && isTrusted(address, options.trustedProxies)) return true
  if (address !== undefined && options.bans.isBanned(address) === undefined) return true
  socket.destroy()
  return false
}
