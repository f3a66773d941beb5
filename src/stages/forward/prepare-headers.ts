import type { Policy } from '../../accounts/account-store.ts'
import type { Masked, Principal } from '../../exchange.ts'
import { foreignCookies } from '../../lib/cookies.ts'
import type { Assertions } from './assertion.ts'
import { assertionHeader, type HeaderNames, type IdentityNames } from './header-names.ts'
import { checkBudget, factValue, headBytes, type MaskFacts } from './identity-facts.ts'

export interface HeaderRooms {
  readonly names: HeaderNames
  readonly assertions: Assertions
  /** By app id. */
  readonly profiles: ReadonlyMap<string, IdentityNames>
  /** `http` or `https`, of publicUrl. */
  readonly publicScheme: string
}

/** What must not reach an upstream whose answer is filtered: it would answer with a part, or with nothing. */
const conditional = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since', 'accept-encoding'])

/**
 * The request head an upstream receives, names and values alternating: ours first, once, then what the client sent
 * that is neither ours in any spelling nor about its own connection. `upstreamHost` is the authority of the upstream.
 */
export function prepareHeaders(masked: Masked, rooms: HeaderRooms, upstreamHost: string): string[] {
  const { app, arrival, headers } = masked
  const mask = maskFacts(masked)
  const out = ['host', app.config.identity.host === 'public' ? (headers.single('host') ?? masked.host) : upstreamHost]
  if (masked.access.kind === 'member') pushIdentity(out, masked.access.principal, masked, rooms, mask)
  out.push('x-forwarded-for', masked.client, 'x-forwarded-proto', rooms.publicScheme)
  out.push('x-forwarded-host', headers.single('host') ?? masked.host, 'x-request-id', arrival.id)
  if (masked.rows.kind === 'masked') out.push('accept-encoding', 'identity')
  return appendForeign(out, masked, rooms.names)
}

function maskFacts(masked: Masked): MaskFacts | undefined {
  const { rows, route } = masked
  if (rows.kind === 'undeclared' || rows.header === undefined) return undefined
  return route.rows?.inject.some((injection) => injection.kind === 'header') === true ? rows.header : undefined
}

/** What says who asks, and its size. */
interface IdentityPairs {
  readonly pairs: readonly string[]
  readonly bytes: number
}

/** Written once per profile, copy of the caller's rights and mask; the copies live for a second. */
const written = new WeakMap<IdentityNames, WeakMap<Policy, Map<string, IdentityPairs>>>()

function pushIdentity(
  out: string[],
  principal: Principal,
  masked: Masked,
  rooms: HeaderRooms,
  mask: MaskFacts | undefined,
): void {
  const { app, rows } = masked
  const { pairs, bytes } = identityPairs(rooms.profiles.get(app.id) ?? none, principal, mask)
  if (app.config.identity.assertion === 'off') {
    checkBudget(bytes, mask)
    out.push(...pairs)
    return
  }
  const digest = rows.kind === 'masked' ? rows.header?.digest : undefined
  const assertion = [assertionHeader, rooms.assertions.issue(principal, app.id, digest)]
  checkBudget(bytes + headBytes(assertion), mask)
  out.push(...pairs, ...assertion)
}

const none: IdentityNames = []

function identityPairs(names: IdentityNames, principal: Principal, mask: MaskFacts | undefined): IdentityPairs {
  // One per dataset and action, and one for no mask at all.
  const key = mask?.digest ?? ''
  const known = written.get(names)?.get(principal.policy)?.get(key)
  if (known !== undefined) return known
  const pairs: string[] = []
  for (const [fact, name] of names) {
    const value = factValue(fact, principal, mask)
    if (value !== undefined) pairs.push(name, value)
  }
  const made = { pairs, bytes: headBytes(pairs) }
  const ofProfile = written.get(names) ?? new WeakMap<Policy, Map<string, IdentityPairs>>()
  const ofPolicy = ofProfile.get(principal.policy) ?? new Map<string, IdentityPairs>()
  written.set(names, ofProfile.set(principal.policy, ofPolicy.set(key, made)))
  return made
}

function appendForeign(out: string[], masked: Masked, names: HeaderNames): string[] {
  const { rawHeaders } = masked.arrival
  const dropped = connectionOptions(masked)
  const filtered = masked.rows.kind === 'masked'
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (name === 'cookie' || !names.mayPass(name) || dropped?.has(name) === true) continue
    if (filtered && conditional.has(name)) continue
    const values = masked.headers.all(name)
    if (name === 'authorization' && !values.every((value) => mayForwardAuthorization(masked, value))) continue
    if (values.length < 2) out.push(name, rawHeaders[i + 1] ?? '')
    // RFC 9110 section 5.3: a repeated name is one list, so that nobody downstream picks one of them.
    else if (isFirst(rawHeaders, i)) out.push(name, values.join(', '))
  }
  const cookies = foreignCookies(masked.headers.all('cookie'))
  if (cookies !== undefined) out.push('cookie', cookies)
  return out
}

function isFirst(rawHeaders: readonly string[], at: number): boolean {
  const name = rawHeaders[at]?.toLowerCase()
  for (let i = 0; i < at; i += 2) if (rawHeaders[i]?.toLowerCase() === name) return false
  return true
}

/** Where the app asks for it, and never a bearer credential that may be ours. */
function mayForwardAuthorization(masked: Masked, value: string): boolean {
  if (!masked.app.config.identity.forwardAuthorization) return false
  if (!/^bearer(?: |$)/i.test(value)) return true
  return masked.access.kind === 'member' && masked.access.principal.proof === 'session'
}

/** The names `Connection` lists: about this hop only. Ours are already written, so none of them can be named away. */
function connectionOptions(masked: Masked): ReadonlySet<string> | undefined {
  const fields = masked.headers.all('connection')
  if (fields.length === 0) return undefined
  return new Set(fields.flatMap((field) => field.split(',').map((option) => option.trim().toLowerCase())))
}
