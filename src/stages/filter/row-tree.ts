import { KeyTable, sieveSlot } from './key-table.ts'
import type { RowPlan, RowPointer } from './row-plan.ts'
import { StringCache } from './string-cache.ts'

/**
 * What a place in the document is: `path` leads to rows or kept values, `keep` is copied, `skip` becomes null, `field`
 * stands inside a row and is read, withheld, or leads to such a field.
 */
export type Role = 'path' | 'keep' | 'skip' | 'total' | 'row' | 'field'

/** A place that some rule of the plan names. Not changed once the tree is built. */
export class TreeNode {
  readonly id: number
  /** Stands for this object where its members are counted: all rows share one. */
  frame: number
  readonly parent: TreeNode | undefined
  role: Role
  /** Leads to rows: anything but the declared container refuses the answer. */
  strict = false
  keys: KeyTable<TreeNode> | undefined
  star: TreeNode | undefined
  /** A row that no `*` leads to: the answer stands or falls with it. */
  alone = false
  /** Positions of this value among the predicate's arguments. */
  slots: number[] = []
  /** The same for the values below this one. */
  slotsBelow: number[] = []
  withheld = false
  /** A withheld field stands below one of the keys; below the elements. */
  guardsKeys = false
  guardsStar = false
  /** One of the keys is withheld. */
  losesKeys = false

  /** Wants to hear of commas and of the begin of keys. */
  hearsKeys = false
  /** Set where a key that is not ruled changes nothing at all. */
  sieve: Uint8Array | undefined

  constructor(id: number, role: Role, parent: TreeNode | undefined) {
    this.id = id
    this.frame = id
    this.role = role
    this.parent = parent
    this.hearsKeys = role === 'path'
  }

  /** True = a plain key that surely is not ruled, in an object where such keys do not matter. */
  passesOver(bytes: Uint8Array, start: number, end: number): boolean {
    return this.sieve !== undefined && this.sieve[sieveSlot(bytes, start, end)] === 0
  }

  /** Reached by `*`. */
  get element(): boolean {
    return this.parent?.star === this
  }
}

export interface RowTree {
  /** Holds the document's root as its only element. */
  readonly top: TreeNode
  /** What an undeclared member outside the rows is. */
  readonly skip: TreeNode
  /** How many nodes there are: ids are below this. */
  readonly size: number
  /** Shared by all answers of the plan. */
  readonly strings: StringCache
  /** One pointer that ends in `*`: its rows can be counted. */
  readonly countable: boolean
  /** Some row stands alone, so that the verdict comes before the first byte. */
  readonly single: boolean
}

const trees = new WeakMap<RowPlan, RowTree>()
const lineTrees = new WeakMap<RowPlan, RowTree>()

/** The tree of `plan`, built at its first use; throws TypeError where pointers contradict each other. */
export function rowTree(plan: RowPlan): RowTree {
  return remembered(trees, plan, () => new TreeBuilder(plan).document())
}

/** For JSON lines, where each line is one row. */
export function lineTree(plan: RowPlan): RowTree {
  return remembered(lineTrees, plan, () =>
    new TreeBuilder({ ...plan, at: [[]], keep: [], total: undefined }).document(),
  )
}

function remembered(known: WeakMap<RowPlan, RowTree>, plan: RowPlan, build: () => RowTree): RowTree {
  const found = known.get(plan)
  if (found !== undefined) return found
  const tree = build()
  known.set(plan, tree)
  return tree
}

class TreeBuilder {
  readonly #plan: RowPlan
  readonly #top = new TreeNode(0, 'path', undefined)
  readonly #skip = new TreeNode(1, 'skip', undefined)
  #size = 2

  constructor(plan: RowPlan) {
    this.#plan = plan
  }

  document(): RowTree {
    const { at, keep, total } = this.#plan
    if (at.length === 0) throw new TypeError('a plan without rows')
    const root = this.#child(this.#top, '*', 'path')
    root.strict = true
    const rows = at.map((pointer) => this.#row(root, pointer))
    for (const pointer of keep) this.#leaf(root, pointer, 'keep')
    if (total !== undefined) this.#leaf(root, total.path, 'total')
    this.#fields(rows)
    const single = rows.some((row) => row.alone)
    const countable = rows.length === 1 && rows[0]?.element === true && !single
    return { top: this.#top, skip: this.#skip, size: this.#size, strings: new StringCache(), countable, single }
  }

  #row(root: TreeNode, pointer: RowPointer): TreeNode {
    const row = this.#walk(root, pointer, 'path', (node) => {
      node.strict = true
    })
    if (row.role !== 'path' || hasChildren(row)) throw new TypeError(`rows at ${spell(pointer)} overlap other rows`)
    row.role = 'row'
    row.alone = !pointer.includes('*')
    return row
  }

  #leaf(root: TreeNode, pointer: RowPointer, role: 'keep' | 'total'): void {
    const leaf = this.#walk(root, pointer, 'path', () => undefined)
    if (leaf.role !== 'path' || hasChildren(leaf) || leaf === root)
      throw new TypeError(`${role} at ${spell(pointer)} overlaps rows or another declaration`)
    leaf.role = role
  }

  /** Rows of every pointer share their fields: they never stand inside each other. */
  #fields(rows: readonly TreeNode[]): void {
    const model = new TreeNode(this.#size++, 'row', undefined)
    this.#plan.predicate.reads.forEach((field, slot) => {
      if (field.path.length === 0) throw new TypeError(`field ${field.name} is the row itself`)
      this.#read(model, field.path, slot)
    })
    for (const field of this.#plan.withhold) this.#withhold(model, field.path)
    settle(model)
    for (const row of rows) {
      row.frame = model.frame
      row.keys = model.keys
      row.losesKeys = model.losesKeys
      row.hearsKeys = model.losesKeys
      row.sieve = model.sieve
    }
  }

  /** In what the predicate reads, `*` is a key like any other. */
  #read(model: TreeNode, path: RowPointer, slot: number): void {
    let node = model
    for (const token of path) {
      node.slotsBelow.push(slot)
      node = this.#key(node, token, 'field')
    }
    node.slots.push(slot)
  }

  #withhold(model: TreeNode, path: RowPointer): void {
    if (path.length === 0 || path[0] === '*' || path.at(-1) === '*')
      throw new TypeError(`withheld field ${spell(path)} names no key`)
    let node = model
    for (const token of path) {
      if (node.withheld) return
      const parent = node
      if (token === '*') parent.guardsStar = true
      else parent.guardsKeys = true
      node = this.#child(parent, token, 'field')
    }
    node.withheld = true
    if (node.parent !== undefined) node.parent.losesKeys = true
    forgetBelow(node)
  }

  #walk(root: TreeNode, pointer: RowPointer, role: Role, pass: (node: TreeNode) => void): TreeNode {
    let node = root
    for (const token of pointer) {
      if (node.role !== 'path') throw new TypeError(`${spell(pointer)} leads through rows or a kept value`)
      pass(node)
      node = this.#child(node, token, role)
    }
    return node
  }

  #child(parent: TreeNode, token: string, role: Role): TreeNode {
    if (token !== '*') return this.#key(parent, token, role)
    parent.star ??= new TreeNode(this.#size++, role, parent)
    return parent.star
  }

  #key(parent: TreeNode, token: string, role: Role): TreeNode {
    parent.keys ??= new KeyTable<TreeNode>()
    const known = parent.keys.find(token)
    if (known !== undefined) return known
    const node = new TreeNode(this.#size++, role, parent)
    parent.keys.add(token, node)
    return node
  }
}

/** Below a withheld value nothing is taken out a second time. */
function forgetBelow(node: TreeNode): void {
  node.guardsKeys = false
  node.guardsStar = false
  node.losesKeys = false
  node.star = undefined
  for (const child of node.keys?.nodes ?? []) {
    child.withheld = false
    forgetBelow(child)
  }
}

/** What follows from the rest of a row's tree. */
function settle(node: TreeNode): void {
  node.hearsKeys = node.losesKeys
  node.sieve = node.losesKeys ? undefined : node.keys?.sieve
  if (node.star !== undefined) settle(node.star)
  for (const child of node.keys?.nodes ?? []) settle(child)
}

function hasChildren(node: TreeNode): boolean {
  return node.keys !== undefined || node.star !== undefined
}

function spell(pointer: RowPointer): string {
  return `/${pointer.join('/')}`
}
