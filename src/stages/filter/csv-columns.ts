import type { CsvRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { FieldDeclaration } from '../../mask/language.ts'
import { folds } from './key-table.ts'
import type { RowPlan } from './row-plan.ts'

/** What a plan means in a body with this first line. */
export interface CsvColumns {
  /** The column of each of the predicate's arguments; -1 = the body has none. */
  readonly slots: Int32Array
  /** How many columns are withheld. */
  readonly withheld: number
  /** What goes out of a line: undefined = all of it. */
  readonly pieces: readonly CsvPiece[] | undefined
  /** What stands behind the last piece. */
  readonly tail: Buffer
  /** How many columns go out. */
  readonly out: number
}

/** Columns that go out side by side, and what stands before them. */
export interface CsvPiece {
  readonly lead: Buffer
  readonly first: number
  readonly last: number
}

/**
 * At the begin of the text many readers skip a byte order mark, and some spreadsheets take a delimiter from `sep=`; which
 * column comes first depends on those withheld.
 */
const firstLineMark = /^(?:\ufeff|sep=)/i

/** Throws where a name has two readings: twice the same, or one that only some readers take for a ruled one. */
export function readColumns(names: readonly string[], plan: RowPlan, { columns, delimiter }: CsvRows): CsvColumns {
  const reads = plan.predicate.reads.map((field) => columns.get(field.name) ?? ownColumn(field))
  const withheld = new Set(plan.withhold.map(({ name }) => columns.get(name) ?? name))
  requireOneReading(names, new Set([...withheld, ...reads.filter((name) => name !== undefined)]))
  const slots = Int32Array.from(reads, (name) => (name === undefined ? -1 : names.indexOf(name)))
  if (slots.length > 0 && slots.every((column) => column < 0))
    throw new ProxyError('ERR_ANSWER_SHAPE', 'the first line names no column that is ruled: it may be a row')
  const hidden = names.map((name) => withheld.has(name))
  const count = hidden.filter(Boolean).length
  if (count === 0) return { slots, withheld: 0, pieces: undefined, tail: Buffer.alloc(0), out: names.length }
  const removed = plan.withheldAs === 'removed'
  return { slots, withheld: count, ...cutOut(hidden, delimiter, removed), out: names.length - (removed ? count : 0) }
}

/** A hidden column goes with its delimiter where it is `removed`; otherwise an empty cell stays. */
function cutOut(hidden: readonly boolean[], delimiter: string, removed: boolean): Pick<CsvColumns, 'pieces' | 'tail'> {
  const pieces: CsvPiece[] = []
  let empty = ''
  for (const [column, isHidden] of hidden.entries()) {
    const open = pieces.at(-1)
    if (isHidden) empty += removed || column === 0 ? '' : delimiter
    else if (open !== undefined && open.last === column - 1) pieces[pieces.length - 1] = { ...open, last: column }
    else {
      const follows = removed ? pieces.length > 0 : column > 0
      pieces.push({ lead: Buffer.from(empty + (follows ? delimiter : '')), first: column, last: column })
      empty = ''
    }
  }
  return { pieces, tail: Buffer.from(empty) }
}

/** A field below another key has a column only where the route names one. */
function ownColumn(field: FieldDeclaration): string | undefined {
  return field.path.length === 1 ? field.name : undefined
}

function requireOneReading(names: readonly string[], ruled: ReadonlySet<string>): void {
  if (new Set(names).size !== names.length) throw violation('two columns have one name')
  if (names.some((name) => firstLineMark.test(name))) throw violation('a name that may be none')
  const foldsOfRuled = new Set([...ruled].flatMap((name) => folds(name.trim())))
  for (const name of names) {
    if (!ruled.has(name) && folds(name.trim()).some((fold) => foldsOfRuled.has(fold)))
      throw violation('a column that is ruled has two readings')
  }
}

function violation(detail: string): ProxyError {
  return new ProxyError('ERR_ANSWER_VIOLATION', detail)
}
