import { ByteStore } from './byte-store.ts'
import type { RowOutput } from './row-output.ts'

const maxMarkupBytes = 1024
const lessThan = 0x3c
const slash = 0x2f
const exclamationMark = 0x21
const questionMark = 0x3f

/**
 * The bytes of a page that may still be asked for: the chunk at hand, and the begin of a tag that is not complete.
 * Positions are bytes from the begin of the page; text is one character for each byte.
 */
export class HtmlWindow {
  readonly #carry: ByteStore
  #carryFrom = 0
  #chunk: Buffer = Buffer.alloc(0)
  #text = ''
  #base = 0
  /** Up to here everything was read. */
  #done = 0

  constructor(maxTagBytes: number) {
    this.#carry = new ByteStore(maxTagBytes)
  }

  get done(): number {
    return this.#done
  }

  set done(position: number) {
    this.#done = position
  }

  /** Ready for the tokenizer. */
  get text(): string {
    return this.#text
  }

  open(chunk: Buffer): void {
    this.#base += this.#chunk.length
    this.#chunk = chunk
    this.#text = chunk.toString('latin1')
  }

  /** After a chunk was read; ERR_ANSWER_TOO_LARGE where a tag is longer than allowed. */
  close(): void {
    const end = this.#base + this.#chunk.length
    if (this.#done >= end) return this.#carry.clear()
    if (this.#done >= this.#base) {
      this.#carry.clear()
      this.#carryFrom = this.#done
    }
    const from = Math.max(this.#done, this.#base) - this.#base
    const kept = this.#carry.length + this.#chunk.length - from
    if (kept > maxMarkupBytes && this.#isMarkup(from)) return
    this.#carry.append(this.#chunk, from, this.#chunk.length)
  }

  /** A comment or the like: no one asks for more of it than its end. */
  #isMarkup(from: number): boolean {
    const first = (at: number): number | undefined =>
      at < this.#carry.length ? this.#carry.bytes[at] : this.#chunk[from + at - this.#carry.length]
    if (first(0) !== lessThan) return false
    const second = first(1)
    if (second === exclamationMark || second === questionMark) return true
    const third = (first(2) ?? 0) | 0x20
    return second === slash && (third < 0x61 || third > 0x7a)
  }

  /** Where the tag ends whose name ends at `from`: at the next `>`; undefined = not in this chunk. */
  tagEnd(from: number): number | undefined {
    const at = this.#text.indexOf('>', Math.max(0, from - this.#base))
    return at < 0 ? undefined : this.#base + at + 1
  }

  byte(position: number): number | undefined {
    return position >= this.#base ? this.#chunk[position - this.#base] : this.#carry.bytes[position - this.#carryFrom]
  }

  slice(start: number, end: number): string {
    if (start >= this.#base) return this.#text.slice(start - this.#base, end - this.#base)
    const carried = this.#carry.bytes.toString(
      'latin1',
      start - this.#carryFrom,
      Math.min(end, this.#base) - this.#carryFrom,
    )
    return end > this.#base ? carried + this.#text.slice(0, end - this.#base) : carried
  }

  utf8(start: number, end: number): string {
    const text = this.slice(start, end)
    return isAscii(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
  }

  /** To what goes out. */
  send(start: number, end: number, out: RowOutput): void {
    if (start < this.#base) this.#sendCarried(start, end, out)
    if (end > this.#base) out.copy(Math.max(start, this.#base) - this.#base, end - this.#base)
  }

  /** To what is held back. */
  keep(start: number, end: number, store: ByteStore): void {
    const from = this.#carryFrom
    if (start < this.#base) store.append(this.#carry.bytes, start - from, Math.min(end, this.#base) - from)
    store.append(this.#chunk, Math.max(start, this.#base) - this.#base, end - this.#base)
  }

  #sendCarried(start: number, end: number, out: RowOutput): void {
    out.bytes(this.#carry.bytes, start - this.#carryFrom, Math.min(end, this.#base) - this.#carryFrom)
  }
}

const ascii = /^[\0-\x7f]*$/

function isAscii(text: string): boolean {
  return ascii.test(text)
}
