import { JsonNumber } from '../language.ts'
import { isNegative, signTest, textOf, textsOf } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { epochOf, partsOf } from './instant-bounds.ts'
import type { Condition, Match } from './mongodb-match.ts'

/**
 * Instants as documents hold them: text in UTC with `Z`, whole milliseconds, or BSON dates. A text that spells its
 * instant otherwise (with an offset, in small letters, with zeros nobody writes) cannot be compared and is let through,
 * and so is every BSON date, since JSON has no literal for one that every reader takes.
 */
export function instantCondition(test: Test): Condition {
  if (isNegative(test.operator)) return { kind: 'besides', values: textsOf(test).flatMap(spellingsOf) }
  const matches = signTest(test.operator) === undefined ? [among(test)] : besideOf(test)
  return { kind: 'any', matches: [...matches, { $regex: otherSpelling }, { $type: 'date' }] }
}

const otherSpelling =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt][0-9:.]{8,49}(?:z|[+-][0-9]{2}:[0-9]{2})|t[0-9:.]{8,49}Z|' +
  'T[0-9:]{8}\\.(?:[0-9]?|[0-9]{3,4}|[0-9]{6,7}|[0-9]{9,39})0Z)$'

function among(test: Test): Match {
  return { $in: textsOf(test).flatMap(spellingsOf) }
}

/** With as many digits as there are, and with three, six and nine, as writers do that keep them all. */
function spellingsOf(instant: string): readonly (string | JsonNumber)[] {
  const { second, fraction } = partsOf(instant)
  const fractions = [3, 6, 9]
    .filter((digits) => digits >= fraction.length)
    .map((digits) => fraction.padEnd(digits, '0'))
  const texts = [...new Set([fraction, ...fractions])].map((each) => `${second}${each === '' ? '' : `.${each}`}Z`)
  const { ms, exact } = epochOf(instant)
  return exact ? [...texts, new JsonNumber(String(ms))] : texts
}

/** Texts of other seconds are in the order of their instants; those of the operand's own second are told apart. */
function besideOf(test: Test): readonly Match[] {
  const { second, fraction } = partsOf(textOf(test))
  const { ms, exact } = epochOf(textOf(test))
  const whole = new JsonNumber(String(ms))
  const same = (rest: string): Match => ({ $regex: `^${second}${rest}` })
  switch (test.operator) {
    case '$gt':
      return [{ $gt: `${second}Z` }, same(`\\.(?:${above(fraction, '[0-9]*[1-9]')})`), { $gt: whole }]
    case '$gte':
      if (fraction === '') return [{ $gte: second }, { $gte: whole }]
      return [{ $gt: `${second}Z` }, same(`\\.(?:${above(fraction, '')})`), exact ? { $gte: whole } : { $gt: whole }]
    case '$lt':
      return [{ $lt: second }, ...below(fraction, '').map(same), exact ? { $lt: whole } : { $lte: whole }]
    case '$lte':
      return [{ $lt: second }, ...below(fraction, `${fraction}0*Z`).map(same), { $lte: whole }]
    case '$eq':
    case '$ne':
    case '$in':
    case '$nin':
    case '$prefix':
    case '$exists':
    case '$has':
    case '$hasAny':
    case '$hasNone':
      throw new TypeError(`${test.operator} compares no instants`)
  }
}

/** Digits of larger fractions, and of those that begin with `fraction` and go on as `rest` says. */
function above(fraction: string, rest: string): string {
  const larger = Array.from(fraction).flatMap((digit, at) => {
    return digit === '9' ? [] : [`${fraction.slice(0, at)}[${Number(digit) + 1}-9]`]
  })
  return [...larger, fraction + rest].join('|')
}

/** What follows the second where the fraction is smaller, or as `equal` says. */
function below(fraction: string, equal: string): readonly string[] {
  const smaller = Array.from(fraction).flatMap((digit, at) => {
    const shared = fraction.slice(0, at)
    const ends = at === 0 ? [] : [`${shared}Z`]
    return digit === '0' ? ends : [...ends, `${shared}[0-${Number(digit) - 1}]`]
  })
  const fractions = equal === '' ? smaller : [...smaller, equal]
  if (fraction === '' && equal === '') return []
  return fractions.length === 0 ? ['Z'] : [`(?:Z|\\.(?:${fractions.join('|')}))`]
}
