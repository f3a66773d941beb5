import { ByteStore } from './byte-store.ts'

/**
 * What goes out. Ranges that follow each other in the same chunk become one; a chunk that is kept whole is handed on
 * without a copy.
 */
export class RowOutput {
  readonly #made = new ByteStore(Number.MAX_SAFE_INTEGER)
  #source: Buffer = this.#made.bytes
  #from = 0
  #to = 0

  /** The ranges that follow are of `source`. */
  open(source: Buffer): void {
    this.#flush()
    this.#source = source
  }

  copy(start: number, end: number): void {
    if (start !== this.#to) {
      this.#flush()
      this.#from = start
    }
    this.#to = end
  }

  bytes(from: Buffer, start: number, end: number): void {
    this.#flush()
    this.#made.append(from, start, end)
  }

  /** Moves everything so far into `store`. */
  moveTo(store: ByteStore): void {
    if (this.#made.length > 0) store.append(this.#made.bytes, 0, this.#made.length)
    store.append(this.#source, this.#from, this.#to)
    this.#forget()
  }

  /** Everything since the last call; undefined = nothing. */
  take(): Uint8Array | undefined {
    if (this.#made.length > 0) {
      this.#flush()
      return this.#made.take()
    }
    const range = this.#from < this.#to ? this.#source.subarray(this.#from, this.#to) : undefined
    this.#forget()
    return range
  }

  #flush(): void {
    if (this.#from < this.#to) this.#made.append(this.#source, this.#from, this.#to)
    this.#from = 0
    this.#to = 0
  }

  #forget(): void {
    this.#made.clear()
    this.#from = 0
    this.#to = 0
  }
}
