import type { Mask } from '../../src/mask/predicate.ts'
import type { SqlRendering, SqlSource } from '../../src/mask/render/sql.ts'
import type { CleanRow } from './mask-sql-rows.ts'

/** A table in a database. */
export interface Store {
  readonly name: string
  readonly keeps: SqlSource['kind']
  /** The rows as JSON text, as somebody gets them from the table; the index is the id. */
  readonly rows: readonly string[]
  render(mask: Mask): SqlRendering
  /** The ids of the rows for which a condition is true. */
  select(condition: SqlRendering): Promise<ReadonlySet<number>>
}

export const documents: SqlSource = { kind: 'json', column: 'value' }

/** Columns with names that have to be quoted; `value` is a name that `json_each` has too. */
export const columns: SqlSource = {
  kind: 'columns',
  columns: new Map([
    ['owner', 'o"w`n\'er'],
    ['tags', 'value'],
  ]),
}

export function rowText(row: CleanRow, changes: CleanRow = {}): string {
  const members = Object.entries({ ...row, ...changes }).map(([name, value]) => `${JSON.stringify(name)}:${value}`)
  return `{${members.join(',')}}`
}

/** A number's literal as that of a text. */
export function quote(literal = 'null'): string {
  return literal === 'null' ? literal : JSON.stringify(literal)
}
