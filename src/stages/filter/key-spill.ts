import type { TreeNode } from './row-tree.ts'

/**
 * A key that stands across pieces. Once it is longer than any ruled key could be spelled, its length is kept and its
 * bytes are not.
 */
export class KeySpill {
  #bytes = Buffer.alloc(0)
  #length = 0
  #overflow = false

  get bytes(): Buffer {
    return this.#bytes
  }

  /** Zero = nothing kept. */
  get length(): number {
    return this.#length
  }

  keep(container: TreeNode, bytes: Uint8Array, from: number, to: number): void {
    const most = container.keys?.maxRawBytes ?? 0
    const length = this.#length + to - from
    if (!this.#overflow && length <= most) {
      if (this.#bytes.length < length) this.#bytes = Buffer.concat([this.#bytes], Math.max(most, length))
      this.#bytes.set(bytes.subarray(from, to), this.#length)
    } else this.#overflow = true
    this.#length = length
  }

  clear(): void {
    this.#length = 0
    this.#overflow = false
  }
}
