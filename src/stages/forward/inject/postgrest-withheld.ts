import { postgrestPath } from './postgrest-logic.ts'
import { asksWithheld, type WithheldPaths } from './withheld-paths.ts'

/**
 * Holds a column (`margin`, `meta->>owner`, in quotes or not) that rows are compared or ordered by to those that neither
 * are withheld nor hold what is. Only columns of declared fields are known to be columns: PostgreSQL takes any other name
 * for a function of the whole row (`to_jsonb->>margin`, `row_to_json`, a computed column), and there is no end of those.
 */
export function requireApartColumn(text: string, withheld: WithheldPaths): void {
  if (withheld.isEmpty) return
  withheld.requireApart(knownPath(text, withheld))
}

/** One after the other, of which PostgREST takes two. */
const directions = /(?:\.(?:asc|desc|nullsfirst|nullslast)){1,2}$/

/** `amount.desc.nullslast,meta->>color`. */
export function requireApartOrder(text: string, withheld: WithheldPaths): void {
  for (const entry of text.split(',')) requireApartColumn(entry.trim().replace(directions, ''), withheld)
}

/** Columns that are shown, or written. One that holds a withheld field is filtered, unless a cast makes a text of it. */
export function requireApartColumns(text: string, withheld: WithheldPaths): void {
  if (withheld.isEmpty) return
  for (const entry of text.split(',')) {
    const column = entry.trim()
    if (column === '*') continue
    const end = column.indexOf('::')
    if (end >= 0) requireApartColumn(column.slice(0, end), withheld)
    else withheld.requireOutside(knownPath(column, withheld))
  }
}

function knownPath(text: string, withheld: WithheldPaths): readonly string[] {
  const path = postgrestPath(text)
  if (path === undefined || !withheld.hasColumn(path[0] ?? '')) throw asksWithheld()
  return path
}
