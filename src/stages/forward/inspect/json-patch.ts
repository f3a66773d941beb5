import { isPlainObject } from '../../../mask/describe.ts'
import type { FindingRule } from './finding.ts'
import type { Inspection } from './inspection.ts'
import { nameFault } from './names.ts'

type ValueFault = (value: unknown, inspection: Inspection, named: boolean) => FindingRule | undefined

/** A list of changes (RFC 6902) names members in its values: what they say of tenants and prototypes counts too. */
export function patchFault(document: unknown, inspection: Inspection, valueFault: ValueFault): FindingRule | undefined {
  if (!Array.isArray(document)) return undefined
  for (const item of document) {
    const fault = changeFault(item, inspection, valueFault)
    if (fault !== undefined) return fault
  }
  return undefined
}

function changeFault(change: unknown, inspection: Inspection, valueFault: ValueFault): FindingRule | undefined {
  if (!isPlainObject(change) || !hasOperation(change)) return undefined
  // Some readers take member names in any case.
  const members = new Map(Object.entries(change).map(([key, value]) => [key.toLowerCase(), value]))
  const operation = members.get('op')
  const path = members.get('path')
  if (typeof operation !== 'string' || typeof path !== 'string') return undefined
  const fault = inspection.profile === 'raw' ? undefined : pointerFault(path, inspection)
  if (fault !== undefined) return fault
  if (!inspection.tenants.has(path) || operation.toLowerCase() === 'remove') return undefined
  // Undefined where something is moved or copied there, and that names nobody we know.
  return valueFault(members.get('value'), inspection, true)
}

function hasOperation(change: object): boolean {
  return Object.keys(change).some((key) => key.length === 2 && key.toLowerCase() === 'op')
}

function pointerFault(path: string, { keys }: Inspection): FindingRule | undefined {
  for (const token of path.split('/')) {
    const fault = nameFault(token, keys)
    if (fault !== undefined) return fault
  }
  return undefined
}
