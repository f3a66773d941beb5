import { ByteStore } from './byte-store.ts'
import { JsonScanner } from './json-scanner.ts'
import { RowGate } from './row-gate.ts'
import { RowOutput } from './row-output.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { lineTree } from './row-tree.ts'
import { asBuffer } from './rows-json.ts'
import { Verdicts } from './verdicts.ts'

const lineFeed = 0x0a
const newline = Buffer.from('\n')
const nothing = Buffer.alloc(0)

/**
 * Filters a stream of JSON documents, one a line; each is one row, whatever the plan's pointers say. A line that is no
 * JSON or too long goes the way of a row that is not permitted. Blank lines (heartbeats) stay, without their blanks.
 */
export class JsonLinesFilter implements RowFilter {
  readonly #maxLineBytes: number
  readonly #out = new RowOutput()
  readonly #gate: RowGate
  readonly #scanner: JsonScanner
  /** The begin of a line that is not complete yet. */
  readonly #line: ByteStore
  readonly #held: ByteStore | undefined
  #tooLong = false
  #open = true

  constructor(plan: RowPlan, hold = false) {
    const tree = lineTree(plan)
    this.#maxLineBytes = plan.limits.maxRowBytes
    this.#gate = new RowGate(plan, tree, this.#out, true, new Verdicts(plan.predicate))
    this.#scanner = new JsonScanner(tree.top, plan.limits.maxDepth, this.#gate)
    this.#line = new ByteStore(plan.limits.maxRowBytes)
    this.#held = hold || plan.onViolation === 'block' ? new ByteStore(plan.limits.maxBlockBytes) : undefined
  }

  get report(): RowReport {
    return this.#gate.report
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    const bytes = asBuffer(chunk)
    this.#gate.open(bytes)
    let from = 0
    for (let to = bytes.indexOf(lineFeed); to >= 0; to = bytes.indexOf(lineFeed, from)) {
      this.#endLine(bytes, from, to, true)
      from = to + 1
    }
    this.#keep(bytes, from)
    this.#open = true
    return this.#release()
  }

  end(): Uint8Array | undefined {
    this.#enter()
    this.#gate.open(nothing)
    if (this.#line.length > 0 || this.#tooLong) this.#endLine(nothing, 0, 0, false)
    const last = this.#release()
    return this.#held === undefined ? last : this.#held.take()
  }

  #keep(bytes: Buffer, from: number): void {
    if (this.#line.length + bytes.length - from > this.#maxLineBytes) {
      this.#tooLong = true
      this.#line.clear()
    }
    if (!this.#tooLong) this.#line.append(bytes, from, bytes.length)
  }

  #endLine(bytes: Buffer, from: number, to: number, closed: boolean): void {
    const length = this.#line.length + to - from
    if (this.#tooLong || length > this.#maxLineBytes) this.#settle(false, closed, bytes, to)
    else if (this.#line.length === 0) this.#judge(bytes, from, to, closed)
    else {
      this.#line.append(bytes, from, to)
      this.#gate.open(this.#line.bytes)
      this.#judge(this.#line.bytes, 0, length, closed)
      this.#gate.open(bytes)
    }
    this.#line.clear()
    this.#tooLong = false
  }

  #judge(bytes: Buffer, from: number, to: number, closed: boolean): void {
    if (isBlank(bytes, from, to)) {
      if (closed) this.#out.bytes(newline, 0, 1)
      return
    }
    const good = this.#scanner.scan(bytes, from, to) && this.#scanner.end(to)
    this.#scanner.reset()
    this.#settle(good, closed, bytes, to)
  }

  /** A line feed that stands right behind the row is copied with it. */
  #settle(good: boolean, closed: boolean, bytes: Buffer, to: number): void {
    if (!this.#gate.settle(good) || !closed) return
    if (bytes[to] === lineFeed) this.#out.copy(to, to + 1)
    else this.#out.bytes(newline, 0, 1)
  }

  #release(): Uint8Array | undefined {
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return undefined
  }

  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}
