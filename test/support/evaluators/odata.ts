import { compareDecimals, type Decimal, parseDecimal } from '../../../src/mask/decimal.ts'
import { instantFromText } from '../../../src/mask/instant.ts'
import { type Dataset, type FieldType, JsonNumber } from '../../../src/mask/language.ts'

/**
 * Reads a `$filter` by the grammar of OData 4.0 (part 2, 5.1.1, and its ABNF, as far as it is used here) and says which
 * rows it selects: null equals null alone, any other comparison with it is false, a function of it is null, and only
 * TRUE selects. A comparison of two types is an error, as is anything that the grammar does not know.
 */
export function parseOdata(text: string, dataset: Dataset, numbers: 'decimals' | 'doubles'): (row: unknown) => boolean {
  const expression = new Parser(text, dataset, numbers).parse()
  return (row) => expression({ row, item: undefined }) === true
}

interface Scope {
  readonly row: unknown
  readonly item: string | undefined
}

type Value =
  | null
  | boolean
  | string
  | { readonly kind: 'date' | 'datetime'; readonly text: string }
  | { readonly kind: 'number'; readonly decimal: Decimal; readonly double: number }
type Expression = (scope: Scope) => Value

const blank = / +/y
const name = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}/uy
const quoted = /'(?:[^']|'')*'/y
const datetime =
  /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})/y
const date = /[0-9]{4}-[0-9]{2}-[0-9]{2}/y
const number = /-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?/y
const operator = /eq|ne|gt|ge|lt|le/y

class Parser {
  readonly #text: string
  readonly #types: ReadonlyMap<string, FieldType>
  readonly #numbers: 'decimals' | 'doubles'
  #at = 0
  #variable: string | undefined

  constructor(text: string, { fields }: Dataset, numbers: 'decimals' | 'doubles') {
    this.#text = text
    this.#numbers = numbers
    this.#types = new Map([...fields.values()].map(({ path, type }) => [path.join('/'), type]))
  }

  parse(): Expression {
    const expression = this.#or()
    if (this.#at < this.#text.length) throw this.#error()
    return expression
  }

  #or(): Expression {
    const parts = [this.#and()]
    while (this.#infix('or')) parts.push(this.#and())
    return (scope) => {
      const values = parts.map((part) => truth(part(scope)))
      return values.includes(true) ? true : values.includes(null) ? null : false
    }
  }

  #and(): Expression {
    const parts = [this.#unary()]
    while (this.#infix('and')) parts.push(this.#unary())
    return (scope) => {
      const values = parts.map((part) => truth(part(scope)))
      return values.includes(false) ? false : values.includes(null) ? null : true
    }
  }

  #unary(): Expression {
    if (!this.#text.startsWith('not ', this.#at)) return this.#comparison()
    this.#at += 'not '.length
    const negated = this.#unary()
    return (scope) => {
      const value = truth(negated(scope))
      return value === null ? null : !value
    }
  }

  #comparison(): Expression {
    const left = this.#primary()
    const start = this.#at
    const spelled = this.#take(blank) === undefined ? undefined : this.#take(operator)
    if (spelled === undefined) {
      this.#at = start
      return left
    }
    if (this.#take(blank) === undefined) throw this.#error()
    const right = this.#primary()
    return (scope) => this.#compare(spelled, left(scope), right(scope))
  }

  #primary(): Expression {
    if (this.#char('(')) {
      const inner = this.#or()
      if (!this.#char(')')) throw this.#error()
      return inner
    }
    return this.#literal() ?? this.#named()
  }

  #literal(): Expression | undefined {
    const text = this.#take(quoted)
    if (text !== undefined) return constant(text.slice(1, -1).replaceAll("''", "'"))
    const instant = this.#take(datetime)
    if (instant !== undefined) return constant({ kind: 'datetime', text: instantFromText(instant) ?? this.#fail() })
    const day = this.#take(date)
    if (day !== undefined) return constant({ kind: 'date', text: day })
    const numeral = this.#take(number)
    return numeral === undefined ? undefined : constant(this.#numberOf(numeral))
  }

  #named(): Expression {
    const first = this.#take(name) ?? this.#fail()
    if (first === 'null') return constant(null)
    if (first === 'true' || first === 'false') return constant(first === 'true')
    if (first === 'startswith' && this.#char('(')) return this.#startsWith()
    if (first === this.#variable) return ({ item }) => item ?? null
    const path = [first]
    while (this.#char('/')) {
      const next = this.#take(name) ?? this.#fail()
      if (next === 'any' && this.#char('(')) return this.#any(path)
      path.push(next)
    }
    const type = this.#types.get(path.join('/'))
    if (type === undefined || type === 'string[]') throw new TypeError(`no property ${path.join('/')}`)
    return ({ row }) => this.#valueOf(type, held(row, path))
  }

  #startsWith(): Expression {
    const text = this.#primary()
    if (!this.#char(',')) throw this.#error()
    const start = this.#primary()
    if (!this.#char(')')) throw this.#error()
    return (scope) => {
      const [whole, part] = [text(scope), start(scope)]
      if (whole === null || part === null) return null
      if (typeof whole !== 'string' || typeof part !== 'string') throw new TypeError('startswith is for strings')
      return whole.startsWith(part)
    }
  }

  #any(path: readonly string[]): Expression {
    if (this.#types.get(path.join('/')) !== 'string[]') throw new TypeError('any is for collections')
    const itemsOf = ({ row }: Scope): readonly unknown[] => {
      const items = held(row, path) ?? []
      if (!Array.isArray(items)) throw new TypeError('no collection')
      return items
    }
    if (this.#char(')')) return (scope) => itemsOf(scope).length > 0
    this.#variable = this.#take(name) ?? this.#fail()
    if (!this.#char(':')) throw this.#error()
    const suits = this.#or()
    if (!this.#char(')')) throw this.#error()
    this.#variable = undefined
    return (scope) => itemsOf(scope).some((item) => suits({ row: scope.row, item: String(item) }) === true)
  }

  #valueOf(type: FieldType, value: unknown): Value {
    if (value === null || value === undefined) return null
    if (type === 'integer' || type === 'number') {
      return value instanceof JsonNumber ? this.#numberOf(value.text) : this.#fail()
    }
    if (type === 'boolean') return typeof value === 'boolean' ? value : this.#fail()
    if (typeof value !== 'string') throw new TypeError(`no ${type}`)
    if (type === 'datetime') return { kind: type, text: instantFromText(value) ?? this.#fail() }
    return type === 'date' ? { kind: type, text: value } : value
  }

  #numberOf(text: string): Value {
    return { kind: 'number', decimal: parseDecimal(text) ?? this.#fail(), double: Number(text) }
  }

  #compare(spelled: string, left: Value, right: Value): boolean {
    if (left === null || right === null) return spelled === 'eq' ? left === right : spelled === 'ne' && left !== right
    const sign = this.#signOf(left, right)
    if (spelled === 'eq') return sign === 0
    if (spelled === 'ne') return sign !== 0
    if (spelled === 'gt') return sign > 0
    if (spelled === 'ge') return sign >= 0
    return spelled === 'lt' ? sign < 0 : sign <= 0
  }

  #signOf(left: NonNullable<Value>, right: NonNullable<Value>): number {
    if (typeof left === 'object' && typeof right === 'object' && left.kind === right.kind) {
      if (left.kind !== 'number') return right.kind === 'number' ? this.#fail() : order(left.text, right.text)
      if (right.kind !== 'number') throw this.#error()
      return this.#numbers === 'doubles'
        ? order(left.double, right.double)
        : compareDecimals(left.decimal, right.decimal)
    }
    if (typeof left === 'object' || typeof left !== typeof right) throw new TypeError('a comparison of two types')
    return left === right ? 0 : left < right ? -1 : 1
  }

  #infix(word: string): boolean {
    if (!this.#text.startsWith(` ${word} `, this.#at)) return false
    this.#at += word.length + 2
    return true
  }

  #char(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #fail(): never {
    throw this.#error()
  }

  #error(): TypeError {
    return new TypeError(`not OData at ${this.#at}: ${this.#text.slice(this.#at, this.#at + 40)}`)
  }
}

function order<T extends string | number>(left: T, right: T): number {
  return left === right ? 0 : left < right ? -1 : 1
}

function constant(value: Value): Expression {
  return () => value
}

function truth(value: Value): boolean | null {
  if (value !== null && typeof value !== 'boolean') throw new TypeError('no truth value')
  return value
}

/** A property of null is null. */
function held(row: unknown, path: readonly string[]): unknown {
  let value = row
  for (const token of path) {
    if (value === null || value === undefined) return null
    if (typeof value !== 'object' || Array.isArray(value)) throw new TypeError('no complex value')
    value = new Map(Object.entries(value)).get(token)
  }
  return value
}
