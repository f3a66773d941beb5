import { JsonNumber } from './language.ts'

/** A text that is not JSON, or not JSON that has one meaning. Its message says where, never what. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  /** UTF-16 units from the beginning. */
  readonly position: number

  constructor(message: string, position: number) {
    super(`${message} at ${position}`)
    this.position = position
  }
}

export interface JsonLimits {
  /** UTF-16 units. */
  readonly maxLength: number
  readonly maxDepth?: number
}

/**
 * Reads JSON (RFC 8259) without losing anything: numbers stay `JsonNumber`, objects have no prototype, and a key that
 * occurs twice is refused, because readers disagree on which one counts.
 */
export function parseJsonExact(text: string, { maxLength, maxDepth = 64 }: JsonLimits): unknown {
  if (text.length > maxLength) throw new JsonError('too long', maxLength)
  return new Reader(text).readDocument(maxDepth)
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const blankPattern = /[ \t\n\r]*/y
/** Everything but the quote, the backslash and control characters. */
const plainPattern = /[ !\x23-\x5b\x5d-\uffff]*/y
const hexPattern = /[0-9a-fA-F]{4}/y

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readDocument(maxDepth: number): unknown {
    const value = this.#readValue(maxDepth)
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#error('something after the end')
    return value
  }

  #readValue(depthLeft: number): unknown {
    this.#skipBlanks()
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#readObject(depthLeft)
      case '[':
        return this.#readArray(depthLeft)
      case '"':
        return this.#readString()
      case 't':
        return this.#readWord('true', true)
      case 'f':
        return this.#readWord('false', false)
      case 'n':
        return this.#readWord('null', null)
      default:
        return this.#readNumber()
    }
  }

  #readObject(depthLeft: number): Readonly<Record<string, unknown>> {
    this.#enter(depthLeft)
    const object: Record<string, unknown> = { __proto__: null }
    if (this.#take('}')) return object
    do {
      this.#skipBlanks()
      const start = this.#at
      const key = this.#readString()
      if (Object.hasOwn(object, key)) throw new JsonError('a key that occurs twice', start)
      if (!this.#take(':')) throw this.#error('no colon')
      object[key] = this.#readValue(depthLeft - 1)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#error('an object without end')
    return object
  }

  #readArray(depthLeft: number): readonly unknown[] {
    this.#enter(depthLeft)
    const items: unknown[] = []
    if (this.#take(']')) return items
    do items.push(this.#readValue(depthLeft - 1))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#error('an array without end')
    return items
  }

  #enter(depthLeft: number): void {
    if (depthLeft <= 0) throw this.#error('nested too deep')
    this.#at += 1
  }

  #readString(): string {
    if (this.#text.charAt(this.#at) !== '"') throw this.#error('no string')
    this.#at += 1
    let value = this.#match(plainPattern)
    while (this.#text.charAt(this.#at) === '\\') value += this.#readEscape() + this.#match(plainPattern)
    if (this.#text.charAt(this.#at) !== '"') throw this.#error('a string without end')
    this.#at += 1
    return value
  }

  #readEscape(): string {
    const letter = this.#text.charAt(this.#at + 1)
    this.#at += 2
    if (letter === 'u') {
      const digits = this.#match(hexPattern)
      if (digits !== '') return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const escaped = escapes.get(letter)
    if (escaped === undefined) throw this.#error('no such escape')
    return escaped
  }

  #readNumber(): JsonNumber {
    const text = this.#match(numberPattern)
    if (text === '') throw this.#error('no value')
    return new JsonNumber(text)
  }

  #readWord<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('no value')
    this.#at += word.length
    return value
  }

  #take(character: string): boolean {
    this.#skipBlanks()
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }

  #skipBlanks(): void {
    this.#match(blankPattern)
  }

  /** What `pattern` (sticky) finds here, which may be nothing. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #error(message: string): JsonError {
    return new JsonError(message, this.#at)
  }
}
