import { flagsOf, isNegative } from '../operand.ts'
import type { Test } from '../predicate.ts'
import { exactly, operandsOf, spellTest } from './bounds.ts'
import { instantCondition } from './mongodb-datetime.ts'
import { idCondition } from './mongodb-id.ts'
import { type Condition, matchMember, matchSpelled, numberOf } from './mongodb-match.ts'
import { doubleBounds, isBinary } from './number-bounds.ts'

/** The condition of a test on one value; `$exists` and lists are not for it. */
export function conditionOf(test: Test): Condition {
  switch (test.field.type) {
    case 'string':
      return textCondition(test)
    case 'id':
      return idCondition(test)
    case 'integer':
    case 'number':
      return numberCondition(test)
    case 'boolean':
      return flagCondition(test)
    case 'date':
      return orBsonDate(textCondition(test))
    case 'datetime':
      return instantCondition(test)
    case 'string[]':
      throw new TypeError('a list has no value to compare')
  }
}

function textCondition(test: Test): Condition {
  return matchSpelled(spellTest(test, exactly), (text) => text)
}

/** A day may be kept as a BSON date, for which JSON has no literal that every reader takes. */
function orBsonDate(condition: Condition): Condition {
  if (condition.kind === 'besides') return condition
  return { kind: 'any', matches: [...condition.matches, { $type: 'date' }] }
}

/** A BSON decimal is not what a reader of JSON makes of the same digits, unless a double holds them exactly. */
function numberCondition(test: Test): Condition {
  const spelled = spellTest(test, doubleBounds)
  const condition = matchSpelled(spelled, numberOf)
  if (condition.kind === 'besides' || operandsOf(spelled).every(isBinary)) return condition
  return { kind: 'any', matches: [...condition.matches, { $type: 'decimal' }] }
}

function flagCondition(test: Test): Condition {
  const flags = flagsOf(test)
  return isNegative(test.operator) ? { kind: 'besides', values: flags } : { kind: 'any', matches: [matchMember(flags)] }
}
