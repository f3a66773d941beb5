import { ProxyError } from '../../errors.ts'
import type { RequestHeaders } from '../../exchange.ts'

/** RFC 9110 section 5.6.2: what a field name is made of. Measured: a class and a star beat a loop over char codes. */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Visible ASCII, the blank and the tab. */
const fieldValuePattern = /^[\t\x20-\x7e]*$/

/**
 * Checks the count and every byte, then offers the headers by lower-case name.
 * Control characters and obs-text have several readings downstream (Envoy CVE-2026-73552), so none passes.
 */
export function readHeaders(rawHeaders: readonly string[], maxHeaders: number): RequestHeaders {
  if (rawHeaders.length > maxHeaders * 2) {
    throw new ProxyError('ERR_HEADER_COUNT', `${rawHeaders.length / 2} request headers, ${maxHeaders} are allowed`)
  }
  if (rawHeaders.length % 2 !== 0) throw new ProxyError('ERR_HEADER_INVALID', 'a header without a value')
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!tokenPattern.test(rawHeaders[i] ?? '')) throw new ProxyError('ERR_HEADER_INVALID', 'an illegal header name')
    if (!fieldValuePattern.test(rawHeaders[i + 1] ?? '')) {
      throw new ProxyError('ERR_HEADER_INVALID', `an illegal byte in the value of ${rawHeaders[i] ?? ''}`)
    }
  }
  return new IndexedHeaders(rawHeaders)
}

const none: readonly string[] = []
/** Up to so many, looking through them all is cheaper than an index, and cheap enough for every name to be looked up. */
const maxScanned = 32

/** By name, each value in the order sent. */
type Index = ReadonlyMap<string, readonly string[]>

class IndexedHeaders implements RequestHeaders {
  readonly #raw: readonly string[]
  /** In lower case, of a head that is looked through. */
  #names: readonly string[] | undefined
  #index: Index | undefined

  constructor(raw: readonly string[]) {
    this.#raw = raw
  }

  single(name: string): string | undefined {
    const values = this.all(name)
    if (values.length > 1) throw new ProxyError('ERR_HEADER_INVALID', `${name} is repeated`)
    return values[0]
  }

  all(name: string): readonly string[] {
    if (this.#raw.length > 2 * maxScanned) {
      this.#index ??= indexHeaders(this.#raw)
      return this.#index.get(name) ?? none
    }
    this.#names ??= namesOf(this.#raw)
    return valuesOf(name, this.#names, this.#raw)
  }
}

function namesOf(raw: readonly string[]): readonly string[] {
  const names: string[] = []
  for (let i = 0; i < raw.length; i += 2) names.push((raw[i] ?? '').toLowerCase())
  return names
}

function valuesOf(name: string, names: readonly string[], raw: readonly string[]): readonly string[] {
  let at = names.indexOf(name)
  if (at === -1) return none
  const values: string[] = []
  for (; at !== -1; at = names.indexOf(name, at + 1)) values.push(raw[2 * at + 1] ?? '')
  return values
}

function indexHeaders(raw: readonly string[]): Index {
  const index = new Map<string, string[]>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const values = index.get(name)
    if (values === undefined) index.set(name, [value])
    else values.push(value)
  }
  return index
}
