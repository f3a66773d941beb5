import {
  branch,
  type Mask,
  makeMask,
  type Node,
  type Operand,
  type Scalar,
  type Test,
  takesList,
  test,
  unresolved,
} from './predicate.ts'
import { maxListLength, sortedScalars, typedScalar } from './scalar.ts'

/**
 * The same mask with every `$user` reference replaced by what the user's attribute holds. A test whose attribute is
 * missing, empty or not of the field's type becomes UNKNOWN; it is never dropped.
 */
export function bindMask(mask: Mask, attributes: ReadonlyMap<string, unknown>): Mask {
  return makeMask(mask.dataset, bindNode(mask.root, attributes))
}

function bindNode(node: Node, attributes: ReadonlyMap<string, unknown>): Node {
  switch (node.kind) {
    case 'true':
    case 'false':
    case 'unknown':
      return node
    case 'test':
      return bindTest(node, attributes)
    case 'and':
    case 'or':
      return branch(
        node.kind,
        node.children.map((child) => bindNode(child, attributes)),
      )
  }
}

function bindTest(node: Test, attributes: ReadonlyMap<string, unknown>): Node {
  if (node.operand.kind !== 'user') return node
  const { attribute } = node.operand
  const operand = operandFrom(node, attributes.get(attribute))
  return operand === undefined
    ? unresolved(node.field, node.operator, attribute)
    : test(node.field, node.operator, operand)
}

function operandFrom({ field, operator }: Test, held: unknown): Operand | undefined {
  if (!takesList(operator)) {
    const value = scalarFrom(field.type, held)
    return value === undefined ? undefined : { kind: 'value', value }
  }
  if (!Array.isArray(held) || held.length === 0 || held.length > maxListLength) return undefined
  const values: Scalar[] = []
  for (const item of held) {
    const value = scalarFrom(field.type, item)
    // Dropping the one bad item would widen $nin and $hasNone.
    if (value === undefined) return undefined
    values.push(value)
  }
  return { kind: 'list', values: Object.freeze(sortedScalars(values)) }
}

function scalarFrom(type: Test['field']['type'], held: unknown): Scalar | undefined {
  return held === '' ? undefined : typedScalar(type, held)
}
