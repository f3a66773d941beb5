import { type FieldValue, JsonNumber, unreadable } from '../../../mask/language.ts'
import type { StringCache } from '../string-cache.ts'

/** The value that stands, as valid JSON, from `from` to `to`; objects, and lists that are not all strings, are unreadable. */
export function ruledValue(bytes: Buffer, from: number, to: number, strings: StringCache): FieldValue {
  switch (bytes[from]) {
    case 0x22:
      return text(bytes, from, to, strings)
    case 0x5b:
      return list(bytes.toString('utf8', from, to))
    case 0x6e:
      return null
    case 0x74:
      return true
    case 0x66:
      return false
    case 0x7b:
    case undefined:
      return unreadable
    default:
      return new JsonNumber(strings.read(bytes, from, to))
  }
}

function text(bytes: Buffer, from: number, to: number, strings: StringCache): FieldValue {
  for (let at = from + 1; at < to - 1; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x80 || byte === 0x5c) return parsed(bytes.toString('utf8', from, to))
  }
  return strings.read(bytes, from + 1, to - 1)
}

function parsed(json: string): FieldValue {
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : unreadable
}

function list(json: string): FieldValue {
  const items: unknown = JSON.parse(json)
  return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : unreadable
}
