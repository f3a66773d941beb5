import { decimalText, parseDecimal } from '../../../src/mask/decimal.ts'
import { JsonNumber } from '../../../src/mask/language.ts'

/** A value as MongoDB keeps it. */
export type Bson = null | boolean | string | BsonNumber | BsonDate | readonly Bson[] | BsonObject
export type BsonObject = ReadonlyMap<string, Bson>

export class BsonDate {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
}

/** How a program reads the numbers of a filter: whole ones as 64-bit integers, or every one as a double. */
export type NumberReader = 'longs' | 'doubles'

/** What it keeps the numbers of its rows as, where there is a choice between types that are written alike. */
export type NumberStorage = 'longs' | 'doubles' | 'decimals'

/** Kept exactly: `numerator / denominator`. */
export class BsonNumber {
  readonly type: 'int' | 'long' | 'double' | 'decimal'
  readonly numerator: bigint
  readonly denominator: bigint
  /** The value, where a double holds it exactly. */
  readonly double: number | undefined

  constructor(type: BsonNumber['type'], numerator: bigint, denominator: bigint, double: number | undefined) {
    this.type = type
    this.numerator = numerator
    this.denominator = denominator
    this.double = double
  }

  static read(text: string, reader: NumberReader): BsonNumber {
    return (reader === 'longs' ? fromWhole(text) : undefined) ?? fromDouble(Number(text))
  }

  /** A number that is written as `text`, wherever it comes from. */
  static kept(text: string, storage: NumberStorage): BsonNumber {
    const isDouble = storage !== 'decimals' && isWrittenAs(Number(text), text)
    const double = isDouble ? fromDouble(Number(text)) : undefined
    const whole = fromWhole(text)
    return (storage === 'doubles' ? (double ?? whole) : (whole ?? double)) ?? fromDecimal(text)
  }

  compare(other: BsonNumber): number {
    if (this.double !== undefined && other.double !== undefined) return this.double - other.double
    const difference = this.numerator * other.denominator - other.numerator * this.denominator
    return difference === 0n ? 0 : difference < 0n ? -1 : 1
  }
}

function isWrittenAs(double: number, text: string): boolean {
  const [written, wanted] = [String(double), text].map((each) => parseDecimal(each))
  return written !== undefined && wanted !== undefined && decimalText(written) === decimalText(wanted)
}

function fromWhole(text: string): BsonNumber | undefined {
  if (!/^-?[0-9]{1,19}$/.test(text)) return undefined
  const whole = BigInt(text)
  if (whole < -(2n ** 63n) || whole >= 2n ** 63n) return undefined
  const isInt = whole >= -(2n ** 31n) && whole < 2n ** 31n
  return new BsonNumber(
    isInt ? 'int' : 'long',
    whole,
    1n,
    Number.isSafeInteger(Number(whole)) ? Number(whole) : undefined,
  )
}

function fromDecimal(text: string): BsonNumber {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const exponent = Number(power) - fraction.length
  const digits = BigInt(whole + fraction)
  return exponent >= 0
    ? new BsonNumber('decimal', digits * 10n ** BigInt(exponent), 1n, undefined)
    : new BsonNumber('decimal', digits, 10n ** BigInt(-exponent), undefined)
}

function fromDouble(double: number): BsonNumber {
  let [scaled, power] = [double, 0]
  while (Number.isFinite(scaled) && !Number.isInteger(scaled)) {
    scaled *= 2
    power += 1
  }
  // Infinity stands beyond everything that a test uses.
  const numerator = Number.isFinite(scaled) ? BigInt(scaled) : BigInt(Math.sign(double)) * 10n ** 400n
  return new BsonNumber('double', numerator, 2n ** BigInt(power), double)
}

/** A row as a document, from values as `parseJsonExact` makes them. */
export function toDocument(row: Readonly<Record<string, unknown>>, storage: NumberStorage): BsonObject {
  const document = toBson(row, (text) => BsonNumber.kept(text, storage))
  if (!(document instanceof Map)) throw new TypeError('a row is an object')
  return document
}

export function toBson(value: unknown, number: (text: string) => BsonNumber): Bson {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof BsonDate) return value
  if (value instanceof JsonNumber) return number(value.text)
  if (Array.isArray(value)) return value.map((item) => toBson(item, number))
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is no JSON`)
  const entries = Object.entries(value).filter(([, held]) => held !== undefined)
  return new Map(entries.map(([key, held]) => [key, toBson(held, number)]))
}

/** The type's name as `$type` takes it. */
export function typeName(value: Bson): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (value instanceof BsonNumber) return value.type
  if (value instanceof BsonDate) return 'date'
  return value instanceof Map ? 'object' : 'array'
}
