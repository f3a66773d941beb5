import type { AttributeScalar, AttributeValue } from '../../accounts/account-store.ts'
import type { Config } from '../../config/config.ts'
import { suggestion } from '../../config/problems.ts'
import { builtinAttributes, isAttributeOf } from '../../mask/attributes.ts'
import { maxListLength } from '../../mask/scalar.ts'

/** What a membership may say of somebody. */
function isAttribute(value: unknown): value is AttributeValue {
  return Array.isArray(value) ? value.length <= maxListLength && value.every(isScalar) : isScalar(value)
}

function isScalar(value: unknown): value is AttributeScalar {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean'
}

/** Why a membership may not say it; `declared` is what the configuration says of attributes. */
export function attributeValueFault(name: string, value: unknown, declared: Config['attributes']): string | undefined {
  if (builtinAttributes.has(name)) return 'everybody has it already, and no membership says it'
  if (!isAttribute(value)) return 'must be a string, a number, true, false or a list of them'
  if (declared === undefined) return undefined
  const type = declared.get(name)
  if (type === undefined) return `the configuration declares no such attribute${suggestion(name, declared.keys())}`
  return isAttributeOf(type, value) ? undefined : `must be ${type}, as the configuration declares it`
}

export function attributesOf(written: Readonly<Record<string, unknown>>): Readonly<Record<string, AttributeValue>> {
  const entries = Object.entries(written).map(([name, value]): [string, AttributeValue] => {
    if (!isAttribute(value)) throw new TypeError('an attribute got past the checks')
    return [name, value]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
