import { ProxyError } from '../../errors.ts'

/** Told of each line once its last byte is there. */
export interface LineSink {
  /** `from` is where the line begins in the piece (negative: in an earlier one), `after` is behind its line end. */
  line(from: number, after: number): void
}

export const maxColumns = 4_096

/** States. */
const cell = 0
const bare = 1
const quoted = 2
/** Behind a quote inside a quoted cell: its end, or the first of two. */
const closing = 3
/** Behind a carriage return, outside and inside quotes. */
const lineEnd = 4
const quotedLineEnd = 5

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Reads CSV in pieces of any size: RFC 4180 with one kind of line end throughout (CRLF or LF), no empty lines, no control
 * characters but the tab, a carriage return only before a line feed, and every line with as many cells as the first.
 * Whoever keeps the bytes of a line that is not complete bounds them.
 */
export class CsvScanner {
  readonly #sink: LineSink
  readonly #delimiter: number
  readonly #maxLineBytes: number
  /** What may stand inside a cell without quotes, inside one with quotes. */
  readonly #bareByte: Uint8Array
  #ends: Int32Array = new Int32Array(64)
  #columns = 0
  #state = cell
  #column = 0
  /** Add it to a position in the piece to get the position in the line. */
  #shift = 0
  #ending: typeof lineFeed | typeof carriageReturn | undefined

  constructor(delimiter: string, maxLineBytes: number, sink: LineSink) {
    this.#delimiter = delimiter.charCodeAt(0)
    this.#maxLineBytes = maxLineBytes
    this.#sink = sink
    this.#bareByte = bareBytes(this.#delimiter)
  }

  /** Of every line; zero until the first is complete. */
  get columns(): number {
    return this.#columns
  }

  /** Where each cell of the line ends, counted from the line's begin; the next begins one byte further on. */
  get ends(): Int32Array {
    return this.#ends
  }

  /** How many bytes of a line that is not complete were read. */
  get open(): number {
    return this.#shift
  }

  /** Of every line: a carriage return stands before its line feed. */
  get returns(): boolean {
    return this.#ending === carriageReturn
  }

  /**
   * Throws where the piece cannot be part of the body. One long function, since a call per cell would cost more than all
   * the rest. Look-ups in `bytes` and in the tables are in bounds: the index is below `to`, or below 256.
   */
  scan(bytes: Buffer): void {
    const to = bytes.length
    const delimiter = this.#delimiter
    const bareByte = this.#bareByte
    let ends = this.#ends
    let state = this.#state
    let column = this.#column
    let shift = this.#shift
    let at = 0
    while (at < to) {
      let byte = bytes[at] ?? 0
      switch (state) {
        case cell:
          state = bare
          if (byte !== quote) break
          state = quoted
          at++
          break
        case bare:
          while (bareByte[byte] === 1) {
            if (++at === to) break
            byte = bytes[at] ?? 0
          }
          if (at === to) break
          if (column === ends.length) ends = this.#widen()
          ends[column++] = at + shift
          at++
          if (byte === delimiter) {
            if (at === to || bytes[at] === quote) state = cell
            break
          }
          if (byte !== lineFeed) {
            this.#return(byte)
            state = lineEnd
            break
          }
          this.#endWith(lineFeed)
          this.#endLine(column, -shift, at)
          ends = this.#ends
          column = 0
          shift = -at
          state = cell
          break
        case quoted:
          while (quotedByte[byte] === 1) {
            if (++at === to) break
            byte = bytes[at] ?? 0
          }
          if (at === to) break
          at++
          if (byte === quote) state = closing
          else if (byte === carriageReturn) state = quotedLineEnd
          else throw unreadable('a control character')
          break
        case closing:
          if (byte === quote) {
            state = quoted
            at++
            break
          }
          if (bareByte[byte] === 1) throw unreadable('text behind a quoted cell')
          state = bare
          break
        case lineEnd:
          if (byte !== lineFeed) throw unreadable('a carriage return that ends no line')
          at++
          this.#endLine(column, -shift, at)
          ends = this.#ends
          column = 0
          shift = -at
          state = cell
          break
        case quotedLineEnd:
          if (byte !== lineFeed) throw unreadable('a carriage return that ends no line')
          at++
          state = quoted
          break
        default:
          throw new TypeError(`scanner state ${state}`)
      }
    }
    this.#state = state
    this.#column = column
    this.#shift = shift + to
  }

  /** Ends the last line, where it has no line end. */
  end(): void {
    if (this.#state === quoted || this.#state === lineEnd || this.#state === quotedLineEnd)
      throw unreadable('the last line is not complete')
    if (this.#shift === 0) return
    if (this.#column === this.#ends.length) this.#widen()
    this.#ends[this.#column] = this.#shift
    this.#endLine(this.#column + 1, -this.#shift, 0)
    this.#shift = 0
  }

  #endLine(columns: number, from: number, after: number): void {
    const length = this.#ends[columns - 1] ?? 0
    if (length === 0) throw unreadable('an empty line')
    if (length > this.#maxLineBytes)
      throw new ProxyError('ERR_ANSWER_TOO_LARGE', `a line of more than ${this.#maxLineBytes} bytes`)
    if (this.#columns === 0) {
      this.#columns = columns
      this.#ends = this.#ends.slice(0, columns)
    } else if (columns !== this.#columns) throw ragged()
    this.#sink.line(from, after)
  }

  #return(byte: number): void {
    if (byte !== carriageReturn) throw unreadable('a quote in a cell without quotes, or a control character')
    this.#endWith(carriageReturn)
  }

  #endWith(ending: typeof lineFeed | typeof carriageReturn): void {
    this.#ending ??= ending
    if (this.#ending !== ending) throw unreadable('two kinds of line ends')
  }

  #widen(): Int32Array {
    if (this.#columns > 0) throw ragged()
    if (this.#ends.length >= maxColumns)
      throw new ProxyError('ERR_ANSWER_TOO_LARGE', `a line of more than ${maxColumns} cells`)
    const wider = new Int32Array(this.#ends.length * 2)
    wider.set(this.#ends)
    this.#ends = wider
    return wider
  }
}

const quotedByte = byteSet((byte) => isText(byte) || byte === lineFeed)

/** Also wide letters: whether they are UTF-8 is for others to say. */
function isText(byte: number): boolean {
  return (byte >= 0x20 && byte !== quote && byte !== 0x7f) || byte === 0x09
}

function bareBytes(delimiter: number): Uint8Array {
  return byteSet((byte) => isText(byte) && byte !== delimiter)
}

function byteSet(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

function ragged(): ProxyError {
  return unreadable('lines with unlike numbers of cells')
}

function unreadable(detail: string): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', `the answer is no CSV: ${detail}`)
}
