import { isUtf8 } from 'node:buffer'
import type { EventRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import { ByteStore } from './byte-store.ts'
import { type EventBlock, EventParser, type EventSink } from './event-parser.ts'
import { openJson } from './open-json.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { asBuffer } from './rows-json.ts'
import { Verdicts } from './verdicts.ts'

const heartbeat = Buffer.from(':\n\n')
const emptyLine = Buffer.from('\n\n')

const plans = new WeakMap<RowPlan, { readonly rows: EventRows; readonly plan: RowPlan }>()

/**
 * Filters server-sent events, each by itself: a bad one is dropped and counted, and the stream goes on. What goes out is
 * written anew in one form, so that it has one reading: comments without their text, then `event`, `id`, `retry`, `data`.
 * Under `block` the first event that is not permitted ends the stream; what came before it has gone out.
 */
export class EventFilter implements RowFilter, EventSink {
  readonly #rows: EventRows
  readonly #plan: RowPlan
  readonly #verdicts: Verdicts
  readonly #parser: EventParser
  readonly #held: ByteStore | undefined
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  #out: Buffer[] = []
  #open = true

  /** `hold` = nothing goes out before the end. */
  constructor(plan: RowPlan, rows: EventRows, hold = false) {
    this.#rows = rows
    this.#plan = eventPlan(plan, rows)
    this.#verdicts = new Verdicts(plan.predicate)
    this.#parser = new EventParser(plan.limits.maxRowBytes, this)
    this.#held = hold ? new ByteStore(plan.limits.maxBlockBytes) : undefined
  }

  get report(): RowReport {
    return { ...this.#counts, rules: this.#verdicts.rules }
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    this.#parser.push(asBuffer(chunk))
    this.#open = true
    return this.#release()
  }

  /** An event that was not complete is lost, as the standard has it. */
  end(): Uint8Array | undefined {
    this.#enter()
    return this.#held?.take()
  }

  heartbeat(): void {
    this.#out.push(heartbeat)
  }

  block(block: EventBlock): void {
    const { type, data, fault, retry } = block
    if (fault !== undefined) return this.#refuse(fault)
    if (data === undefined) {
      if (retry !== undefined) this.#out.push(Buffer.from(`retry: ${retry}\n\n`))
      return
    }
    const policy = (type === undefined ? undefined : this.#rows.types.get(type)) ?? this.#rows.other
    switch (policy) {
      case 'drop':
        return
      case 'pass':
        return this.#pass(block, data)
      case 'rows':
        return this.#filter(block, data)
    }
  }

  #pass(block: EventBlock, data: Buffer): void {
    if (block.type === undefined) return this.#refuse('a type that cannot go out')
    if (!isUtf8(data) || hasControls(data)) return this.#refuse('an event that is no text')
    this.#write(block, data)
  }

  #filter(block: EventBlock, data: Buffer): void {
    const filter = openJson(this.#plan, false, this.#verdicts)
    let pieces: readonly (Uint8Array | undefined)[]
    try {
      pieces = [filter.push(data), filter.end()]
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code === 'ERR_INTERNAL') throw error
      if (error.code !== 'ERR_ITEM_NOT_FOUND')
        return this.#refuse('an event that is no JSON or has two readings', error)
      this.#count(filter.report)
      return this.#withhold(error)
    }
    const { rows, withheld } = filter.report
    this.#count(filter.report)
    if (rows > 0 && rows === withheld) return
    this.#write(block, Buffer.concat(pieces.filter((piece) => piece !== undefined)))
  }

  /** Every line break in `data` begins another data line. */
  #write({ type, id, retry }: EventBlock, data: Buffer): void {
    const named = type === undefined || type === 'message' ? '' : `event: ${type}\n`
    const placed = (id === undefined ? '' : `id: ${id}\n`) + (retry === undefined ? '' : `retry: ${retry}\n`)
    const lines = data.includes(0x0a)
      ? Buffer.from(data.toString('latin1').replaceAll('\n', '\ndata: '), 'latin1')
      : data
    this.#out.push(Buffer.concat([Buffer.from(`${named}${placed}data: `), lines, emptyLine]))
  }

  #refuse(fault: string, cause?: ProxyError): void {
    this.#count({ rows: 1, withheld: 1, fieldsWithheld: 0, violations: 1 })
    if (this.#plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', fault, { cause })
  }

  #withhold(cause: ProxyError): void {
    if (this.#plan.onViolation === 'block')
      throw new ProxyError('ERR_ANSWER_VIOLATION', 'an event is not permitted', { cause })
  }

  #count({ rows, withheld, fieldsWithheld, violations }: Omit<RowReport, 'rules'>): void {
    this.#counts.rows += rows
    this.#counts.withheld += withheld
    this.#counts.violations += violations
    this.#counts.fieldsWithheld += fieldsWithheld
  }

  #release(): Uint8Array | undefined {
    if (this.#out.length === 0) return undefined
    const out = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out)
    this.#out = []
    if (this.#held === undefined || out === undefined) return out
    this.#held.append(out, 0, out.length)
    return undefined
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}

/** The same plan for the data of one event. */
function eventPlan(plan: RowPlan, rows: EventRows): RowPlan {
  const known = plans.get(plan)
  if (known?.rows === rows) return known.plan
  const made: RowPlan = { ...plan, at: rows.at, keep: rows.keep, total: undefined, strict: false }
  plans.set(plan, { rows, plan: made })
  return made
}

/** Some readers end a line, or the text, at one of these. */
function hasControls(data: Buffer): boolean {
  return data.some((byte) => (byte < 0x20 && byte !== 0x09 && byte !== 0x0a) || byte === 0x7f)
}
