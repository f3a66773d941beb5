import { isPlainObject } from '../../../mask/describe.ts'
import { JsonNumber } from '../../../mask/language.ts'
import { parseJsonExact } from '../../../mask/row-values.ts'
import { type Finding, type FindingPlace, type FindingRule, finding } from './finding.ts'
import { type Inspection, tenantsOnly } from './inspection.ts'
import { patchFault } from './json-patch.ts'
import { NameSet, nameFault, visible } from './names.ts'

type Members = Readonly<Record<string, unknown>>

const maxDepth = 64
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
  const isFilter = profile !== 'raw' && filters.has(name)
  // Readers of relaxed JSON (`{a: 1}`) are why it is enough to begin like it.
  if (isFilter && profile !== 'query-api') return finding('json-in-parameter', where)
  if (isFilter) return inspectJson(value, inspection, where)
  const rule = innerFault(value, inspection)
  return rule === undefined ? undefined : finding(rule, where)
}

const maxBlank = 256

/** Also behind what is blank or invisible. */
export function beginsLikeJson(text: string): boolean {
  const first = text.charCodeAt(0)
  if (first > 0x20 && first < 0x7f) return first === 0x7b || first === 0x5b
  const seen = visible(text.slice(0, maxBlank)).trimStart()
  return seen === '' ? text.length > maxBlank : /^[{[]/.test(seen)
}

function documentFault(text: string, inspection: Inspection): FindingRule | undefined {
  const { document, fault } = parse(text)
  if (fault !== undefined) return fault
  return valueFault(document, inspection, false) ?? patchFault(document, inspection, valueFault)
}

/** Of a text that may be JSON: if it is, it names no foreign tenant. */
function innerFault(text: string, inspection: Inspection): FindingRule | undefined {
  const { document, fault } = parse(text)
  if (fault === 'unreadable') return undefined
  return fault ?? textFault(document, tenantsOnly(inspection))
}

/** Of the document that a text is. */
function textFault(document: unknown, inspection: Inspection): FindingRule | undefined {
  const texts = inspection.texts + 1
  return texts > maxTexts ? 'too-deep' : valueFault(document, { ...inspection, texts }, false)
}

interface Parsed {
  readonly document?: unknown
  readonly fault?: FindingRule
}

function parse(text: string): Parsed {
  try {
    return { document: parseJsonExact(text, { maxLength: text.length, maxDepth }) }
  } catch {
    // It throws where the text is not JSON with one meaning, and for no other reason.
    return { fault: parseFault(text) }
  }
}

/** Why an exact reader refuses; the platform's reader takes any depth, and a key twice. */
function parseFault(text: string): FindingRule {
  try {
    JSON.parse(text)
  } catch {
    return 'unreadable'
  }
  return isTooDeep(text) ? 'too-deep' : 'duplicate-key'
}

/** Of a text that is JSON. */
function isTooDeep(json: string): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at]
    if (character === '"') at = stringEnd(json, at)
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth -= 1
    if (depth > maxDepth) return true
  }
  return false
}

function stringEnd(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

/** `named` = the value stands under a tenant parameter: every text and number in it must be the tenant. */
function valueFault(value: unknown, inspection: Inspection, named: boolean): FindingRule | undefined {
  if (typeof value === 'string') return stringFault(value, inspection, named)
  if (value instanceof JsonNumber) return numberFault(value, inspection, named)
  if (Array.isArray(value)) return itemsFault(value, inspection, named)
  if (isPlainObject(value)) return membersFault(value, inspection, named)
  // Null names nobody; a loose comparison takes `true` for any text.
  return named && value !== null ? 'tenant' : undefined
}

function stringFault(text: string, inspection: Inspection, named: boolean): FindingRule | undefined {
  if (named && text !== inspection.tenant) return 'tenant'
  return beginsLikeJson(text) ? innerFault(text, inspection) : undefined
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
  if (!inside && typeof value === 'string' && isQuery(key, value, inspection)) return queryFault(value, inspection)
  return valueFault(value, inspection, inside)
}

/** JSON in a text that is named like a filter. What is no JSON stays a text: GraphQL documents begin like it. */
function isQuery(key: string, text: string, { profile }: Inspection): boolean {
  return profile !== 'raw' && beginsLikeJson(text) && filters.has(key) && parse(text).fault !== 'unreadable'
}

function queryFault(text: string, inspection: Inspection): FindingRule | undefined {
  if (inspection.profile !== 'query-api') return 'json-in-parameter'
  const { document, fault } = parse(text)
  return fault ?? textFault(document, inspection)
}
