import { JsonNumber } from '../../../src/mask/language.ts'

/** JSON with every number as it is spelled. */
export function jsonText(value: unknown): string {
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, held]) => held !== undefined)
  return `{${members.map(([key, held]) => `${JSON.stringify(key)}:${jsonText(held)}`).join(',')}}`
}
