import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { inspectBodyHead, inspectWholeBody, needsWholeBody } from './inspect/body.ts'
import { inspectCookies } from './inspect/cookies.ts'
import type { Finding } from './inspect/finding.ts'
import type { InspectionRules } from './inspect/inspection.ts'
import { inspectQuery } from './inspect/query.ts'
import { inspectWithheldBody, inspectWithheldQuery } from './inspect/withheld.ts'
import { withheldFields } from './inspect/withheld-fields.ts'

export interface SanitiseRooms {
  /** Counts what was found, whether it is refused or not. */
  readonly found: (masked: Masked, rule: Finding['rule'], where: Finding['where']) => void
}

/** Refuses what the head of a request says in more than one reading, of another tenant, or of a withheld field. */
export function sanitiseHead(masked: Masked, rooms: SanitiseRooms): Masked {
  if (!inspects(masked)) return masked
  const rules = rulesOf(masked)
  const { query } = masked.target
  settle(masked, query === '' ? undefined : inspectQuery(query, rules), rooms)
  if (!joinsQuery(masked)) settle(masked, inspectWithheldQuery(query, rules), rooms)
  const cookies = masked.headers.all('cookie')
  settle(masked, cookies.length === 0 ? undefined : inspectCookies(cookies, rules), rooms)
  return masked
}

/** The same for what the head says of a body, before any of it is read. Where nothing is refused, it is found later. */
export function sanitiseBodyHead(masked: Masked, rooms: SanitiseRooms): void {
  if (!inspects(masked) || masked.route.config.sanitise.reportOnly) return
  settle(masked, inspectBodyHead(masked.headers, rulesOf(masked)), rooms)
}

/** Whether the body has to be read whole before any of it is forwarded. */
export function sanitisesBody(masked: Masked): boolean {
  return inspects(masked) && needsWholeBody(masked.headers, rulesOf(masked))
}

export function sanitiseBody(masked: Masked, body: Uint8Array, rooms: SanitiseRooms): void {
  if (!inspects(masked)) return
  const rules = rulesOf(masked)
  settle(masked, inspectWholeBody(masked.headers, body, rules), rooms)
  if (asksByBody(masked)) settle(masked, inspectWithheldBody(masked.headers, body, rules), rooms)
}

/** Where the mask is joined to the client's own query, its language is read, and knows better what is a field in it. */
function joinsQuery({ route }: Masked): boolean {
  return route.config.inject.some(({ kind }) => kind === 'query')
}

/** What is written is held to the mask by `check`; a deletion may say what to delete by its body, and has none. */
function asksByBody({ route }: Masked): boolean {
  const isWritten = route.config.action === 'modify' && route.rows?.check !== undefined
  return !isWritten && !route.config.inject.some(({ kind }) => kind === 'body')
}

function inspects({ route }: Masked): boolean {
  const { sanitise, tenantParameters } = route.config
  return sanitise.profile !== 'raw' || tenantParameters.length > 0
}

function rulesOf(masked: Masked): InspectionRules {
  const { route, access } = masked
  const { profile } = route.config.sanitise
  const tenant = access.kind === 'member' ? access.principal.policy.tenant.id : undefined
  const withheld = profile === 'raw' ? [] : withheldFields(masked)
  return { profile, tenantParameters: route.config.tenantParameters, tenant, withheld }
}

function settle(masked: Masked, finding: Finding | undefined, rooms: SanitiseRooms): void {
  if (finding === undefined) return
  rooms.found(masked, finding.rule, finding.where)
  if (masked.route.config.sanitise.reportOnly) return
  throw new ProxyError(finding.code, `${finding.rule} in the ${finding.where} of the request`)
}
