import { ProxyError } from '../../errors.ts'
import { openJson } from './open-json.ts'
import type { RowPlan, RowReport } from './row-plan.ts'
import { Verdicts } from './verdicts.ts'

/** Filters the messages that an app sends over one WebSocket, each a JSON document of its own. */
export class FrameFilter {
  readonly #plan: RowPlan
  readonly #verdicts: Verdicts
  readonly #counts = { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 0 }

  constructor(plan: RowPlan) {
    this.#plan = plan
    this.#verdicts = new Verdicts(plan.predicate)
  }

  /** Of all messages together. */
  get report(): RowReport {
    return { ...this.#counts, rules: this.#verdicts.rules }
  }

  /**
   * What the caller gets of a whole message; undefined where nothing may go out: it had rows and none was permitted, or
   * it has not one reading. Under `block` that throws, and the filter is of no further use.
   */
  message(bytes: Uint8Array, binary: boolean): Uint8Array | undefined {
    const filter = openJson(this.#plan, true, this.#verdicts)
    try {
      if (binary) throw new ProxyError('ERR_ANSWER_KIND', 'a binary message')
      filter.push(bytes)
      const out = filter.end()
      this.#count(filter.report)
      const { rows, withheld } = filter.report
      return rows > 0 && rows === withheld ? undefined : out
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      this.#countLost(filter.report, error.code !== 'ERR_ITEM_NOT_FOUND')
      if (this.#plan.onViolation === 'block') throw error
      return undefined
    }
  }

  #count({ rows, withheld, fieldsWithheld, violations }: Omit<RowReport, 'rules'>): void {
    this.#counts.rows += rows
    this.#counts.withheld += withheld
    this.#counts.fieldsWithheld += fieldsWithheld
    this.#counts.violations += violations
  }

  /** Nothing of the message went out: it counts as one row at least, so that it shows. */
  #countLost({ rows, violations }: RowReport, isViolation: boolean): void {
    const lost = Math.max(rows, 1)
    const bad = isViolation ? Math.max(violations, 1) : violations
    this.#count({ rows: lost, withheld: lost, fieldsWithheld: 0, violations: bad })
  }
}
