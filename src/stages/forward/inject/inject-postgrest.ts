import { aliasTest } from './parameter-alias.ts'
import { requirePostgrestLogic } from './postgrest-logic.ts'
import { requireApartColumn, requireApartColumns, requireApartOrder } from './postgrest-withheld.ts'
import { encodeComponent, type QueryPart, queryRefused, requireDecoded } from './query-parts.ts'
import type { WithheldPaths } from './withheld-paths.ts'

const logic: ReadonlySet<string> = new Set(['and', 'or', 'not.and', 'not.or'])
const paging: ReadonlySet<string> = new Set(['limit', 'offset'])
const writing: ReadonlySet<string> = new Set(['columns', 'on_conflict'])
const isReserved = aliasTest([...logic, ...paging, ...writing, 'select', 'order'])

/**
 * Joins the mask, one branch of a logic tree, with the client's own filters. Those on columns stay: PostgREST joins all
 * parameters by and. The client's `and`, `or`, `not.and` and `not.or`, which have to stand alone, move into the one
 * `and` that is sent, behind the mask. Refused: other tables (embedding and aggregates in `select` and `order`, names
 * with a dot), columns under another name, reserved names in another spelling, bare semicolons, which PostgREST takes
 * for separators, and every mention of a withheld column; where one is withheld, columns of declared fields alone may be
 * named, and the row by no name. Arguments of functions under `/rpc/` are not looked into: what a function finds is its own.
 */
export function injectPostgrest(
  parts: readonly QueryPart[],
  mask: string | undefined,
  withheld: WithheldPaths,
): readonly QueryPart[] {
  const branches: string[] = []
  const others: QueryPart[] = []
  for (const part of parts) {
    const name = requireDecoded(part.rawName, 'a parameter name')
    requireOwnTable(part, name, withheld)
    if (logic.has(name)) branches.push(`${name}${logicOf(part, withheld)}`)
    else others.push(part)
  }
  if (mask === undefined) return parts
  const text = `(${[mask, ...branches].join(',')})`
  const ours = { separator: '&', text: `and=${encodeComponent(text)}`, rawName: 'and', rawValue: text } as const
  return [ours, ...others]
}

function logicOf({ rawValue = '' }: QueryPart, withheld: WithheldPaths): string {
  const text = requireDecoded(rawValue, 'a condition')
  for (const column of requirePostgrestLogic(text)) requireApartColumn(column, withheld)
  return text
}

function requireOwnTable(part: QueryPart, name: string, withheld: WithheldPaths): void {
  if (part.separator === ';') throw queryRefused('a bare semicolon in the query string')
  if (logic.has(name) || paging.has(name)) return
  if (writing.has(name)) return requireApartColumns(requireDecoded(part.rawValue ?? '', 'columns'), withheld)
  if (name === 'select' || name === 'order') return requirePlainColumns(name, part, withheld)
  if (name.includes('.')) throw queryRefused('a filter on another table')
  if (isReserved(part.rawName) !== 'other') throw queryRefused('a reserved name in another spelling')
  if (part.text !== '') requireApartColumn(name, withheld)
}

/** A name in its own spelling, or `*`, maybe with a cast. */
const plainColumn = /^(?:\*|"[^"(){}\\\p{Cc}]+"|[\p{L}\p{Nd}_$ -]+)(?:::[A-Za-z0-9_ ]+)?$/u
const orderedColumn = /^[^(){}]+$/u

/**
 * `other(column)`, `...other(column)` and `amount.sum()` are of other rows; `tenant:note` and `data->>tenant` would come
 * under another name than the answer is checked by. An order changes no name.
 */
function requirePlainColumns(name: 'select' | 'order', { rawValue = '' }: QueryPart, withheld: WithheldPaths): void {
  const allowed = name === 'select' ? plainColumn : orderedColumn
  const columns = requireDecoded(rawValue, 'a list of columns')
  if (!columns.split(',').every((column) => allowed.test(column.trim())))
    throw queryRefused('columns of another table or name')
  if (name === 'select') requireApartColumns(columns, withheld)
  else requireApartOrder(columns, withheld)
}
