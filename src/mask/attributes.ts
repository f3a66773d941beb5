import type { AttributeType, Dataset, FieldType, ScalarType } from './language.ts'
import { type Operator, takesList } from './predicate.ts'
import { typedScalar } from './scalar.ts'

/** What every user has: the active company's id, the account's id and e-mail, and the ids of roles and groups. */
export const builtinAttributes: ReadonlyMap<string, AttributeType> = new Map<string, AttributeType>([
  ['tenant', 'id'],
  ['account', 'id'],
  ['email', 'string'],
  ['roles', 'id[]'],
  ['groups', 'id[]'],
])

/** Says why an attribute can never stand for the operand of a test; undefined where it may. */
export function attributeFault(
  dataset: Dataset,
  attribute: string,
  type: FieldType,
  operator: Operator,
): string | undefined {
  const held = builtinAttributes.get(attribute) ?? dataset.attributes?.get(attribute)
  if (held === undefined) return dataset.attributes === undefined ? undefined : 'no attribute is called that'
  const wanted = type === 'string[]' ? 'string' : type
  if (isList(held) !== takesList(operator)) {
    return takesList(operator) ? `${operator} needs an attribute that is a list` : `the attribute is a list (${held})`
  }
  return suits(elementType(held), wanted) ? undefined : `the attribute is ${held}, the field ${type}`
}

/** Whether `value` is what an attribute of `type` may hold. */
export function isAttributeOf(type: AttributeType, value: unknown): boolean {
  const element = elementType(type)
  if (!isList(type)) return typedScalar(element, value) !== undefined
  return Array.isArray(value) && value.every((item) => typedScalar(element, item) !== undefined)
}

function isList(type: AttributeType): boolean {
  return type.endsWith('[]')
}

function elementType(type: AttributeType): ScalarType {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every list type is a scalar type and two brackets
  return (isList(type) ? type.slice(0, -2) : type) as ScalarType
}

/** Ids are texts, and a text may be an id; whole numbers are ids and numbers. */
function suits(held: ScalarType, wanted: ScalarType): boolean {
  if (held === wanted) return true
  if (wanted === 'id') return held === 'string' || held === 'integer'
  if (wanted === 'number') return held === 'integer'
  return wanted === 'string' && held === 'id'
}
