import type { RowPredicate } from '../../mask/language.ts'

/** Decoded RFC 6901 reference tokens; `*` stands for every element of an array. */
export type RowPointer = readonly string[]

/** What one caller may get from one route: made once per (route, mask, withheld fields) and kept by the caller. */
export interface RowPlan {
  /** Where rows stand: `['items','*']`, `['*']`, `['groups','*','items','*']`; without a last `*` one object is one row. */
  readonly at: readonly RowPointer[]
  /** The whole verdict, the tenant's condition included. */
  readonly predicate: RowPredicate
  /** Fields that never reach the caller, by their place in the row. */
  readonly withhold: readonly WithheldField[]
  readonly withheldAs: 'removed' | 'null'
  readonly onViolation: 'drop' | 'block'
  /** What may stay of the rest of the document; everything else outside the rows becomes null. */
  readonly keep: readonly RowPointer[]
  readonly total: RowTotal | undefined
  /** What would become null blocks the answer instead. */
  readonly strict: boolean
  readonly limits: RowLimits
}

interface WithheldField {
  readonly name: string
  readonly path: RowPointer
}

/** `recount` holds only where the number comes after the rows of a single pointer; anywhere else it becomes null. */
interface RowTotal {
  readonly path: RowPointer
  readonly policy: 'null' | 'recount' | 'block'
}

export interface RowLimits {
  readonly maxRowBytes: number
  /** Objects and arrays inside each other, the outermost counted. */
  readonly maxDepth: number
  /** What may be held back until the verdict: `block`, and answers that are one object. */
  readonly maxBlockBytes: number
}

export const defaultRowLimits: RowLimits = { maxRowBytes: 1_048_576, maxDepth: 256, maxBlockBytes: 8_388_608 }

/** Counts for audit and metrics; never a value. */
export interface RowReport {
  /** Rows found. */
  readonly rows: number
  /** Rows that did not reach the caller, violations among them. */
  readonly withheld: number
  /** Fields taken out of rows that did reach the caller. */
  readonly fieldsWithheld: number
  /** Rows with two readings, and lines that are no JSON. */
  readonly violations: number
  /** Rows by the name of a rule of the mask that kept them back; a row that fails two counts for both. */
  readonly rules: ReadonlyMap<string, number>
}

/**
 * Takes a body in pieces and gives back what may go out; after a throw it is of no further use. A piece belongs to the
 * filter from then on: what comes back may stand in its memory.
 */
export interface RowFilter {
  readonly report: RowReport
  push(chunk: Uint8Array): Uint8Array | undefined
  end(): Uint8Array | undefined
}
