import { BlockList, isIP } from 'node:net'
import { parseNetwork } from '../lib/ip-network.ts'

/** Says what is wrong with an address or network (`10.0.0.0/8`) of a list; undefined where nothing is. */
export function networkFault(text: string): string | undefined {
  const [address = '', prefix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0)
    return 'must be an IP address or a network such as 10.0.0.0/8'
  const bits = family === 4 ? 32 : 128
  if (prefix !== undefined && (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits)) {
    return `must have a prefix of 1 to ${bits} bits`
  }
  if (prefix === '0') return 'is every address there is'
  if (family === 6 && holdsMapped(address, Number(prefix ?? bits))) {
    return 'holds IPv4 addresses mapped to IPv6; write the IPv4 network'
  }
  if (parseNetwork(text, { hostBits: 'refuse' }) === undefined) return 'has bits set right of its prefix'
  return undefined
}

/** The network and `::ffff:0:0/96` (RFC 4291 section 2.5.5.2) have an address in common. */
function holdsMapped(address: string, prefix: number): boolean {
  const groups = expand(address)
  const mapped = [0, 0, 0, 0, 0, 0xffff]
  const shared = Math.min(prefix, 96)
  return mapped.every((wanted, i) => {
    const bits = Math.max(0, Math.min(16, shared - i * 16))
    const mask = (0xffff << (16 - bits)) & 0xffff
    return ((groups[i] ?? 0) & mask) === (wanted & mask)
  })
}

/** The eight groups of an IPv6 address; the URL parser spells it in one way. */
function expand(address: string): readonly number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].map((group) => Number.parseInt(group, 16))
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `localhost`, 127.0.0.0/8 and `[::1]`, as a URL spells its host. */
export function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const address = host.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
