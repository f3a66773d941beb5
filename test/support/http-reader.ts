/** A message as it stands in the bytes: nothing is normalised, so that tests see what was really sent. */
export interface RawMessage {
  /** Request line or status line. */
  readonly startLine: string
  /** In the order and spelling sent. */
  readonly headers: readonly (readonly [string, string])[]
  /** Start line, header fields and the empty line, exactly. */
  readonly head: Buffer
  /** With chunked framing taken off. */
  readonly body: Buffer
  /** The body exactly as framed on the wire. */
  readonly rawBody: Buffer
}

export interface Parsed {
  readonly message: RawMessage
  /** How many bytes of the input it took. */
  readonly length: number
}

/**
 * What follows the head where no field says: nothing (a request), or everything up to the close (an answer).
 * `none`: nothing, whatever the fields say (RFC 9112 section 6.3, rule 1).
 */
export type Unframed = 'none' | 'empty' | { readonly untilClose: boolean }

/** The first whole message in `bytes`; undefined while some of it is still to come. */
export function parseMessage(bytes: Buffer, unframed: Unframed): Parsed | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.subarray(0, end + 4)
  const [startLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = lines.map(splitField)
  const rest = bytes.subarray(head.length)
  const body = takeBody(rest, headers, unframed)
  if (body === undefined) return undefined
  const rawBody = rest.subarray(0, body.length)
  return { message: { startLine, headers, head, body: body.content, rawBody }, length: head.length + body.length }
}

/** The one value of a field, by lower-case name; the first where a test sent several. */
export function fieldOf(message: Pick<RawMessage, 'headers'>, name: string): string | undefined {
  return message.headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

function splitField(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

interface Body {
  readonly content: Buffer
  readonly length: number
}

function takeBody(rest: Buffer, headers: RawMessage['headers'], unframed: Unframed): Body | undefined {
  if (unframed === 'none') return { content: Buffer.alloc(0), length: 0 }
  if (/\bchunked\b/i.test(fieldOf({ headers }, 'transfer-encoding') ?? '')) return takeChunks(rest)
  const declared = fieldOf({ headers }, 'content-length')
  if (declared !== undefined) return takeExactly(rest, Number.parseInt(declared, 10))
  if (unframed === 'empty') return { content: Buffer.alloc(0), length: 0 }
  return unframed.untilClose ? { content: rest, length: rest.length } : undefined
}

function takeExactly(rest: Buffer, length: number): Body | undefined {
  if (!Number.isSafeInteger(length) || length < 0) throw new Error('a content-length that is no length')
  return rest.length < length ? undefined : { content: rest.subarray(0, length), length }
}

/** RFC 9112 section 7.1. */
function takeChunks(rest: Buffer): Body | undefined {
  const chunks: Buffer[] = []
  for (let position = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', position)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(rest.toString('latin1', position, lineEnd), 16)
    if (!Number.isSafeInteger(size) || size < 0) throw new Error('a chunk without a size')
    if (size === 0) {
      const length = endOfTrailers(rest, lineEnd)
      return length === undefined ? undefined : { content: Buffer.concat(chunks), length }
    }
    const start = lineEnd + 2
    if (rest.length < start + size + 2) return undefined
    chunks.push(rest.subarray(start, start + size))
    position = start + size + 2
  }
}

function endOfTrailers(rest: Buffer, lastChunkLineEnd: number): number | undefined {
  const end = rest.indexOf('\r\n\r\n', lastChunkLineEnd)
  return end === -1 ? undefined : end + 4
}
