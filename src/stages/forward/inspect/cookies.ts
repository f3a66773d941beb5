import { type Finding, finding } from './finding.ts'
import { type Inspection, type InspectionRules, inspectionOf } from './inspection.ts'

/**
 * Inspects Cookie fields for tenant parameters, and for nothing else: cookies carry whatever their app put there.
 * A value is the tenant as it is, or as `encodeURIComponent` writes it.
 */
export function inspectCookies(fields: readonly string[], rules: InspectionRules): Finding | undefined {
  if (fields.length === 0 || rules.tenantParameters.length === 0) return undefined
  const inspection = inspectionOf(rules)
  if (inspection === undefined) return undefined
  return fields.some((field) => namesForeign(field, inspection)) ? finding('tenant', 'cookie') : undefined
}

function namesForeign(field: string, inspection: Inspection): boolean {
  if (field.split(';').some((pair) => isForeign(pair, inspection))) return true
  // RFC 2109 section 4.3.4 takes commas for separators too, and some readers still do.
  return field.includes(',') && field.split(/[;,]/).some((pair) => isForeign(pair, inspection))
}

function isForeign(pair: string, { tenants, tenant }: Inspection): boolean {
  // A cookie without a name is read as what stands behind its equals sign (RFC 6265bis section 5.7).
  const text = pair.replace(/^[\s=]+/, '')
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  if (!tenants.has(name) && !(name.includes('%') && tenants.has(decodeName(name)))) return false
  const value = equals < 0 ? '' : text.slice(equals + 1).trim()
  return tenant === undefined || (value !== tenant && value !== encodeURIComponent(tenant))
}

/** The name as readers see it that decode names; what is broken stays. */
function decodeName(name: string): string {
  return name.replace(/(?:%[0-9A-Fa-f]{2})+/g, (octets) => Buffer.from(octets.replaceAll('%', ''), 'hex').toString())
}
