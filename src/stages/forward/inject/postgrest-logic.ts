import { queryRefused } from './query-parts.ts'

const maxLength = 8192
const maxDepth = 16

/** A column, `data->>key`, `data->0`, or a quoted name; blanks and hyphens inside as PostgREST has them. */
const segment = `(?:[\\p{L}\\p{Nd}_$]+(?:(?: +|-(?!>))[\\p{L}\\p{Nd}_$]+)*|"[^"\\\\\\p{Cc}]+")`
const field = new RegExp(`${segment}(?:->>?${segment})*`, 'uy')
const names = new RegExp(`"([^"]+)"|(${segment})`, 'gu')
const junction = /(?:not\.)?(?:and|or)[ \t]*\(/y
const negation = /not\./y
/** Modifiers: any or all of a list, the language of a text search. */
const operator =
  /(?:(?:eq|gte?|lte?|like|ilike|i?match)(?:\((?:any|all)\))?|neq|isdistinct|(?:fts|plfts|phfts|wfts)(?:\([A-Za-z_0-9]+\))?|cs|cd|ov|sl|sr|nxr|nxl|adj)\./y
const truth = /is\.(?:null|not_null|true|false|unknown)/iy
const list = /in\.[ \t]*\(/y
/** The escapes are those of PostgREST since 9; what older ones would read otherwise is no escape. */
const quoted = /"[^"\\\p{Cc}]*(?:\\["\\][^"\\\p{Cc}]*)*"/uy
/** A PostgreSQL array or JSON object; flat, and without what ends a condition for older servers. */
const braces = /\{[^{}()\\\p{Cc}]*\}/uy
const plain = /[^"(){},\\\p{Cc}]*/uy
const blanks = /[ \t]*/y

/**
 * Holds the value of a client's `and` or `or` to PostgREST's grammar of logic trees: `(a.eq.1,not.or(b.gt.2,c.is.null))`,
 * complete, so that it stays one branch inside another, and gives the columns that it asks about. Takes time in
 * proportion to the text.
 */
export function requirePostgrestLogic(text: string): readonly string[] {
  if (text.length > maxLength) throw queryRefused('a condition that is too long')
  const parser = new Parser(text)
  parser.readDocument()
  return parser.columns
}

/** The names in a column's path, without quotes; undefined where the text is none. */
export function postgrestPath(text: string): readonly string[] | undefined {
  field.lastIndex = 0
  const found = field.exec(text)?.[0] ?? ''
  if (found === '' || found.length !== text.length) return undefined
  return [...found.matchAll(names)].map(([, quotedName, name = '']) => quotedName ?? name.trim())
}

class Parser {
  readonly columns: string[] = []
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readDocument(): void {
    this.#require('(')
    this.#branches(maxDepth)
    if (this.#at < this.#text.length) throw queryRefused('a condition with something behind its end')
  }

  #branches(depthLeft: number): void {
    if (depthLeft <= 0) throw queryRefused('a condition that is nested too deep')
    do {
      this.#match(blanks)
      if (this.#match(junction) !== '') this.#branches(depthLeft - 1)
      else this.#condition()
      this.#match(blanks)
    } while (this.#take(','))
    this.#require(')')
  }

  #condition(): void {
    this.columns.push(this.#demand(field, 'a column'))
    this.#require('.')
    this.#match(negation)
    if (this.#match(truth) !== '') return
    if (this.#match(list) !== '') return this.#list()
    this.#demand(operator, 'an operator')
    this.#value()
  }

  #value(): void {
    if (this.#match(quoted) === '' && this.#match(braces) === '') this.#match(plain)
  }

  #list(): void {
    do {
      if (this.#match(quoted) === '') this.#match(plain)
    } while (this.#take(','))
    this.#require(')')
  }

  #demand(pattern: RegExp, what: string): string {
    const found = this.#match(pattern)
    if (found === '') throw queryRefused(`a condition that lacks ${what}`)
    return found
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }

  #require(character: string): void {
    if (!this.#take(character)) throw queryRefused(`a condition that lacks ${character}`)
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}
