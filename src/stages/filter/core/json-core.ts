import { readFileSync } from 'node:fs'
import type { FieldValue } from '../../../mask/language.ts'
import { unreadable } from '../../../mask/language.ts'
import { twin } from '../key-table.ts'
import type { RowPlan } from '../row-plan.ts'
import { type CompiledPlan, writePlan } from './compile-plan.ts'
import { layout } from './layout.ts'
import { ruledValue } from './ruled-value.ts'

/** What `wasm/json-core.ts` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory
  begin(plan: number): void
  save(): void
  resume(plan: number): void
  read(length: number): number
  finish(): number
  flush(): void
  readonly outLength: WebAssembly.Global
  readonly pendingFrom: WebAssembly.Global
  readonly pendingTo: WebAssembly.Global
  readonly shift: WebAssembly.Global
  readonly inRow: WebAssembly.Global
  readonly doomed: WebAssembly.Global
  readonly cutCount: WebAssembly.Global
  readonly rows: WebAssembly.Global
  readonly withheld: WebAssembly.Global
  readonly fieldsWithheld: WebAssembly.Global
  readonly violations: WebAssembly.Global
}

/** What goes out between the bytes that the core wrote, where `at` of those have gone. */
interface Piece {
  readonly at: number
  readonly bytes: Buffer
}

/** What the core must find again when it goes on with a document. */
export interface CoreDocument {
  readonly compiled: CompiledPlan
  /** Of the row that began in an earlier piece. */
  held(): Buffer
  /** The first cuts of the row, once there are many. */
  readonly spilledCuts: number[]
  /** Undefined before the first piece, and while the core holds the document. */
  state: Buffer | undefined
}

const nullWord = Buffer.from('null')

/**
 * The one instance. Documents take turns in it: a piece is read in one go, and what a document needs in its next piece is
 * copied out once another one is read.
 */
export class JsonCore {
  readonly #exports: Exports
  readonly #memory: Buffer
  readonly #plans = new Map<RowPlan, number>()
  #document: CoreDocument | undefined
  #compiled: CompiledPlan | undefined
  #pieces: Piece[] = []
  #window: Buffer = nullWord
  #values: FieldValue[] = []

  constructor(module: WebAssembly.Module) {
    const env = {
      judge: (slot: number, from: number, to: number) => this.#judge(slot, from, to),
      clear: () => this.#clear(),
      verdict: () => (this.#compiled?.plan.predicate.test(this.#values) === true ? 1 : 0),
      matchKey: (node: number, from: number, to: number) => this.#matchKey(node, from, to),
      heldPiece: (at: number, from: number, to: number) => this.#heldPiece(at, from, to),
      spillCuts: () => this.#spillCuts(),
      releaseSpilled: (to: number) => this.#releaseSpilled(to),
    }
    const { exports } = new WebAssembly.Instance(module, { env })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own module exports; a test calls each of them
    this.#exports = exports as unknown as Exports
    this.#memory = Buffer.from(this.#exports.memory.buffer)
  }

  /** Reads the next piece of `document`, a window at most; a fault's number, or 0. */
  read(document: CoreDocument, piece: Buffer): number {
    this.#enter(document)
    this.#window = piece
    this.#memory.set(piece, layout.windowAt)
    return this.#exports.read(piece.length)
  }

  /** After the last piece; a fault's number, or 0. */
  finish(document: CoreDocument): number {
    this.#enter(document)
    this.#window = this.#memory.subarray(0, 0)
    return this.#exports.finish()
  }

  /** What goes out of the last piece; undefined = nothing. */
  take(): Buffer | undefined {
    const { outLength, pendingFrom, pendingTo, flush } = this.#exports
    if (outLength.value === 0 && this.#pieces.length === 0) {
      return pendingFrom.value < pendingTo.value ? this.#window.subarray(pendingFrom.value, pendingTo.value) : undefined
    }
    flush()
    const made = this.#memory.subarray(layout.outAt, layout.outAt + outLength.value)
    if (this.#pieces.length === 0) return Buffer.copyBytesFrom(made)
    return this.#join(made)
  }

  /** Where in the last piece the row begins that goes on behind it (negative: before it); undefined = none is kept. */
  rowFrom(length: number): number | undefined {
    const { inRow, doomed, shift } = this.#exports
    return inRow.value === 1 && doomed.value === 0 ? length - shift.value : undefined
  }

  counts() {
    const { rows, withheld, fieldsWithheld, violations } = this.#exports
    return {
      rows: rows.value,
      withheld: withheld.value,
      fieldsWithheld: fieldsWithheld.value,
      violations: violations.value,
    }
  }

  /** The document is complete or refused. */
  leave(document: CoreDocument): void {
    if (this.#document === document) this.#document = undefined
  }

  #enter(document: CoreDocument): void {
    this.#pieces = []
    if (this.#document === document) return
    if (this.#document !== undefined) {
      this.#exports.save()
      this.#document.state = Buffer.copyBytesFrom(
        this.#memory.subarray(layout.stateAt, layout.stateAt + layout.stateBytes),
      )
    }
    this.#document = document
    this.#compiled = document.compiled
    const plan = this.#place(document.compiled)
    if (document.state === undefined) return this.#exports.begin(plan)
    this.#memory.set(document.state, layout.stateAt)
    document.state = undefined
    this.#exports.resume(plan)
  }

  /** Where the plan stands; the one that was used longest ago makes room. */
  #place(compiled: CompiledPlan): number {
    const { plan } = compiled
    const known = this.#plans.get(plan)
    if (known !== undefined) {
      this.#plans.delete(plan)
      this.#plans.set(plan, known)
      return known
    }
    let at = layout.plansAt + layout.planBytes * this.#plans.size
    if (this.#plans.size === layout.planSlots) {
      const [oldest] = this.#plans
      if (oldest === undefined) throw new TypeError('no plan to replace')
      this.#plans.delete(oldest[0])
      at = oldest[1]
    }
    writePlan(this.#memory.subarray(at, at + layout.planBytes), compiled)
    this.#plans.set(plan, at)
    return at
  }

  #judge(slot: number, from: number, to: number): number {
    const compiled = this.#compiled
    if (compiled === undefined) throw new TypeError('no document is being read')
    const value = from === to ? unreadable : this.#value(from, to, compiled)
    if (compiled.parts === undefined) {
      this.#values[slot] = value
      return 0
    }
    let holds = 0
    for (const [leaf, { slot: own, test }] of compiled.parts.leaves.entries()) {
      if (own === slot && test(value)) holds |= 1 << leaf
    }
    return holds
  }

  #value(from: number, to: number, { tree }: CompiledPlan): FieldValue {
    if (from >= 0) return ruledValue(this.#memory, layout.windowAt + from, layout.windowAt + to, tree.strings)
    const held = this.#document?.held() ?? nullWord
    const whole = Buffer.concat([held.subarray(held.length + from), this.#window.subarray(0, to)])
    return ruledValue(whole, 0, whole.length, tree.strings)
  }

  #clear(): void {
    this.#values = Array.from({ length: this.#compiled?.plan.predicate.reads.length ?? 0 }, () => undefined)
  }

  #matchKey(id: number, from: number, to: number): number {
    const found = this.#compiled?.nodes.find((node) => node.id === id)?.keys?.match(this.#memory, from, to, false)
    return found === undefined ? -1 : found === twin ? -2 : found.id
  }

  #heldPiece(at: number, from: number, to: number): void {
    this.#pieces.push({ at, bytes: (this.#document?.held() ?? nullWord).subarray(from, to) })
  }

  #spillCuts(): void {
    const cuts = this.#document?.spilledCuts
    for (let cut = 0; cut < layout.mostCuts - 1; cut++) cuts?.push(this.#cut(cut, layout.cutStarts), this.#cut(cut, layout.cutEnds))
  }

  #cut(cut: number, list: number): number {
    return this.#memory.readInt32LE(list + 4 * cut)
  }

  /** The row goes out from here, without its cuts. */
  #releaseSpilled(to: number): void {
    const { outLength, flush, shift, cutCount } = this.#exports
    flush()
    const at = outLength.value
    const cuts = this.#document?.spilledCuts.splice(0) ?? []
    for (let cut = 0; cut < cutCount.value; cut++)
      cuts.push(this.#cut(cut, layout.cutStarts), this.#cut(cut, layout.cutEnds))
    const removes = this.#compiled?.plan.withheldAs === 'removed'
    let from = 0
    for (let cut = 0; cut < cuts.length; cut += 2) {
      this.#rowPiece(at, from, cuts[cut] ?? 0)
      if (!removes) this.#pieces.push({ at, bytes: nullWord })
      from = cuts[cut + 1] ?? 0
    }
    this.#rowPiece(at, from, to + shift.value)
  }

  /** Bytes of the row, by their place in it. */
  #rowPiece(at: number, from: number, to: number): void {
    const begin = -this.#exports.shift.value
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
