import { parseDuration } from '../config/units.ts'
import { systemClock } from '../lib/clock.ts'
import type { Arguments } from './arguments.ts'
import { UsageError } from './cli.ts'

/** The last moment a Date can hold. */
const lastMs = 8.64e15

/** Milliseconds of an option such as `--for 15m`. */
export function durationFrom(given: Arguments, option: string): number | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0 || systemClock.now() + ms > lastMs) {
    throw new UsageError(`--${option} must be a duration such as 15m, 4h or 30d`)
  }
  return ms
}
