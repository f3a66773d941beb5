import { JsonNumber } from '../language.ts'
import { textAfterAll } from '../text.ts'
import type { Range, SpelledTest } from './bounds.ts'

/** Operators on one value. */
export type Match = Readonly<Record<string, unknown>>

/** What has to hold for a value that is there and no list. */
export type Condition =
  | { readonly kind: 'any'; readonly matches: readonly Match[] }
  /** None of these values; the value's type has to be guarded, since MongoDB does not. */
  | { readonly kind: 'besides'; readonly values: readonly unknown[] }

/** MongoDB compares a number with numbers alone and a text with texts alone, in the order of their bytes. */
export function matchSpelled(spelled: SpelledTest, valueOf: (text: string) => unknown): Condition {
  switch (spelled.kind) {
    case 'among': {
      const exact = spelled.exact.length === 0 ? [] : [matchMember(spelled.exact.map(valueOf))]
      return { kind: 'any', matches: [...exact, ...spelled.ranges.map((range) => matchRange(range, valueOf))] }
    }
    case 'besides':
      return { kind: 'besides', values: spelled.exact.map(valueOf) }
    case 'range':
      return { kind: 'any', matches: [matchRange(spelled.range, valueOf)] }
    case 'prefix':
      return { kind: 'any', matches: [matchPrefix(spelled.prefix)] }
  }
}

export function matchMember(values: readonly unknown[]): Match {
  return values.length === 1 ? { $eq: values[0] } : { $in: values }
}

/** Without a limit: any number, as only numbers lack one. */
export function matchRange(range: Range, valueOf: (text: string) => unknown): Match {
  const limits = Object.entries(range).map(([side, text]) => [`$${side}`, valueOf(text)])
  return limits.length === 0 ? { $type: 'number' } : Object.fromEntries(limits)
}

export function matchPrefix(prefix: string): Match {
  const end = textAfterAll(prefix)
  return end === undefined ? { $gte: prefix } : { $gte: prefix, $lt: end }
}

export function numberOf(text: string): JsonNumber {
  return new JsonNumber(text)
}
