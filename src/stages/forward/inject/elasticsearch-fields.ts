import type { Members, Walk } from './json-walk.ts'
import { asksWithheld } from './withheld-paths.ts'

/** Fields that Elasticsearch makes of every other one, or of their names. */
const metaFields: ReadonlySet<string> = new Set(['_all', '_field_names', '_ignored'])

/** What is asked of a field: for its value, or only where it lies. */
type Use = 'value' | 'place'

/** Holds the name of a field, or a pattern of names, maybe with a boost (`note^2`), to ones that are not withheld. */
export function requireField(name: string, { withheld }: Walk, use: Use = 'value'): void {
  if (withheld.isEmpty) return
  const [bare = ''] = name.trim().split(/[\^:]/, 1)
  if (/[*?]/.test(bare) ? withheld.mayMatch(bare) : metaFields.has(bare)) throw asksWithheld()
  if (use === 'place') withheld.requireOutside([bare])
  else withheld.requireApart([bare])
}

/** The same of the names of members. */
export function requireFields(value: unknown, walk: Walk): void {
  if (walk.withheld.isEmpty) return
  for (const [name] of walk.members(value, 'fields')) requireField(name, walk)
}

/** Holds a query on several fields to naming them one by one: every other one asks all there are. */
export function requireNamedFields(name: string, body: unknown, walk: Walk): void {
  if (walk.withheld.isEmpty) return
  const options: Members = Object.fromEntries(walk.members(body, 'a query'))
  const fields = options['fields']
  const isNamed = Array.isArray(fields) && fields.length > 0 && fields.every(isPlainName)
  // A query string names fields in its text; a suffix makes other names of them.
  if (name === 'query_string' || !isNamed || options['quote_field_suffix'] !== undefined) throw asksWithheld()
}

function isPlainName(field: unknown): boolean {
  return typeof field === 'string' && !/[*?]/.test(field)
}
