import type { Brand } from './brand.ts'

/** The same type as `ClientAddress` of exchange.ts; spelt here because lib imports nothing of ours. */
export type IpAddress = Brand<string, 'ClientAddress'>

/** A block of addresses; only `parseNetwork` and `networkOf` make one, so no host bit is ever set. */
export interface Network {
  readonly version: 4 | 6
  /** The first address in groups of 16 bits: two for IPv4, eight for IPv6. */
  readonly groups: readonly number[]
  readonly prefix: number
}

/** `mask` clears bits right of the prefix, `refuse` takes them for a mistake. */
export interface ParseNetworkOptions {
  readonly hostBits: 'mask' | 'refuse'
}

const DOT = 46
const COLON = 58
const ZERO = 48
const GROUP_BITS = 16
const MAPPED_PREFIX = 96
const LONGEST_ADDRESS = 45

/** Reads one IPv4 or IPv6 address into its only spelling; a mapped one becomes IPv4; zones are refused. */
export function parseAddress(text: string): IpAddress | undefined {
  const groups = parseGroups(text)
  return groups === undefined ? undefined : formatGroups(groups)
}

/** The groups of an address that was parsed before. */
export function groupsOf(address: IpAddress): readonly number[] {
  const groups = parseGroups(address)
  if (groups === undefined) throw new TypeError('not a parsed address')
  return groups
}

/** Reads `address` or `address/prefix`; a mapped prefix shorter than /96 has no meaning and is refused. */
export function parseNetwork(text: string, options: ParseNetworkOptions): Network | undefined {
  const slash = text.indexOf('/')
  const addressText = slash === -1 ? text : text.slice(0, slash)
  const groups = parseGroups(addressText)
  if (groups === undefined) return undefined
  const mapped = groups.length === 2 && addressText.includes(':')
  const bits = groups.length * GROUP_BITS
  const written = slash === -1 ? bits + (mapped ? MAPPED_PREFIX : 0) : parsePrefix(text.slice(slash + 1))
  if (written === undefined) return undefined
  const prefix = mapped ? written - MAPPED_PREFIX : written
  if (prefix < 0 || prefix > bits) return undefined
  const masked = maskGroups(groups, prefix)
  if (options.hostBits === 'refuse' && masked.some((group, i) => group !== groups[i])) return undefined
  return { version: groups.length === 2 ? 4 : 6, groups: masked, prefix }
}

/** The block that stands for one client: IPv4 alone, IPv6 by `v6Prefix`, because a client owns its whole /64. */
export function networkOf(address: IpAddress, options: { readonly v6Prefix: number }): Network {
  const groups = groupsOf(address)
  const prefix = groups.length === 2 ? 32 : options.v6Prefix
  return { version: groups.length === 2 ? 4 : 6, groups: maskGroups(groups, prefix), prefix }
}

/** `a.b.c.d/n` or RFC 5952 with its prefix; always with the prefix, so that one network has one name. */
export function formatNetwork(network: Network): string {
  return `${formatGroups(network.groups)}/${network.prefix}`
}

export function contains(network: Network, address: IpAddress): boolean {
  return containsGroups(network, groupsOf(address))
}

/** `contains` for a caller that has parsed already. */
export function containsGroups(network: Network, groups: readonly number[]): boolean {
  if (network.groups.length !== groups.length) return false
  for (let i = 0; i * GROUP_BITS < network.prefix; i++) {
    const difference = (groups[i] ?? 0) ^ (network.groups[i] ?? 0)
    if ((difference & groupMask(network.prefix - i * GROUP_BITS)) !== 0) return false
  }
  return true
}

/** True where every address of `inner` is in `outer`. */
export function covers(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && containsGroups(outer, inner.groups)
}

/** True where the two share an address. */
export function overlaps(a: Network, b: Network): boolean {
  return covers(a, b) || covers(b, a)
}

/** A short string that is equal for two addresses exactly when their first `prefix` bits are (per version). */
export function maskedKey(groups: readonly number[], prefix: number): string {
  let key = ''
  for (let i = 0; i < groups.length; i++) {
    key += String.fromCharCode((groups[i] ?? 0) & groupMask(prefix - i * GROUP_BITS))
  }
  return key
}

/** The key every address of this network has at the network's prefix. */
export function networkKey(network: Network): string {
  return String.fromCharCode(...network.groups)
}

function maskGroups(groups: readonly number[], prefix: number): readonly number[] {
  return groups.map((group, i) => group & groupMask(prefix - i * GROUP_BITS))
}

function groupMask(bits: number): number {
  if (bits >= GROUP_BITS) return 0xffff
  return bits <= 0 ? 0 : (0xffff << (GROUP_BITS - bits)) & 0xffff
}

function parsePrefix(text: string): number | undefined {
  if (text.length === 0 || text.length > 3 || (text.length > 1 && text.charCodeAt(0) === ZERO)) return undefined
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined
  if (!text.includes(':')) return parseV4(text)
  const groups = parseV6(text)
  return groups !== undefined && isMapped(groups) ? groups.slice(6) : groups
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.every((group, i) => i >= 5 || group === 0)
}

/** Four decimal octets; octal, short and hexadecimal forms have more than one reading (CWE-1389). */
function parseV4(text: string): readonly number[] | undefined {
  const octets: number[] = []
  let value = -1
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i)
    if (code === DOT) {
      if (value < 0 || octets.push(value) > 4) return undefined
      value = -1
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || value === 0) return undefined
    value = value < 0 ? digit : value * 10 + digit
    if (value > 255) return undefined
  }
  const [a, b, c, d] = octets
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined
  return [(a << 8) | b, (c << 8) | d]
}

/** RFC 4291 section 2.2: eight groups, one `::`, a dotted tail in place of the last two. */
function parseV6(text: string): readonly number[] | undefined {
  const gap = text.indexOf('::')
  if (gap === -1) {
    const groups = parseRun(text)
    return groups?.length === 8 ? groups : undefined
  }
  const head = gap === 0 ? [] : parseRun(text.slice(0, gap))
  const tail = gap + 2 === text.length ? [] : parseRun(text.slice(gap + 2))
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined
  // A dotted form may only close the address: `1.2.3.4::` is none.
  if (text.slice(0, gap).includes('.')) return undefined
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

function parseRun(text: string): number[] | undefined {
  const groups: number[] = []
  let start = 0
  while (groups.length < 8) {
    const colon = text.indexOf(':', start)
    const part = colon === -1 ? text.slice(start) : text.slice(start, colon)
    if (colon === -1 && part.includes('.')) {
      const dotted = parseV4(part)
      return dotted === undefined ? undefined : [...groups, ...dotted]
    }
    const group = parseHexGroup(part)
    if (group === undefined) return undefined
    groups.push(group)
    if (colon === -1) return groups
    start = colon + 1
  }
  return undefined
}

function parseHexGroup(text: string): number | undefined {
  if (text.length === 0 || text.length > 4) return undefined
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = hexDigit(text.charCodeAt(i))
    if (digit === undefined) return undefined
    value = value * 16 + digit
  }
  return value
}

function hexDigit(code: number): number | undefined {
  if (code >= ZERO && code < COLON) return code - ZERO
  const letter = code | 0x20
  return letter >= 97 && letter <= 102 ? letter - 87 : undefined
}

function formatGroups(groups: readonly number[]): IpAddress {
  const text = groups.length === 2 ? formatV4(groups) : formatV6(groups)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where text becomes an address: it was just written from numbers
  return text as IpAddress
}

function formatV4(groups: readonly number[]): string {
  return groups.map((group) => `${group >> 8}.${group & 0xff}`).join('.')
}

/** RFC 5952: the first longest run of at least two zero groups is `::`. */
function formatV6(groups: readonly number[]): string {
  let bestStart = -1
  let bestLength = 1
  for (let i = 0; i < groups.length; i++) {
    let end = i
    while (end < groups.length && groups[end] === 0) end++
    if (end - i > bestLength) {
      bestStart = i
      bestLength = end - i
    }
    if (end > i) i = end
  }
  const hex = groups.map((group) => group.toString(16))
  if (bestStart === -1) return hex.join(':')
  return `${hex.slice(0, bestStart).join(':')}::${hex.slice(bestStart + bestLength).join(':')}`
}
