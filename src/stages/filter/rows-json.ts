import { ProxyError } from '../../errors.ts'
import { ByteStore } from './byte-store.ts'
import { JsonScanner } from './json-scanner.ts'
import { RowGate } from './row-gate.ts'
import { RowOutput } from './row-output.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { rowTree } from './row-tree.ts'
import { Verdicts } from './verdicts.ts'

const nothing = Buffer.alloc(0)

/** Filters one JSON document that comes in pieces; the borders between them change nothing. */
export class JsonRowFilter implements RowFilter {
  readonly #out = new RowOutput()
  readonly #gate: RowGate
  readonly #scanner: JsonScanner
  /** Where the verdict comes before the first byte. */
  readonly #held: ByteStore | undefined
  #open = true

  /** `hold` = nothing goes out before the end, whatever the plan says. */
  constructor(plan: RowPlan, hold = false, verdicts = new Verdicts(plan.predicate)) {
    const tree = rowTree(plan)
    this.#gate = new RowGate(plan, tree, this.#out, false, verdicts)
    this.#scanner = new JsonScanner(tree.top, plan.limits.maxDepth, this.#gate)
    const holds = hold || plan.onViolation === 'block' || tree.single
    this.#held = holds ? new ByteStore(plan.limits.maxBlockBytes) : undefined
  }

  get report(): RowReport {
    return this.#gate.report
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    const bytes = asBuffer(chunk)
    this.#gate.open(bytes)
    if (!this.#scanner.scan(bytes, 0, bytes.length)) throw unreadableAnswer()
    this.#gate.close(bytes.length)
    this.#open = true
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return undefined
  }

  end(): Uint8Array | undefined {
    this.#enter()
    this.#gate.open(nothing)
    if (!this.#scanner.end(0)) throw unreadableAnswer()
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return this.#held.take()
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}

export function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

function unreadableAnswer(): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', 'the answer is no JSON')
}
