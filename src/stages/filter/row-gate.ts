import { ProxyError } from '../../errors.ts'
import { ByteStore } from './byte-store.ts'
import type { ScanSink } from './json-scanner.ts'
import { twin } from './key-table.ts'
import { RowCuts } from './row-cuts.ts'
import type { RowOutput } from './row-output.ts'
import type { RowPlan, RowReport } from './row-plan.ts'
import type { RowTree, TreeNode } from './row-tree.ts'
import { RowValues } from './row-values.ts'
import type { Verdicts } from './verdicts.ts'

const comma = Buffer.from(',')
const colon = Buffer.from(':')
const nullWord = Buffer.from('null')

const openBrace = 0x7b
const openBracket = 0x5b
const letterN = 0x6e

/**
 * Decides every place the tree names: copied, replaced by null, or a row that waits for its verdict. With `deferred`
 * (JSON lines) a permitted row goes out only by `settle`, since its line may still turn out to be broken. It is one long
 * file because every callback of the scanner works on the same few positions, and splitting them would share that state.
 */
export class RowGate implements ScanSink {
  readonly #plan: RowPlan
  readonly #tree: RowTree
  readonly #out: RowOutput
  readonly #verdicts: Verdicts
  readonly #deferred: boolean
  readonly #removes: boolean
  readonly #values: RowValues
  readonly #cuts: RowCuts
  readonly #held: ByteStore
  /** By node: was this key seen in the object that is open; how many members of this container went out. */
  readonly #seen: Uint8Array
  readonly #sent: Float64Array
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #bytes: Buffer = Buffer.alloc(0)
  /** Where in the piece that which is copied right now begins; negative = nothing is. */
  #copyFrom = -1
  /** Add it to a position in the piece to get the position in the row. */
  #shift = 0
  #inRow = false
  /** Whatever the predicate says, this row does not go out, and its bytes are not kept. */
  #doomed = false
  #violated = false
  /** The line's row is complete. */
  #ended = false
  #rowsClosed = false
  #waiting: TreeNode | undefined
  #waitingEnd = 0

  constructor(plan: RowPlan, tree: RowTree, out: RowOutput, deferred: boolean, verdicts: Verdicts) {
    this.#plan = plan
    this.#tree = tree
    this.#out = out
    this.#verdicts = verdicts
    this.#deferred = deferred
    this.#removes = plan.withheldAs === 'removed'
    this.#values = new RowValues(plan.predicate.reads.length, tree.strings)
    this.#cuts = new RowCuts(tree.size)
    this.#held = new ByteStore(plan.limits.maxRowBytes)
    this.#seen = new Uint8Array(tree.size)
    this.#sent = new Float64Array(tree.size)
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.#verdicts.rules }
  }

  /** Before a piece is scanned. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#out.open(bytes)
    if (this.#copyFrom >= 0) this.#copyFrom = 0
  }

  /** After a piece was scanned up to `to`: keeps what an unfinished row or copy still needs. */
  close(to: number): void {
    if (this.#copyFrom >= 0) this.#out.copy(this.#copyFrom, to)
    if (!this.#inRow) return
    this.#holdRow(to)
    this.#shift += to
  }

  /** Ends a line: lets its row out, if there is one and it may go; false = nothing went out. */
  settle(good: boolean): boolean {
    const row = this.#waiting
    const ended = !this.#inRow && this.#ended
    this.#waiting = undefined
    this.#inRow = false
    this.#ended = false
    if (good && row !== undefined) this.#release(row, this.#waitingEnd)
    if (good) return row !== undefined
    if (!ended) this.#counts.rows++
    if (!(ended && this.#violated)) this.#counts.violations++
    if (!ended || row !== undefined) this.#withhold()
    return false
  }

  keyStart(node: TreeNode, at: number): void {
    if (node.role === 'path') {
      this.#separate(node)
      this.#copyFrom = at
    } else if (node.losesKeys) this.#cuts.keyStart(node, at + this.#shift)
  }

  comma(node: TreeNode, at: number): void {
    if (node.losesKeys) this.#cuts.comma(node, at + this.#shift)
  }

  keyEnd(
    node: TreeNode,
    bytes: Buffer,
    start: number,
    end: number,
    plain: boolean,
    after: number,
  ): TreeNode | undefined {
    const match = node.keys?.match(bytes, start, end, plain)
    const found = match === twin ? undefined : match
    const unclear = match === twin || (found !== undefined && this.#seen[found.id] === 1)
    if (found !== undefined) this.#seen[found.id] = 1
    if (node.role !== 'path') {
      if (unclear) this.#violation('a key that is ruled has two readings')
      if (node.losesKeys && found?.withheld !== true) this.#cuts.keep(node)
      return found
    }
    if (unclear) throw new ProxyError('ERR_ANSWER_VIOLATION', 'a key on the way to the rows has two readings')
    this.#out.copy(this.#copyFrom, after)
    this.#copyFrom = -1
    this.#put(colon)
    return found ?? this.#tree.skip
  }

  valueStart(node: TreeNode, byte: number, at: number): boolean {
    if (node.role === 'field') return this.#startField(node, byte, at)
    if (node.role === 'row') return this.#startRow(node, byte, at)
    if (node.role === 'path') return this.#startPath(node, byte, at)
    this.#separateElement(node)
    if (node.role === 'keep') this.#copyFrom = at
    else this.#put(node.role === 'total' ? this.#total(byte) : this.#skipped(byte))
    return false
  }

  valueEnd(node: TreeNode, inside: boolean, flags: number, after: number): void {
    switch (node.role) {
      case 'field':
        this.#endField(node, flags, after)
        break
      case 'row':
        this.#endRow(node, after)
        break
      case 'path':
        if (inside) this.#out.copy(after - 1, after)
        if (node.star?.role === 'row') this.#rowsClosed = true
        break
      case 'keep':
        this.#out.copy(this.#copyFrom, after)
        this.#copyFrom = -1
        break
      case 'skip':
      case 'total':
        break
    }
  }

  #startPath(node: TreeNode, byte: number, at: number): boolean {
    this.#separateElement(node)
    const fits = byte === openBrace ? node.keys !== undefined : byte === openBracket && node.star !== undefined
    if (fits) {
      this.#openContainer(node)
      this.#sent[node.id] = 0
      this.#out.copy(at, at + 1)
      return true
    }
    if ((node.strict || this.#plan.strict) && byte !== letterN)
      throw new ProxyError('ERR_ANSWER_SHAPE', 'the way to the rows is not of the declared shape')
    this.#put(nullWord)
    return false
  }

  #startRow(node: TreeNode, byte: number, at: number): boolean {
    this.#inRow = true
    this.#doomed = false
    this.#violated = false
    this.#shift = -at
    this.#values.clear()
    this.#cuts.clear()
    this.#held.clear()
    if (byte === openBrace) {
      this.#openContainer(node)
      return node.keys !== undefined
    }
    this.#doomed = true
    if (node.alone && !this.#deferred && byte !== letterN)
      throw new ProxyError('ERR_ANSWER_SHAPE', 'no object where the row should be')
    return false
  }

  #startField(node: TreeNode, byte: number, at: number): boolean {
    const start = at + this.#shift
    for (const slot of node.slots) this.#values.begin(slot, byte, start)
    if (node.withheld && !this.#removes) this.#cuts.valueStart(node, start)
    const isObject = byte === openBrace
    if (!isObject && byte !== letterN) for (const slot of node.slotsBelow) this.#values.spoil(slot)
    if (!isObject && byte !== openBracket) return false
    if (isObject ? node.guardsStar : node.guardsKeys)
      this.#violation('a withheld field may stand where none was declared')
    if (isObject) this.#openContainer(node)
    return isObject ? node.keys !== undefined : node.star !== undefined
  }

  #endField(node: TreeNode, flags: number, after: number): void {
    const end = after + this.#shift
    for (const slot of node.slots) this.#values.end(slot, flags, end)
    if (!node.withheld || this.#doomed || node.parent === undefined) return
    if (this.#removes) this.#cuts.removeMember(node.parent, end)
    else this.#cuts.blankValue(node, end)
  }

  #endRow(node: TreeNode, after: number): void {
    this.#inRow = false
    this.#ended = true
    this.#counts.rows++
    if (after + this.#shift > this.#plan.limits.maxRowBytes) throw this.#tooLarge()
    if (!this.#doomed && this.#held.length > 0) this.#held.append(this.#bytes, 0, after)
    if (this.#doomed || !this.#judge()) return this.#refuseRow(node)
    if (!this.#deferred) return this.#release(node, after)
    this.#waiting = node
    this.#waitingEnd = after
  }

  #judge(): boolean {
    const held = this.#held.length > 0
    const values = held ? this.#values.read(this.#held.bytes, 0) : this.#values.read(this.#bytes, -this.#shift)
    return this.#verdicts.permits(values)
  }

  #refuseRow(node: TreeNode): void {
    if (this.#violated) this.#counts.violations++
    if (node.alone && !this.#deferred) {
      this.#counts.withheld++
      throw new ProxyError('ERR_ITEM_NOT_FOUND', 'the object is not permitted')
    }
    this.#withhold()
    if (!node.element) this.#put(nullWord)
  }

  #withhold(): void {
    this.#counts.withheld++
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', 'a row is not permitted')
  }

  #release(node: TreeNode, after: number): void {
    const held = this.#held.length > 0
    const begin = held ? 0 : -this.#shift
    const source = held ? this.#held.bytes : this.#bytes
    if (node.element && !node.alone) this.#separateRow(node, held ? -1 : begin - 1)
    let from = begin
    for (let cut = 0; cut < this.#cuts.count; cut++) {
      this.#emit(source, held, from, begin + this.#cuts.start(cut))
      if (!this.#removes) this.#put(nullWord)
      from = begin + this.#cuts.end(cut)
    }
    this.#emit(source, held, from, after + this.#shift + begin)
    this.#counts.fieldsWithheld += this.#cuts.count
  }

  #emit(source: Buffer, held: boolean, from: number, to: number): void {
    if (held) this.#out.bytes(source, from, to)
    else this.#out.copy(from, to)
  }

  /** The row does not go out, and under `block` nothing does. */
  #violation(detail: string): void {
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', detail)
    this.#violated = true
    this.#doomed = true
  }

  #holdRow(to: number): void {
    if (this.#shift + to > this.#plan.limits.maxRowBytes) throw this.#tooLarge()
    if (!this.#doomed) this.#held.append(this.#bytes, Math.max(0, -this.#shift), to)
  }

  #openContainer(node: TreeNode): void {
    if (node.keys !== undefined) for (const key of node.keys.nodes) this.#seen[key.id] = 0
    if (node.losesKeys) this.#cuts.openObject(node)
  }

  #separateElement(node: TreeNode): void {
    if (node.element && node.parent !== undefined) this.#separate(node.parent)
  }

  /** The comma before a member or element of `container`, unless it is the first to go out. */
  #separate(container: TreeNode): void {
    const sent = this.#sent[container.id] ?? 0 // in bounds: ids are below the tree's size
    this.#sent[container.id] = sent + 1
    if (sent > 0 && container !== this.#tree.top) this.#put(comma)
  }

  /** Takes the document's own comma where it stands right before the row, so that kept rows go out in one range. */
  #separateRow(row: TreeNode, commaAt: number): void {
    if (row.parent === undefined) return
    const sent = this.#sent[row.parent.id] ?? 0 // in bounds: ids are below the tree's size
    this.#sent[row.parent.id] = sent + 1
    if (sent === 0) return
    if (commaAt >= 0 && this.#bytes[commaAt] === 0x2c) this.#out.copy(commaAt, commaAt + 1)
    else this.#put(comma)
  }

  #total(byte: number): Buffer {
    const { policy } = this.#plan.total ?? { policy: 'null' }
    if (policy === 'block' && byte !== letterN)
      throw new ProxyError('ERR_ANSWER_VIOLATION', 'a total counts rows unseen')
    const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
    if (policy !== 'recount' || !isNumber || !this.#rowsClosed || !this.#tree.countable) return nullWord
    return Buffer.from(String(this.#counts.rows - this.#counts.withheld))
  }

  #skipped(byte: number): Buffer {
    if (this.#plan.strict && byte !== letterN)
      throw new ProxyError('ERR_ANSWER_SHAPE', 'the answer holds more than was declared')
    return nullWord
  }

  #put(bytes: Buffer): void {
    this.#out.bytes(bytes, 0, bytes.length)
  }

  #tooLarge(): ProxyError {
    return new ProxyError('ERR_ANSWER_TOO_LARGE', `a row of more than ${this.#plan.limits.maxRowBytes} bytes`)
  }
}
