import type { AttributeValue } from '../../accounts/account-store.ts'

/** What a membership may say of somebody. */
export function isAttribute(value: unknown): value is AttributeValue {
  if (Array.isArray(value)) return value.length <= 1000 && value.every((item) => typeof item === 'string')
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  )
}

export function attributesOf(written: Readonly<Record<string, unknown>>): Readonly<Record<string, AttributeValue>> {
  const entries = Object.entries(written).map(([name, value]): [string, AttributeValue] => {
    if (!isAttribute(value)) throw new TypeError('an attribute got past the checks')
    return [name, value]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
