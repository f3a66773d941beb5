import { decimalText, isIntegral, parseDecimal } from './decimal.ts'

const datePattern = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/
const timePattern =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,40}))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$/
const maxLength = 80

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** Whether `text` is a calendar date, `YYYY-MM-DD`, of the years 0001 to 9999. */
export function isDate(text: string): boolean {
  const match = text.length === 10 ? datePattern.exec(text) : null
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const days = monthDays[month - 1]
  if (year === 0 || days === undefined || day === 0) return false
  return day <= (month === 2 && isLeap(year) ? 29 : days)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/**
 * The instant that an RFC 3339 text names, as `YYYY-MM-DDThh:mm:ss[.fraction]` in UTC without trailing zeros, so that
 * the order of the texts is the order of the instants. Leap seconds are not read: databases disagree on them.
 */
export function instantFromText(text: string): string | undefined {
  const match = text.length > maxLength ? null : timePattern.exec(text)
  if (match === null) return undefined
  const [, date = '', hours = '', minutes = '', seconds = '', fraction = '', sign, offsetHours, offsetMinutes] = match
  if (!isDate(date)) return undefined
  const local = Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`)
  const offset = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
  return instant(sign === '-' ? local + offset : local - offset, fraction)
}

/** The instant at a whole number of milliseconds since the Unix epoch, spelled as above. */
export function instantFromEpoch(text: string): string | undefined {
  const decimal = parseDecimal(text)
  if (decimal === undefined || !isIntegral(decimal)) return undefined
  const ms = Number(decimalText(decimal))
  if (!Number.isSafeInteger(ms)) return undefined
  const whole = Math.floor(ms / 1000)
  return instant(whole * 1000, String(ms - whole * 1000).padStart(3, '0'))
}

const firstMs = Date.parse('0001-01-01T00:00:00Z')
const lastMs = Date.parse('9999-12-31T23:59:59Z')

function instant(wholeSecondMs: number, fraction: string): string | undefined {
  if (wholeSecondMs < firstMs || wholeSecondMs > lastMs) return undefined
  const seconds = new Date(wholeSecondMs).toISOString().slice(0, 19)
  let end = fraction.length
  while (fraction.charAt(end - 1) === '0') end--
  return end === 0 ? seconds : `${seconds}.${fraction.slice(0, end)}`
}
