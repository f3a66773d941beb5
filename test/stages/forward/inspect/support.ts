import type { RequestHeaders } from '../../../../src/exchange.ts'
import { inspectWholeBody } from '../../../../src/stages/forward/inspect/body.ts'
import type { Finding } from '../../../../src/stages/forward/inspect/finding.ts'
import type { InspectionRules } from '../../../../src/stages/forward/inspect/inspection.ts'
import { admitted } from '../../match/support.ts'

export const profiles = ['strict', 'odata', 'jsonschema', 'query-api', 'raw'] as const
export type Profile = (typeof profiles)[number]

/** The caller's tenant is `acme`; `account` and `tenant_id` are tenant parameters. */
export function rulesOf(profile: Profile, changes: Partial<InspectionRules> = {}): InspectionRules {
  return { profile, tenantParameters: ['account', 'tenant_id'], tenant: 'acme', withheld: [], ...changes }
}

/** A finding in one word: `rule` in a place, and its code. */
export function told(finding: Finding | undefined): string {
  return finding === undefined ? 'let through' : `${finding.rule} in ${finding.where}: ${finding.code}`
}

export function rule(finding: Finding | undefined): string {
  return finding?.rule ?? 'let through'
}

export function headersOf(...fields: readonly (readonly [string, string])[]): RequestHeaders {
  return admitted(fields).headers
}

export function inspectBody(type: string, body: string | Uint8Array, rules: InspectionRules): Finding | undefined {
  return inspectWholeBody(headersOf(['Content-Type', type]), Buffer.from(body), rules)
}

/** What is told of a body under `profile`. */
export function tellBody(type: string, body: string | Uint8Array, profile: Profile = 'strict'): string {
  return told(inspectBody(type, body, rulesOf(profile)))
}

export function inspectJsonBody(
  document: string,
  profile: Profile = 'strict',
  changes?: Partial<InspectionRules>,
): Finding | undefined {
  return inspectBody('application/json', document, rulesOf(profile, changes))
}
