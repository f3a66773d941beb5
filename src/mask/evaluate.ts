import { nodeText } from './canonical.ts'
import type { ComposedMask, MaskPart } from './compose.ts'
import { foldNode } from './fold.ts'
import type { FieldDeclaration, FieldValue, Formula, PredicateLeaf, RowPredicate } from './language.ts'
import { textsOf } from './operand.ts'
import { branch, falsehood, type Mask, type Node, type Operator, type Test, truth } from './predicate.ts'
import { compileTest } from './value-test.ts'

type RowTest = (values: readonly FieldValue[]) => boolean

/** A long list of operands takes as long to compile as a thousand rows to test. */
const compiled = new WeakMap<Mask, RowPredicate>()

/** Compiles a bound mask, once, into closures over the values of the fields it reads. */
export function compilePredicate(mask: Mask): RowPredicate {
  const predicate = compiled.get(mask) ?? new PredicateCompiler([mask.root]).predicate(mask.root)
  compiled.set(mask, predicate)
  return predicate
}

/** The same for everything that holds for a caller, with the rules by which a row may fail. */
export function compileComposed(composed: ComposedMask): RowPredicate {
  const root = rootOf(composed)
  const groups = groupsOf(composed)
  // Folding loses no test of a part that can fail: where rows can be permitted at all, the rules read nothing more.
  const roots = composed.kind === 'none' ? groups.map((group) => group.root) : [root]
  return new PredicateCompiler(roots).predicate(root, groups)
}

function rootOf(composed: ComposedMask): Node {
  switch (composed.kind) {
    case 'all':
      return truth
    case 'none':
      return falsehood
    case 'conditional':
      return composed.mask.root
  }
}

/** Parts that hold or fail together. */
interface RuleGroup {
  readonly names: readonly string[]
  readonly root: Node
}

function groupsOf({ parts, permitRequired }: ComposedMask): readonly RuleGroup[] {
  const required = parts.filter(({ role }) => role !== 'permit')
  const groups = required.map(({ rule, mask }) => ({ names: [rule], root: foldNode(mask.root) }))
  if (permitRequired) {
    const permits = parts.filter(({ role }) => role === 'permit')
    const root = branch(
      'or',
      permits.map(({ mask }) => mask.root),
    )
    groups.push({
      names: permits.length === 0 ? [noPermit.rule] : permits.map(({ rule }) => rule),
      root: foldNode(root),
    })
  }
  return groups.filter(({ root }) => root.kind !== 'true')
}

class PredicateCompiler {
  readonly #reads: readonly FieldDeclaration[]
  readonly #slots: ReadonlyMap<string, number>
  readonly #leaves: PredicateLeaf[] = []
  /** By the test's text: rules share the leaves of the whole. */
  readonly #known = new Map<string, number>()

  constructor(roots: readonly Node[]) {
    this.#reads = fieldsOf(roots)
    this.#slots = new Map(this.#reads.map((field, slot) => [field.name, slot]))
  }

  predicate(root: Node, groups?: readonly RuleGroup[]): RowPredicate {
    const formula = this.#formula(root)
    const formulas = groups?.map((group) => ({ names: group.names, formula: this.#formula(group.root) }))
    const leaves = Object.freeze(this.#leaves)
    const rules = formulas?.map((rule) => Object.freeze({ ...rule, test: closureOf(rule.formula, leaves) }))
    return Object.freeze({
      reads: this.#reads,
      test: closureOf(formula, leaves),
      parts: Object.freeze({ leaves, formula }),
      ...(rules === undefined ? {} : { rules: Object.freeze(rules) }),
    })
  }

  #formula(node: Node): Formula {
    switch (node.kind) {
      case 'true':
        return { kind: 'true' }
      case 'false':
      case 'unknown':
        return { kind: 'false' }
      case 'test':
        return { kind: 'leaf', leaf: this.#leaf(node) }
      case 'and':
      case 'or':
        return { kind: node.kind, children: node.children.map((child) => this.#formula(child)) }
    }
  }

  #leaf(node: Test): number {
    const text = nodeText(node)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const slot = this.#slots.get(node.field.name)
    if (slot === undefined) throw new TypeError(`field ${node.field.name} has no slot`)
    const leaf = this.#leaves.push({ slot, test: compileTest(node), points: pointsOf(node) }) - 1
    this.#known.set(text, leaf)
    return leaf
  }
}

function fieldsOf(roots: readonly Node[]): readonly FieldDeclaration[] {
  const fields = new Map<string, FieldDeclaration>()
  for (const root of roots) collectFields(root, fields)
  return Object.freeze([...fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1)))
}

function collectFields(node: Node, fields: Map<string, FieldDeclaration>): void {
  if (node.kind === 'test') fields.set(node.field.name, node.field)
  if (node.kind === 'and' || node.kind === 'or') for (const child of node.children) collectFields(child, fields)
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
      return joined(closuresOf(formula.children, leaves), bothTests) ?? (() => true)
    case 'or':
      return joined(closuresOf(formula.children, leaves), eitherTest) ?? (() => false)
  }
}

/** Leaves first: they cost less than branches, and one of them may settle it. */
function closuresOf(children: readonly Formula[], leaves: readonly PredicateLeaf[]): readonly RowTest[] {
  const sorted = children.toSorted((a, b) => Number(isBranch(a)) - Number(isBranch(b)))
  return sorted.map((child) => closureOf(child, leaves))
}

function isBranch({ kind }: Formula): boolean {
  return kind === 'and' || kind === 'or'
}

/** Pairs of pairs, so that no row pays for a loop; undefined for none. */
function joined(tests: readonly RowTest[], join: (one: RowTest, other: RowTest) => RowTest): RowTest | undefined {
  const half = Math.ceil(tests.length / 2)
  const [one, ...others] = tests
  if (one === undefined || others.length === 0) return one
  const [left, right] = [joined(tests.slice(0, half), join), joined(tests.slice(half), join)]
  return left === undefined || right === undefined ? undefined : join(left, right)
}

function bothTests(one: RowTest, other: RowTest): RowTest {
  return (values) => one(values) && other(values)
}

function eitherTest(one: RowTest, other: RowTest): RowTest {
  return (values) => one(values) || other(values)
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
