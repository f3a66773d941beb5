import type { ClientAddress } from '../exchange.ts'
import { formatNetwork, networkOf } from '../lib/ip-network.ts'

/** What a client is counted by: IPv4 whole, IPv6 by /64, since one household is one source. */
export function addressKey(client: ClientAddress): string {
  // Canonical already, and the prefix is the whole.
  if (!client.includes(':')) return `${client}/32`
  return formatNetwork(networkOf(client, { v6Prefix: 64 }))
}
