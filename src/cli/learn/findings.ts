import type { RouteMethod } from '../../config/config.ts'
import type { RowPlace } from './find-rows.ts'

/** How the rows of an answer stand in one kind of body. */
export interface LearnedAnswer {
  readonly kind: 'json' | 'json-lines' | 'xml' | 'csv' | 'html'
  readonly rows: readonly RowPlace[]
  readonly totals: readonly string[]
  readonly beside: readonly string[]
  readonly notes: readonly string[]
  /** Where fields stand in a row that is no JSON, by their path in the shape. */
  readonly places: ReadonlyMap<string, string>
  readonly delimiter: string | undefined
}

/** One method on one path, as a document or a recording shows it. */
export interface LearnedOperation {
  readonly method: RouteMethod
  /** A pattern of the configuration. */
  readonly path: string
  readonly answers: readonly LearnedAnswer[]
  /** Rows of its request body. */
  readonly body: LearnedAnswer | undefined
  readonly notes: readonly string[]
}

export interface Findings {
  /** What was read, in a few words. */
  readonly source: string
  readonly operations: readonly LearnedOperation[]
  /** Origins that the document or the recording names. */
  readonly servers: readonly string[]
  readonly notUnderstood: readonly string[]
}

/** An answer in which JSON, or lines of it, hold the rows. */
export function jsonAnswer(places: Pick<LearnedAnswer, 'rows' | 'totals' | 'beside' | 'notes'>): LearnedAnswer {
  return { kind: 'json', places: new Map(), delimiter: undefined, ...places }
}
