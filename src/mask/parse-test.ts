import { attributeFault } from './attributes.ts'
import { describeWritten, isPlainObject } from './describe.ts'
import type { FieldDeclaration } from './language.ts'
import type { ParseState } from './parse-state.ts'
import { falsehood, type Node, type Operator, operatorSuits, type Scalar, takesList, test } from './predicate.ts'
import { describeType, maxListLength, sortedScalars, typedScalar } from './scalar.ts'
import { fitsInUtf8 } from './text.ts'

/** The attribute of `{ $user: attribute }`; undefined where `written` has no `$user`. */
export function readReference(written: unknown): { readonly attribute: unknown; readonly alone: boolean } | undefined {
  if (!isPlainObject(written) || !Object.hasOwn(written, '$user')) return undefined
  return { attribute: written['$user'], alone: Object.keys(written).length === 1 }
}

/** Reads one operator and its operand. */
export function parseTest(
  state: ParseState,
  field: FieldDeclaration,
  operator: Operator,
  written: unknown,
  path: string,
): Node {
  if (!state.count(path)) return falsehood
  if (!operatorSuits(operator, field.type)) return state.refuse(path, `${operator} is not for ${field.type} fields`)
  if (written === null) return state.refuse(path, `${operator} takes no null; $exists: false admits an absent value`)
  if (operator === '$exists') return parseExists(state, field, written, path)
  const reference = readReference(written)
  if (reference !== undefined) return parseReference(state, field, operator, reference, path)
  if (takesList(operator)) return parseListTest(state, field, operator, written, path)
  const value = parseScalar(state, field, operator, written, path)
  return value === undefined ? falsehood : test(field, operator, { kind: 'value', value })
}

function parseExists(state: ParseState, field: FieldDeclaration, written: unknown, path: string): Node {
  if (typeof written === 'boolean') return test(field, '$exists', { kind: 'value', value: written })
  return state.refuse(path, `$exists needs true or false, got ${describeWritten(written)}`)
}

function parseReference(
  state: ParseState,
  field: FieldDeclaration,
  operator: Operator,
  { attribute, alone }: { readonly attribute: unknown; readonly alone: boolean },
  path: string,
): Node {
  if (!alone) return state.refuse(path, '$user stands alone')
  if (typeof attribute !== 'string' || !isAttributeName(attribute)) {
    return state.refuse(path, `$user needs the name of an attribute, got ${describeWritten(attribute)}`)
  }
  const fault = attributeFault(state.dataset, attribute, field.type, operator)
  if (fault !== undefined) return state.refuse(path, `$user ${describeWritten(attribute)}: ${fault}`)
  return test(field, operator, { kind: 'user', attribute })
}

function isAttributeName(text: string): boolean {
  if (text === '__proto__' || text === 'constructor' || text === 'prototype') return false
  return text !== '' && fitsInUtf8(text, 256) && text.isWellFormed()
}

function parseListTest(
  state: ParseState,
  field: FieldDeclaration,
  operator: Operator,
  written: unknown,
  path: string,
): Node {
  if (!Array.isArray(written)) return state.refuse(path, `${operator} needs a list, got ${describeWritten(written)}`)
  if (written.length === 0 || written.length > maxListLength) {
    return state.refuse(path, `${operator} needs 1 to ${maxListLength} values, got ${written.length}`)
  }
  const values: Scalar[] = []
  for (const [index, item] of written.entries()) {
    if (state.stopped) return falsehood
    const value = parseScalar(state, field, operator, item, `${path}.${operator}[${index}]`)
    if (value !== undefined) values.push(value)
  }
  return test(field, operator, { kind: 'list', values: Object.freeze(sortedScalars(values)) })
}

function parseScalar(
  state: ParseState,
  field: FieldDeclaration,
  operator: Operator,
  written: unknown,
  path: string,
): Scalar | undefined {
  const value = typedScalar(field.type, written)
  if (value === undefined) {
    state.refuse(path, `${operator} needs ${describeType(field.type)}, got ${describeWritten(written)}`)
    return undefined
  }
  if (operator === '$prefix' && value === '') {
    state.refuse(path, '$prefix needs a string that is not empty')
    return undefined
  }
  return value
}
