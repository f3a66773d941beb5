import { ByteStore } from './byte-store.ts'

/** What stood between two empty lines of an event stream. */
export interface EventBlock {
  /** `message` where none was given; undefined = not of a form that may go out. */
  readonly type: string | undefined
  /** Only in forms that may go out; undefined = none. */
  readonly id: string | undefined
  readonly retry: string | undefined
  /** The data lines joined by line feeds, not checked for UTF-8, good until the call returns; undefined = no data line. */
  readonly data: Buffer | undefined
  /** Why nothing of it can be used; undefined = nothing wrong. */
  readonly fault: string | undefined
}

export interface EventSink {
  /** A comment line. */
  heartbeat(): void
  block(block: EventBlock): void
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a
const space = 0x20
const newline = Buffer.from('\n')

/** The longest field with its colon and its blank: `event: `. */
const longestField = 7
/** What a store may keep of its memory from one event to the next. */
const keptBytes = 65_536

/** As configuration spells types. */
const typeForm = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/
/** What a position in a stream needs; without quotes, braces and blanks there is no row in it. */
const idForm = /^[A-Za-z0-9._~:/+=@|,;-]{0,256}$/
const retryForm = /^[0-9]{1,9}$/

/**
 * Reads an event stream in pieces of any size: WHATWG HTML section 9.2.6. An event that stands there at the end without
 * an empty line behind it is none.
 */
export class EventParser {
  readonly #sink: EventSink
  readonly #maxDataBytes: number
  readonly #maxLineBytes: number
  /** A line that is not complete yet; of a comment its first byte. */
  #line: ByteStore
  #lineIsTooLong = false
  #isFirstLine = true
  /** The last byte was a carriage return: a line feed that follows belongs to it. */
  #skipsFeed = false
  #data: ByteStore
  #hasData = false
  #type = ''
  #id: string | undefined
  #retry: string | undefined
  #fault: string | undefined

  constructor(maxDataBytes: number, sink: EventSink) {
    this.#sink = sink
    this.#maxDataBytes = maxDataBytes
    this.#maxLineBytes = maxDataBytes + longestField
    this.#line = new ByteStore(this.#maxLineBytes)
    this.#data = new ByteStore(maxDataBytes)
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    let from = this.#skipsFeed && bytes[0] === lineFeed ? 1 : 0
    this.#skipsFeed = false
    let feed = bytes.indexOf(lineFeed, from)
    let back = bytes.indexOf(carriageReturn, from)
    while (feed >= 0 || back >= 0) {
      const isReturn = feed < 0 || (back >= 0 && back < feed)
      const to = isReturn ? back : feed
      this.#endLine(bytes, from, to)
      from = to + 1
      if (isReturn && bytes[from] === lineFeed) from++
      this.#skipsFeed = isReturn && from === bytes.length && to + 1 === from
      if (isReturn) back = bytes.indexOf(carriageReturn, from)
      if (feed >= 0 && feed < from) feed = bytes.indexOf(lineFeed, from)
    }
    this.#keep(bytes, from)
  }

  /** Keeps the begin of a line, as far as it may still matter. */
  #keep(bytes: Buffer, from: number): void {
    const length = bytes.length - from
    if (length === 0 || this.#lineIsTooLong) return
    const first = this.#line.length > 0 ? this.#line.bytes[0] : bytes[from]
    if (first === colon) {
      if (this.#line.length === 0) this.#line.append(bytes, from, from + 1)
    } else if (this.#line.length + length <= this.#maxLineBytes) this.#line.append(bytes, from, bytes.length)
    else this.#lineIsTooLong = true
  }

  #endLine(bytes: Buffer, from: number, to: number): void {
    const length = this.#line.length + to - from
    const isTooLong = this.#lineIsTooLong
    this.#lineIsTooLong = false
    if (isTooLong) this.#spoil('a line that is too long')
    else if (this.#line.length === 0) this.#readLine(bytes, from, to)
    else if (this.#line.bytes[0] === colon) this.#sink.heartbeat()
    else if (length > this.#maxLineBytes) this.#spoil('a line that is too long')
    else {
      this.#line.append(bytes, from, to)
      this.#readLine(this.#line.bytes, 0, length)
    }
    this.#line = emptied(this.#line, this.#maxLineBytes)
    this.#isFirstLine = false
  }

  #readLine(bytes: Buffer, from: number, to: number): void {
    if (from === to) return this.#dispatch()
    if (bytes[from] === colon) return this.#sink.heartbeat()
    if (to - from > this.#maxLineBytes) return this.#spoil('a line that is too long')
    if (this.#isFirstLine && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf)
      return this.#spoil('a byte order mark')
    const nameEnd = endOfName(bytes, from, to)
    const start = nameEnd + (bytes[nameEnd + 1] === space ? 2 : 1)
    this.#readField(bytes.toString('latin1', from, nameEnd), bytes, Math.min(start, to), to)
  }

  /** Any other field is passed over, as the standard has it. */
  #readField(name: string, bytes: Buffer, from: number, to: number): void {
    if (name === 'data') this.#addData(bytes, from, to)
    else if (name === 'event') this.#type = bytes.toString('latin1', from, to)
    else if (name === 'id') this.#id = idOf(bytes.toString('latin1', from, to), this.#id)
    else if (name === 'retry') this.#retry = retryOf(bytes.toString('latin1', from, to), this.#retry)
  }

  #addData(bytes: Buffer, from: number, to: number): void {
    if (this.#fault !== undefined) return
    const feeds = this.#hasData ? 1 : 0
    this.#hasData = true
    if (this.#data.length + feeds + to - from > this.#maxDataBytes) return this.#spoil('an event that is too long')
    this.#data.append(newline, 0, feeds)
    this.#data.append(bytes, from, to)
  }

  #spoil(fault: string): void {
    this.#fault = fault
  }

  #dispatch(): void {
    const type = this.#type === '' ? 'message' : typeForm.test(this.#type) ? this.#type : undefined
    const data = this.#hasData ? this.#data.bytes.subarray(0, this.#data.length) : undefined
    const block = { type, id: this.#id, retry: this.#retry, data, fault: this.#fault }
    if (data !== undefined || block.retry !== undefined || block.fault !== undefined) this.#sink.block(block)
    this.#data = emptied(this.#data, this.#maxDataBytes)
    this.#hasData = false
    this.#type = ''
    this.#id = undefined
    this.#retry = undefined
    this.#fault = undefined
  }
}

/** Where the colon of a field stands, as far as a known field may be that long; without one its end. */
function endOfName(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && at < from + longestField && bytes[at] !== colon) at++
  return at
}

/** An identifier with NUL is passed over, as the standard has it; one of another form than ours is left out. */
function idOf(text: string, before: string | undefined): string | undefined {
  if (text.includes('\0')) return before
  return idForm.test(text) ? text : undefined
}

/** What is not all digits is passed over, as the standard has it; more digits than anybody waits for are left out. */
function retryOf(text: string, before: string | undefined): string | undefined {
  if (!/^[0-9]+$/.test(text)) return before
  return retryForm.test(text) ? text : undefined
}

/** One large event does not hold its memory as long as the stream lasts. */
function emptied(store: ByteStore, maxBytes: number): ByteStore {
  if (store.bytes.length > keptBytes) return new ByteStore(maxBytes)
  store.clear()
  return store
}
