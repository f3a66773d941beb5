/** A decimal number, exactly: `digits` times ten to the `exponent`. No zeros lead or trail; zero has no digits. */
export interface Decimal {
  readonly negative: boolean
  readonly digits: string
  readonly exponent: number
}

const maxLength = 128
/** What an IEEE 754 double can reach; a number beyond it is no number to most readers, so it is none to us. */
const maxMagnitude = 309
const minMagnitude = -323

const grammar = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** Reads a JSON number of bounded size; undefined for anything else. The exponent is never expanded. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > maxLength) return undefined
  const match = grammar.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', power = '0'] = match
  const significant = dropLeadingZeros(whole + fraction)
  const digits = dropTrailingZeros(significant)
  if (digits === '') return { negative: false, digits, exponent: 0 }
  const exponent = Number(power) - fraction.length + significant.length - digits.length
  const magnitude = digits.length + exponent
  if (magnitude > maxMagnitude || magnitude < minMagnitude) return undefined
  return { negative: sign === '-', digits, exponent }
}

export function isIntegral(decimal: Decimal): boolean {
  return decimal.exponent >= 0
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const sign = signOf(a)
  if (sign !== signOf(b)) return sign - signOf(b)
  return sign * compareSizes(a, b)
}

function signOf(decimal: Decimal): -1 | 0 | 1 {
  if (decimal.digits === '') return 0
  return decimal.negative ? -1 : 1
}

function compareSizes(a: Decimal, b: Decimal): number {
  const magnitude = a.digits.length + a.exponent - (b.digits.length + b.exponent)
  if (magnitude !== 0 || a.digits === b.digits) return magnitude
  return a.digits < b.digits ? -1 : 1
}

/** The one spelling of a value: plain, unless it is very large or very small. */
export function decimalText({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0'
  return `${negative ? '-' : ''}${magnitudeText(digits, exponent)}`
}

function magnitudeText(digits: string, exponent: number): string {
  const point = digits.length + exponent
  if (exponent >= 0 && point <= 40) return digits + '0'.repeat(exponent)
  if (exponent < 0 && point > 0) return `${digits.slice(0, point)}.${digits.slice(point)}`
  if (exponent < 0 && point > -20) return `0.${'0'.repeat(-point)}${digits}`
  const rest = digits.slice(1)
  return `${digits.slice(0, 1)}${rest === '' ? '' : `.${rest}`}e${point - 1}`
}

/**
 * The value of a plain number of at most 15 characters, NaN for any other text. Decimals of up to 15 significant
 * digits keep their identity and their order as doubles, so these may be compared without allocating: digits and
 * power of ten are exact, and a division of exact numbers is rounded once.
 */
export function shortNumber(text: string): number {
  const { length } = text
  if (length > 15) return Number.NaN
  const start = text.charCodeAt(0) === minus ? 1 : 0
  if (!isDigit(text.charCodeAt(start)) || !isDigit(text.charCodeAt(length - 1))) return Number.NaN
  if (text.charCodeAt(start) === zero && isDigit(text.charCodeAt(start + 1))) return Number.NaN
  let digits = 0
  let scale = 0
  for (let at = start; at < length; at++) {
    const unit = text.charCodeAt(at)
    if (isDigit(unit)) {
      digits = digits * 10 + unit - zero
      scale *= 10
    } else {
      if (unit !== dot || scale > 0) return Number.NaN
      scale = 1
    }
  }
  const size = scale > 0 ? digits / scale : digits
  return start === 0 ? size : -size
}

const minus = 0x2d
const dot = 0x2e
const zero = 0x30

function isDigit(unit: number): boolean {
  return unit >= zero && unit <= 0x39
}

function dropLeadingZeros(digits: string): string {
  let start = 0
  while (digits.charCodeAt(start) === zero) start++
  return digits.slice(start)
}

function dropTrailingZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === zero) end--
  return digits.slice(0, end)
}
