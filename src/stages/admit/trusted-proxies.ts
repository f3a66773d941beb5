import { formatNetwork, type Network, parseNetwork } from '../../lib/ip-network.ts'

/** Reads `listen.trustedProxies`; throws with the reason for an entry that would trust more than it says. */
export function parseTrustedProxies(list: readonly string[]): readonly Network[] {
  return list.map(parseTrustedProxy)
}

function parseTrustedProxy(text: string): Network {
  const network = parseNetwork(text, { hostBits: 'mask' })
  const named = `trusted proxy ${JSON.stringify(text)}`
  // @fastify/proxy-addr CVE-2026-92395: a mapped prefix was read as a prefix over all of IPv6.
  if (text.includes(':') && (network === undefined || network.version === 4) && isMappedSpelling(text)) {
    throw new Error(`${named}: write an IPv4-mapped network in its IPv4 form`)
  }
  if (network === undefined) throw new Error(`${named}: neither an IP address nor a network`)
  // oauth2-proxy CVE-2026-40575, CVE-2026-76835.
  if (network.prefix === 0) throw new Error(`${named}: trusts every address`)
  if (parseNetwork(text, { hostBits: 'refuse' }) === undefined) {
    throw new Error(`${named}: has bits set right of its prefix; did you mean ${formatNetwork(network)}?`)
  }
  return network
}

function isMappedSpelling(text: string): boolean {
  const slash = text.indexOf('/')
  const address = parseNetwork(slash === -1 ? text : text.slice(0, slash), { hostBits: 'mask' })
  return address?.version === 4
}
