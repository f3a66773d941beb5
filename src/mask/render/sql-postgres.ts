import type { TextSyntax } from './sql-compare.ts'
import { constant, parameter, type Sql, sql } from './sql-fragment.ts'

/** No question mark stands in what is written for PostgreSQL: some clients take one for a parameter. */
export const postgresText: TextSyntax = {
  falsehood: constant('FALSE'),
  collation: constant(' COLLATE "C"'),
  holdsNul: false,
  operand: (text) => parameter(text, 'text'),
  isOneOf: (left, texts) => sql`${left} = ANY (${arrayParameter(texts, 'text[]')})`,
}

/** A list as one parameter, so that no list is too long for a statement. */
export function arrayParameter(texts: readonly string[], type: string): Sql {
  return parameter(`{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`, type)
}

/** The texts that PostgreSQL can hold. */
export function storable(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => !text.includes('\0'))
}
