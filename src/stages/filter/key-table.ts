/** A key that equals a ruled key only after case folding. */
export const twin: unique symbol = Symbol('twin')

export interface RuledKey<Node> {
  readonly name: string
  readonly bytes: Uint8Array
  readonly folds: readonly string[]
  readonly node: Node
}

/** ASCII upper case to lower case; every other byte is itself. */
const lower = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte))

/** The ruled keys of one object. */
export class KeyTable<Node> {
  readonly nodes: Node[] = []
  readonly #keys: RuledKey<Node>[] = []
  /** By length, first and last letter: what cannot be a ruled key costs one look-up. */
  readonly sieve = new Uint8Array(1024)
  /** Longer keys in the document's spelling cannot match, folded or not. */
  maxRawBytes = 0
  /** A ruled key is not ASCII, and some reader takes one that is for it (`straße`, `strasse`): no short cut is safe. */
  foldsToAscii = false

  get ruled(): readonly RuledKey<Node>[] {
    return this.#keys
  }

  find(name: string): Node | undefined {
    return this.#keys.find((key) => key.name === name)?.node
  }

  add(name: string, node: Node): void {
    const bytes = Buffer.from(name, 'utf8')
    this.nodes.push(node)
    this.#keys.push({ name, bytes, folds: folds(name), node })
    this.sieve[sieveSlot(bytes, 0, bytes.length)] = 1
    // An escape takes six bytes for one UTF-16 unit, and folding shrinks a string by a third at most.
    this.maxRawBytes = Math.max(this.maxRawBytes, 18 * name.length + 2)
    if (isAscii(name) || !folds(name).some(isAscii)) return
    this.foldsToAscii = true
    this.sieve.fill(1)
  }

  /** `start` to `end` is the key without its quotes; `plain` = ASCII without escapes. */
  match(bytes: Buffer, start: number, end: number, plain: boolean): Node | typeof twin | undefined {
    if (plain && !this.foldsToAscii)
      return this.sieve[sieveSlot(bytes, start, end)] === 0 ? undefined : this.#matchPlain(bytes, start, end)
    if (end - start > this.maxRawBytes) return undefined
    const text: unknown = JSON.parse(`"${bytes.toString('utf8', start, end)}"`)
    return typeof text === 'string' ? this.#matchText(text) : twin
  }

  #matchPlain(bytes: Buffer, start: number, end: number): Node | typeof twin | undefined {
    let found: typeof twin | undefined
    for (const key of this.#keys) {
      if (key.bytes.length !== end - start) continue
      const likeness = compare(key.bytes, bytes, start)
      if (likeness === 2) return key.node
      if (likeness === 1) found = twin
    }
    return found
  }

  #matchText(text: string): Node | typeof twin | undefined {
    const exact = this.find(text)
    if (exact !== undefined) return exact
    const mine = folds(text)
    return this.#keys.some((key) => key.folds.some((fold, at) => fold === mine[at])) ? twin : undefined
  }
}

export function sieveSlot(bytes: Uint8Array, start: number, end: number): number {
  const ends = end === start ? 0 : (bytes[start] ?? 0) ^ ((bytes[end - 1] ?? 0) * 5) // in bounds: start < end
  return (((end - start) & 31) << 5) | (ends & 31)
}

/** 2 = the same bytes, 1 = the same after ASCII folding, 0 = different. */
function compare(key: Uint8Array, bytes: Uint8Array, start: number): 0 | 1 | 2 {
  let likeness: 1 | 2 = 2
  for (let at = 0; at < key.length; at++) {
    const left = key[at] ?? 0 // in bounds by the loop and the equal lengths
    const right = bytes[start + at] ?? 0
    if (left === right) continue
    if (lower[left] !== lower[right]) return 0
    likeness = 1
  }
  return likeness
}

/**
 * The foldings under which some JSON reader takes two keys for one: simple folding by code point (Go, .NET, Java:
 * U+017F is s, U+212A is k, dotless and dotted I are i), and full folding.
 */
export function folds(text: string): readonly string[] {
  let simple = ''
  for (const letter of text) simple += foldLetter(letter)
  return [simple, text.toUpperCase().toLowerCase()]
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

function foldLetter(letter: string): string {
  if (letter === '\u0130') return 'i'
  const upper = letter.toUpperCase()
  const single = upper.length === letter.length ? upper : letter
  return single.toLowerCase()
}
