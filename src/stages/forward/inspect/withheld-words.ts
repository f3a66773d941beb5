import type { FieldDeclaration } from '../../../mask/language.ts'
import { visible } from './names.ts'

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
  /** Nothing said yet. */
  readonly start: Said

  constructor(fields: readonly FieldDeclaration[]) {
    const spelled = fields.flatMap(({ name, path }) => [[name], path.filter(isNoIndex)])
    const parts = spelled.map((names) =>
      names.flatMap((name) => tokensOf(withoutMarks(name))).map((token) => wordsOf(token).join('')),
    )
    this.#names = new Set(parts.map((names) => names.join('')).filter((name) => name !== ''))
    this.#paths = parts.filter((names) => names.length > 1)
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

const plain = /^[\x20-$&-[\]-~]*$/
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\0-\x1f\x7f-\x9f]/

/** What readers may take a text for: once more decoded, unescaped, with a control as a blank or as nothing. */
function readingsOf(text: string): readonly string[] {
  if (plain.test(text)) return [text]
  const decoded = decodeLoosely(text)
  const spellings = new Set([text, decoded, unescaped(text), unescaped(decoded)])
  return [...spellings].flatMap((each) =>
    control.test(each) ? [withoutMarks(each.replaceAll(/\p{Cc}/gu, ' ')), withoutMarks(each)] : [withoutMarks(each)],
  )
}

/** MySQL takes the accents off the names of columns. */
function withoutMarks(text: string): string {
  return visible(text).normalize('NFKD').replaceAll(/\p{M}/gu, '')
}

/** Percent-encoding as the most helpful reader would take it. */
export function decodeLoosely(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (octets) => Buffer.from(octets.replaceAll('%', ''), 'hex').toString())
}

/** `\u006d` and `\x6d`, as in JSON and its relaxed kin. */
function unescaped(text: string): string {
  return text.replaceAll(/\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})/g, (_, long: string | undefined, short: string) =>
    String.fromCharCode(Number.parseInt(long ?? short, 16)),
  )
}

/** Names, apart at everything that is part of none. */
function tokensOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{M}\p{N}_]+|__+/u).filter((token) => /[^_]/.test(token))
}

function isNoIndex(token: string): boolean {
  return !/^[0-9]+$/.test(token)
}

const border = /_|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u

/** `min_margin`, `minMargin`: [min, margin]. */
function wordsOf(token: string): readonly string[] {
  const pieces = token.split(border).filter((word) => word !== '')
  return pieces.map((word) => word.toUpperCase().toLowerCase())
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

/** Parameters that hold what somebody writes or searches for. */
const texts = words(
  'q query search term terms text keyword keywords phrase note notes comment comments message description title ' +
    'subject content reason remark memo',
)

/** Languages of queries have these words, and sentences seldom do. */
const asking = words(
  'asc desc ascending descending eq ne neq gt ge gte lt le lte null isnull notnull between like ilike rlike regexp ' +
    'contains startswith endswith exists select where having by than',
)
const word = /^\p{L}[\p{L}\p{M}'’-]*[,.!?]?$/u
const leastWords = 4

/**
 * Whether a value is a sentence, in which a word names no field. It has to stand where texts are expected, since lists
 * of fields with blanks between them look the same; and it has four words or more, of letters alone, none of them a word
 * of a query language: less (`margin`, `-margin,id`, `margin gt 20`) is what is asked for, and a number is a value that
 * something is compared with.
 */
export function isSentence(name: string, value: string): boolean {
  const last = tokensOf(name)
    .filter(isNoIndex)
    .flatMap(wordsOf)
    .findLast((each) => !behind.has(each))
  if (last === undefined || !texts.has(last)) return false
  const found = value.trim().split(/ +/)
  return found.length >= leastWords && found.every(isWord)
}

function isWord(text: string): boolean {
  return word.test(text) && !asking.has(withoutMarks(text.replace(/[,.!?]$/, '')).toLowerCase())
}
