import { ProxyError } from '../../errors.ts'
import type { FieldValue, RowPredicate } from '../../mask/language.ts'
import type { FilterVerdict } from '../../stages/filter/filter-response.ts'
import { openFilter } from '../../stages/filter/open-filter.ts'
import type { RowFilter, RowPlan, RowReport } from '../../stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../stages/filter/rows-json.ts'

/** Longer answers are read in pieces of several bytes where their rows have to be told apart. */
const maxSteps = 16_777_216

/** One row as the filter met it. */
export interface TracedRow {
  /** What the predicate was shown, in the order of its fields; undefined = it was never asked. */
  readonly values: readonly FieldValue[] | undefined
  readonly sent: boolean
  /** Two readings, or a line that is broken. */
  readonly violated: boolean
  /** False where several rows ended at one place and their order cannot be told. */
  readonly placed: boolean
}

export interface Trace {
  readonly rows: readonly TracedRow[]
  /** What ended the reading; the rows are those before it. */
  readonly refusal: ProxyError | undefined
}

interface Call {
  readonly values: readonly FieldValue[]
  readonly permitted: boolean
}

/**
 * Runs the route's own filter over an answer and writes down the verdict on each row. The route is taken to drop what
 * is not permitted, so that every row is reached.
 */
export function traceRows(bytes: Uint8Array, verdict: FilterVerdict, predicate: RowPredicate): Trace {
  const whole = run(bytes, verdict, predicate, Math.max(1, bytes.length))
  // Every row asked the predicate: the order of the calls is the order of the rows.
  if (whole.settled) return whole.trace
  return run(bytes, verdict, predicate, Math.max(1, Math.ceil(bytes.length / maxSteps))).trace
}

function run(bytes: Uint8Array, verdict: FilterVerdict, predicate: RowPredicate, step: number) {
  const calls: Call[] = []
  const recording: RowPredicate = {
    reads: predicate.reads,
    test(values) {
      const permitted = predicate.test(values)
      calls.push({ values: [...values], permitted })
      return permitted
    },
  }
  const filter = reader(verdict, { ...verdict.rules.plan, predicate: recording, onViolation: 'drop' })
  const log = new RowLog()
  const take = () => log.take(calls.splice(0), filter.report)
  const refusal = refusalOf(() => {
    for (let at = 0; at < bytes.length; at += step) {
      filter.push(bytes.subarray(at, at + step))
      take()
    }
    filter.end()
  })
  take()
  return { trace: { rows: log.rows, refusal }, settled: log.settled }
}

/** What the filter finds wrong with the first row that it cannot read; `rows` = how many were read before it. */
export function firstFault(bytes: Uint8Array, verdict: FilterVerdict): { reason: string | undefined; rows: number } {
  const { plan } = verdict.rules
  let rows = 0
  const predicate: RowPredicate = { reads: plan.predicate.reads, test: () => ++rows > 0 }
  // Only a filter that blocks says what is wrong.
  const filter = reader(verdict, { ...plan, predicate, onViolation: 'block' })
  const refusal = refusalOf(() => {
    filter.push(bytes)
    filter.end()
  })
  return { reason: refusal?.code === 'ERR_ANSWER_VIOLATION' ? refusal.message : undefined, rows }
}

/** The reader of the route; for JSON the one that asks a predicate, not one that knows compiled masks. */
function reader(verdict: FilterVerdict, plan: RowPlan): RowFilter {
  if (verdict.bodyKind === 'json') return new JsonRowFilter(plan, verdict.isProblem)
  return openFilter({ ...verdict, rules: { ...verdict.rules, plan } })
}

/**
 * Puts the predicate's calls and the filter's counts together. The counts have the last word: a filter may ask twice
 * about one row (a value with two readings), or ask and then find the row broken.
 */
class RowLog {
  readonly #rows: TracedRow[] = []
  #counted: Omit<RowReport, 'rules'> = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }
  /** Rows taken down as withheld. */
  #withheld = 0
  /** Violations whose row did not end yet. */
  #violations = 0
  #settled = true

  get rows(): readonly TracedRow[] {
    return this.#rows
  }

  /** One call for each row, and nothing that had to be concluded from counts. */
  get settled(): boolean {
    return this.#settled
  }

  take(calls: readonly Call[], report: RowReport): void {
    const found = report.rows - this.#counted.rows
    this.#violations += report.violations - this.#counted.violations
    this.#counted = { ...report }
    if (found !== calls.length || this.#violations > 0) this.#settled = false
    if (found === 1) this.#addOne(calls.at(-1), report.withheld > this.#withheld)
    else if (found > 1) this.#addSeveral(calls.slice(-found), found)
    if (report.withheld !== this.#withheld) this.#settled = false
    this.#correct(report.withheld)
  }

  #addOne(call: Call | undefined, withheld: boolean): void {
    const violated = withheld && (call === undefined || call.permitted) && this.#violations > 0
    this.#add({ values: call?.values, sent: !withheld, violated, placed: true })
  }

  /** Rows that ended at one place: those that asked nothing come last, since nobody knows where they stood. */
  #addSeveral(calls: readonly Call[], found: number): void {
    const placed = calls.length === found
    for (const { values, permitted } of calls) this.#add({ values, sent: permitted, violated: false, placed })
    for (let i = calls.length; i < found; i++)
      this.#add({ values: undefined, sent: false, violated: this.#violations > 0, placed })
  }

  /** A row that was sent for all we knew may still fall with the line it stands in. */
  #correct(withheld: number): void {
    const last = this.#rows.at(-1)
    if (withheld <= this.#withheld || last === undefined || !last.sent) return
    this.#rows.pop()
    this.#add({ ...last, sent: false, violated: this.#violations > 0 })
  }

  #add(row: TracedRow): void {
    this.#rows.push(row)
    if (!row.sent) this.#withheld++
    if (row.violated) this.#violations--
  }
}

/** What reading an answer ends in; anything that is no refusal is a fault of ours. */
export function refusalOf(work: () => void): ProxyError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
}
