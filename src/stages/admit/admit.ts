import type { BanList } from '../../bans/ban-list.ts'
import { ProxyError } from '../../errors.ts'
import type { Admitted, Arrival, RequestHeaders } from '../../exchange.ts'
import type { Network } from '../../lib/ip-network.ts'
import { isTrusted, parsePeerAddress, resolveClientAddress } from './client-address.ts'
import { readHeaders } from './request-headers.ts'

export interface AdmitRooms {
  /** Whose X-Forwarded-For and X-Forwarded-Proto are believed; empty is nobody's. */
  readonly trustedProxies: readonly Network[]
  readonly maxHeaders: number
  readonly bans: Pick<BanList, 'isBanned'>
}

/** Finds out who asks and refuses the banned. */
export function admit(arrival: Arrival, options: AdmitRooms): Admitted {
  const headers = readHeaders(arrival.rawHeaders, options.maxHeaders)
  const peer = parsePeerAddress(arrival.peerAddress)
  const behindProxy = isTrusted(peer, options.trustedProxies)
  const client = behindProxy
    ? resolveClientAddress(arrival.peerAddress, headers.all('x-forwarded-for'), options.trustedProxies)
    : peer
  const ban = options.bans.isBanned(client)
  if (ban !== undefined) {
    throw new ProxyError('ERR_ADDRESS_BANNED', `${client} is banned by ${ban.origin}: ${ban.reason}`)
  }
  return { arrival, headers, client, scheme: schemeOf(arrival, headers, behindProxy) }
}

function schemeOf(arrival: Arrival, headers: RequestHeaders, behindProxy: boolean): 'http' | 'https' {
  if (behindProxy) {
    const forwarded = headers.all('x-forwarded-proto')
    const [proto] = forwarded
    if (forwarded.length === 1 && (proto === 'http' || proto === 'https')) return proto
  }
  return arrival.encrypted ? 'https' : 'http'
}
