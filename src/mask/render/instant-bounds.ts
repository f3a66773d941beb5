import { type Bounds, exactly } from './bounds.ts'

const lastSecond = Date.parse('9999-12-31T23:59:59Z') / 1000

/** An instant (RFC 3339, UTC) for a reader that keeps so many digits after the second. */
export function instantBounds(operand: string, maxDigits: number): Bounds {
  const { second, fraction } = partsOf(operand)
  if (fraction.length <= maxDigits) return exactly(operand)
  const unit = 10n ** BigInt(maxDigits)
  const units = BigInt(Date.parse(`${second}Z`) / 1000) * unit + BigInt(fraction.slice(0, maxDigits))
  return {
    low: instantText(units, unit, maxDigits),
    high: instantText(units + 1n, unit, maxDigits),
    lowHolds: false,
    highHolds: false,
  }
}

/** `2024-01-01T00:00:00.5Z` is the second `2024-01-01T00:00:00` and the fraction `5`. */
export function partsOf(instant: string): { readonly second: string; readonly fraction: string } {
  return { second: instant.slice(0, 19), fraction: instant.slice(20, -1) }
}

/** The milliseconds since 1970, and whether they are the whole of it. */
export function epochOf(instant: string): { readonly ms: number; readonly exact: boolean } {
  const { second, fraction } = partsOf(instant)
  return { ms: Date.parse(`${second}Z`) + Number(fraction.slice(0, 3).padEnd(3, '0')), exact: fraction.length <= 3 }
}

function instantText(units: bigint, unit: bigint, digits: number): string | undefined {
  const rest = ((units % unit) + unit) % unit
  const seconds = Number((units - rest) / unit)
  if (seconds > lastSecond) return undefined
  const fraction = rest.toString().padStart(digits, '0').replace(/0+$/, '')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`
}
