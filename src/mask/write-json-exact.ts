import { isPlainObject } from './describe.ts'
import { JsonNumber } from './language.ts'

/** Twice what is read: a query that came as deep as it may is still written when it stands inside a mask's. */
const maxDepth = 128

/**
 * The JSON text of what `parseJsonExact` read: numbers as they were spelled, half surrogate pairs as escapes. A
 * JavaScript number is refused where it may have been rounded: our own whole numbers are not.
 */
export function writeJsonExact(value: unknown): string {
  const parts: string[] = []
  write(value, parts, maxDepth)
  return parts.join('')
}

function write(value: unknown, parts: string[], depthLeft: number): void {
  if (value === null || typeof value === 'boolean') parts.push(String(value))
  else if (typeof value === 'string') parts.push(JSON.stringify(value))
  else if (value instanceof JsonNumber) parts.push(value.text)
  else if (typeof value === 'number' && Number.isSafeInteger(value)) parts.push(String(value))
  else if (depthLeft <= 0) throw new TypeError('nested too deep to be written as JSON')
  else if (Array.isArray(value)) writeArray(value, parts, depthLeft - 1)
  else if (isPlainObject(value)) writeObject(value, parts, depthLeft - 1)
  else throw new TypeError(`a ${typeof value} is not written as JSON`)
}

function writeArray(items: readonly unknown[], parts: string[], depthLeft: number): void {
  parts.push('[')
  for (const [i, item] of items.entries()) {
    if (i > 0) parts.push(',')
    write(item, parts, depthLeft)
  }
  parts.push(']')
}

function writeObject(object: Readonly<Record<string, unknown>>, parts: string[], depthLeft: number): void {
  parts.push('{')
  for (const [i, [name, value]] of Object.entries(object).entries()) {
    parts.push(i > 0 ? ',' : '', JSON.stringify(name), ':')
    write(value, parts, depthLeft)
  }
  parts.push('}')
}
