/**
 * Reads a condition as PostgREST reads what stands in the brackets of `and=( )`: by the productions of its parser for
 * logic trees, fields with JSON paths, operators, quoted values and lists.
 */
export type Condition = Logic | Filter

export interface Logic {
  readonly kind: 'and' | 'or'
  readonly negated: boolean
  readonly parts: readonly Condition[]
}

export interface Filter {
  readonly kind: 'filter'
  readonly column: string
  /** The keys behind the column, the last of them as text or as JSON. */
  readonly keys: readonly string[]
  readonly asText: boolean
  readonly negated: boolean
  readonly operator: (typeof operators)[number] | 'is' | 'in'
  /** One, or those of a list. */
  readonly values: readonly string[]
}

const operators = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'like', 'match', 'cs', 'ov'] as const

export function parsePostgrest(text: string): Condition {
  const parser = new Parser(text)
  const condition = parser.condition()
  parser.end()
  return condition
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#error()
  }

  condition(): Condition {
    const start = this.#at
    try {
      return this.#filter()
    } catch {
      this.#at = start
      return this.#logic()
    }
  }

  #logic(): Logic {
    const negated = this.#skip('not.')
    const kind = this.#skip('and') ? 'and' : 'or'
    if (kind === 'or') this.#expect('or')
    this.#expect('(')
    const parts = [this.condition()]
    while (this.#skip(',')) parts.push(this.condition())
    this.#expect(')')
    return { kind, negated, parts }
  }

  #filter(): Filter {
    const column = this.#name()
    const keys: string[] = []
    let asText = false
    while (this.#skip('->')) {
      if (asText) throw this.#error()
      asText = this.#skip('>')
      keys.push(this.#name())
    }
    this.#expect('.')
    const negated = this.#skip('not.')
    const spelled = this.#take(/[a-z]+(?=\.)/y)
    this.#expect('.')
    const operator = ['is', 'in', ...operators].find((each) => each === spelled) as Filter['operator'] | undefined
    if (operator === undefined) throw this.#error()
    return { kind: 'filter', column, keys, asText, negated, operator, values: this.#values(operator) }
  }

  #values(operator: Filter['operator']): readonly string[] {
    if (operator === 'is') return [this.#take(/null|true|false|unknown/y)]
    if (operator !== 'in') return [this.#value()]
    this.#expect('(')
    const values = [this.#value()]
    while (this.#skip(',')) values.push(this.#value())
    this.#expect(')')
    return values
  }

  /** A quoted value has to be followed by a comma or a bracket; else it is none, and ends before the next of them. */
  #value(): string {
    const start = this.#at
    if (this.#text.charAt(start) === '"') {
      const quoted = this.#quoted()
      if (this.#at === this.#text.length || /[,)]/.test(this.#text.charAt(this.#at))) return quoted
      this.#at = start
    }
    return this.#take(/[^,)]*/y)
  }

  #name(): string {
    if (this.#text.charAt(this.#at) === '"') return this.#quoted()
    const name = this.#take(/[\p{L}\p{Nd}_ $]+(?:-(?!>)[\p{L}\p{Nd}_ $]+)*/uy)
    // Digits alone behind an arrow are a position.
    if (/^[0-9]+$/.test(name)) throw this.#error()
    return name.trim()
  }

  #quoted(): string {
    return this.#take(/"(?:[^"\\]|\\[^])*"/y)
      .slice(1, -1)
      .replace(/\\([^])/g, '$1')
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw this.#error()
    this.#at += found.length
    return found
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw this.#error()
  }

  #error(): TypeError {
    return new TypeError(`PostgREST reads nothing at ${this.#at}: ${this.#text.slice(this.#at, this.#at + 40)}`)
  }
}
