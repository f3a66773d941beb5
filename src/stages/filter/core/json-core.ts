import { readFileSync } from 'node:fs'
import type { FieldValue } from '../../../mask/language.ts'
import { unreadable } from '../../../mask/language.ts'
import type { ByteStore } from '../byte-store.ts'
import { twin } from '../key-table.ts'
import type { RowPlan, RowReport } from '../row-plan.ts'
import type { Verdicts } from '../verdicts.ts'
import { type CompiledPlan, writePlan } from './compile-plan.ts'
import { layout } from './layout.ts'
import { ruledValue } from './ruled-value.ts'

/** What `wasm/json-core.ts` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory
  begin(plan: number): void
  save(): number
  resume(plan: number): void
  push(length: number): number
  finish(): number
  settle(): void
}

/** Positions in the core's result, in 32 and in 64 bits. */
const result = { outLength: 0, pendingFrom: 1, pendingTo: 2, rowAt: 3, cutCount: 4, shift: 5 } as const
const count = { rows: 3, withheld: 4, fieldsWithheld: 5, violations: 6 } as const

/** What goes out between the bytes that the core wrote, where `at` of those have gone. */
interface Piece {
  readonly at: number
  readonly bytes: Buffer
}

/** What the core counts by itself. */
export type RowCounts = Omit<RowReport, 'rules'>

/** What the core must find again when it goes on with a document. */
export interface CoreDocument {
  readonly compiled: CompiledPlan
  /** Told of every row that the mask refuses. */
  readonly verdicts: Verdicts
  /** Of the row that began in an earlier piece. */
  held(): Buffer
  /** The first cuts of the row, once there are many. */
  readonly spilledCuts: number[]
  /** Of the open row, by slot, where the predicate is asked as a whole. */
  values: FieldValue[]
  /** What the core must find again; no bytes before the first piece. */
  readonly saved: { bytes: Buffer; length: number }
}

const nullWord = Buffer.from('null')
const nothing = Buffer.alloc(0)

/**
 * The one instance. Documents take turns in it: a piece is read in one go, and what a document needs in its next piece is
 * copied out once another one is read.
 */
export class JsonCore {
  readonly #exports: Exports
  readonly #memory: Buffer
  readonly #result: Int32Array
  readonly #counts: Float64Array
  readonly #plans = new Map<RowPlan, number>()
  /** Where no plan stands; the last is taken first. */
  readonly #vacant = Array.from({ length: layout.planSlots }, (_, slot) => layout.plansAt + layout.planBytes * slot)
  /** The plan that was used last, and where it stands. */
  #placed: RowPlan | undefined
  #placedAt = 0
  /** How many rows had ended before the one that the spilled cuts are of. */
  readonly #spilledOf = new WeakMap<CoreDocument, number>()
  #document: CoreDocument | undefined
  #compiled: CompiledPlan | undefined
  #pieces: Piece[] = []
  #window: Buffer = nullWord

  constructor(module: WebAssembly.Module) {
    const env = {
      judge: (slot: number, from: number, to: number) => this.#judge(slot, from, to),
      clear: () => this.#clear(),
      verdict: () => this.#verdict(),
      refused: (holds: number) => this.#document?.verdicts.refused(holds),
      matchKey: (node: number, from: number, to: number) => this.#matchKey(node, from, to),
      heldPiece: (at: number, from: number, to: number) => this.#heldPiece(at, from, to),
      spillCuts: () => this.#spillCuts(),
      releaseSpilled: (to: number) => this.#releaseSpilled(to),
    }
    const { exports } = new WebAssembly.Instance(module, { env })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own module exports; a test calls each of them
    this.#exports = exports as unknown as Exports
    const { buffer } = this.#exports.memory
    this.#memory = Buffer.from(buffer)
    this.#result = new Int32Array(buffer, layout.resultAt, 6)
    this.#counts = new Float64Array(buffer, layout.resultAt, 7)
  }

  /** Reads the next piece of `document`, a window at most; a fault's number, or 0. */
  read(document: CoreDocument, piece: Buffer): number {
    this.#enter(document)
    this.#window = piece
    this.#memory.set(piece, layout.windowAt)
    return this.#exports.push(piece.length)
  }

  /** After the last piece; a fault's number, or 0. */
  finish(document: CoreDocument): number {
    this.#enter(document)
    this.#window = nothing
    return this.#exports.finish()
  }

  /** What goes out of the last piece; undefined = nothing. */
  take(): Buffer | undefined {
    if (this.#read(result.outLength) === 0 && this.#pieces.length === 0) {
      const from = this.#read(result.pendingFrom)
      const to = this.#read(result.pendingTo)
      return from < to ? this.#window.subarray(from, to) : undefined
    }
    this.#exports.settle()
    const end = layout.outAt + this.#read(result.outLength)
    if (this.#pieces.length > 0) return this.#join(this.#memory.subarray(layout.outAt, end))
    const length = end - layout.outAt
    // The piece is ours now, and almost always large enough: new memory for each would be most of what the filter needs.
    const out = length <= this.#window.length ? this.#window.subarray(0, length) : Buffer.allocUnsafe(length)
    this.#memory.copy(out, 0, layout.outAt, end)
    return out
  }

  /** Keeps what the last piece, of this length, holds of a row that goes on behind it. After `take`. */
  keepRow(row: ByteStore, length: number): void {
    const rowAt = this.#read(result.rowAt)
    if (rowAt === 0) return
    const from = length + rowAt
    if (from >= 0) row.clear()
    row.append(this.#memory, layout.windowAt + Math.max(0, from), layout.windowAt + length)
  }

  counts(): RowCounts {
    return {
      rows: this.#counts[count.rows] ?? 0,
      withheld: this.#counts[count.withheld] ?? 0,
      fieldsWithheld: this.#counts[count.fieldsWithheld] ?? 0,
      violations: this.#counts[count.violations] ?? 0,
    }
  }

  #read(at: number): number {
    return this.#result[at] ?? 0 // in bounds: positions of the result only
  }

  /** The document is complete or refused. */
  leave(document: CoreDocument): void {
    if (this.#document === document) this.#document = undefined
  }

  #enter(document: CoreDocument): void {
    if (this.#pieces.length > 0) this.#pieces = []
    if (this.#document === document) return
    if (this.#document !== undefined) {
      const { saved } = this.#document
      saved.length = this.#exports.save()
      if (saved.bytes.length < saved.length) saved.bytes = Buffer.allocUnsafe(saved.length)
      this.#memory.copy(saved.bytes, 0, layout.stateAt, layout.stateAt + saved.length)
    }
    this.#document = document
    this.#compiled = document.compiled
    const plan = this.#place(document.compiled)
    const { saved } = document
    if (saved.length === 0) return this.#exports.begin(plan)
    saved.bytes.copy(this.#memory, layout.stateAt, 0, saved.length)
    this.#exports.resume(plan)
  }

  /** Where the plan stands; the one that was used longest ago makes room. */
  #place(compiled: CompiledPlan): number {
    const { plan } = compiled
    if (plan === this.#placed) return this.#placedAt
    this.#placed = undefined
    this.#placedAt = this.#room(compiled)
    this.#placed = plan
    return this.#placedAt
  }

  #room(compiled: CompiledPlan): number {
    const { plan } = compiled
    const known = this.#plans.get(plan)
    if (known !== undefined) {
      this.#plans.delete(plan)
      this.#plans.set(plan, known)
      return known
    }
    const at = this.#vacant.at(-1) ?? this.#vacate()
    // Should a test of the plan throw, the place stays vacant: what stands in it is no plan.
    writePlan(this.#memory.subarray(at, at + layout.planBytes), compiled)
    this.#vacant.pop()
    this.#plans.set(plan, at)
    return at
  }

  #vacate(): number {
    const [oldest] = this.#plans
    if (oldest === undefined) throw new TypeError('no plan to replace')
    const [plan, at] = oldest
    this.#plans.delete(plan)
    this.#vacant.push(at)
    return at
  }

  #judge(slot: number, from: number, to: number): number {
    const compiled = this.#compiled
    if (compiled === undefined) throw new TypeError('no document is being read')
    const value = from === to ? unreadable : this.#value(from, to, compiled)
    if (compiled.parts === undefined) {
      const values = this.#document?.values
      if (values === undefined) throw new TypeError('no document holds the row')
      values[slot] = value
      return 0
    }
    let holds = 0
    for (const { bit, test } of compiled.leavesOf[slot] ?? []) if (test(value)) holds |= bit
    return holds
  }

  #value(from: number, to: number, { tree }: CompiledPlan): FieldValue {
    if (from >= 0) return ruledValue(this.#memory, layout.windowAt + from, layout.windowAt + to, tree.strings)
    const held = this.#document?.held() ?? nullWord
    const whole = Buffer.concat([held.subarray(held.length + from), this.#window.subarray(0, to)])
    return ruledValue(whole, 0, whole.length, tree.strings)
  }

  #clear(): void {
    const length = this.#compiled?.plan.predicate.reads.length ?? 0
    if (this.#document !== undefined) this.#document.values = Array.from({ length }, () => undefined)
  }

  #verdict(): number {
    return this.#document?.verdicts.permits(this.#document.values) === true ? 1 : 0
  }

  #matchKey(id: number, from: number, to: number): number {
    const found = this.#compiled?.nodes.find((node) => node.id === id)?.keys?.match(this.#memory, from, to, false)
    return found === undefined ? -1 : found === twin ? -2 : found.id
  }

  #heldPiece(at: number, from: number, to: number): void {
    this.#pieces.push({ at, bytes: (this.#document?.held() ?? nullWord).subarray(from, to) })
  }

  #spillCuts(): void {
    const document = this.#document
    if (document === undefined) throw new TypeError('no document holds the row')
    this.#exports.settle()
    const row = this.#counts[count.rows] ?? 0
    // What a row that was refused left behind is not of this one.
    if (this.#spilledOf.get(document) !== row) document.spilledCuts.length = 0
    this.#spilledOf.set(document, row)
    for (let cut = 0; cut < layout.mostCuts - 1; cut++)
      document.spilledCuts.push(this.#cut(cut, layout.cutStarts), this.#cut(cut, layout.cutEnds))
  }

  #cut(cut: number, list: number): number {
    return this.#memory.readInt32LE(list + 4 * cut)
  }

  /** The row goes out from here, without its cuts. */
  #releaseSpilled(to: number): void {
    this.#exports.settle()
    const at = this.#read(result.outLength)
    const shift = this.#read(result.shift)
    const cuts = this.#document?.spilledCuts.splice(0) ?? []
    for (let cut = 0; cut < this.#read(result.cutCount); cut++)
      cuts.push(this.#cut(cut, layout.cutStarts), this.#cut(cut, layout.cutEnds))
    const removes = this.#compiled?.plan.withheldAs === 'removed'
    let from = 0
    for (let cut = 0; cut < cuts.length; cut += 2) {
      this.#rowPiece(at, from, cuts[cut] ?? 0)
      if (!removes) this.#pieces.push({ at, bytes: nullWord })
      from = cuts[cut + 1] ?? 0
    }
    this.#rowPiece(at, from, to + shift)
  }

  /** Bytes of the row, by their place in it. */
  #rowPiece(at: number, from: number, to: number): void {
    const begin = -this.#read(result.shift)
    const held = this.#document?.held() ?? nullWord
    const border = begin < 0 ? -begin : 0
    if (from < border) this.#pieces.push({ at, bytes: held.subarray(from, Math.min(to, border)) })
    if (to > border) this.#pieces.push({ at, bytes: this.#window.subarray(Math.max(from, border) + begin, to + begin) })
  }

  #join(made: Buffer): Buffer {
    const parts: Buffer[] = []
    let from = 0
    for (const { at, bytes } of this.#pieces) {
      if (at > from) parts.push(made.subarray(from, at))
      parts.push(bytes)
      from = at
    }
    parts.push(made.subarray(from))
    return Buffer.concat(parts)
  }
}

let core: JsonCore | undefined
let tried = false

/** Undefined where this machine cannot run it. */
export function jsonCore(): JsonCore | undefined {
  if (tried) return core
  tried = true
  const bytes = readFileSync(new URL('json-core.wasm', import.meta.url))
  if (WebAssembly.validate(bytes)) core = new JsonCore(new WebAssembly.Module(bytes))
  return core
}
