import type { Masked, MaskedRows } from '../../../exchange.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import type { Route } from '../../match/route-table.ts'

const none: readonly FieldDeclaration[] = []
/** One list for each decision and route, so that what is made of it is made once. */
const known = new WeakMap<MaskedRows, Map<Route, readonly FieldDeclaration[]>>()

/**
 * The fields of the route's rows that must not reach the caller, and must not be asked about; once more for each place
 * where the route says that one stands in another kind of answer, since the app may know it by that name.
 */
export function withheldFields({ rows, route }: Masked): readonly FieldDeclaration[] {
  if (rows.kind !== 'masked' || rows.withhold.length === 0) return none
  const byRoute = known.get(rows) ?? new Map<Route, readonly FieldDeclaration[]>()
  known.set(rows, byRoute)
  const found = byRoute.get(route) ?? rows.withhold.flatMap((name) => placesOf(name, route))
  byRoute.set(route, found)
  return found
}

function placesOf(name: string, { rows }: Route): readonly FieldDeclaration[] {
  const field = rows?.dataset.fields.get(name)
  if (field === undefined) return []
  const column = rows?.rows.csv?.columns.get(name)
  const place = rows?.rows.xml?.fields.get(name)
  const paths: (readonly string[])[] = []
  if (column !== undefined) paths.push([column])
  if (place !== undefined) paths.push(place.attribute === undefined ? place.path : [...place.path, place.attribute])
  return [field, ...paths.map((path) => ({ ...field, path }))]
}
