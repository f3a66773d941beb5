import type { MaskedRows } from '../../exchange.ts'
import { explainRow, type FailedRule } from '../../mask/evaluate.ts'
import {
  type Dataset,
  type FieldDeclaration,
  type FieldValue,
  JsonNumber,
  type RowPredicate,
} from '../../mask/language.ts'
import type { FilterVerdict } from '../../stages/filter/filter-response.ts'
import { firstFault, type Trace, type TracedRow, traceRows } from './trace-rows.ts'

export interface RowVerdict {
  /** From 0, in the order of the document. */
  readonly index: number
  /** Its field or member `id`, where it has one. */
  readonly id: string | undefined
  readonly kept: boolean
  /** What keeps it back. */
  readonly because: readonly FailedRule[]
  /** The permits that let it through. */
  readonly by: readonly string[]
  /** What keeps it back where no rule was asked. */
  readonly violation: string | undefined
  /** Declared fields that are taken out of it. */
  readonly withheld: readonly string[]
}

export interface Rows {
  readonly rows: readonly RowVerdict[]
  /** Where the reading broke off, why. */
  readonly trace: Trace
}

/** Says of each row of an answer whether the caller gets it, and by which rule not. The filter decides; this reports. */
export function explainRows(bytes: Uint8Array, verdict: FilterVerdict, masked: MaskedRows, dataset: Dataset): Rows {
  const { predicate } = verdict.rules.plan
  const trace = traceRows(bytes, verdict, predicate)
  const values = moreValues(bytes, verdict, dataset, trace)
  const violation = firstViolation(bytes, verdict, trace)
  const rows = trace.rows.map((row, index) => {
    const seen = values?.[index] ?? named(predicate.reads, row.values)
    return explain(row, index, seen, masked, violation)
  })
  return { rows, trace }
}

type Values = ReadonlyMap<string, FieldValue>

function explain(
  row: TracedRow,
  index: number,
  values: Values | undefined,
  { mask, withhold }: MaskedRows,
  violation: (row: TracedRow) => string,
): RowVerdict {
  const known = values ?? new Map<string, FieldValue>()
  const { failed } = explainRow(mask, known)
  return {
    index,
    id: idOf(known.get('id')),
    kept: row.sent,
    because: row.sent || row.values === undefined || row.violated ? [] : failed,
    by: row.sent ? permitsOf(mask, known) : [],
    violation: row.values === undefined || row.violated ? violation(row) : undefined,
    withheld: row.sent ? withhold.filter((name) => known.get(name) !== undefined) : [],
  }
}

function permitsOf(mask: MaskedRows['mask'], values: Values): readonly string[] {
  const permits = mask.parts.filter(({ role }) => role === 'permit')
  const held = permits.filter((part) => explainRow({ ...mask, parts: [part] }, values).permitted)
  return held.map(({ rule }) => rule)
}

function idOf(value: FieldValue): string | undefined {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : undefined
}

/**
 * Every declared field and the id, read by the same filter in a run of its own: the more a predicate reads, the more
 * rows have two readings, so what this run says of a verdict counts for nothing.
 */
function moreValues(
  bytes: Uint8Array,
  verdict: FilterVerdict,
  dataset: Dataset,
  { rows }: Trace,
): readonly (Values | undefined)[] | undefined {
  const declared = [...dataset.fields.values()]
  const id: FieldDeclaration = { name: 'id', type: 'id', path: ['id'] }
  const withId = dataset.fields.has('id') ? declared : [...declared, id]
  for (const reads of [withId, declared]) {
    const everything: RowPredicate = { reads, test: () => true }
    const more = traceRows(bytes, verdict, everything)
    if (more.rows.length === rows.length) return more.rows.map(({ values }) => named(reads, values))
  }
  return undefined
}

function named(reads: readonly FieldDeclaration[], values: readonly FieldValue[] | undefined): Values | undefined {
  return values === undefined ? undefined : new Map(reads.map(({ name }, i) => [name, values[i]]))
}

/** The filter says what is wrong with a row only where it blocks, and then of the first one alone. */
function firstViolation(bytes: Uint8Array, verdict: FilterVerdict, { rows }: Trace): (row: TracedRow) => string {
  const unread = rows.filter(({ values, violated }) => values === undefined || violated)
  const [first] = unread
  const fault = first?.violated === true && first.placed ? firstFault(bytes, verdict) : undefined
  const words = first !== undefined && fault?.rows === rows.indexOf(first) ? fault.reason : undefined
  return (row) => {
    if (row === first && words !== undefined) return `violation: ${words}`
    return row.violated ? 'violation: two readings, or none' : 'no row of the declared shape'
  }
}
