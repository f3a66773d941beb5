import { ProxyError } from '../../errors.ts'
import type { ClientAddress } from '../../exchange.ts'
import { containsGroups, groupsOf, type Network, parseAddress } from '../../lib/ip-network.ts'

/** Longer chains than any real one; what lies further left is not believed. */
const MAX_HOPS = 32
/** `[` + the longest IPv6 spelling + `]:65535`. */
const LONGEST_HOP = 53

/**
 * Who asks: the peer, or, walking X-Forwarded-For from right to left, the first hop that is not a trusted proxy.
 * A hop that is no address stops the walk: the proxy that reported it is then the client.
 */
export function resolveClientAddress(
  peer: string | undefined,
  xForwardedFor: readonly string[],
  trusted: readonly Network[],
): ClientAddress {
  let client = parsePeerAddress(peer)
  let walked = 0
  for (let i = xForwardedFor.length - 1; i >= 0; i--) {
    const line = xForwardedFor[i] ?? ''
    let end = line.length
    while (end >= 0) {
      if (walked === MAX_HOPS || !isTrusted(client, trusted)) return client
      const comma = end === 0 ? -1 : line.lastIndexOf(',', end - 1)
      const hop = parseHop(line.slice(comma + 1, end))
      if (hop === undefined) return client
      client = hop
      walked++
      end = comma
    }
  }
  return client
}

/** The other end of the socket. */
export function parsePeerAddress(peer: string | undefined): ClientAddress {
  const address = peer === undefined ? undefined : parseAddress(peer)
  if (address === undefined) throw new ProxyError('ERR_ADDRESS_UNKNOWN', 'the peer has no IP address')
  return address
}

export function isTrusted(address: ClientAddress, trusted: readonly Network[]): boolean {
  if (trusted.length === 0) return false
  const groups = groupsOf(address)
  return trusted.some((network) => containsGroups(network, groups))
}

/** An address, or the forms with a port that proxies write: `1.2.3.4:80`, `[::1]:80`, `[::1]`. */
function parseHop(text: string): ClientAddress | undefined {
  if (text.length > LONGEST_HOP + 16) return undefined
  const hop = trimBlanks(text)
  if (hop.startsWith('[')) {
    const close = hop.indexOf(']')
    if (close === -1 || !isPortSuffix(hop.slice(close + 1))) return undefined
    const inner = hop.slice(1, close)
    return inner.includes(':') ? parseAddress(inner) : undefined
  }
  const colon = hop.indexOf(':')
  if (colon === -1 || colon !== hop.lastIndexOf(':')) return parseAddress(hop)
  return isPortSuffix(hop.slice(colon)) ? parseAddress(hop.slice(0, colon)) : undefined
}

function isPortSuffix(text: string): boolean {
  if (text === '') return true
  return /^:[0-9]{1,5}$/.test(text) && Number(text.slice(1)) <= 0xffff
}

/** OWS of RFC 9110 only; `trim` would also take line ends and exotic spaces. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
