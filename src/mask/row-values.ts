import { isPlainObject } from './describe.ts'
import { type FieldDeclaration, type FieldValue, JsonNumber, unreadable } from './language.ts'

export { parseJsonExact } from './parse-json-exact.ts'

/**
 * What a row holds for each of `fields`, in their order. The row must come from `parseJsonExact`: a JavaScript number
 * may have been rounded, so it is unreadable.
 */
export function readRow(row: unknown, fields: readonly FieldDeclaration[]): FieldValue[] {
  const bare = isBareObject(row)
  return fields.map(({ path }) => {
    const token = path[0]
    const shallow = bare && path.length === 1 && token !== undefined
    return shallow ? fieldValue(row[token]) : readField(row, path)
  })
}

/** An object as `parseJsonExact` makes it: without a prototype, so nothing is inherited. */
function isBareObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}

/** Absent only where an object, or null, is what lacks it; a row of another shape than declared is unreadable. */
function readField(row: unknown, path: readonly string[]): FieldValue {
  let value = row
  for (const token of path) {
    if (value === null) return undefined
    if (!isPlainObject(value)) return unreadable
    if (!Object.hasOwn(value, token)) return undefined
    value = value[token]
  }
  return fieldValue(value)
}

function fieldValue(value: unknown): FieldValue {
  if (value === null || value === undefined) return value
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber) return value
  if (!Array.isArray(value)) return unreadable
  const texts: string[] = []
  for (const item of value) {
    if (typeof item !== 'string') return unreadable
    texts.push(item)
  }
  return texts
}
