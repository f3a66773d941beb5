import { type Finding, type FindingPlace, finding } from './finding.ts'
import { type Inspection, tenantsOnly } from './inspection.ts'
import { inspectParameterText } from './json.ts'
import { nameFault } from './names.ts'

const maxParameters = 1000
const maxDepth = 64

type PairPlace = 'query' | 'form'

/**
 * Inspects application/x-www-form-urlencoded text. Names may occur twice: every value is inspected, so it does not
 * matter which one the upstream takes, and lists are sent like that.
 */
export function inspectPairs(text: string, inspection: Inspection, where: PairPlace): Finding | undefined {
  const { profile } = inspection
  if (profile !== 'raw') {
    const fault = textFault(text, inspection)
    if (fault !== undefined) return finding(fault, where)
  }
  // Inside `$expand=A($select=b;$top=1)` it is OData's; some readers split there all the same.
  const splits = text.includes(';')
  let count = 0
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('&', start)
    if (end < 0) end = text.length
    if (end === start) continue
    count += 1
    if (count > maxParameters && profile !== 'raw') return finding('too-many', where)
    const pair = text.slice(start, end)
    const found = inspectPair(pair, inspection, where) ?? (splits ? inspectPieces(pair, inspection, where) : undefined)
    if (found !== undefined) return found
  }
  return undefined
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\0-\x1f\x7f]/

function textFault(text: string, { profile }: Inspection): 'unreadable' | undefined {
  if (control.test(text)) return 'unreadable'
  return profile !== 'odata' && text.includes(';') ? 'unreadable' : undefined
}

function inspectPair(pair: string, inspection: Inspection, where: PairPlace): Finding | undefined {
  const equals = pair.indexOf('=')
  const name = decode(equals < 0 ? pair : pair.slice(0, equals))
  const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
  if (name !== undefined && value !== undefined) return inspectParameter(name, value, inspection, where)
  if (name !== undefined && inspection.tenants.has(name)) return finding('tenant', where)
  // Broken values are the business of `raw` apps; a broken name may be a tenant's.
  if (name !== undefined && inspection.profile === 'raw') return undefined
  return finding(brokenPercent.test(pair) ? 'unreadable' : 'charset', where)
}

const brokenPercent = /%(?![0-9A-Fa-f]{2})/

/** Undefined where the percent-encoding is broken or no UTF-8. */
function decode(text: string): string | undefined {
  if (!text.includes('%')) return text.includes('+') ? text.replaceAll('+', ' ') : text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** As a reader that takes `;` for `&`. */
function inspectPieces(pair: string, inspection: Inspection, where: PairPlace): Finding | undefined {
  const tenants = tenantsOnly(inspection)
  for (const piece of pair.split(';')) {
    const found = inspectPair(piece, tenants, where)
    if (found !== undefined) return found
  }
  return undefined
}

/** Inspects one parameter by its decoded name and value. */
export function inspectParameter(
  name: string,
  value: string,
  inspection: Inspection,
  where: FindingPlace,
): Finding | undefined {
  if (value !== inspection.tenant && inspection.tenants.has(name)) return finding('tenant', where)
  const fault = inspection.profile === 'raw' ? undefined : inspectName(name, inspection, where)
  return fault ?? inspectParameterText(name, value, inspection, where)
}

/** Inspects the name of a parameter, whatever its value is. */
export function inspectName(name: string, inspection: Inspection, where: FindingPlace): Finding | undefined {
  const fault = formFault(name) ?? nameFault(name, inspection.parameters)
  return fault === undefined ? undefined : finding(fault, where)
}

/** `a`, `a[b][]`, `a[0].b`: of other forms PHP, Ruby, Java and JavaScript make different names. */
const form = /^[^[\]]+(?:\[[^[\]]*\](?:\.[^[\]]+)?)*$/
/** Encoded twice. */
const encoded = /%[0-9A-Fa-f]{2}/

function formFault(name: string): 'name' | 'charset' | 'too-deep' | undefined {
  if (name === '' || control.test(name) || /^\s/.test(name) || encoded.test(name)) return 'name'
  // HTML: a field that tells the charset of all the others.
  if (name.toLowerCase() === '_charset_') return 'charset'
  if (!name.includes('[') && !name.includes(']')) return undefined
  if (!form.test(name)) return 'name'
  return name.split('[').length - 1 > maxDepth ? 'too-deep' : undefined
}
