import type { Operators } from './operators.ts'

/** Controls, format characters, marks and everything else that a screen or a lenient reader leaves out. */
const hidden = /[\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/gu
const prototypes: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/**
 * By these Rails, Laravel, Symfony, Slim and others take a request for one of another method than its line says, so that
 * another rule would have been asked: a POST that is a DELETE to the app.
 */
const methodOverride = /^[_.]method$|^x[-_. ]http[-_. ]method(?:[-_. ]override)?$/i
const overrideLengths: ReadonlySet<number> = new Set(
  ['_method', 'x-http-method', 'x-http-method-override'].map(({ length }) => length),
)
/** A name without any of this is no operator and no prototype, whoever reads it. */
const suspicious = /\$|proto|constructor|method|[^\x20-\x7e]/i

/**
 * A name as the most helpful reader would take it: compatible forms made one (`＄` is `$`), invisible characters gone.
 * Marks go first: to put many of them in order would take quadratic time.
 */
export function visible(text: string): string {
  return text.replace(hidden, '').normalize('NFKC')
}

type NameFault = 'operator' | 'prototype' | 'method-override' | 'name'

/** What a name would do to a query or an object that it ends up in; its parts stand between dots or brackets. */
export function nameFault(name: string, operators: Operators): NameFault | undefined {
  if (isPlain(name)) return plainFault(name)
  if (!suspicious.test(name) || operators.whole.has(name)) return undefined
  if (name.includes('\0') || !name.isWellFormed()) return 'name'
  const seen = visible(name)
  if (methodOverride.test(seen.trim())) return 'method-override'
  for (const part of seen.split(/[[\].]/)) {
    const bare = part.trim()
    if (bare.startsWith('$') && !(seen === name && operators.parts.has(part))) return 'operator'
    if (prototypes.has(bare)) return 'prototype'
  }
  return undefined
}

function plainFault(name: string): NameFault | undefined {
  if (prototypes.has(name)) return 'prototype'
  return overrideLengths.has(name.length) && methodOverride.test(name) ? 'method-override' : undefined
}

/** What each ASCII character comes to in a folded name; 0 = nothing. */
const folding = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return /[A-Za-z0-9]/.test(character) ? character.toLowerCase().charCodeAt(0) : 0
})
const hyphen = 0x2d
const underscore = 0x5f
const ascii = /^[\0-\x7f]*$/
const brackets = /[[\]]/
/** Behind these some readers see another name; NUL ends a name for others. */
const separators = /[[\].:/>\0]|__/

/**
 * Names that count in every spelling some reader takes for them: any case, other marks between letters (PHP makes `_`
 * of dots and blanks), full-width or accented letters, as a part of a path (`a[b][name]`, `a.name`, `a__name`), or cut
 * by a NUL.
 */
export class NameSet {
  readonly #folded: readonly string[]

  constructor(names: readonly string[]) {
    this.#folded = [...new Set(names.map(fold))]
  }

  get isEmpty(): boolean {
    return this.#folded.length === 0
  }

  has(name: string): boolean {
    if (this.#folded.length === 0) return false
    if (isPlain(name) && !name.includes('__')) return this.#hasPlain(name)
    return [name, ...name.split(brackets), ...name.split(separators)].some(
      (part) => part !== '' && this.#folded.includes(fold(part)),
    )
  }

  #hasPlain(name: string): boolean {
    for (const folded of this.#folded) {
      if (foldsTo(name, folded)) return true
    }
    return false
  }
}

/** ASCII letters, digits, `-` and `_`, as nearly every name: a loop is twice as fast as an expression here. */
function isPlain(name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at)
    if (code >= 128 || (folding[code] === 0 && code !== underscore && code !== hyphen)) return false
  }
  return true
}

/** What `fold` would say of a plain name, mostly known at its first letter. */
function foldsTo(name: string, folded: string): boolean {
  let at = 0
  for (let i = 0; i < name.length; i += 1) {
    const code = folding[name.charCodeAt(i)]
    if (code === 0) continue
    if (code !== folded.charCodeAt(at)) return false
    at += 1
  }
  return at === folded.length
}

function fold(name: string): string {
  if (ascii.test(name)) return name.replace(/[^A-Za-z0-9]+/g, '').toLowerCase()
  const letters = visible(name)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
  return letters.toUpperCase().toLowerCase()
}
