import type { RowPlan } from '../../src/stages/filter/row-plan.ts'
import type { Dice } from '../support/dice.ts'

const keyNames = [
  'account',
  'amount',
  'secret',
  'meta',
  'email',
  'tenant',
  'tags',
  'lines',
  'price',
  'note',
  '',
  '__proto__',
]
const spelledKeys = ['Account', 'ACCOUNT', 'ſecret', 'taGs', 'a\u0301', 'größe', 'toKen', 'eMail']
const envelopeKeys = ['items', 'groups', 'data', 'total', 'page', 'size', 'next', 'name', 'facets', 'Items', 'itemſ']
const scalars = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '12',
  '150',
  '1e400',
  '-1.5E-3',
  '99.5',
  '12345678901234567890',
  '""',
]
const strings = [
  '"acme"',
  '"ac\\u006de"',
  '"beta"',
  '"acme "',
  '"x"',
  '"\\ud800"',
  '"\\"\\\\"',
  '"é€𝄞"',
  '"\\u00e9"',
  '"Acme"',
]
const parts = [
  'a',
  'bc ',
  'é',
  '€',
  '𝄞',
  '\\n',
  '\\"',
  '\\\\',
  '\\u00e9',
  '\\ud834\\udd1e',
  '/',
  '{',
  ',',
  '0123456789abcdef',
]

/** Writes documents that look like answers of a route of `plan`, some of them odd. */
export class Writer {
  readonly #dice: Dice
  constructor(dice: Dice) {
    this.#dice = dice
  }

  document(plan: RowPlan): string {
    const pointer = this.#dice.pick([...plan.at, ...plan.keep])
    if (this.#dice.below(12) === 0) return this.#value(4)
    return this.#blank() + this.#along(pointer) + this.#blank()
  }

  row(): string {
    if (this.#dice.below(12) === 0) return this.#value(2)
    const members = Array.from({ length: this.#dice.below(6) }, () => this.#member(keyNames, this.#dice.below(3)))
    const accounts = ['"account":"acme"', '"account": "acme"', '"account":"beta","note":"FOREIGN"', '"tenant":"acme"']
    members.splice(this.#dice.below(members.length + 1), 0, this.#dice.pick(accounts))
    return this.#wrap('{', members, '}')
  }

  #along(pointer: readonly string[]): string {
    const [token, ...rest] = pointer
    if (token === undefined) return this.row()
    if (this.#dice.below(15) === 0) return this.#dice.pick(scalars)
    if (token === '*')
      return this.#wrap(
        '[',
        this.#several(() => this.#along(rest)),
        ']',
      )
    const members = Array.from({ length: this.#dice.below(3) }, () => this.#member(envelopeKeys, 2))
    members.splice(this.#dice.below(members.length + 1), 0, `${this.#key(token)}${this.#blank()}:${this.#along(rest)}`)
    return this.#wrap('{', members, '}')
  }

  #several(make: () => string): readonly string[] {
    return Array.from({ length: this.#dice.below(5) }, make)
  }

  #member(names: readonly string[], depth: number): string {
    const name = this.#dice.below(10) === 0 ? this.#dice.pick(spelledKeys) : this.#dice.pick(names)
    return `${this.#key(name)}${this.#blank()}:${this.#blank()}${this.#value(depth)}`
  }

  #key(name: string): string {
    const text = JSON.stringify(name)
    if (this.#dice.below(8) !== 0 || name === '') return text
    const at = 1 + this.#dice.below(text.length - 2)
    const code = text.charCodeAt(at).toString(16).padStart(4, '0')
    return `${text.slice(0, at)}\\u${code}${text.slice(at + 1)}`
  }

  #value(depth: number): string {
    const kind = this.#dice.below(depth > 0 ? 9 : 5)
    if (kind < 3) return this.#dice.below(6) === 0 ? this.#long() : this.#dice.pick(strings)
    if (kind < 5) return this.#dice.pick(scalars)
    if (kind < 7)
      return this.#wrap(
        '[',
        this.#several(() => this.#value(depth - 1)),
        ']',
      )
    return this.#wrap(
      '{',
      this.#several(() => this.#member(keyNames, depth - 1)),
      '}',
    )
  }

  /** Over several blocks of 64 bytes, so that every mask of the core meets its border. */
  #long(): string {
    return `"${Array.from({ length: this.#dice.below(60) }, () => this.#dice.pick(parts)).join('')}"`
  }

  #wrap(open: string, parts: readonly string[], close: string): string {
    return `${open}${this.#blank()}${parts.join(`${this.#blank()},${this.#blank()}`)}${this.#blank()}${close}`
  }

  #blank(): string {
    if (this.#dice.below(40) === 0) return ' '.repeat(this.#dice.below(80))
    return this.#dice.below(4) === 0 ? this.#dice.pick([' ', '\n  ', '\t', '\r\n']) : ''
  }
}

const oddBytes = [
  0x00, 0x01, 0x0b, 0x1f, 0x22, 0x2c, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xc3, 0xe2,
  0xed, 0xf4, 0xff,
]

export function mutate(dice: Dice, bytes: Buffer): Buffer {
  return dice.mutate(bytes, oddBytes)
}
