import type { FieldDeclaration, FieldType, JsonNumber } from './language.ts'

/** The syntax tree of a mask. Every node is frozen; only the functions below make one. */
export type Node = Truth | Falsehood | Unresolved | Test | Branch

export interface Truth {
  readonly kind: 'true'
}

export interface Falsehood {
  readonly kind: 'false'
}

/** A test whose user attribute is missing, empty or of the wrong type: UNKNOWN, whatever the row. */
export interface Unresolved {
  readonly kind: 'unknown'
  readonly field: FieldDeclaration
  readonly operator: Operator
  readonly attribute: string
}

export interface Test {
  readonly kind: 'test'
  readonly field: FieldDeclaration
  readonly operator: Operator
  readonly operand: Operand
}

export interface Branch {
  readonly kind: 'and' | 'or'
  readonly children: readonly Node[]
}

/**
 * An operand in the one spelling of its type: `string`, `id`, `date` and `datetime` (RFC 3339, UTC) as text, `integer`
 * and `number` as a canonical decimal, `boolean` as itself.
 */
export type Scalar = string | boolean | JsonNumber

export type Operand =
  | { readonly kind: 'value'; readonly value: Scalar }
  /** Sorted, without repeats. */
  | { readonly kind: 'list'; readonly values: readonly Scalar[] }
  | { readonly kind: 'user'; readonly attribute: string }

const equality = ['$eq', '$ne', '$in', '$nin'] as const
const order = ['$gt', '$gte', '$lt', '$lte'] as const
const membership = ['$has', '$hasAny', '$hasNone'] as const

export type Operator = (typeof equality | typeof order | typeof membership)[number] | '$prefix' | '$exists'

/** A predicate over the rows of one dataset. */
export interface Mask {
  /** Name of the dataset whose declaration gave the types. */
  readonly dataset: string
  readonly root: Node
}

const ordered: readonly Operator[] = [...equality, ...order, '$exists']

/** Text order of ids would put 10 before 9, so ids have none. */
const operatorsOf: Readonly<Record<FieldType, readonly Operator[]>> = {
  string: [...ordered, '$prefix'],
  id: [...equality, '$prefix', '$exists'],
  integer: ordered,
  number: ordered,
  boolean: [...equality, '$exists'],
  date: ordered,
  datetime: ordered,
  'string[]': [...membership, '$exists'],
}

const everyOperator: readonly Operator[] = [...ordered, ...membership, '$prefix']

/** The operator that `text` spells; undefined where there is none. */
export function operatorFrom(text: string): Operator | undefined {
  return everyOperator.find((operator) => operator === text)
}

export function operatorSuits(operator: Operator, type: FieldType): boolean {
  return operatorsOf[type].includes(operator)
}

export function takesList(operator: Operator): boolean {
  return operator === '$in' || operator === '$nin' || operator === '$hasAny' || operator === '$hasNone'
}

export const truth: Truth = Object.freeze({ kind: 'true' })
export const falsehood: Falsehood = Object.freeze({ kind: 'false' })

export function test(field: FieldDeclaration, operator: Operator, operand: Operand): Test {
  return Object.freeze({ kind: 'test', field, operator, operand: Object.freeze(operand) })
}

export function unresolved(field: FieldDeclaration, operator: Operator, attribute: string): Unresolved {
  return Object.freeze({ kind: 'unknown', field, operator, attribute })
}

export function branch(kind: 'and' | 'or', children: readonly Node[]): Branch {
  return Object.freeze({ kind, children: Object.freeze([...children]) })
}

export function makeMask(dataset: string, root: Node): Mask {
  return Object.freeze({ dataset, root })
}
