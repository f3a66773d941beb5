import type { ElementPath, XmlPlace, XmlRows } from '../../config/config.ts'
import { folds } from './key-table.ts'
import type { RowPlan } from './row-plan.ts'

/** An element outside the rows that leads to some, is one, or is kept whole. */
export interface OuterNode {
  role: 'path' | 'row' | 'keep'
  readonly parent: OuterNode | undefined
  readonly children: Map<string, OuterNode>
}

/** A name that no rule knows. */
export const plain: unique symbol = Symbol('plain')
/** A name that some reader takes for a ruled one: another case, another prefix, an attribute in place of an element. */
export const twin: unique symbol = Symbol('twin')

/** An attribute that a rule reads or withholds. */
interface FieldAttribute {
  readonly slots: number[]
  withheld: boolean
}

/** So many names are remembered for each element; the others are looked at again. */
const maxNames = 512
const maxNameLength = 128

/** An element of a row that a rule reads or withholds, or that leads to such a place. */
export class FieldNode {
  readonly id: number
  readonly parent: FieldNode | undefined
  readonly children = new Map<string, FieldNode>()
  readonly attributes = new Map<string, FieldAttribute>()
  /** Every other child: behind the token `*` of a pointer. */
  wild: FieldNode | undefined
  /** Positions of its text among the predicate's arguments. */
  readonly slots: number[] = []
  withheld = false
  readonly #elementNames = new Map<string, FieldNode | typeof plain | typeof twin>()
  readonly #attributeNames = new Map<string, FieldAttribute | typeof plain | typeof twin>()
  #folded: readonly ReadonlySet<string>[] = []

  constructor(id: number, parent: FieldNode | undefined) {
    this.id = id
    this.parent = parent
  }

  /** Once its places are all there. */
  seal(): void {
    for (const [name, child] of this.children) this.#elementNames.set(name, child)
    for (const [name, attribute] of this.attributes) this.#attributeNames.set(name, attribute)
    const spellings = ruledNames(this).map((name) => folds(local(name)))
    this.#folded = [0, 1].map((at) => new Set(spellings.map((each) => each[at] ?? '')))
    for (const child of this.children.values()) child.seal()
    this.wild?.seal()
  }

  meetElement(name: string): FieldNode | typeof plain | typeof twin {
    const known = this.#elementNames.get(name)
    if (known !== undefined) return known
    const found = this.#isTwin(name) ? twin : (this.wild ?? plain)
    remember(this.#elementNames, name, found)
    return found
  }

  meetAttribute(name: string): FieldAttribute | typeof plain | typeof twin {
    const known = this.#attributeNames.get(name)
    if (known !== undefined) return known
    const found = this.#isTwin(name) ? twin : plain
    remember(this.#attributeNames, name, found)
    return found
  }

  /** Two colons are no name to a reader of namespaces, and which part is the local one is anybody's guess. */
  #isTwin(name: string): boolean {
    if (name.indexOf(':') !== name.lastIndexOf(':')) return true
    const spellings = folds(local(name))
    return this.#folded.some((ruled, at) => ruled.has(spellings[at] ?? ''))
  }
}

function ruledNames(node: FieldNode): readonly string[] {
  const below = node.wild === undefined ? [] : ruledNames(node.wild)
  return [...node.children.keys(), ...node.attributes.keys(), ...below]
}

/** The key is a copy of its own: a slice would keep the whole piece that it was cut from. */
function remember<Found>(names: Map<string, Found>, name: string, found: Found): void {
  if (names.size < maxNames && name.length <= maxNameLength) names.set(Buffer.from(name).toString(), found)
}

export function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}

export interface XmlTree {
  /** Holds the roots. */
  readonly top: OuterNode
  readonly row: FieldNode
  /** How many field nodes there are: ids are below this. */
  readonly size: number
  /** Arguments of the predicate that nothing in a row can fill: their pointers lead through lists. */
  readonly unreadableSlots: readonly number[]
}

const trees = new WeakMap<RowPlan, WeakMap<XmlRows, XmlTree>>()

/** The tree of a route's XML answers under `plan`, built at its first use. TypeError where places contradict each other. */
export function xmlTree(plan: RowPlan, xml: XmlRows): XmlTree {
  const known = trees.get(plan) ?? new WeakMap<XmlRows, XmlTree>()
  trees.set(plan, known)
  const found = known.get(xml) ?? { top: outerTree(xml), ...new FieldTree(plan, xml).build() }
  known.set(xml, found)
  return found
}

function outerTree({ at, keep }: XmlRows): OuterNode {
  if (at.length === 0) throw new TypeError('XML without rows')
  const top: OuterNode = { role: 'path', parent: undefined, children: new Map() }
  if (at.some((path) => path.length < 2)) throw new TypeError('the root is no row')
  for (const path of at) addOuter(top, path, 'row')
  for (const path of keep) addOuter(top, path, 'keep')
  return top
}

function addOuter(top: OuterNode, path: ElementPath, role: 'row' | 'keep'): void {
  let node = top
  for (const name of path) {
    if (node.role !== 'path') throw new TypeError(`/${path.join('/')} stands inside rows or inside what is kept`)
    const child: OuterNode = node.children.get(name) ?? { role: 'path', parent: node, children: new Map() }
    node.children.set(name, child)
    node = child
  }
  if (node === top || node.role !== 'path' || node.children.size > 0)
    throw new TypeError(`/${path.join('/')} holds rows or what is kept, or is declared twice`)
  node.role = role
}

class FieldTree {
  readonly #plan: RowPlan
  readonly #xml: XmlRows
  readonly #row = new FieldNode(0, undefined)
  readonly #unreadable: number[] = []
  #size = 1

  constructor(plan: RowPlan, xml: XmlRows) {
    this.#plan = plan
    this.#xml = xml
  }

  build(): Pick<XmlTree, 'row' | 'size' | 'unreadableSlots'> {
    for (const [slot, field] of this.#plan.predicate.reads.entries()) this.#read(slot, this.#place(field))
    // A `*` covers the children that other places name, and these may come later: until nothing new appears.
    let before: number
    do {
      before = this.#size
      for (const field of this.#plan.withhold) this.#withhold(this.#place(field))
    } while (this.#size > before)
    this.#row.seal()
    return { row: this.#row, size: this.#size, unreadableSlots: this.#unreadable }
  }

  #place(field: { readonly name: string; readonly path: ElementPath }): XmlPlace {
    return this.#xml.fields.get(field.name) ?? { path: field.path, attribute: undefined }
  }

  #read(slot: number, { path, attribute }: XmlPlace): void {
    if (path.includes('*')) {
      this.#unreadable.push(slot)
      return
    }
    for (const node of this.#nodes(path)) {
      if (attribute === undefined) node.slots.push(slot)
      else this.#attribute(node, attribute).slots.push(slot)
    }
  }

  #withhold({ path, attribute }: XmlPlace): void {
    for (const node of this.#nodes(path)) {
      if (attribute === undefined) node.withheld = true
      else this.#attribute(node, attribute).withheld = true
    }
  }

  #attribute(node: FieldNode, name: string): FieldAttribute {
    const attribute = node.attributes.get(name) ?? { slots: [], withheld: false }
    node.attributes.set(name, attribute)
    return attribute
  }

  #nodes(path: ElementPath): readonly FieldNode[] {
    let nodes: readonly FieldNode[] = [this.#row]
    for (const token of path) nodes = nodes.flatMap((node) => this.#step(node, token))
    return nodes
  }

  #step(node: FieldNode, token: string): readonly FieldNode[] {
    if (token === '*') {
      node.wild ??= new FieldNode(this.#size++, node)
      return [node.wild, ...node.children.values()]
    }
    const child = node.children.get(token) ?? new FieldNode(this.#size++, node)
    node.children.set(token, child)
    return [child]
  }
}
