/** What an expression comes to; `any` for a property, whose type only the server knows. */
export type Result = 'boolean' | 'value' | 'any'

type Names = ReadonlySet<string>

export const or: Names = new Set(['or'])
export const and: Names = new Set(['and'])
export const comparison: Names = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'has', 'in'])
export const additive: Names = new Set(['add', 'sub'])
export const multiplicative: Names = new Set(['mul', 'div', 'divby', 'mod'])
export const operators: Names = new Set(['and', 'or', 'not', ...comparison, ...additive, ...multiplicative])

/** The least and the most arguments of a function, and what it comes to. */
type Signature = readonly [number, number, Result]

/** The functions of OData 4.01 (part 2, section 5.1.1) in lower case; other names may be code of the server. */
export const functions: ReadonlyMap<string, Signature> = new Map([
  ...signed('contains startswith endswith matchespattern substringof hassubset hassubsequence', [2, 2, 'boolean']),
  ...signed('geo.intersects', [2, 2, 'boolean']),
  ...signed('concat indexof geo.distance', [2, 2, 'value']),
  ...signed('substring', [2, 3, 'value']),
  ...signed('length tolower toupper trim round floor ceiling geo.length', [1, 1, 'value']),
  ...signed('year month day hour minute second fractionalseconds', [1, 1, 'value']),
  ...signed('date time totalseconds totaloffsetminutes', [1, 1, 'value']),
  ...signed('now mindatetime maxdatetime', [0, 0, 'value']),
])

function signed(names: string, signature: Signature): readonly (readonly [string, Signature])[] {
  return names.split(' ').map((name) => [name, signature])
}
