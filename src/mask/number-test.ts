import { compareDecimals, type Decimal, decimalText, isIntegral, parseDecimal, shortNumber } from './decimal.ts'
import { type FieldValue, JsonNumber } from './language.ts'
import { isNegative, signTest, textOf, textsOf } from './operand.ts'
import type { Test } from './predicate.ts'

/** Compiles a test on an `integer` or `number` field; short numbers are compared as doubles, which is exact. */
export function numberTest(test: Test): (value: FieldValue) => boolean {
  const integral = test.field.type === 'integer'
  const holds = signTest(test.operator)
  return holds === undefined ? memberTest(test, integral) : orderTest(textOf(test), integral, holds)
}

function orderTest(text: string, integral: boolean, holds: (sign: number) => boolean): (value: FieldValue) => boolean {
  const operand = parseDecimal(text)
  if (operand === undefined) throw new TypeError('an operand is no number')
  const shortOperand = shortNumber(text)
  return (value) => {
    if (!(value instanceof JsonNumber)) return false
    const short = shortNumber(value.text)
    if (!Number.isNaN(short) && !Number.isNaN(shortOperand)) {
      return (!integral || Number.isInteger(short)) && holds(short - shortOperand)
    }
    const decimal = readDecimal(value.text, integral)
    return decimal !== undefined && holds(compareDecimals(decimal, operand))
  }
}

/** A short value can only equal a short operand: operands are in their one spelling, which is as short as any. */
function memberTest(test: Test, integral: boolean): (value: FieldValue) => boolean {
  const operands = new Set(textsOf(test))
  const shortOperands = new Set([...operands].map(shortNumber).filter((short) => !Number.isNaN(short)))
  const wanted = !isNegative(test.operator)
  return (value) => {
    if (!(value instanceof JsonNumber)) return false
    const short = shortNumber(value.text)
    if (!Number.isNaN(short)) return (!integral || Number.isInteger(short)) && shortOperands.has(short) === wanted
    const decimal = readDecimal(value.text, integral)
    return decimal !== undefined && operands.has(decimalText(decimal)) === wanted
  }
}

function readDecimal(text: string, integral: boolean): Decimal | undefined {
  const decimal = parseDecimal(text)
  return decimal === undefined || (integral && !isIntegral(decimal)) ? undefined : decimal
}
