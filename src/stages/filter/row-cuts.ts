import type { TreeNode } from './row-tree.ts'

/** What is taken out of the row that is being read. Positions count from the row's first byte. */
export class RowCuts {
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #count = 0
  /** By node of an object that loses keys. */
  readonly #keyAt: Int32Array
  readonly #commaAt: Int32Array
  /** By node of a withheld value. */
  readonly #valueAt: Int32Array
  readonly #kept: Uint8Array
  /** The comma behind a first key that was taken out goes too. */
  readonly #owesComma: Uint8Array

  constructor(nodes: number) {
    this.#keyAt = new Int32Array(nodes)
    this.#commaAt = new Int32Array(nodes)
    this.#valueAt = new Int32Array(nodes)
    this.#kept = new Uint8Array(nodes)
    this.#owesComma = new Uint8Array(nodes)
  }

  get count(): number {
    return this.#count
  }

  start(cut: number): number {
    return this.#starts[cut] ?? 0 // callers stay below `count`
  }

  end(cut: number): number {
    return this.#ends[cut] ?? 0
  }

  clear(): void {
    this.#count = 0
  }

  openObject(node: TreeNode): void {
    this.#kept[node.frame] = 0
    this.#owesComma[node.frame] = 0
  }

  comma(node: TreeNode, at: number): void {
    this.#commaAt[node.frame] = at
  }

  keyStart(node: TreeNode, at: number): void {
    this.#keyAt[node.frame] = at
    if (this.#owesComma[node.frame] === 0) return
    this.#owesComma[node.frame] = 0
    this.#ends[this.#count - 1] = at
  }

  keep(node: TreeNode): void {
    this.#kept[node.frame] = 1
  }

  /** Takes out the member of `node` that ends before `end`, with the separator that stands alone without it. */
  removeMember(node: TreeNode, end: number): void {
    const alone = this.#kept[node.frame] === 0
    this.#owesComma[node.frame] = alone ? 1 : 0
    this.#cut((alone ? this.#keyAt[node.frame] : this.#commaAt[node.frame]) ?? 0, end)
  }

  valueStart(node: TreeNode, at: number): void {
    this.#valueAt[node.id] = at
  }

  /** Takes out the value of `node` that ends before `end`; the caller puts another in its place. */
  blankValue(node: TreeNode, end: number): void {
    this.#cut(this.#valueAt[node.id] ?? 0, end)
  }

  #cut(start: number, end: number): void {
    this.#starts[this.#count] = start
    this.#ends[this.#count++] = end
  }
}
