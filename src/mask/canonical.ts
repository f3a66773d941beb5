import type { Branch, Node, Operand, Operator, Test } from './predicate.ts'
import { asciiJson, scalarText } from './scalar.ts'

/** A node as written in the language, in ASCII with sorted keys. What can never be TRUE is written `false`. */
export function nodeText(node: Node): string {
  switch (node.kind) {
    case 'true':
      return 'true'
    case 'false':
    case 'unknown':
      return 'false'
    case 'test':
      return object([[node.field.name, conditionText([node])]])
    case 'or':
      return object([['$or', array(node.children.map(nodeText))]])
    case 'and':
      return conjunctionText(node)
  }
}

/** Tests stand side by side; what would take a key twice moves into `$and`. */
function conjunctionText(node: Branch): string {
  const tests = new Map<string, Map<Operator, Test>>()
  const either = node.children.find(isDisjunction)
  const rest: string[] = []
  for (const child of node.children) {
    if (child.kind !== 'test') {
      if (child !== either) rest.push(nodeText(child))
      continue
    }
    const same = tests.get(child.field.name) ?? new Map<Operator, Test>()
    if (same.has(child.operator)) rest.push(nodeText(child))
    else tests.set(child.field.name, same.set(child.operator, child))
  }
  const entries: [string, string][] = [...tests].map(([name, same]) => [name, conditionText([...same.values()])])
  if (either !== undefined) entries.push(['$or', array(either.children.map(nodeText))])
  if (rest.length > 0) entries.push(['$and', array(rest)])
  return object(entries)
}

function conditionText(tests: readonly Test[]): string {
  const [only] = tests
  if (tests.length === 1 && only !== undefined && (only.operator === '$eq' || only.operator === '$has')) {
    return operandText(only.operand)
  }
  return object(tests.map((test) => [test.operator, operandText(test.operand)]))
}

function operandText(operand: Operand): string {
  switch (operand.kind) {
    case 'value':
      return scalarText(operand.value)
    case 'list':
      return array(operand.values.map(scalarText))
    case 'user':
      return object([['$user', asciiJson(operand.attribute)]])
  }
}

function object(entries: readonly (readonly [string, string])[]): string {
  const sorted = entries.map(([key, value]) => `${asciiJson(key)}:${value}`).sort()
  return `{${sorted.join(',')}}`
}

function array(items: readonly string[]): string {
  return `[${[...items].sort().join(',')}]`
}

function isDisjunction(node: Node): node is Branch {
  return node.kind === 'or'
}
