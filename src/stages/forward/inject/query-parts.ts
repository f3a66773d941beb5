import { ProxyError } from '../../../errors.ts'

/** One parameter of a query string or of a form, as sent. */
export interface QueryPart {
  /** What stood before it, `&` at the begin; `;` separates for some servers (W3C HTML 4.01 appendix B.2.2). */
  readonly separator: '&' | ';'
  readonly text: string
  readonly rawName: string
  /** Undefined where there is no equals sign. */
  readonly rawValue: string | undefined
}

/** Parameters of one request: ten times what most servers read. */
const maxParts = 10_000

/** Every parameter of a text without its leading `?`, in order; nothing is decoded. Refuses what is too many. */
export function splitQuery(text: string): readonly QueryPart[] {
  const parts: QueryPart[] = []
  let separator: QueryPart['separator'] = '&'
  for (let start = 0; start <= text.length; ) {
    if (parts.length >= maxParts) throw queryRefused('too many parameters')
    const end = nextSeparator(text, start)
    const part = text.slice(start, end)
    const equals = part.indexOf('=')
    const [rawName, rawValue] = equals < 0 ? [part, undefined] : [part.slice(0, equals), part.slice(equals + 1)]
    parts.push({ separator, text: part, rawName, rawValue })
    separator = text[end] === ';' ? ';' : '&'
    start = end + 1
  }
  return parts
}

function nextSeparator(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '&' || character === ';') return at
  }
  return text.length
}

/** The parameters with the separators that stood between them. */
export function joinQuery(parts: readonly QueryPart[]): string {
  return parts.map(({ separator, text }, i) => (i === 0 ? text : `${separator}${text}`)).join('')
}

/** What application/x-www-form-urlencoded means; undefined where a reader would have to repair it. */
export function decodeComponent(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** The same of a parameter whose meaning counts. */
export function requireDecoded(text: string, what: string): string {
  const decoded = decodeComponent(text)
  if (decoded === undefined) throw queryRefused(`${what} that is no percent-encoded UTF-8`)
  return decoded
}

/** Percent-encoded so that no server, log or shell reads anything into it. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export function queryRefused(detail: string): ProxyError {
  return new ProxyError('ERR_QUERY_REFUSED', detail)
}
