import { JsonNumber } from './language.ts'

/** A JSON object, as any of our readers makes it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** What somebody wrote, in a few words for an error message. */
export function describeWritten(value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof JsonNumber) return shorten(value.text)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return shorten(JSON.stringify(shorten(value)))
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return 'a very large integer'
  return typeof value === 'object' ? 'an object' : 'nothing'
}

/** At most 64 characters of a text from outside. */
export function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64).toWellFormed()}...` : text.toWellFormed()
}
