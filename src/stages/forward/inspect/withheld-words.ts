import type { FieldDeclaration } from '../../../mask/language.ts'
import { fold, isNoIndex, readingsOf, tokensOf, withoutMarks, wordsOf } from './withheld-spellings.ts'

/** How much of each path of several names has been said. */
export type Said = readonly number[]

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** What query dialects put before a field (`min_margin`, `orderByMargin`) and behind it (`margin__gte`, `marginDesc`). */
const before = words('min max from to not sort order by group filter where has is eq ne gt gte lt lte asc desc sum avg')
const behind = words(
  'eq neq ne not gt gte ge gteq lt lte le lteq greater less than or equal equals min max from to after before since ' +
    'until between range in nin is null isnull notnull exists empty like ilike nlike contains icontains cont startswith ' +
    'endswith starts ends start end with matches regex iregex exact iexact any all asc desc sort order sum avg count',
)
const maxBefore = 3
const maxBehind = 4

/**
 * Fields in every spelling in which some app may be asked about them: any case, width or accent, `snake_case` or
 * `camelCase`, with the words of a query dialect around it, alone or among other things; a path in one word or in
 * several, in order, whatever stands between them (`meta.owner`, `meta[owner]`, `meta/any(m:m/owner`).
 */
export class WithheldWords {
  readonly #names: ReadonlySet<string>
  readonly #paths: readonly (readonly string[])[]
  readonly #parts: readonly string[]
  /** Nothing said yet. */
  readonly start: Said

  constructor(fields: readonly FieldDeclaration[]) {
    const spelled = fields.flatMap(({ name, path }) => [[name], path.filter(isNoIndex)])
    const tokens = spelled.map((names) => names.map((name) => tokensOf(withoutMarks(name)).map(foldToken)))
    const whole = tokens.map((names) => names.map((name) => name.join('')).filter((name) => name !== ''))
    this.#names = new Set(whole.map((names) => names.join('')).filter((name) => name !== ''))
    this.#paths = [...whole, ...tokens.map((names) => names.flat())].filter((names) => names.length > 1)
    this.#parts = [...new Set([...this.#names, ...this.#paths.flat()])]
    this.start = this.#paths.map(() => 0)
  }

  /** What has been said once `text` is read; undefined where that is a field. */
  read(text: string, said: Said): Said | undefined {
    let most = said
    for (const reading of readingsOf(text)) {
      const more = this.#readOne(reading, said)
      if (more === undefined) return undefined
      most = most.map((count, at) => Math.max(count, more[at] ?? 0))
    }
    return most
  }

  #readOne(text: string, said: Said): Said | undefined {
    // Most texts have nothing of it, whatever they are made of.
    const letters = fold(text.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
    if (!this.#parts.some((part) => letters.includes(part))) return said
    let counts = said
    for (const token of tokensOf(text)) {
      const name = wordsOf(token)
      const cores = [name, ...joinedBy(name)].flatMap(coresOf)
      if (cores.some((core) => this.#names.has(core))) return undefined
      counts = counts.map((count, at) => (cores.includes(this.#paths[at]?.[count] ?? '') ? count + 1 : count))
      if (counts.some((count, at) => count === this.#paths[at]?.length)) return undefined
    }
    return counts
  }
}

/** `margin_or_amount_gteq`: [margin], [amount, gteq]. */
function joinedBy(name: readonly string[]): readonly (readonly string[])[] {
  if (!name.includes('or') && !name.includes('and')) return []
  const runs: string[][] = [[]]
  for (const each of name) {
    if (each === 'or' || each === 'and') runs.push([])
    else runs.at(-1)?.push(each)
  }
  return runs
}

function foldToken(token: string): string {
  return wordsOf(token).join('')
}

/** What a name may be without the words of a query dialect around it. */
function coresOf(name: readonly string[]): readonly string[] {
  const cores: string[] = []
  const maxFirst = countWhile(name.slice(0, maxBefore), before)
  const maxLast = countWhile(name.slice(-maxBehind).toReversed(), behind)
  for (let first = 0; first <= maxFirst; first += 1) {
    for (let last = 0; last <= maxLast && first + last < name.length; last += 1)
      cores.push(name.slice(first, name.length - last).join(''))
  }
  return cores
}

function countWhile(name: readonly string[], known: ReadonlySet<string>): number {
  const end = name.findIndex((word) => !known.has(word))
  return end < 0 ? name.length : end
}
