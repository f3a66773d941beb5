import { queryRefused } from './query-parts.ts'

/**
 * `literal`: a number, date, time, duration, GUID, enumeration member, spatial or binary value. `system`: `$it` and its
 * kin. `blank` says whether a blank stood before it.
 */
export interface ODataToken {
  readonly kind: 'word' | 'string' | 'literal' | 'system' | 'mark' | 'end'
  readonly text: string
  readonly blank: boolean
}

const blanks = /[ \t]*/y
/** A quote inside is doubled. */
const quoted = /'[^']*(?:''[^']*)*'/y
const guid = /[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/y
/** OData identifiers, and namespaces before them; letters beyond ASCII as the specification allows, without Cf. */
const word =
  /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}]*(?:\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}]*)*/uy
const numeral = /-?[0-9][0-9A-Za-z:.+-]*/y
const system = /\$[a-z]+/y
const mark = /[(),/:-]/y

const number = /^-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,4})?[LlMmDdFf]?$/
const date =
  /^-?[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/
const time = /^[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?$/

/** The tokens of an OData expression (part 2, section 5), ended by `end`; whatever is none refuses. */
export function readODataTokens(text: string): readonly ODataToken[] {
  const reader = new Reader(text)
  const tokens: ODataToken[] = []
  let token: ODataToken
  do {
    token = reader.next()
    tokens.push(token)
  } while (token.kind !== 'end')
  return tokens
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): ODataToken {
    const blank = this.#match(blanks) !== ''
    if (this.#at >= this.#text.length) return { kind: 'end', text: '', blank }
    return { ...this.#read(), blank }
  }

  #read(): Pick<ODataToken, 'kind' | 'text'> {
    const string = this.#match(quoted)
    if (string !== '') return { kind: 'string', text: requirePlain(string) }
    const id = this.#match(guid)
    if (id !== '') return { kind: 'literal', text: id }
    const name = this.#match(word)
    if (name !== '') return this.#named(name)
    const digits = this.#match(numeral)
    if (digits !== '') return { kind: 'literal', text: requireNumeral(digits) }
    const variable = this.#match(system)
    if (variable !== '') return { kind: 'system', text: variable }
    const single = this.#match(mark)
    if (single !== '') return { kind: 'mark', text: single }
    throw queryRefused('a filter with a character that stands for nothing in OData')
  }

  /** `duration'P1D'` and `Sales.Color'Red'` are one literal each. */
  #named(name: string): Pick<ODataToken, 'kind' | 'text'> {
    const value = this.#match(quoted)
    if (value === '') return { kind: 'word', text: name }
    return { kind: 'literal', text: name + requirePlain(value) }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}

function requireNumeral(digits: string): string {
  if (number.test(digits) || date.test(digits) || time.test(digits)) return digits
  throw queryRefused('a filter with something that is neither a number nor a date')
}

/** A backslash before a quote ends nothing in OData, and does in a server that takes strings for those of C. */
function requirePlain(string: string): string {
  if (string.includes("\\'") || /\p{Cc}/u.test(string) || !string.isWellFormed())
    throw queryRefused('a filter with a string that could end in two places')
  return string
}
