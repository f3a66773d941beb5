import { ProxyError } from '../../errors.ts'
import type { Target } from '../../exchange.ts'

/** Octets of a request-target; RFC 9112 section 3 asks for 8,000 at least. */
const maxTargetLength = 8192

const slash = 0x2f
const percent = 0x25

/** What a path may hold besides percent-encodings: RFC 3986 pchar without `;`, and `[ ] |`, which browsers send raw. */
const pathCharacters = characterTable("-._~!$&'()*+,=:@/[]|")
/** Unreserved characters (RFC 3986 section 2.3): the ones whose encoding means the same as they do. */
const unreserved = characterTable('-._~')

/** One per character: letters, digits and `extra`. */
function characterTable(extra: string): Uint8Array {
  const table = new Uint8Array(128)
  for (let code = 0; code < 128; code += 1) {
    const character = String.fromCharCode(code)
    if (/^[A-Za-z0-9]$/.test(character) || extra.includes(character)) table[code] = 1
  }
  return table
}

function refuse(detail: string): ProxyError {
  return new ProxyError('ERR_TARGET_INVALID', detail)
}

/**
 * Gives the one reading of a request-target in origin-form. Whatever two programs could read differently is refused
 * (CWE-436): dot segments, empty segments, encoded slashes, backslashes and controls, double encoding, path
 * parameters, fragments, absolute-form. The result is both what rules are matched on and what is forwarded.
 */
export function parseRequestTarget(text: string): Target {
  if (text.length > maxTargetLength)
    throw new ProxyError('ERR_TARGET_TOO_LONG', `request-target of ${text.length} octets`)
  if (text.charCodeAt(0) !== slash) throw refuse('request-target is not in origin-form')
  const mark = text.indexOf('?')
  const rawPath = mark === -1 ? text : text.slice(0, mark)
  const query = mark === -1 ? '' : text.slice(mark)
  checkQuery(query)
  return { path: canonicalPath(rawPath), query }
}

function checkQuery(query: string): void {
  for (let i = 0; i < query.length; i += 1) {
    const code = query.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f || code === 0x23) throw refuse('character not allowed in the query')
  }
}

function canonicalPath(raw: string): string {
  let plain = true
  for (let i = 0; i < raw.length; i += 1) {
    const code = raw.charCodeAt(i)
    if (code === percent) plain = false
    else if (code >= 128 || pathCharacters[code] === 0) throw refuse('character not allowed in the path')
  }
  const path = plain ? raw : decodeUnreserved(raw)
  // Held against what is forwarded: `%25%32%66` becomes a double encoding by being decoded once.
  if (!plain && /%25[0-9A-Fa-f]{2}/.test(path)) throw refuse('doubly encoded character')
  checkSegments(path)
  return path
}

/** RFC 3986 section 6.2.2: hex digits in upper case, unreserved characters decoded, nothing else touched. */
function decodeUnreserved(raw: string): string {
  let out = ''
  for (let i = 0; i < raw.length; i += 1) {
    if (raw.charCodeAt(i) !== percent) {
      out += raw[i]
      continue
    }
    const octet = readOctet(raw, i)
    checkOctet(octet)
    out += octet < 128 && unreserved[octet] === 1 ? String.fromCharCode(octet) : raw.slice(i, i + 3).toUpperCase()
    i += 2
  }
  try {
    decodeURIComponent(out)
  } catch (cause) {
    throw new ProxyError('ERR_TARGET_INVALID', 'percent-encoding is not UTF-8', { cause })
  }
  return out
}

function readOctet(raw: string, at: number): number {
  const high = hexValue(raw.charCodeAt(at + 1))
  const low = hexValue(raw.charCodeAt(at + 2))
  if (high < 0 || low < 0) throw refuse('broken percent-encoding')
  return high * 16 + low
}

function checkOctet(octet: number): void {
  if (octet < 0x20 || octet === 0x7f) throw refuse('encoded control character')
  if (octet === slash || octet === 0x5c) throw refuse('encoded slash or backslash')
}

function checkSegments(path: string): void {
  if (path.includes('//')) throw refuse('empty path segment')
  for (let dot = path.indexOf('/.'); dot !== -1; dot = path.indexOf('/.', dot + 1)) {
    const end = path.indexOf('/', dot + 1)
    const segment = path.slice(dot + 1, end === -1 ? path.length : end)
    if (segment === '.' || segment === '..') throw refuse('dot segment')
  }
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}
