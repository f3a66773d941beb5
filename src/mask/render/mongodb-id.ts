import { decimalText, parseDecimal } from '../decimal.ts'
import { JsonNumber } from '../language.ts'
import { isNegative, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { idText } from '../scalar.ts'
import type { Bounds, Range } from './bounds.ts'
import { type Condition, type Match, matchMember, matchPrefix, matchRange, numberOf } from './mongodb-match.ts'
import { doubleBounds } from './number-bounds.ts'

/** An id is a text, or a whole number that is spelled as it. */
export function idCondition(test: Test): Condition {
  if (test.operator === '$prefix') {
    const prefix = textOf(test)
    return { kind: 'any', matches: [matchPrefix(prefix), ...numbersFrom(prefix)] }
  }
  const texts = textsOf(test)
  const bounds = texts.flatMap((text) => numeralOf(text) ?? []).map(doubleBounds)
  const exact = bounds.filter(isExact).flatMap(({ low }) => low ?? [])
  const values = [...texts, ...exact.map(numberOf)]
  if (isNegative(test.operator)) return { kind: 'besides', values }
  const near = bounds.filter((each) => !isExact(each))
  return { kind: 'any', matches: [matchMember(values), ...near.map(between)] }
}

/** The canonical decimal of an id that can be a number. */
function numeralOf(text: string): string | undefined {
  const decimal = idText(new JsonNumber(text)) === undefined ? undefined : parseDecimal(text)
  return decimal === undefined ? undefined : decimalText(decimal)
}

function isExact({ low, high }: Bounds): boolean {
  return low === high
}

function between({ low, high }: Bounds): Match {
  return range({ ...(low === undefined ? {} : { gte: low }), ...(high === undefined ? {} : { lte: high }) })
}

/** Larger numbers are seldom spelled in full: any of them may begin with anything. */
const hugeDigits = 21

/** The whole numbers whose spelling begins with `prefix`: one range for each number of digits. */
function numbersFrom(prefix: string): readonly Match[] {
  if (prefix === '-') return [range({ lt: '0' })]
  if (prefix === '0') return [matchMember([numberOf('0')])]
  if (!/^-?[1-9][0-9]*$/.test(prefix)) return []
  const isPositive = !prefix.startsWith('-')
  const [near, far] = [BigInt(prefix), BigInt(prefix) + (isPositive ? 1n : -1n)]
  const matches: Match[] = []
  for (let power = 1n; String(near * power).length <= hugeDigits; power *= 10n) {
    matches.push(isPositive ? fromTo(near * power, far * power) : downTo(near * power, far * power))
  }
  const huge = String((isPositive ? 1n : -1n) * 10n ** BigInt(hugeDigits - 1))
  return [...matches, range(isPositive ? { gte: huge } : { lte: huge })]
}

function fromTo(first: bigint, end: bigint): Match {
  return range({ gte: doubleBounds(String(first)).low ?? '0', lt: doubleBounds(String(end)).high ?? '0' })
}

function downTo(first: bigint, end: bigint): Match {
  return range({ gt: doubleBounds(String(end)).low ?? '0', lte: doubleBounds(String(first)).high ?? '0' })
}

function range(limits: Range): Match {
  return matchRange(limits, numberOf)
}
