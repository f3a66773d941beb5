import type { SanitiseProfile } from '../../../config/config.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import { TextNoise } from './json-text.ts'
import { NameSet } from './names.ts'
import { keyOperators, type Operators, parameterOperators } from './operators.ts'

/** What a request is held to. */
export interface InspectionRules {
  readonly profile: SanitiseProfile
  /** Names of parameters that name a tenant; the list is kept by the route. */
  readonly tenantParameters: readonly string[]
  /** The only tenant that the request may name; undefined = none. */
  readonly tenant: string | undefined
  /** Fields of the route's rows that the caller may not ask about. */
  readonly withheld: readonly FieldDeclaration[]
}

/** The rules, ready for use. */
export interface Inspection {
  readonly profile: SanitiseProfile
  readonly tenants: NameSet
  readonly tenant: string | undefined
  readonly keys: Operators
  readonly parameters: Operators
  /** How many texts stand around the one that is inspected: JSON in a text of a JSON document. */
  readonly texts: number
  readonly noise: TextNoise
}

/** Undefined where nothing could be found. */
export function inspectionOf(rules: InspectionRules): Inspection | undefined {
  const { profile, tenant, tenantParameters } = rules
  if (profile === 'raw' && tenantParameters.length === 0) return undefined
  return {
    profile,
    tenants: namesOf(tenantParameters),
    tenant,
    keys: keyOperators(profile),
    parameters: parameterOperators(profile),
    texts: 0,
    noise: new TextNoise(),
  }
}

/** The same without the profile: what holds under each of them. */
export function tenantsOnly(inspection: Inspection): Inspection {
  return inspection.profile === 'raw' ? inspection : { ...inspection, profile: 'raw' }
}

const known = new WeakMap<readonly string[], NameSet>()

function namesOf(parameters: readonly string[]): NameSet {
  const found = known.get(parameters) ?? new NameSet(parameters)
  known.set(parameters, found)
  return found
}
