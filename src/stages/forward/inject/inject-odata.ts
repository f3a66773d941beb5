import { requireODataFilter } from './odata-filter.ts'
import { requireApartFilter, requireApartOption } from './odata-withheld.ts'
import { aliasTest } from './parameter-alias.ts'
import { encodeComponent, type QueryPart, queryRefused, requireDecoded } from './query-parts.ts'
import type { WithheldPaths } from './withheld-paths.ts'

/**
 * System query options that only narrow, order, page or shape what `$filter` leaves (OData 4.01 part 1, section 11.2.1):
 * `$search` is joined with it by and, `$count` counts behind it, `$skiptoken` is a place in the collection that the rest
 * of the address names (11.2.6.7).
 */
const narrowing = 'filter select orderby top skip count inlinecount search format skiptoken schemaversion'.split(' ')

/**
 * Options that come before `$filter` or go past it: `$apply` and `$compute` make the rows that it is asked of, and may
 * name a property as the mask does; `$expand` brings rows of other sets; `$deltatoken` says what an earlier request, of
 * whomever, was filtered by; `$id` and `$index` name one row.
 */
const reaching = 'apply compute expand levels deltatoken id index root it batch'.split(' ')

const isSystem = aliasTest([...narrowing, ...reaching])
/** Media type parameters that stand unencoded in `$format`. */
const formatParameter = /^(?:(?:odata\.)?(?:metadata|streaming|ieee754compatible|exponentialdecimals)|charset)$/i

/**
 * Joins the mask with the client's own `$filter`, which has to stand alone. Options without their `$` and in any case
 * are found, as OData 4.01 allows them; every option but the narrowing ones refuses, and so do parameter aliases (`@x`)
 * options inside `$select`, and every mention of a withheld property. `$batch` and `$query` are paths, which the route must not match. Without a mask the
 * query goes on as it came, if it stands. What the server's own next link repeats of the mask is not added again.
 */
export function injectOData(
  parts: readonly QueryPart[],
  mask: string | undefined,
  withheld: WithheldPaths,
): readonly QueryPart[] {
  const filters = parts.filter((part) => isFilter(part, withheld))
  if (filters.length > 1) throw queryRefused('two filters')
  const [filter] = filters
  const client = filter === undefined ? undefined : clientFilter(filter, mask, withheld)
  if (mask === undefined) return parts
  const text = client === undefined ? mask : `(${client}) and (${mask})`
  const ours = { separator: '&', text: `$filter=${encodeComponent(text)}`, rawName: '$filter', rawValue: text } as const
  return [ours, ...parts.filter((part) => part !== filter)]
}

function isFilter(part: QueryPart, withheld: WithheldPaths): boolean {
  const option = optionOf(part)
  if (option === 'filter') return true
  const [name, value] = [part.rawName, part.rawValue ?? ''].map((text) => requireDecoded(text, 'a parameter'))
  requireApartOption(option, name ?? '', value ?? '', withheld)
  return false
}

/** The system query option that a parameter is, without `$`; undefined for others. Refuses what may reach past a filter. */
function optionOf(part: QueryPart): string | undefined {
  const name = requireDecoded(part.rawName, 'a parameter name')
  if (part.separator === ';' && !formatParameter.test(name)) throw queryRefused('a bare semicolon in the query string')
  const option = name.replace(/^\$/, '').toLowerCase()
  if (option === 'select') requirePlainSelect(part)
  if (narrowing.includes(option)) return option
  if (name.startsWith('$') || name.startsWith('@') || isSystem(part.rawName) !== 'other')
    throw queryRefused('a query option that may reach past a filter')
  return undefined
}

function requirePlainSelect({ rawValue = '' }: QueryPart): void {
  if (/[()]/.test(requireDecoded(rawValue, 'a $select'))) throw queryRefused('options inside $select')
}

/** What the client itself asks for, held to stand alone; undefined where that is nothing but the mask. */
function clientFilter(
  { rawValue = '' }: QueryPart,
  mask: string | undefined,
  withheld: WithheldPaths,
): string | undefined {
  const text = requireDecoded(rawValue, 'a filter')
  if (text === mask) return undefined
  const client = withoutMask(text, mask)
  requireODataFilter(client)
  requireApartFilter(client, withheld)
  return client
}

function withoutMask(text: string, mask: string | undefined): string {
  const tail = `) and (${mask ?? ''})`
  return mask !== undefined && text.startsWith('(') && text.endsWith(tail) ? text.slice(1, -tail.length) : text
}
