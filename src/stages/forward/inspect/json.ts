import { isPlainObject } from '../../../mask/describe.ts'
import { JsonNumber } from '../../../mask/language.ts'
import { type Finding, type FindingPlace, type FindingRule, finding } from './finding.ts'
import { type Inspection, tenantsOnly } from './inspection.ts'
import { patchFault } from './json-patch.ts'
import { beginsLikeJson, parseJson } from './json-text.ts'
import { NameSet, nameFault } from './names.ts'

type Members = Readonly<Record<string, unknown>>

/** JSON in a text in JSON: each level is read once more. */
const maxTexts = 3

/** Parameters that apps read as a query. */
const filters = new NameSet(
  'filter filters where query q search criteria criterion condition conditions selector find match aggregate pipeline sort order orderby projection having'.split(
    ' ',
  ),
)

/** Inspects a text that has to be JSON. */
export function inspectJson(text: string, inspection: Inspection, where: FindingPlace): Finding | undefined {
  const rule = documentFault(text, inspection)
  return rule === undefined ? undefined : finding(rule, where)
}

/**
 * Inspects the value of a parameter, which may be JSON. One that is named like a filter is a query in disguise: it is
 * refused, or inspected where the profile allows queries. In others only tenants are looked for.
 */
export function inspectParameterText(
  name: string,
  value: string,
  inspection: Inspection,
  where: FindingPlace,
): Finding | undefined {
  if (!beginsLikeJson(value)) return undefined
  const { profile } = inspection
  if (profile !== 'raw' && filters.has(name)) {
    // Readers of relaxed JSON (`{a: 1}`) are why it is enough to begin like it.
    return profile === 'query-api' ? inspectJson(value, inspection, where) : finding('json-in-parameter', where)
  }
  const rule = textFault(undefined, value, inspection)
  return rule === undefined ? undefined : finding(rule, where)
}

function documentFault(text: string, inspection: Inspection): FindingRule | undefined {
  const { document, fault } = parseJson(text)
  if (fault !== undefined) return fault
  return valueFault(document, inspection, false) ?? patchFault(document, inspection, valueFault)
}

/** `named` = the value stands under a tenant parameter: every text and number in it must be the tenant. */
function valueFault(value: unknown, inspection: Inspection, named: boolean): FindingRule | undefined {
  if (typeof value === 'string') return stringFault(undefined, value, inspection, named)
  if (value instanceof JsonNumber) return numberFault(value, inspection, named)
  if (Array.isArray(value)) return itemsFault(value, inspection, named)
  if (isPlainObject(value)) return membersFault(value, inspection, named)
  // Null names nobody; a loose comparison takes `true` for any text.
  return named && value !== null ? 'tenant' : undefined
}

function stringFault(
  key: string | undefined,
  text: string,
  inspection: Inspection,
  named: boolean,
): FindingRule | undefined {
  return named && text !== inspection.tenant ? 'tenant' : textFault(key, text, inspection)
}

/**
 * JSON in a text: under a key that is named like a filter it is a query, elsewhere only tenants are looked for. What is
 * no JSON stays a text: GraphQL documents begin like it.
 */
function textFault(key: string | undefined, text: string, inspection: Inspection): FindingRule | undefined {
  const parsed = inspection.noise.parse(text)
  if (parsed === undefined) return undefined
  const { profile } = inspection
  const isQuery = profile !== 'raw' && key !== undefined && filters.has(key)
  if (isQuery && profile !== 'query-api') return 'json-in-parameter'
  if (parsed.fault !== undefined) return parsed.fault
  const texts = inspection.texts + 1
  if (texts > maxTexts) return 'too-deep'
  return valueFault(parsed.document, { ...(isQuery ? inspection : tenantsOnly(inspection)), texts }, false)
}

function numberFault({ text }: JsonNumber, { profile, tenant }: Inspection, named: boolean): FindingRule | undefined {
  if (named && text !== tenant) return 'tenant'
  // Up to four characters the largest is 9e99.
  return text.length > 4 && profile !== 'raw' && !isDouble(text) ? 'number' : undefined
}

/** Beyond a double some readers see infinity or zero, some fail, some compute for very long. */
function isDouble(text: string): boolean {
  if (text.length > 128) return false
  const number = Number(text)
  return Number.isFinite(number) && (number !== 0 || !/^[^eE]*[1-9]/.test(text))
}

function itemsFault(items: readonly unknown[], inspection: Inspection, named: boolean): FindingRule | undefined {
  for (const item of items) {
    const fault = valueFault(item, inspection, named)
    if (fault !== undefined) return fault
  }
  return undefined
}

function membersFault(members: Members, inspection: Inspection, named: boolean): FindingRule | undefined {
  // Made by our reader: without a prototype, so every key is its own.
  for (const key in members) {
    const fault = memberFault(key, members[key], inspection, named)
    if (fault !== undefined) return fault
  }
  return undefined
}

function memberFault(key: string, value: unknown, inspection: Inspection, named: boolean): FindingRule | undefined {
  const { profile, tenants, keys } = inspection
  const fault = profile === 'raw' ? undefined : nameFault(key, keys)
  if (fault !== undefined) return fault
  // `{tenant: {$exists: true}}` names nobody.
  if (named && key === '$exists' && typeof value === 'boolean') return undefined
  const inside = named || tenants.has(key)
  return typeof value === 'string' ? stringFault(key, value, inspection, inside) : valueFault(value, inspection, inside)
}
