import { isUtf8 } from 'node:buffer'

/** Whether bytes that come in pieces are UTF-8 (RFC 3629), however a character is cut. */
export class Utf8Check {
  /** The begin of a character that is not complete yet. */
  readonly #part = Buffer.alloc(4)
  #length = 0

  /** False = no UTF-8, and nothing that follows can make it so. */
  push(bytes: Buffer): boolean {
    const from = this.#length === 0 ? 0 : this.#fill(bytes)
    if (from < 0) return false
    const to = from + wholeLength(bytes, from)
    this.#length += bytes.copy(this.#part, this.#length, to)
    return isUtf8(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
  }

  /** False = the last character is not complete. */
  end(): boolean {
    return this.#length === 0
  }

  /** Returns how many bytes the character took; negative = it is none. */
  #fill(bytes: Buffer): number {
    const wanted = lengthOf(this.#part[0] ?? 0)
    let at = 0
    while (this.#length < wanted && at < bytes.length) {
      const byte = bytes[at++] ?? 0 // in bounds by the loop
      if (byte < 0x80 || byte > 0xbf) return -1
      this.#part[this.#length++] = byte
    }
    if (this.#length < wanted) return at
    this.#length = 0
    return isUtf8(this.#part.subarray(0, wanted)) ? at : -1
  }
}

/** How many bytes from `from` on do not belong to a character that the piece cuts. */
function wholeLength(bytes: Buffer, from: number): number {
  const most = bytes.length - from
  for (let back = 1; back <= 3 && back <= most; back++) {
    const byte = bytes[bytes.length - back] ?? 0 // in bounds by the loop
    if (byte < 0x80) return most
    if (byte >= 0xc0) return lengthOf(byte) > back ? most - back : most
  }
  return most
}

/** Of a character that begins with this byte. */
function lengthOf(byte: number): number {
  if (byte < 0xe0) return 2
  return byte < 0xf0 ? 3 : 4
}
