import { ProxyError } from '../../errors.ts'

const firstSize = 2048
const nothing = Buffer.alloc(0)

/** Bytes gathered across chunks; grows by doubling and never beyond `maxBytes` (then ERR_ANSWER_TOO_LARGE). */
export class ByteStore {
  readonly #maxBytes: number
  #bytes: Buffer = nothing
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The backing memory; only the first `length` bytes mean anything, and only until the next call. */
  get bytes(): Buffer {
    return this.#bytes
  }

  get length(): number {
    return this.#length
  }

  append(from: Buffer, start: number, end: number): void {
    if (end <= start) return
    const length = this.#length + end - start
    if (length > this.#bytes.length) this.#grow(length)
    from.copy(this.#bytes, this.#length, start, end)
    this.#length = length
  }

  clear(): void {
    this.#length = 0
  }

  /** A copy that belongs to the caller. */
  take(): Buffer {
    const copy = Buffer.allocUnsafe(this.#length)
    this.#bytes.copy(copy, 0, 0, this.#length)
    this.#length = 0
    return copy
  }

  #grow(length: number): void {
    if (length > this.#maxBytes) throw new ProxyError('ERR_ANSWER_TOO_LARGE', `more than ${this.#maxBytes} bytes held`)
    const size = Math.min(this.#maxBytes, Math.max(firstSize, length, this.#bytes.length * 2))
    const grown = Buffer.allocUnsafe(size)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
