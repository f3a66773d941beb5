import type { FieldDeclaration } from '../../../mask/language.ts'
import { queryRefused } from './query-parts.ts'

/** What a path is to the withheld ones: beside them all, holding one of them, or one of them or something in it. */
export type Relation = 'apart' | 'above' | 'inside'

/**
 * The fields a client's query may not mention, by name and by path, in any case. A number in a path is an index: lists
 * are asked without one too.
 */
export class WithheldPaths {
  readonly fields: readonly FieldDeclaration[]
  readonly #paths: readonly (readonly string[])[]
  readonly #columns: ReadonlySet<string>

  /** `declared`: every field of the rows. */
  constructor(fields: readonly FieldDeclaration[], declared: Iterable<FieldDeclaration> = fields) {
    this.fields = fields
    this.#paths = fields
      .flatMap(({ name, path }) => [foldAll([name]), foldAll(path)])
      .filter(({ length }) => length > 0)
    this.#columns = new Set([...declared].flatMap(({ path }) => path.slice(0, 1)))
  }

  get isEmpty(): boolean {
    return this.fields.length === 0
  }

  relation(path: readonly string[]): Relation {
    if (this.isEmpty) return 'apart'
    const folded = foldAll(path)
    if (folded.length === 0) return 'apart'
    const relations = this.#paths.map((withheld) => relationOf(folded, withheld))
    return relations.find((each) => each === 'inside') ?? relations.find((each) => each === 'above') ?? 'apart'
  }

  requireApart(path: readonly string[]): void {
    if (this.relation(path) !== 'apart') throw asksWithheld()
  }

  /** Apart from, or above one. */
  requireOutside(path: readonly string[]): void {
    if (this.relation(path) === 'inside') throw asksWithheld()
  }

  /** Whether all of a withheld path is among names, in its order, whatever stands between. */
  isAmong(names: readonly string[]): boolean {
    if (this.isEmpty) return false
    const folded = foldAll(names)
    return this.#paths.some((path) => {
      let said = 0
      for (const name of folded) if (name === path[said]) said += 1
      return said === path.length
    })
  }

  /** Whether a pattern with `*` could find a withheld path, or something below it. */
  mayMatch(pattern: string): boolean {
    const [start = ''] = fold(pattern).split(/[*?]/, 1)
    return this.#paths.some((path) => path.join('.').startsWith(start)) || this.relation([start]) === 'inside'
  }

  /** Whether declared rows have a column of this name; other names may stand for more than one column. */
  hasColumn(name: string): boolean {
    return this.#columns.has(name)
  }
}

export const nothingWithheld = new WithheldPaths([])

export function asksWithheld() {
  return queryRefused('a field that is withheld')
}

function relationOf(path: readonly string[], withheld: readonly string[]): Relation {
  const [short, long] = path.length < withheld.length ? [path, withheld] : [withheld, path]
  if (!short.every((name, at) => name === long[at])) return 'apart'
  return path.length < withheld.length ? 'above' : 'inside'
}

/** Names apart at dots, without indexes and the `*` that stands for them in a declaration. */
function foldAll(path: readonly string[]): readonly string[] {
  const names = path.flatMap((name) => fold(name).split('.'))
  return names.filter((name) => !/^(?:[0-9]*|\*)$/.test(name))
}

function fold(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}
