import type { Arguments } from '../arguments.ts'
import { UsageError } from '../cli.ts'
import { parseTime } from '../directory/time.ts'
import { formatTime } from '../print.ts'

export const validityOptions = { 'valid-from': 'text', 'valid-until': 'text' } as const

export const validityHelp = `  --valid-from TIME    such as 2030-01-31T00:00:00Z; none = no beginning
  --valid-until TIME   from then on it does not hold; none = no end`

interface Validity {
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
}

/** What the options say, and `before` where they say nothing. */
export function validityFrom(given: Arguments, before: Validity): Validity {
  const validFrom = timeFrom(given, 'valid-from', before.validFrom)
  const validUntil = timeFrom(given, 'valid-until', before.validUntil)
  if (validFrom !== undefined && validUntil !== undefined && validFrom >= validUntil)
    throw new UsageError('--valid-until ends before it begins')
  return { validFrom, validUntil }
}

function timeFrom(given: Arguments, option: string, before: number | undefined): number | undefined {
  const text = given.text(option)
  if (text === undefined) return before
  if (text === 'none') return undefined
  const time = parseTime(text)
  if (time === undefined) throw new UsageError(`--${option} must be a time such as 2030-01-31T00:00:00Z, or none`)
  return time
}

/** `2030-01-31T00:00:00Z to`, or nothing where it always holds. */
export function validityText({ validFrom, validUntil }: Validity): string {
  if (validFrom === undefined && validUntil === undefined) return ''
  return `${formatTime(validFrom)} to ${formatTime(validUntil)}`.trim()
}
