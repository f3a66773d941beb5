import { isPlainObject } from '../../../mask/describe.ts'
import type { FieldDeclaration } from '../../../mask/language.ts'
import { asksWithheld, type WithheldPaths } from './withheld-paths.ts'

/** Operators that look at a withheld field without naming it: in an index, in every field of text, by a computed name. */
export const unnamedReaders: ReadonlySet<string> = new Set(['$meta', '$text', '$getField'])
/** Those that still see it once it is taken out of the document. */
export const indexReaders: ReadonlySet<string> = new Set(['$meta'])

/**
 * Paths whose removal takes every withheld field out of a document; undefined where one has to stay, because the answer
 * is held to a mask that reads it, or cannot be named.
 */
export function removablePaths(
  { fields }: WithheldPaths,
  reads: readonly FieldDeclaration[],
): readonly string[] | undefined {
  const paths = fields.map(({ path }) => nameable(path))
  const stays = ({ path }: FieldDeclaration) => paths.some((removed) => holds(removed, path))
  if (paths.some((path) => path.length === 0) || reads.some(stays)) return undefined
  // Of a path and one inside of it MongoDB takes one.
  const outer = paths.filter((path) => !paths.some((other) => other.length < path.length && holds(other, path)))
  return [...new Set(outer.map((path) => path.join('.')))]
}

/** As much of a path as MongoDB can name; it removes nothing by an index, and goes through lists by itself. */
function nameable(declared: readonly string[]): readonly string[] {
  const path = declared.filter((name) => name !== '*')
  const end = path.findIndex((name, at) => !/^[^$.\0][^.\0]*$/.test(name) || (at > 0 && /^[0-9]+$/.test(name)))
  return end < 0 ? path : path.slice(0, end)
}

function holds(outer: readonly string[], path: readonly string[]): boolean {
  return outer.every((name, at) => name === path[at])
}

/** Holds the field paths of an expression (`$meta.owner`, `$$ROOT`) to what is not withheld. */
export function requireApartExpression(value: unknown, withheld: WithheldPaths): void {
  if (withheld.isEmpty) return
  if (typeof value === 'string') requireApartText(value, withheld)
  else if (Array.isArray(value)) for (const item of value) requireApartExpression(item, withheld)
  else if (isPlainObject(value)) for (const item of Object.values(value)) requireApartExpression(item, withheld)
}

function requireApartText(text: string, withheld: WithheldPaths): void {
  if (!text.startsWith('$')) return
  const isVariable = text.startsWith('$$')
  const [first = '', ...rest] = text.replace(/^\$\$?/, '').split('.')
  // A variable that holds a withheld field was given it by a path, which is refused.
  if (!isVariable) withheld.requireApart([first, ...rest])
  else if (rest.length > 0) withheld.requireApart(rest)
  else if (first === 'ROOT' || first === 'CURRENT') throw asksWithheld()
}
