import { type ReaderKind, readerOf } from '../../lib/row-media.ts'

export type { ReaderKind } from '../../lib/row-media.ts'

/** How a body is read: by its label alone, never by looking inside. */
export type BodyKind = ReaderKind | 'other' | 'none'

/** A media type: RFC 9110 section 8.3.1. */
export interface MediaType {
  /** Lower case, without parameters. */
  readonly essence: string
  /** Lower case; undefined where the type does not say. */
  readonly charset: string | undefined
  /** RFC 4180 section 3: whether the first line of CSV names the columns. */
  readonly header: string | undefined
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const parameter =
  /[ \t]*;[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)"))?/y

/** Undefined = not one well-formed Content-Type. */
export function parseMediaType(values: readonly string[]): MediaType | undefined {
  const [text] = values
  if (text === undefined || values.length !== 1 || text.length > 1_024) return undefined
  const trimmed = text.replace(/^[ \t]+/, '').trimEnd()
  const end = trimmed.search(/[ \t;]/)
  const essence = (end < 0 ? trimmed : trimmed.slice(0, end)).toLowerCase()
  const [type, subtype, more] = essence.split('/')
  if (type === undefined || subtype === undefined || more !== undefined) return undefined
  if (!token.test(type) || !token.test(subtype)) return undefined
  const parameters = parseParameters(end < 0 ? '' : trimmed.slice(end))
  if (parameters === undefined) return undefined
  return { essence, charset: parameters.get('charset'), header: parameters.get('header') }
}

/** The kind of a body under these Content-Type values. Two headers, or one that nobody can parse, are `other`. */
export function bodyKind(contentTypes: readonly string[]): BodyKind {
  if (contentTypes.length === 0) return 'none'
  const type = parseMediaType(contentTypes)
  if (type === undefined) return 'other'
  if (type.charset !== undefined && type.charset !== 'utf-8' && type.charset !== 'utf8') return 'other'
  const kind = readerOf(type.essence)
  if (kind === 'csv' && type.header !== undefined && type.header !== 'present') return 'other'
  return kind ?? 'other'
}

/** Those that decide something, in lower case; undefined = not well formed, or one of them twice. */
function parseParameters(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    parameter.lastIndex = at
    const match = parameter.exec(text)
    if (match === null) return undefined
    const name = match[1]?.toLowerCase()
    if (name === 'charset' || name === 'header') {
      if (found.has(name)) return undefined
      found.set(name, (match[2] ?? match[3] ?? '').toLowerCase())
    }
    at = parameter.lastIndex
  }
  return found
}
