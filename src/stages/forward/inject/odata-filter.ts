import { additive, and, comparison, functions, multiplicative, operators, or, type Result } from './odata-names.ts'
import { type ODataToken, readODataTokens } from './odata-tokens.ts'
import { queryRefused } from './query-parts.ts'

const maxLength = 8192
const maxDepth = 32

/**
 * Holds a client's `$filter` to being one complete boolean expression of OData 4.01 (part 2, section 5.1.1), so that it
 * stays whole inside parentheses. Refused besides: functions that are not the standard's, parameter aliases, `$root`
 * (other sets), key predicates, options on `$count`, JSON. Takes time in proportion to the text.
 */
export function requireODataFilter(text: string): void {
  if (text.length > maxLength) throw queryRefused('a filter that is too long')
  const parser = new Parser(readODataTokens(text))
  parser.readDocument()
}

class Parser {
  readonly #tokens: readonly ODataToken[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly ODataToken[]) {
    this.#tokens = tokens
  }

  readDocument(): void {
    requireTruth(this.#or())
    if (this.#peek().kind !== 'end') throw queryRefused('a filter with something behind its end')
  }

  #or(): Result {
    return this.#enter(() => this.#chain(or, () => this.#chain(and, () => this.#not())))
  }

  #chain(accepted: ReadonlySet<string>, operand: () => Result): Result {
    let result = operand()
    while (this.#takeOperator(accepted) !== undefined) {
      requireTruth(result)
      requireTruth(operand())
      result = 'boolean'
    }
    return result
  }

  #not(): Result {
    const { kind, text } = this.#peek()
    if (kind !== 'word' || text.toLowerCase() !== 'not') return this.#comparison()
    this.#at += 1
    if (!this.#peek().blank && !this.#isMark('(')) throw queryRefused('a filter with not before nothing')
    requireTruth(this.#enter(() => this.#not()))
    return 'boolean'
  }

  #comparison(): Result {
    const left = this.#arithmetic()
    const operator = this.#takeOperator(comparison)
    if (operator === undefined) return left
    if (operator === 'in' && this.#isMark('(')) this.#list()
    else this.#arithmetic()
    return 'boolean'
  }

  #arithmetic(): Result {
    return this.#series(additive, () => this.#series(multiplicative, () => this.#unary()))
  }

  #series(accepted: ReadonlySet<string>, operand: () => Result): Result {
    let result = operand()
    while (this.#takeOperator(accepted) !== undefined) {
      operand()
      result = 'value'
    }
    return result
  }

  #unary(): Result {
    if (!this.#take('-')) return this.#primary()
    this.#enter(() => this.#unary())
    return 'value'
  }

  #primary(): Result {
    if (this.#take('(')) return this.#closed(() => this.#or())
    const token = this.#next()
    switch (token.kind) {
      case 'string':
      case 'literal':
        return 'value'
      case 'system':
        if (token.text !== '$it' && token.text !== '$this') throw queryRefused(`a filter with ${token.text}`)
        return this.#path()
      case 'word':
        return this.#named(token.text)
      case 'mark':
      case 'end':
        throw queryRefused('a filter that lacks a value')
    }
  }

  #named(name: string): Result {
    const folded = name.toLowerCase()
    if (folded === 'true' || folded === 'false') return 'boolean'
    if (folded === 'null' || folded === 'inf' || folded === 'nan') return 'value'
    if (operators.has(folded)) throw queryRefused('a filter with an operator where a value is due')
    if (this.#isCall()) return this.#call(folded)
    return this.#path()
  }

  #call(name: string): Result {
    this.#requireMark('(')
    if (name === 'isof' || name === 'cast') return this.#closed(() => this.#typed(name))
    const known = functions.get(name)
    if (known === undefined) throw queryRefused('a filter with a function that is not of the standard')
    const [least, most, result] = known
    let count = 0
    if (!this.#isMark(')'))
      do {
        this.#or()
        count += 1
      } while (this.#take(','))
    this.#requireMark(')')
    if (count < least || count > most) throw queryRefused('a filter with a function of other arguments')
    return result
  }

  /** `isof(Type)`, `cast(value,Collection(Type))`. */
  #typed(name: 'isof' | 'cast'): Result {
    if (!this.#isType()) {
      this.#or()
      this.#requireMark(',')
    }
    const type = this.#next()
    if (type.kind !== 'word') throw queryRefused('a filter with a cast to no type')
    if (type.text === 'Collection' && this.#take('(')) {
      if (this.#next().kind !== 'word') throw queryRefused('a filter with a cast to no type')
      this.#requireMark(')')
    }
    return name === 'isof' ? 'boolean' : 'any'
  }

  /** Whether the next word is all there is before the end of the call, and so a type. */
  #isType(): boolean {
    const [first, second] = [this.#peek(), this.#tokens[this.#at + 1]]
    if (first.kind !== 'word' || second === undefined) return false
    return second.text === ')' || (first.text === 'Collection' && second.text === '(')
  }

  /** What follows the first segment of a path. */
  #path(): Result {
    let result: Result = 'any'
    while (this.#take('/')) {
      const { kind, text } = this.#next()
      if (kind === 'system' && text === '$count') {
        result = 'value'
        break
      }
      if (kind !== 'word' || operators.has(text.toLowerCase())) throw queryRefused('a filter with a broken path')
      if (!this.#isCall()) continue
      result = this.#lambda(text)
      break
    }
    return result
  }

  /** `any()`, `any(x:x/name eq 'a')`, `all(x:...)`. */
  #lambda(name: string): Result {
    if (name !== 'any' && name !== 'all') throw queryRefused('a filter with a function that is not of the standard')
    this.#requireMark('(')
    if (name === 'any' && this.#take(')')) return 'boolean'
    const variable = this.#next()
    if (variable.kind !== 'word' || variable.text.includes('.')) throw queryRefused('a filter with a broken lambda')
    this.#requireMark(':')
    requireTruth(this.#closed(() => this.#or()))
    return 'boolean'
  }

  /** The literals of `in (...)`. */
  #list(): void {
    this.#requireMark('(')
    if (this.#take(')')) return
    do {
      this.#take('-')
      const { kind, text } = this.#next()
      const isName = kind === 'word' && /^(?:true|false|null|inf|nan)$/i.test(text)
      if (kind !== 'string' && kind !== 'literal' && !isName) throw queryRefused('a filter with a list of no literals')
    } while (this.#take(','))
    this.#requireMark(')')
  }

  #closed(read: () => Result): Result {
    const result = read()
    this.#requireMark(')')
    return result
  }

  #enter(read: () => Result): Result {
    if (this.#depth >= maxDepth) throw queryRefused('a filter that is nested too deep')
    this.#depth += 1
    const result = read()
    this.#depth -= 1
    return result
  }

  /** Takes an operator that has a blank before and behind it, in any case (OData 4.01). */
  #takeOperator(accepted: ReadonlySet<string>): string | undefined {
    const { kind, text, blank } = this.#peek()
    const operator = text.toLowerCase()
    if (kind !== 'word' || !blank || !accepted.has(operator)) return undefined
    this.#at += 1
    if (!this.#peek().blank) throw queryRefused('a filter with an operator that runs into its operand')
    return operator
  }

  #isCall(): boolean {
    return this.#isMark('(') && !this.#peek().blank
  }

  #isMark(mark: string): boolean {
    const { kind, text } = this.#peek()
    return kind === 'mark' && text === mark
  }

  #take(mark: string): boolean {
    const isThere = this.#isMark(mark)
    if (isThere) this.#at += 1
    return isThere
  }

  #requireMark(mark: string): void {
    if (!this.#take(mark)) throw queryRefused(`a filter that lacks ${mark}`)
  }

  #next(): ODataToken {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at += 1
    return token
  }

  #peek(): ODataToken {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw new TypeError('tokens without an end')
    return token
  }
}

function requireTruth(result: Result): void {
  if (result === 'value') throw queryRefused('a filter with a value where a condition is due')
}
