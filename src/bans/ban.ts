import { formatNetwork, type Network, parseNetwork } from '../lib/ip-network.ts'
import type { ReplicatedEntry } from '../shared-state/shared-state.ts'

/** A network refused until a time. One network may be banned by several origins; each ends on its own. */
export interface Ban {
  readonly network: Network
  /** Milliseconds since the Unix epoch. */
  readonly until: number
  readonly since: number
  /** A short fixed token: `operator`, `detector`, `crowdsec`, the name of an import. */
  readonly origin: string
  readonly reason: string
  readonly scenario: string | undefined
  readonly by: string | undefined
  /** An operator meant it, although the network is loopback or a trusted proxy. */
  readonly forced: boolean
}

/** It becomes a name in firewalls' sets, so it is as narrow as theirs. */
const originPattern = /^[a-z][a-z0-9-]{0,31}$/
const MAX_TEXT = 256
const MAX_VALUE = 2_048

/** One entry per network and origin; `/` and the blank appear in neither. */
export function memberOf(ban: Pick<Ban, 'network' | 'origin'>): string {
  return `${formatNetwork(ban.network)} ${ban.origin}`
}

export function encodeBan(ban: Ban): ReplicatedEntry {
  const { since, reason, scenario, by, forced } = ban
  return { member: memberOf(ban), value: JSON.stringify({ since, reason, scenario, by, forced }), expiresAt: ban.until }
}

/** Reads what some edge (or something else) wrote; undefined where it is not a ban in its only spelling. */
export function decodeBan(entry: ReplicatedEntry): Ban | undefined {
  const [networkText, origin, more] = entry.member.split(' ', 3)
  if (networkText === undefined || origin === undefined || more !== undefined) return undefined
  const network = parseNetwork(networkText, { hostBits: 'refuse' })
  if (network === undefined || formatNetwork(network) !== networkText) return undefined
  if (!isBannable(network) || !isOrigin(origin) || !Number.isSafeInteger(entry.expiresAt)) return undefined
  const value = entry.value.length > MAX_VALUE ? undefined : parseObject(entry.value)
  if (value === undefined) return undefined
  const { since, reason, scenario, by, forced } = value
  if (typeof since !== 'number' || !Number.isSafeInteger(since) || !isText(reason) || typeof forced !== 'boolean') {
    return undefined
  }
  if (!isOptionalText(scenario) || !isOptionalText(by)) return undefined
  return { network, until: entry.expiresAt, since, origin, reason, scenario, by, forced }
}

/** A ban of everyone is a mistake, whoever asks for it. */
export function isBannable(network: Network): boolean {
  return network.prefix > 0
}

export function isOrigin(text: string): boolean {
  return originPattern.test(text)
}

/** Short enough to be kept a million times and shown in a table. */
export function clipText(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
