import type { FieldValue } from '../../../mask/language.ts'
import { ByteStore } from '../byte-store.ts'
import type { RowFilter, RowReport } from '../row-plan.ts'
import type { Verdicts } from '../verdicts.ts'
import type { CompiledPlan } from './compile-plan.ts'
import { faultError } from './faults.ts'
import type { CoreDocument, JsonCore, RowCounts } from './json-core.ts'
import { layout } from './layout.ts'

const nothing = Buffer.alloc(0)

/** Filters one JSON document by the core: what JsonRowFilter does, several times as fast. */
export class CoreRowFilter implements RowFilter, CoreDocument {
  readonly compiled: CompiledPlan
  readonly verdicts: Verdicts
  readonly spilledCuts: number[] = []
  values: FieldValue[] = []
  readonly saved = { bytes: nothing, length: 0 }
  readonly #core: JsonCore
  /** Of the row that began in an earlier piece. */
  readonly #row: ByteStore
  /** Where the verdict comes before the first byte. */
  readonly #answer: ByteStore | undefined
  #counts: RowCounts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #open = true

  /** `hold` = nothing goes out before the end, whatever the plan says. */
  constructor(core: JsonCore, compiled: CompiledPlan, hold: boolean, verdicts: Verdicts) {
    const { plan, tree } = compiled
    this.#core = core
    this.compiled = compiled
    this.verdicts = verdicts
    this.#row = new ByteStore(plan.limits.maxRowBytes)
    const holds = hold || plan.onViolation === 'block' || tree.single
    this.#answer = holds ? new ByteStore(plan.limits.maxBlockBytes) : undefined
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.verdicts.rules }
  }

  held(): Buffer {
    return this.#row.bytes.subarray(0, this.#row.length)
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const out = bytes.length <= layout.windowBytes ? this.#read(bytes) : this.#readAll(bytes)
    this.#open = true
    return out
  }

  end(): Uint8Array | undefined {
    this.#enter()
    const last = this.#settle(this.#core.finish(this))
    this.#core.leave(this)
    return this.#answer === undefined ? last : this.#answer.take()
  }

  #readAll(bytes: Buffer): Buffer | undefined {
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += layout.windowBytes) {
      const piece = this.#read(bytes.subarray(at, at + layout.windowBytes))
      if (piece !== undefined) pieces.push(piece)
    }
    return pieces.length === 0 ? undefined : Buffer.concat(pieces)
  }

  #read(piece: Buffer): Buffer | undefined {
    const out = this.#settle(this.#core.read(this, piece))
    this.#core.keepRow(this.#row, piece.length)
    return out
  }

  #settle(fault: number): Buffer | undefined {
    this.#counts = this.#core.counts()
    if (fault !== 0) {
      this.#core.leave(this)
      throw faultError(fault)
    }
    const out = this.#core.take()
    if (this.#answer === undefined || out === undefined) return out
    this.#answer.append(out, 0, out.length)
    return undefined
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}
