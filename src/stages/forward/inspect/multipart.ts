import { type FormPart, type PartHead, parsePartHead } from './part-head.ts'

const crlf = '\r\n'
const maxParts = 1000
/** Octets; PHP reads 5 KiB at a time. */
const maxHead = 4096

/** Why a body is not read. */
export type MultipartFault = 'unreadable' | 'charset' | 'content-type' | 'too-many'

/** RFC 2046 section 5.1.1 without blanks, and without what PHP takes for the end. */
const boundaryPattern = /^[0-9A-Za-z'+_.=-]{1,70}$/

export function isBoundary(text: string): boolean {
  return boundaryPattern.test(text)
}

/**
 * Reads multipart/form-data (RFC 7578), of which only the form that every reader takes for the same parts: no preamble,
 * no epilogue, borders alone on their line, and the border's text nowhere else. Contents are views of `body`.
 */
export function readMultipart(body: Uint8Array, boundary: string): readonly FormPart[] | MultipartFault {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const border = Buffer.from(`--${boundary}`)
  if (bytes.indexOf(border) !== 0) return 'unreadable'
  const parts: FormPart[] = []
  let at = border.length
  while (!endsAt(bytes, at)) {
    if (parts.length === maxParts) return 'too-many'
    const next = bytes.indexOf(border, at)
    if (next < 0 || !hasText(bytes, at, crlf) || !hasText(bytes, next - 2, crlf)) return 'unreadable'
    const part = readPart(bytes.subarray(at + 2, next - 2))
    if (typeof part === 'string') return part
    parts.push(part)
    at = next + border.length
  }
  return parts
}

/** Behind the last border: two hyphens, and at most the end of their line. */
function endsAt(bytes: Buffer, at: number): boolean {
  const rest = bytes.length - at
  return hasText(bytes, at, '--') && (rest === 2 || (rest === 4 && hasText(bytes, at + 2, crlf)))
}

function hasText(bytes: Buffer, at: number, text: string): boolean {
  return bytes.toString('latin1', at, at + text.length) === text
}

function readPart(bytes: Buffer): FormPart | MultipartFault {
  const end = bytes.subarray(0, maxHead).indexOf('\r\n\r\n')
  if (end < 0) return bytes.length > maxHead ? 'too-many' : 'unreadable'
  const head: PartHead | MultipartFault = parsePartHead(bytes.subarray(0, end))
  if (typeof head === 'string') return head
  const content = bytes.subarray(end + 4)
  if (head.length !== undefined && head.length !== String(content.length)) return 'unreadable'
  return { ...head, content }
}
