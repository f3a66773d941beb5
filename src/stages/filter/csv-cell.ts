import { type FieldDeclaration, type FieldValue, JsonNumber } from '../../mask/language.ts'
import type { StringCache } from './string-cache.ts'
import { textValue } from './text-value.ts'

const quote = 0x22
/** Longer cells are rarely the same twice. */
const longestCached = 24

type FieldType = FieldDeclaration['type']

/** What a cell that is not empty says where a field of this type stands. */
export function cellValue(
  type: FieldType,
  bytes: Buffer,
  start: number,
  end: number,
  strings: StringCache,
): FieldValue {
  if (type === 'number' || type === 'integer') {
    const integer = smallInteger(bytes, start, end)
    if (integer !== undefined) return integer
  }
  return textValue(type, cellText(bytes, start, end, strings))
}

/** What a cell says, its quotes undone. The bytes must be UTF-8 and a cell of RFC 4180. */
export function cellText(bytes: Buffer, start: number, end: number, strings: StringCache): string {
  if (start === end || bytes[start] !== quote) return plainText(bytes, start, end, strings)
  const text = plainText(bytes, start + 1, end - 1, strings)
  return text.includes('"') ? text.replaceAll('""', '"') : text
}

function plainText(bytes: Buffer, start: number, end: number, strings: StringCache): string {
  if (end - start > longestCached) return bytes.toString('utf8', start, end)
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) >= 0x80) return bytes.toString('utf8', start, end)
  return strings.read(bytes, start, end)
}

/** Up to nine digits as JSON spells them: what most numbers are, without a text to test. */
function smallInteger(bytes: Buffer, start: number, end: number): JsonNumber | undefined {
  const length = end - start
  if (length > 9 || (length > 1 && bytes[start] === 0x30)) return undefined
  let integer = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    integer = integer * 10 + digit
  }
  return new JsonNumber(String(integer))
}
