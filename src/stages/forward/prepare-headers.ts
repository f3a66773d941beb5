import type { HeaderInjection } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { foreignCookies } from '../../lib/cookies.ts'
import type { Assertions, ForwardTarget } from './assertion.ts'
import type { HeaderNames } from './header-names.ts'
import type { MaskFacts } from './identity-facts.ts'
import { fitIdentity, saidOfNobody, writeIdentity } from './identity-pairs.ts'
import type { IdentityNames } from './identity-profiles.ts'
import { dropParameterCookies } from './inject/set-parameters.ts'

export interface HeaderRooms {
  readonly names: HeaderNames
  readonly assertions: Assertions
  /** By app id. */
  readonly profiles: ReadonlyMap<string, IdentityNames>
  /** Has a mask at hand that goes upstream as its digest only. */
  readonly references: { hold(mask: MaskFacts): void }
  /** `http` or `https`, of publicUrl. */
  readonly publicScheme: string
}

/** What must not reach an upstream whose answer is filtered: it would answer with a part, or with nothing. */
const conditional = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since', 'accept-encoding'])

/** Choose another schema of PostgREST, with other tables than the route is about. */
const schemaNames = new Set(['accept-profile', 'content-profile'])

/**
 * The request head an upstream receives, names and values alternating: ours first, once, then what the client sent
 * that is neither ours in any spelling nor about its own connection. `upstreamHost` is the authority of the upstream;
 * `target` is what is really sent, where that is not what the client asked for: a bound assertion speaks of it.
 */
export function prepareHeaders(
  masked: Masked,
  rooms: HeaderRooms,
  upstreamHost: string,
  target: ForwardTarget = { method: masked.arrival.method, ...masked.target },
): string[] {
  const { app, arrival, headers } = masked
  const out = ['host', app.config.identity.host === 'public' ? (headers.single('host') ?? masked.host) : upstreamHost]
  pushIdentity(out, masked, rooms, target)
  out.push('x-forwarded-for', masked.client, 'x-forwarded-proto', rooms.publicScheme)
  out.push('x-forwarded-host', headers.single('host') ?? masked.host, 'x-request-id', arrival.id)
  if (masked.rows.kind === 'masked') out.push('accept-encoding', 'identity')
  return appendForeign(out, masked, rooms.names)
}

function pushIdentity(out: string[], masked: Masked, rooms: HeaderRooms, target: ForwardTarget): void {
  const { access, app } = masked
  const names = rooms.profiles.get(app.id)
  if (names === undefined) throw new ProxyError('ERR_INTERNAL', `app ${app.id} has no identity profile`)
  if (access.kind === 'public') {
    out.push(...saidOfNobody(names))
    return
  }
  const injection = headerInjection(masked)
  const mask = injection === undefined ? undefined : maskOf(masked)
  const identity = writeIdentity(names, access.principal, mask)
  const statement = assertion(masked, names, rooms, target)
  const { pairs, apart } = fitIdentity(identity, statement, mask, injection?.oversize ?? 'block')
  if (apart !== undefined) rooms.references.hold(apart)
  out.push(...pairs)
}

function headerInjection({ route }: Masked): HeaderInjection | undefined {
  return route.rows?.inject.find((injection) => injection.kind === 'header')
}

function maskOf({ rows }: Masked): MaskFacts | undefined {
  return rows.kind === 'masked' ? rows.header : undefined
}

function assertion(masked: Masked, names: IdentityNames, rooms: HeaderRooms, target: ForwardTarget): readonly string[] {
  const { access, app } = masked
  if (access.kind === 'public') return []
  const digest = maskOf(masked)?.digest
  switch (app.config.identity.assertion) {
    case 'off':
      return []
    case 'shared':
      return [names.assertion, rooms.assertions.issue(access.principal, app.id, digest)]
    case 'bound':
      return [names.assertion, rooms.assertions.issueBound(access.principal, app.id, digest, target)]
  }
}

function appendForeign(out: string[], masked: Masked, names: HeaderNames): string[] {
  const { rawHeaders } = masked.arrival
  const dropped = connectionOptions(masked)
  const filtered = masked.rows.kind === 'masked'
  const asksPostgrest = masked.route.config.inject.some((each) => each.kind === 'query' && each.mask === 'postgrest')
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (name === 'cookie' || !names.mayPass(name) || dropped?.has(name) === true) continue
    if (filtered && conditional.has(name)) continue
    if (asksPostgrest && schemaNames.has(name)) continue
    const values = masked.headers.all(name)
    if (name === 'authorization' && !values.every((value) => mayForwardAuthorization(masked, value))) continue
    if (values.length < 2) out.push(name, rawHeaders[i + 1] ?? '')
    // RFC 9110 section 5.3: a repeated name is one list, so that nobody downstream picks one of them.
    else if (isFirst(rawHeaders, i)) out.push(name, values.join(', '))
  }
  const cookies = dropParameterCookies(foreignCookies(masked.headers.all('cookie')), masked.route.config.inject)
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

/**
 * The names `Connection` lists: about this hop only. Ours are already written, so none of them can be named away; nor
 * can what says how the body is read (RFC 9110 section 7.6.1), since it was looked into by that.
 */
function connectionOptions(masked: Masked): ReadonlySet<string> | undefined {
  const fields = masked.headers.all('connection')
  if (fields.length === 0) return undefined
  const options = fields.flatMap((field) => field.split(',').map((option) => option.trim().toLowerCase()))
  if (options.some((option) => option.startsWith('content-')))
    throw new ProxyError('ERR_HEADER_INVALID', 'a connection option that is about the body')
  return new Set(options)
}
