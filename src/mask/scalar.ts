import { decimalText, isIntegral, parseDecimal } from './decimal.ts'
import { instantFromEpoch, instantFromText, isDate } from './instant.ts'
import { type FieldType, JsonNumber } from './language.ts'
import type { Scalar } from './predicate.ts'
import { fitsInUtf8 } from './text.ts'

export const maxStringBytes = 1024
export const maxListLength = 1000

/** `value` as an operand for a field of `type`, in its one spelling; undefined where it is of another type. */
export function typedScalar(type: FieldType, value: unknown): Scalar | undefined {
  switch (type) {
    case 'string':
    case 'string[]':
      return textOperand(value)
    case 'id':
      return idOperand(value)
    case 'integer':
      return numberOperand(value, true)
    case 'number':
      return numberOperand(value, false)
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      return typeof value === 'string' && isDate(value) ? value : undefined
    case 'datetime':
      return datetimeOperand(value)
  }
}

const wanted: Readonly<Record<FieldType, string>> = {
  string: 'a string of at most 1 KiB',
  'string[]': 'a string of at most 1 KiB',
  id: 'a string or an exact integer',
  integer: 'an exact integer',
  number: 'a number',
  boolean: 'true or false',
  date: 'a date (YYYY-MM-DD)',
  datetime: 'an RFC 3339 time with offset or epoch milliseconds',
}

/** What an operand for `type` has to be, in words. */
export function describeType(type: FieldType): string {
  return wanted[type]
}

/** The text of an id written as a number: a canonical integer, however long; undefined for any other spelling. */
export function idText(number: JsonNumber): string | undefined {
  return number.text.length <= 128 && canonicalInteger.test(number.text) ? number.text : undefined
}

const canonicalInteger = /^(?:0|-?[1-9][0-9]*)$/

/** Sorted and without repeats, since a list of operands is a set. */
export function sortedScalars(values: readonly Scalar[]): readonly Scalar[] {
  const byText = new Map(values.map((value) => [scalarText(value), value]))
  const texts = [...byText.keys()].sort()
  return texts.flatMap((text) => byText.get(text) ?? [])
}

/** JSON for a scalar, in ASCII. */
export function scalarText(value: Scalar): string {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? asciiJson(value) : String(value)
}

/** A JSON string with everything but printable ASCII escaped, so that it may stand in a header. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function textOperand(value: unknown): string | undefined {
  if (typeof value !== 'string' || !fitsInUtf8(value, maxStringBytes)) return undefined
  return value.isWellFormed() ? value : undefined
}

function idOperand(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : textOperand(value)
  if (value instanceof JsonNumber) return idText(value)
  return numberOperand(value, true)?.text
}

function numberOperand(value: unknown, integral: boolean): JsonNumber | undefined {
  const text = exactText(value)
  const decimal = text === undefined ? undefined : parseDecimal(text)
  if (decimal === undefined || (integral && !isIntegral(decimal))) return undefined
  return new JsonNumber(decimalText(decimal))
}

function datetimeOperand(value: unknown): string | undefined {
  const instant = typeof value === 'string' ? instantFromText(value) : instantFromEpoch(exactText(value) ?? '')
  return instant === undefined ? undefined : `${instant}Z`
}

const bigLimit = 10n ** 40n

/** A number's decimal text; undefined where it may have been rounded on its way here. */
function exactText(value: unknown): string | undefined {
  if (value instanceof JsonNumber) return value.text
  if (typeof value === 'bigint') return value > -bigLimit && value < bigLimit ? value.toString() : undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value)
}
