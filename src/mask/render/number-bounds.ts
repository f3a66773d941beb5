import { compareDecimals, decimalText, parseDecimal } from '../decimal.ts'
import { type Bounds, exactly } from './bounds.ts'

/**
 * A number for a reader that may keep it as an IEEE 754 double, or a whole one as a 64-bit integer. What a double holds
 * is said as it is; any other number lies between two doubles.
 */
export function doubleBounds(operand: string): Bounds {
  const nearest = Number(operand)
  if (!Number.isFinite(nearest)) return beyondDoubles(nearest > 0)
  const text = doubleText(nearest)
  if (text === operand) return exactly(operand)
  const isAbove = compare(text, operand) > 0
  const low = isAbove ? neighbour(nearest, -1n) : nearest
  const high = isAbove ? nearest : neighbour(nearest, 1n)
  // The nearest double may be written as the operand is, where a writer spells large integers with the fewest digits.
  const isShown = shortText(nearest) === operand
  return { ...textsOf(low, high), lowHolds: isShown && !isAbove, highHolds: isShown && isAbove }
}

/** Whether a number is the same as a double and as a decimal. */
export function isBinary(operand: string): boolean {
  const decimal = parseDecimal(operand)
  const nearest = Number(operand)
  if (decimal === undefined || !Number.isFinite(nearest)) return false
  const digits = BigInt(decimal.digits || '0')
  if (decimal.exponent >= 0) return digits * 10n ** BigInt(decimal.exponent) === absolute(BigInt(nearest))
  const fives = 5n ** BigInt(-decimal.exponent)
  return digits % fives === 0n && digits / fives <= BigInt(Number.MAX_SAFE_INTEGER)
}

const firstLong = -(2n ** 63n)
const lastLong = 2n ** 63n - 1n

/** An integer for a reader that keeps 64 bits of it. */
export function longBounds(operand: string): Bounds {
  const decimal = parseDecimal(operand)
  if (decimal === undefined) throw new TypeError('an operand is no number')
  if (compare(operand, lastLong.toString()) > 0) {
    return { low: lastLong.toString(), high: undefined, lowHolds: false, highHolds: false }
  }
  if (compare(operand, firstLong.toString()) < 0) {
    return { low: undefined, high: firstLong.toString(), lowHolds: false, highHolds: false }
  }
  return exactly(operand)
}

function beyondDoubles(isPositive: boolean): Bounds {
  const [low, high] = isPositive ? [Number.MAX_VALUE, Infinity] : [-Infinity, -Number.MAX_VALUE]
  return { ...textsOf(low, high), lowHolds: false, highHolds: false }
}

function textsOf(low: number, high: number): Pick<Bounds, 'low' | 'high'> {
  return {
    low: Number.isFinite(low) ? doubleText(low) : undefined,
    high: Number.isFinite(high) ? doubleText(high) : undefined,
  }
}

/** In full where a reader may take it for a 64-bit integer, else with the fewest digits that name it. */
function doubleText(value: number): string {
  const isLong = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63
  return isLong ? BigInt(value).toString() : shortText(value)
}

function shortText(value: number): string {
  const decimal = parseDecimal(String(value))
  if (decimal === undefined) throw new TypeError('a double has no decimal text')
  return decimalText(decimal)
}

function compare(one: string, other: string): number {
  const [left, right] = [parseDecimal(one), parseDecimal(other)]
  if (left === undefined || right === undefined) throw new TypeError('an operand is no number')
  return compareDecimals(left, right)
}

/** The next double up or down; the bits of doubles of one sign are in the order of their sizes. */
function neighbour(value: number, step: 1n | -1n): number {
  if (value === 0) return step === 1n ? Number.MIN_VALUE : -Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? step : -step))
  return view.getFloat64(0)
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value
}
