import type { Masked, MaskedRows } from '../../../exchange.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'

const none: readonly FieldDeclaration[] = []
/** One list for each decision, so that what is made of it is made once. */
const known = new WeakMap<MaskedRows, readonly FieldDeclaration[]>()

/** The fields of the route's rows that must not reach the caller, and must not be asked about. */
export function withheldFields({ rows, route }: Masked): readonly FieldDeclaration[] {
  if (rows.kind !== 'masked' || rows.withhold.length === 0) return none
  const found = known.get(rows) ?? rows.withhold.flatMap((name) => route.rows?.dataset.fields.get(name) ?? [])
  known.set(rows, found)
  return found
}
