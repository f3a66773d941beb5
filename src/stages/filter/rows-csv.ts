import type { CsvRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { FieldDeclaration, FieldValue } from '../../mask/language.ts'
import { ByteStore } from './byte-store.ts'
import { cellText, cellValue } from './csv-cell.ts'
import { type CsvColumns, readColumns } from './csv-columns.ts'
import { CsvScanner, type LineSink } from './csv-scanner.ts'
import { Utf8Check } from './csv-utf8.ts'
import { RowOutput } from './row-output.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { asBuffer } from './rows-json.ts'
import { StringCache } from './string-cache.ts'
import { textValue } from './text-value.ts'
import { Verdicts } from './verdicts.ts'

const nothing = Buffer.alloc(0)
const newline = Buffer.from('\n')
const returnAndNewline = Buffer.from('\r\n')
const emptyCell = Buffer.from('""')

/** Texts of cells seen lately, shared by all answers of a plan. */
const caches = new WeakMap<RowPlan, StringCache>()

/**
 * Filters CSV whose first line names the columns. Permitted lines are copied as they are; the last one gets a line end
 * where it has none, so that nobody sees whether another was dropped behind it.
 */
export class CsvRowFilter implements RowFilter, LineSink {
  readonly #plan: RowPlan
  readonly #rows: CsvRows
  readonly #verdicts: Verdicts
  readonly #scanner: CsvScanner
  readonly #utf8 = new Utf8Check()
  readonly #out = new RowOutput()
  readonly #strings: StringCache
  /** A line that is not complete yet. */
  readonly #line: ByteStore
  /** Where the verdict comes before the first byte. */
  readonly #held: ByteStore | undefined
  readonly #values: FieldValue[]
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #columns: CsvColumns | undefined
  #bytes: Buffer = nothing
  #open = true

  /** `hold` = nothing goes out before the end, whatever the plan says. */
  constructor(plan: RowPlan, rows: CsvRows, hold = false) {
    const { maxRowBytes, maxBlockBytes } = plan.limits
    this.#plan = plan
    this.#rows = rows
    this.#verdicts = new Verdicts(plan.predicate)
    this.#scanner = new CsvScanner(rows.delimiter, maxRowBytes, this)
    this.#strings = caches.get(plan) ?? new StringCache()
    caches.set(plan, this.#strings)
    this.#line = new ByteStore(maxRowBytes + returnAndNewline.length)
    this.#held = hold || plan.onViolation === 'block' ? new ByteStore(maxBlockBytes) : undefined
    this.#values = plan.predicate.reads.map(() => undefined)
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.#verdicts.rules }
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter(asBuffer(chunk))
    if (!this.#utf8.push(this.#bytes)) throw noUtf8()
    this.#scanner.scan(this.#bytes)
    const { open } = this.#scanner
    this.#line.append(this.#bytes, Math.max(0, this.#bytes.length - open), this.#bytes.length)
    this.#open = true
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return undefined
  }

  end(): Uint8Array | undefined {
    this.#enter(nothing)
    if (!this.#utf8.end()) throw noUtf8()
    this.#scanner.end()
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return this.#held.take()
  }

  line(from: number, after: number): void {
    if (this.#line.length === 0) return this.#decide(this.#bytes, from, after, false)
    this.#line.append(this.#bytes, 0, after)
    this.#decide(this.#line.bytes, 0, this.#line.length, true)
    this.#line.clear()
  }

  #decide(source: Buffer, from: number, after: number, held: boolean): void {
    const columns = this.#columns
    if (columns === undefined) {
      this.#columns = readColumns(this.#names(source, from), this.#plan, this.#rows)
      return this.#release(this.#columns, source, from, after, held, this.#plan.withheldAs === 'removed')
    }
    this.#counts.rows++
    if (this.#permits(columns, source, from)) {
      this.#counts.fieldsWithheld += columns.withheld
      return this.#release(columns, source, from, after, held, true)
    }
    this.#counts.withheld++
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', 'a row is not permitted')
  }

  #names(source: Buffer, from: number): readonly string[] {
    return Array.from(this.#scanner.ends, (end, column) =>
      cellText(source, from + this.#start(column), from + end, this.#strings),
    )
  }

  /**
   * An empty cell without quotes is nothing to some readers and an empty text to others: the row must be permitted by
   * both readings, so no condition holds on it.
   */
  #permits({ slots }: CsvColumns, source: Buffer, from: number): boolean {
    const { reads } = this.#plan.predicate
    const values = this.#values
    let isEmpty = false
    for (let slot = 0; slot < reads.length; slot++) {
      const field = reads[slot]
      const column = slots[slot] ?? -1
      if (column < 0 || field === undefined) continue
      const value = this.#value(field, source, from + this.#start(column), from + (this.#scanner.ends[column] ?? 0))
      values[slot] = value
      isEmpty ||= value === null
    }
    if (!this.#verdicts.permits(values)) return false
    if (!isEmpty) return true
    return this.#verdicts.permits(
      values.map((value, slot) => (value === null ? textValue(reads[slot]?.type ?? 'string[]', '') : value)),
    )
  }

  /** `null` = an empty cell without quotes. */
  #value({ type }: FieldDeclaration, source: Buffer, start: number, end: number): FieldValue {
    return start === end ? null : cellValue(type, source, start, end, this.#strings)
  }

  #start(column: number): number {
    return column === 0 ? 0 : (this.#scanner.ends[column - 1] ?? 0) + 1 // in bounds: below the number of columns
  }

  #release(columns: CsvColumns, source: Buffer, from: number, after: number, held: boolean, cuts: boolean): void {
    const ends = this.#scanner.ends
    const length = ends[ends.length - 1] ?? 0 // never empty: a line has a cell
    if (columns.out === 0) return
    if (!cuts || columns.pieces === undefined) this.#emit(source, from, from + length, held)
    else {
      let isEmpty = columns.out === 1
      for (const { lead, first, last } of columns.pieces) {
        const start = this.#start(first)
        const end = ends[last] ?? 0
        this.#put(lead)
        this.#emit(source, from + start, from + end, held)
        isEmpty &&= start === end
      }
      this.#put(columns.tail)
      // An empty line is no line to many readers.
      if (isEmpty) this.#put(emptyCell)
    }
    if (from + length < after) return this.#emit(source, from + length, after, held)
    this.#put(this.#scanner.returns ? returnAndNewline : newline)
  }

  #put(bytes: Buffer): void {
    if (bytes.length > 0) this.#out.bytes(bytes, 0, bytes.length)
  }

  #emit(source: Buffer, from: number, to: number, held: boolean): void {
    if (held) this.#out.bytes(source, from, to)
    else this.#out.copy(from, to)
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(bytes: Buffer): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
    this.#bytes = bytes
    this.#out.open(bytes)
  }
}

function noUtf8(): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', 'the answer is no UTF-8')
}
