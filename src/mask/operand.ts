import { JsonNumber } from './language.ts'
import type { Operator, Scalar, Test } from './predicate.ts'

/** The operands of a bound test, one or many; a reference that was never bound is our own mistake. */
export function scalarsOf({ operand, operator }: Test): readonly Scalar[] {
  switch (operand.kind) {
    case 'value':
      return [operand.value]
    case 'list':
      return operand.values
    case 'user':
      throw new TypeError(`${operator} still refers to a user attribute`)
  }
}

/** The operands as text; numbers as their decimal. */
export function textsOf(test: Test): readonly string[] {
  return scalarsOf(test).map((value) => {
    if (typeof value === 'boolean') throw new TypeError(`${test.operator} has a boolean operand`)
    return value instanceof JsonNumber ? value.text : value
  })
}

export function textOf(test: Test): string {
  const [text] = textsOf(test)
  if (text === undefined) throw new TypeError(`${test.operator} has no operand`)
  return text
}

export function flagsOf(test: Test): readonly boolean[] {
  return scalarsOf(test).map((value) => {
    if (typeof value !== 'boolean') throw new TypeError(`${test.operator} has an operand that is no boolean`)
    return value
  })
}

/** How an operator that compares with one operand reads the sign of the comparison; undefined for the others. */
export function signTest(operator: Operator): ((sign: number) => boolean) | undefined {
  switch (operator) {
    case '$gt':
      return (sign) => sign > 0
    case '$gte':
      return (sign) => sign >= 0
    case '$lt':
      return (sign) => sign < 0
    case '$lte':
      return (sign) => sign <= 0
    case '$eq':
    case '$ne':
    case '$in':
    case '$nin':
    case '$prefix':
    case '$exists':
    case '$has':
    case '$hasAny':
    case '$hasNone':
      return undefined
  }
}

/** Whether an operator permits what is not among its operands. */
export function isNegative(operator: Operator): boolean {
  return operator === '$ne' || operator === '$nin' || operator === '$hasNone'
}
