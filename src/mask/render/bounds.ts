import { isNegative, signTest, textsOf } from '../operand.ts'
import type { Operator, Test } from '../predicate.ts'

/**
 * Where an operand stands among the values that a target can be told. A value that may be the operand lies between
 * `low` and `high`, and may be one of them where that one holds; undefined = there is no such value on that side.
 */
export interface Bounds {
  readonly low: string | undefined
  readonly high: string | undefined
  readonly lowHolds: boolean
  readonly highHolds: boolean
}

/** Without a limit: any value of the field's type. */
export interface Range {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
}

/** A test in operands that the target can be told: never narrower than the test, and the same for what is exact. */
export type SpelledTest =
  | { readonly kind: 'among'; readonly exact: readonly string[]; readonly ranges: readonly Range[] }
  | { readonly kind: 'besides'; readonly exact: readonly string[] }
  | { readonly kind: 'range'; readonly range: Range }
  | { readonly kind: 'prefix'; readonly prefix: string }

export function exactly(text: string): Bounds {
  return { low: text, high: text, lowHolds: true, highHolds: true }
}

/** Spells a bound test on one value that is no boolean; `$exists` and the operators on lists are not for it. */
export function spellTest(test: Test, boundsOf: (operand: string) => Bounds): SpelledTest {
  const texts = textsOf(test)
  const [first = ''] = texts
  if (test.operator === '$prefix') return { kind: 'prefix', prefix: first }
  if (signTest(test.operator) !== undefined)
    return { kind: 'range', range: rangeBeside(test.operator, boundsOf(first)) }
  const bounds = texts.map(boundsOf)
  const exact = bounds.flatMap(exactText)
  if (isNegative(test.operator)) return { kind: 'besides', exact }
  const ranges = bounds.filter((each) => exactText(each).length === 0).map((each) => ({ ...from(each), ...upTo(each) }))
  return { kind: 'among', exact, ranges }
}

/** Everything that a test says to the target. */
export function operandsOf(spelled: SpelledTest): readonly string[] {
  switch (spelled.kind) {
    case 'among':
      return [...spelled.exact, ...spelled.ranges.flatMap((range) => Object.values(range))]
    case 'besides':
      return spelled.exact
    case 'range':
      return Object.values(spelled.range)
    case 'prefix':
      return [spelled.prefix]
  }
}

function exactText({ low, high }: Bounds): readonly string[] {
  return low !== undefined && low === high ? [low] : []
}

function rangeBeside(operator: Operator, bounds: Bounds): Range {
  if (operator === '$gt') return bounds.low === undefined ? {} : { gt: bounds.low }
  if (operator === '$lt') return bounds.high === undefined ? {} : { lt: bounds.high }
  return operator === '$gte' ? from(bounds) : upTo(bounds)
}

function from({ low, lowHolds }: Bounds): Range {
  if (low === undefined) return {}
  return lowHolds ? { gte: low } : { gt: low }
}

function upTo({ high, highHolds }: Bounds): Range {
  if (high === undefined) return {}
  return highHolds ? { lte: high } : { lt: high }
}
