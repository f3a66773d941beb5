import {
  type FieldType,
  type Formula,
  JsonNumber,
  type PredicateLeaf,
  type PredicateParts,
  type RowPredicate,
} from '../../../mask/language.ts'
import type { RuledKey } from '../key-table.ts'
import type { RowPlan } from '../row-plan.ts'
import type { RowTree, TreeNode } from '../row-tree.ts'
import { layout, most, nodeFlag, planFlag, roleCode } from './layout.ts'

/** A plan as the core reads it, for `writePlan`. */
export interface CompiledPlan {
  readonly plan: RowPlan
  readonly tree: RowTree
  readonly nodes: readonly TreeNode[]
  /** Undefined = the predicate is asked as a whole. */
  readonly parts: PredicateParts | undefined
  readonly formula: readonly number[]
  /** By slot: the tests on its value, and the bit of each. */
  readonly leavesOf: readonly (readonly { readonly bit: number; readonly test: PredicateLeaf['test'] }[])[]
}

const step = { and: 0x80, or: 0x81, true: 0x82, false: 0x83 } as const

/** Undefined where the plan is larger than the core can hold, or names keys that it cannot tell from their twins. */
export function compilePlan(plan: RowPlan, tree: RowTree): CompiledPlan | undefined {
  const nodes = nodesOf(tree)
  const tables = nodes.filter((node) => node.keys !== undefined)
  const keys = tables.flatMap((node) => node.keys?.ruled ?? [])
  const fits =
    tree.size <= most.nodes &&
    keys.length <= most.keys &&
    tables.length <= most.sieves &&
    keys.reduce((sum, key) => sum + key.bytes.length, 0) <= most.nameBytes &&
    nodes.reduce((sum, node) => sum + node.slots.length + node.slotsBelow.length, 0) <= most.slotEntries &&
    plan.predicate.reads.length <= 255 &&
    tables.every((node) => (node.keys?.maxRawBytes ?? 0) <= most.keyBytes) &&
    !tables.some((node) => node.keys?.foldsToAscii) &&
    plan.limits.maxDepth <= most.depth &&
    plan.limits.maxRowBytes < 2 ** 30
  if (!fits) return undefined
  const { parts, formula } = partsOf(plan.predicate)
  const leavesOf = plan.predicate.reads.map((_, slot) =>
    (parts?.leaves ?? []).flatMap((leaf, i) => (leaf.slot === slot ? [{ bit: 1 << i, test: leaf.test }] : [])),
  )
  return { plan, tree, nodes, parts, formula, leavesOf }
}

/** Writes the plan at the begin of `memory`, which is the size of one plan. */
export function writePlan(memory: Buffer, compiled: CompiledPlan): void {
  const { plan, parts, formula, nodes } = compiled
  // Beyond those slots the predicate is asked as a whole, and there is nothing to remember.
  memory.fill(0, 0, layout.planMemo + Math.min(plan.predicate.reads.length, most.slots) * 2048)
  memory.writeInt32LE(formula.length, layout.planFormulaLength)
  memory.writeInt32LE(planFlags(compiled), layout.planFlags)
  memory.writeInt32LE(plan.limits.maxRowBytes, layout.planMaxRow)
  memory.writeInt32LE(plan.limits.maxDepth, layout.planMaxDepth)
  memory.set(formula, layout.planFormula)
  writeLeaves(memory, parts)
  for (const [slot, { type }] of plan.predicate.reads.entries()) writeNumbers(memory, slot, type, parts)
  const writer = new NodeWriter(memory)
  for (const node of nodes) writer.write(node)
}

function planFlags({ plan, tree, parts }: CompiledPlan): number {
  const { withheldAs, onViolation, total, strict } = plan
  return (
    (withheldAs === 'removed' ? planFlag.removes : 0) |
    (onViolation === 'block' ? planFlag.blocks : 0) |
    (parts === undefined ? planFlag.opaque : 0) |
    (total?.policy === 'recount' && tree.countable ? planFlag.recounts : 0) |
    (total?.policy === 'block' ? planFlag.totalBlocks : 0) |
    (strict ? planFlag.strict : 0)
  )
}

/** Which leaves read which slot, and which of them hold on an absent value. */
function writeLeaves(memory: Buffer, parts: PredicateParts | undefined): void {
  let absent = 0
  for (const [leaf, { slot, test }] of (parts?.leaves ?? []).entries()) {
    const at = layout.planSlotMasks + 4 * slot
    memory.writeInt32LE(memory.readInt32LE(at) | (1 << leaf), at)
    if (test(undefined)) absent |= 1 << leaf
  }
  memory.writeInt32LE(absent, layout.planAbsentBits)
}

/**
 * How the tests on one field tell plain numbers apart (see `wasm/number.ts`): each point is asked once, and so is each
 * stretch between two points. Nothing is written where a test is not about numbers or there are too many points.
 */
function writeNumbers(memory: Buffer, slot: number, type: FieldType, parts: PredicateParts | undefined): void {
  if (type !== 'number' && type !== 'integer') return
  const leaves = (parts?.leaves ?? []).map((leaf, bit) => ({ ...leaf, bit })).filter((leaf) => leaf.slot === slot)
  const points = sortedPoints(leaves)
  if (points === undefined) return
  const at = layout.planNumbers + layout.numberBytes * slot
  const answers = stretches(points).map((number) => {
    const value = new JsonNumber(decimalOf(number))
    return leaves.reduce((bits, { bit, test }) => (test(value) ? bits | (1 << bit) : bits), 0)
  })
  memory.writeUInt8(points.length, at)
  memory.writeUInt8(type === 'integer' ? 1 : 2, at + 1)
  for (const [i, point] of points.entries()) memory.writeBigInt64LE(point, at + 8 + 8 * i)
  for (const [i, answer] of answers.entries()) memory.writeInt32LE(answer, at + 136 + 4 * i)
}

const million = 1_000_000n

function sortedPoints(leaves: readonly PredicateLeaf[]): readonly bigint[] | undefined {
  const points = new Set<bigint>()
  for (const { points: texts } of leaves) {
    if (texts === undefined) return undefined
    for (const text of texts) {
      const point = millionths(text)
      if (point === undefined) return undefined
      points.add(point)
    }
  }
  if (leaves.length === 0 || points.size > most.points) return undefined
  return [...points].sort((left, right) => (left < right ? -1 : 1))
}

function millionths(text: string): bigint | undefined {
  const match = /^(-?)(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', decimals = ''] = match
  const size = BigInt(whole) * million + BigInt(decimals.padEnd(6, '0'))
  return sign === '-' ? -size : size
}

/** A number below the first point, the point, one between it and the next, and so on; whole numbers where there are any. */
function stretches(points: readonly bigint[]): readonly bigint[] {
  const [first = 0n] = points
  return [first - million, ...points.flatMap((point, i) => [point, between(point, points[i + 1])])]
}

function between(point: bigint, next: bigint | undefined): bigint {
  const whole = (point >= 0n ? point / million + 1n : -((-point - 1n) / million)) * million
  if (next === undefined || whole < next) return whole
  // No integer stands between the two; where no decimal does either, nobody asks.
  return (point + next) / 2n
}

function decimalOf(number: bigint): string {
  const size = number < 0n ? -number : number
  return `${number < 0n ? '-' : ''}${size / million}.${(size % million).toString().padStart(6, '0')}`
}

/** Every node once, by its id. The rows of all pointers share what is below them. */
function nodesOf(tree: RowTree): readonly TreeNode[] {
  const found = new Set<TreeNode>()
  const visit = (node: TreeNode): void => {
    if (found.has(node)) return
    found.add(node)
    // The model of all rows is reached by nothing else.
    if (node.parent !== undefined) visit(node.parent)
    if (node.star !== undefined) visit(node.star)
    for (const child of node.keys?.nodes ?? []) visit(child)
  }
  visit(tree.top)
  visit(tree.skip)
  return [...found]
}

class NodeWriter {
  readonly #memory: Buffer
  readonly #tables = new Map<unknown, { readonly from: number; readonly sieve: number }>()
  #keys = 0
  #names = 0
  #slots = 0

  constructor(memory: Buffer) {
    this.#memory = memory
  }

  write(node: TreeNode): void {
    const memory = this.#memory
    const at = layout.planNodes + layout.nodeBytes * node.id
    const table = this.#table(node)
    memory.writeUInt8(roleCode[node.role], at)
    memory.writeUInt16LE(nodeFlags(node), at + 2)
    memory.writeUInt16LE(node.frame, at + 4)
    memory.writeInt16LE(node.parent?.id ?? -1, at + 6)
    memory.writeInt16LE(node.star?.id ?? -1, at + 8)
    memory.writeUInt16LE(table.from, at + 10)
    memory.writeUInt16LE(node.keys?.ruled.length ?? 0, at + 12)
    memory.writeUInt16LE(table.sieve, at + 14)
    this.#list(node.slots, at + 16)
    this.#list(node.slotsBelow, at + 20)
    memory.writeInt32LE(node.keys?.maxRawBytes ?? 0, at + 24)
  }

  #table(node: TreeNode): { readonly from: number; readonly sieve: number } {
    const { keys } = node
    if (keys === undefined) return { from: 0, sieve: 0 }
    const known = this.#tables.get(keys)
    if (known !== undefined) return known
    const made = { from: this.#keys, sieve: this.#tables.size }
    this.#tables.set(keys, made)
    for (const key of keys.ruled) this.#key(key)
    for (const [slot, may] of keys.sieve.entries()) {
      const at = layout.planSieves + layout.sieveBytes * made.sieve + (slot >> 3)
      if (may === 1) this.#memory.writeUInt8(this.#memory.readUInt8(at) | (1 << (slot & 7)), at)
    }
    return made
  }

  #key({ bytes, node }: RuledKey<TreeNode>): void {
    const at = layout.planKeys + layout.keyBytes * this.#keys++
    this.#memory.writeUInt16LE(this.#names, at)
    this.#memory.writeUInt16LE(bytes.length, at + 2)
    this.#memory.writeUInt16LE(node.id, at + 4)
    this.#memory.set(bytes, layout.planNames + this.#names)
    this.#names += bytes.length
  }

  #list(slots: readonly number[], at: number): void {
    this.#memory.writeUInt16LE(this.#slots, at)
    this.#memory.writeUInt16LE(slots.length, at + 2)
    this.#memory.set(slots, layout.planSlotLists + this.#slots)
    this.#slots += slots.length
  }
}

function nodeFlags(node: TreeNode): number {
  return (
    (node.strict ? nodeFlag.strict : 0) |
    (node.alone ? nodeFlag.alone : 0) |
    (node.withheld ? nodeFlag.withheld : 0) |
    (node.guardsKeys ? nodeFlag.guardsKeys : 0) |
    (node.guardsStar ? nodeFlag.guardsStar : 0) |
    (node.losesKeys ? nodeFlag.losesKeys : 0) |
    (node.hearsKeys ? nodeFlag.hearsKeys : 0) |
    (node.element ? nodeFlag.element : 0) |
    (node.keys === undefined ? 0 : nodeFlag.hasKeys) |
    (node.sieve === undefined ? 0 : nodeFlag.skims) |
    (isSimple(node) ? nodeFlag.simple : 0)
  )
}

/** A field that is read by one test slot and means nothing else: what stands inside its value does not matter. */
function isSimple({ role, slots, slotsBelow, withheld, keys, star }: TreeNode): boolean {
  const inside = keys !== undefined || star !== undefined || slotsBelow.length > 0
  return role === 'field' && slots.length === 1 && !withheld && !inside
}

function partsOf({ parts, reads }: RowPredicate): Pick<CompiledPlan, 'parts' | 'formula'> {
  if (parts === undefined || reads.length > most.slots || parts.leaves.length > most.leaves)
    return { parts: undefined, formula: [] }
  const formula: number[] = []
  const depth = writeFormula(parts.formula, formula)
  return formula.length > most.formula || depth > most.formulaDepth
    ? { parts: undefined, formula: [] }
    : { parts, formula }
}

/** Postfix: a leaf's number, or a step on the two above. Returns how high the stack grows. */
function writeFormula(formula: Formula, out: number[]): number {
  switch (formula.kind) {
    case 'true':
    case 'false':
      out.push(step[formula.kind])
      return 1
    case 'leaf':
      out.push(formula.leaf)
      return 1
    case 'and':
    case 'or': {
      const { kind, children } = formula
      if (children.length === 0) return writeFormula({ kind: kind === 'and' ? 'true' : 'false' }, out)
      let high = 0
      for (const [at, child] of children.entries()) {
        high = Math.max(high, writeFormula(child, out) + Math.min(at, 1))
        if (at > 0) out.push(step[kind])
      }
      return high
    }
  }
}
