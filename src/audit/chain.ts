import { hash } from 'node:crypto'

/** What the first line of an audit log is chained to. */
export const genesis = hash('sha256', 'sallyport audit log, version 1', 'base64url')

/** No audit line is longer, in bytes; `json-lines.ts` bounds every field so that this holds. */
export const maxLineBytes = 64 * 1024

/** What a sealed line says about its place in the chain, and the parts that verification needs. */
export interface SealedLine {
  readonly seq: number
  readonly chain: string
  readonly event: string
  readonly time: string
  readonly detail: Readonly<Record<string, unknown>>
  /** The bytes that were hashed: the line without its `chain`. */
  readonly canonical: Buffer
}

const suffixHead = ',"chain":"'
const suffixTail = '"}'
const chainLength = 43
const suffixLength = suffixHead.length + chainLength + suffixTail.length

/** The `chain` of a line: SHA-256 over the chain value before it and its own bytes, so no line can move or change. */
export function chainOf(previous: string, canonical: string | Buffer): string {
  if (typeof canonical === 'string') return hash('sha256', previous + canonical, 'base64url')
  return hash('sha256', Buffer.concat([Buffer.from(previous), canonical]), 'base64url')
}

/** Adds `chain` as the last member of a line, which is a JSON object's text. */
export function seal(canonical: string, chain: string): string {
  return `${canonical.slice(0, -1)}${suffixHead}${chain}${suffixTail}`
}

/** The sealed line in `bytes` (without its newline); undefined for anything that `seal` cannot have written. */
export function parseSealed(bytes: Buffer): SealedLine | undefined {
  if (bytes.length <= suffixLength || bytes.length > maxLineBytes || bytes[0] !== 0x7b) return undefined
  const suffix = bytes.toString('latin1', bytes.length - suffixLength)
  const chain = suffix.slice(suffixHead.length, -suffixTail.length)
  if (suffix !== `${suffixHead}${chain}${suffixTail}` || !/^[A-Za-z0-9_-]{43}$/.test(chain)) return undefined
  const members = parseMembers(bytes)
  if (members === undefined) return undefined
  const { seq, event, time, detail } = members
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined
  if (typeof event !== 'string' || typeof time !== 'string') return undefined
  const canonical = Buffer.concat([bytes.subarray(0, bytes.length - suffixLength), Buffer.from('}')])
  return { seq, chain, event, time, detail: isRecord(detail) ? detail : {}, canonical }
}

function parseMembers(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    // Not JSON is an answer here ("not a sealed line"), and the callers treat it as damage.
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
