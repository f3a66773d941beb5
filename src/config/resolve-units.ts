import type { LimitConfig } from './config.ts'
import { parseDuration, parseSize } from './units.ts'

/** Milliseconds of a duration that the schema has let through. */
export function ms(text: string | number): number {
  return known(parseDuration(text))
}

/** Bytes of a size that the schema has let through. */
export function bytes(text: string | number): number {
  return known(parseSize(text))
}

function known(value: number | undefined): number {
  if (value === undefined) throw new TypeError('a unit got past the schema')
  return value
}

export function limit(source: { readonly max: number; readonly window: string }): LimitConfig {
  return { max: source.max, windowMs: ms(source.window) }
}
