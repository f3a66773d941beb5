import { type FieldValue, JsonNumber, unreadable } from '../../mask/language.ts'
import { escaped, wide } from './json-scanner.ts'
import type { StringCache } from './string-cache.ts'

/** What was seen at a field's place. Strings are `text` plus the scanner's flags. */
const absent = 0
const isNull = 1
const isTrue = 2
const isFalse = 3
const isText = 4
const isNumber = 8
const isArray = 9
const isUnreadable = 10

/** The values of one row at the places that the predicate reads. */
export class RowValues {
  readonly #kinds: Uint8Array
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #values: FieldValue[]
  readonly #strings: StringCache

  constructor(count: number, strings: StringCache) {
    this.#strings = strings
    this.#kinds = new Uint8Array(count)
    this.#starts = new Int32Array(count)
    this.#ends = new Int32Array(count)
    this.#values = Array.from({ length: count }, () => undefined)
  }

  clear(): void {
    for (let slot = 0; slot < this.#kinds.length; slot++) this.#kinds[slot] = absent
  }

  begin(slot: number, byte: number, start: number): void {
    this.#kinds[slot] = kindOf(byte)
    this.#starts[slot] = start
  }

  end(slot: number, flags: number, end: number): void {
    this.#kinds[slot] = (this.#kinds[slot] ?? 0) | flags // in bounds: the tree knows no other slots
    this.#ends[slot] = end
  }

  spoil(slot: number): void {
    this.#kinds[slot] = isUnreadable
  }

  /** The arguments of the predicate; `bytes` holds the row from `base` on. Valid until the next call. */
  read(bytes: Buffer, base: number): readonly FieldValue[] {
    for (let slot = 0; slot < this.#kinds.length; slot++) this.#values[slot] = this.#value(slot, bytes, base)
    return this.#values
  }

  #value(slot: number, bytes: Buffer, base: number): FieldValue {
    const kind = this.#kinds[slot] ?? 0
    const start = base + (this.#starts[slot] ?? 0)
    const end = base + (this.#ends[slot] ?? 0)
    switch (kind) {
      case absent:
        return undefined
      case isNull:
        return null
      case isTrue:
        return true
      case isFalse:
        return false
      case isText:
        return this.#strings.read(bytes, start + 1, end - 1)
      case isText | wide:
        return bytes.toString('utf8', start + 1, end - 1)
      case isText | escaped:
      case isText | escaped | wide:
        return text(bytes.toString('utf8', start, end))
      case isNumber:
        return new JsonNumber(smallInteger(bytes, start, end) ?? this.#strings.read(bytes, start, end))
      case isArray:
        return strings(bytes.toString('utf8', start, end))
      default:
        return unreadable
    }
  }
}

/** The text of an integer of up to nine digits, which JSON can spell in one way only. */
function smallInteger(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start > 9) return undefined
  let integer = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    integer = integer * 10 + digit
  }
  return String(integer)
}

function kindOf(byte: number): number {
  switch (byte) {
    case 0x22:
      return isText
    case 0x7b:
      return isUnreadable
    case 0x5b:
      return isArray
    case 0x6e:
      return isNull
    case 0x74:
      return isTrue
    case 0x66:
      return isFalse
    default:
      return isNumber
  }
}

function text(json: string): FieldValue {
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : unreadable
}

function strings(json: string): FieldValue {
  const items: unknown = JSON.parse(json)
  return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : unreadable
}
