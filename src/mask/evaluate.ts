import type { ComposedMask, MaskPart } from './compose.ts'
import type { FieldDeclaration, FieldValue, Formula, PredicateLeaf, RowPredicate } from './language.ts'
import { textsOf } from './operand.ts'
import type { Mask, Node, Operator, Test } from './predicate.ts'
import { compileTest } from './value-test.ts'

type RowTest = (values: readonly FieldValue[]) => boolean

/** Compiles a bound mask into closures over the values of the fields it reads. */
export function compilePredicate(mask: Mask): RowPredicate {
  const reads = fieldsOf(mask.root)
  const slots = new Map(reads.map((field, slot) => [field.name, slot]))
  const leaves: PredicateLeaf[] = []
  const formula = compileNode(mask.root, slots, leaves)
  const parts = Object.freeze({ leaves: Object.freeze(leaves), formula })
  return Object.freeze({ reads, test: closureOf(formula, leaves), parts })
}

function fieldsOf(root: Node): readonly FieldDeclaration[] {
  const fields = new Map<string, FieldDeclaration>()
  collectFields(root, fields)
  return Object.freeze([...fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1)))
}

function collectFields(node: Node, fields: Map<string, FieldDeclaration>): void {
  if (node.kind === 'test') fields.set(node.field.name, node.field)
  if (node.kind === 'and' || node.kind === 'or') for (const child of node.children) collectFields(child, fields)
}

function compileNode(node: Node, slots: ReadonlyMap<string, number>, leaves: PredicateLeaf[]): Formula {
  switch (node.kind) {
    case 'true':
      return { kind: 'true' }
    case 'false':
    case 'unknown':
      return { kind: 'false' }
    case 'test': {
      const slot = slots.get(node.field.name)
      if (slot === undefined) throw new TypeError(`field ${node.field.name} has no slot`)
      return { kind: 'leaf', leaf: leaves.push({ slot, test: compileTest(node), points: pointsOf(node) }) - 1 }
    }
    case 'and':
    case 'or':
      return { kind: node.kind, children: node.children.map((child) => compileNode(child, slots, leaves)) }
  }
}

function pointsOf(test: Test): readonly string[] | undefined {
  const isNumeric = test.field.type === 'number' || test.field.type === 'integer'
  if (!isNumeric) return undefined
  return test.operator === '$exists' ? [] : textsOf(test)
}

function closureOf(formula: Formula, leaves: readonly PredicateLeaf[]): RowTest {
  switch (formula.kind) {
    case 'true':
      return () => true
    case 'false':
      return () => false
    case 'leaf': {
      const leaf = leaves[formula.leaf]
      if (leaf === undefined) throw new TypeError(`leaf ${formula.leaf} is missing`)
      const { slot, test } = leaf
      return (values) => test(values[slot])
    }
    case 'and':
      return everyTest(formula.children.map((child) => closureOf(child, leaves)))
    case 'or':
      return someTest(formula.children.map((child) => closureOf(child, leaves)))
  }
}

function everyTest(tests: readonly RowTest[]): RowTest {
  return (values) => {
    for (const test of tests) if (!test(values)) return false
    return true
  }
}

function someTest(tests: readonly RowTest[]): RowTest {
  return (values) => {
    for (const test of tests) if (test(values)) return true
    return false
  }
}

/** One reason why a row is not permitted. Without a field: the rule permits no row, or there is no permit at all. */
export interface FailedRule {
  readonly rule: string
  readonly role: MaskPart['role']
  readonly field?: string
  readonly operator?: Operator
}

export interface RowExplanation {
  readonly permitted: boolean
  readonly failed: readonly FailedRule[]
}

/** Which rules keep a row from the caller, by the names their grants have. */
export function explainRow(effective: ComposedMask, values: ReadonlyMap<string, FieldValue>): RowExplanation {
  const verdicts = effective.parts.map((part) => ({ part, failed: failuresOf(part.mask.root, values) }))
  const failed = verdicts.filter(({ part, failed }) => part.role !== 'permit' && failed !== undefined)
  if (effective.permitRequired) {
    const permits = verdicts.filter(({ part }) => part.role === 'permit')
    if (permits.length === 0) return { permitted: false, failed: [...failed.flatMap(name), noPermit] }
    if (permits.every(({ failed }) => failed !== undefined)) failed.push(...permits)
  }
  return { permitted: failed.length === 0, failed: failed.flatMap(name) }
}

const noPermit: FailedRule = { rule: 'no permit', role: 'permit' }

function name({ part, failed }: { part: MaskPart; failed: readonly Failure[] | undefined }): readonly FailedRule[] {
  const { rule, role } = part
  const leaves = failed ?? []
  return leaves.length === 0 ? [{ rule, role }] : leaves.map((leaf) => ({ rule, role, ...leaf }))
}

interface Failure {
  readonly field: string
  readonly operator: Operator
}

/** The tests that kept `node` from being TRUE; undefined where it is TRUE. */
function failuresOf(node: Node, values: ReadonlyMap<string, FieldValue>): readonly Failure[] | undefined {
  switch (node.kind) {
    case 'true':
      return undefined
    case 'false':
      return []
    case 'unknown':
      return [{ field: node.field.name, operator: node.operator }]
    case 'test':
      if (compileTest(node)(values.get(node.field.name))) return undefined
      return [{ field: node.field.name, operator: node.operator }]
    case 'and':
    case 'or': {
      const failures = node.children.map((child) => failuresOf(child, values)).filter((failed) => failed !== undefined)
      const holds = node.kind === 'and' ? failures.length === 0 : failures.length < node.children.length
      return holds ? undefined : failures.flat()
    }
  }
}
