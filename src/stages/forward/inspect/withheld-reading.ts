import { isPlainObject } from '../../../mask/describe.ts'
import { TextNoise } from './json-text.ts'
import { isSentence } from './withheld-sentence.ts'
import { decodeLoosely } from './withheld-spellings.ts'
import type { Said, WithheldWords } from './withheld-words.ts'

/** JSON in a text in JSON: each level is read once more. */
const maxTexts = 4

/** Looks for withheld fields in what one request says, with what is written inside its texts. */
export class WithheldReading {
  readonly words: WithheldWords
  readonly #noise = new TextNoise()
  #texts = 0

  constructor(words: WithheldWords) {
    this.words = words
  }

  /** Whether application/x-www-form-urlencoded text asks about one. */
  pairsAsk(text: string): boolean {
    return text.split(/&+/).some((pair) => {
      const equals = pair.indexOf('=')
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
      return this.pairAsks(decode(name), decode(value))
    })
  }

  pairAsks(name: string, value: string): boolean {
    const said = this.words.read(name, this.words.start)
    return said === undefined || this.textAsks(name, value, said)
  }

  documentAsks(document: unknown): boolean {
    return this.#valueAsks('', document, this.words.start)
  }

  /** `name` is what the text stands under, `said` what has been said before it. */
  textAsks(name: string, text: string, said: Said): boolean {
    const { document, fault } = this.#noise.parse(text) ?? {}
    if (document !== undefined) return this.#innerAsks(name, document, said)
    if (fault === 'too-many') return true
    return this.words.read(text, said) === undefined && !isSentence(name, text)
  }

  #innerAsks(name: string, document: unknown, said: Said): boolean {
    if (this.#texts === maxTexts) return true
    this.#texts += 1
    const asks = this.#valueAsks(name, document, said)
    this.#texts -= 1
    return asks
  }

  #valueAsks(name: string, value: unknown, said: Said): boolean {
    if (typeof value === 'string') return this.textAsks(name, value, said)
    if (Array.isArray(value)) return this.#itemsAsk(name, value, said)
    if (!isPlainObject(value)) return false
    return Object.entries(value).some(([key, member]) => {
      const more = this.words.read(key, said)
      return more === undefined || this.#valueAsks(key, member, more)
    })
  }

  /** `["meta", "owner"]` is a path too. */
  #itemsAsk(name: string, items: readonly unknown[], said: Said): boolean {
    let sofar = said
    return items.some((item) => {
      if (this.#valueAsks(name, item, sofar)) return true
      if (typeof item === 'string') sofar = this.words.read(item, sofar) ?? sofar
      return false
    })
  }
}

function decode(text: string): string {
  return decodeLoosely(text.replaceAll('+', ' '))
}
