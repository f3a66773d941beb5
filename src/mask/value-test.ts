import { instantFromEpoch, instantFromText, isDate } from './instant.ts'
import { type FieldValue, JsonNumber } from './language.ts'
import { numberTest } from './number-test.ts'
import { flagsOf, isNegative, signTest, textOf, textsOf } from './operand.ts'
import type { Test } from './predicate.ts'
import { idText } from './scalar.ts'
import { compareCodePoints } from './text.ts'

/** TRUE, or not: FALSE and UNKNOWN both read as false, as they permit the same rows (see fold.ts). */
export type ValueTest = (value: FieldValue) => boolean

/** Compiles one bound test. Its operands were typed when the mask was parsed or bound. */
export function compileTest(test: Test): ValueTest {
  if (test.operator === '$exists') return existsTest(flagsOf(test).includes(true))
  switch (test.field.type) {
    case 'string':
      return plainTextTest(test) ?? textTest(test, readText)
    case 'id':
      return textTest(test, readId)
    case 'date':
      return textTest(test, readDate)
    case 'datetime':
      return textTest(test, readInstant, (text) => text.slice(0, -1))
    case 'integer':
    case 'number':
      return numberTest(test)
    case 'boolean':
      return booleanTest(test)
    case 'string[]':
      return listTest(test)
  }
}

function existsTest(wanted: boolean): ValueTest {
  return (value) => (value !== undefined && value !== null) === wanted
}

/** Gives a value in the spelling of its type; undefined where it is missing or of another type. */
type ReadText = (value: FieldValue) => string | undefined

/** `keyOf` gives an operand the spelling that `read` gives a value. */
function textTest(test: Test, read: ReadText, keyOf = (operand: string): string => operand): ValueTest {
  const operand = keyOf(textOf(test))
  if (test.operator === '$eq') return (value) => read(value) === operand
  if (test.operator === '$prefix') return (value) => read(value)?.startsWith(operand) === true
  const holds = signTest(test.operator)
  if (holds !== undefined) {
    return (value) => {
      const text = read(value)
      return text !== undefined && holds(compareCodePoints(text, operand))
    }
  }
  const operands = new Set(textsOf(test).map(keyOf))
  const wanted = !isNegative(test.operator)
  return (value) => {
    const text = read(value)
    return text !== undefined && operands.has(text) === wanted
  }
}

/** The same for what equals an operand, which is well formed already. */
function plainTextTest(test: Test): ValueTest | undefined {
  if (test.operator === '$eq') {
    const operand = textOf(test)
    return (value) => value === operand
  }
  if (test.operator !== '$in') return undefined
  const operands = new Set<FieldValue>(textsOf(test))
  return (value) => operands.has(value)
}

/** A lone surrogate has no UTF-8 and no code point: such a text is none. */
function readText(value: FieldValue): string | undefined {
  return typeof value === 'string' && value.isWellFormed() ? value : undefined
}

function readId(value: FieldValue): string | undefined {
  return value instanceof JsonNumber ? idText(value) : readText(value)
}

function readDate(value: FieldValue): string | undefined {
  return typeof value === 'string' && isDate(value) ? value : undefined
}

function readInstant(value: FieldValue): string | undefined {
  if (value instanceof JsonNumber) return instantFromEpoch(value.text)
  return typeof value === 'string' ? instantFromText(value) : undefined
}

function booleanTest(test: Test): ValueTest {
  const operands = flagsOf(test)
  const wanted = !isNegative(test.operator)
  return (value) => typeof value === 'boolean' && operands.includes(value) === wanted
}

function listTest(test: Test): ValueTest {
  const operands = new Set(textsOf(test))
  if (test.operator === '$hasNone') return (value) => isTextList(value) && !hasAny(value, operands)
  return (value) => isTextList(value) && hasAny(value, operands)
}

function isTextList(value: FieldValue): value is readonly string[] {
  return typeof value === 'object' && !(value instanceof JsonNumber) && value !== null && value.every(isWellFormed)
}

function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}

function hasAny(values: readonly string[], operands: ReadonlySet<string>): boolean {
  for (const value of values) if (operands.has(value)) return true
  return false
}
