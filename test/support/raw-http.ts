import { connect } from 'node:net'
import { type Parsed, parseMessage, type Unframed } from './http-reader.ts'

export interface RawResponse {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

export interface RawExchange {
  /** Every byte that came back. */
  readonly raw: Buffer
  /** The whole answers in it, interim ones (1xx) included. */
  readonly responses: readonly RawResponse[]
  /** The other side ended or reset the connection; otherwise it stayed open, and silent, until `timeoutMs`. */
  readonly closed: boolean
}

export interface RawOptions {
  readonly host?: string
  /** How long the connection may be silent before we call the exchange over. */
  readonly timeoutMs: number
  /** End our side after sending. */
  readonly halfClose?: boolean
  /** The requests were HEAD: answers have no body whatever their fields say. */
  readonly head?: boolean
  /** Over as soon as this many final answers are whole, rather than at the close. */
  readonly expect?: number
}

/** Sends exactly these bytes and reads what comes back, with no client's opinion in between. */
export async function rawExchange(port: number, bytes: Buffer | string, options: RawOptions): Promise<RawExchange> {
  const socket = connect({ port, host: options.host ?? '127.0.0.1' })
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.setTimeout(options.timeoutMs, () => resolve(false))
  // A reset ends the exchange like an orderly close; a refused connection does too, with nothing received.
  socket.once('error', () => resolve(true))
  socket.once('close', () => resolve(true))
  socket.once('end', () => resolve(true))
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (options.expect === undefined) return
    const whole = parseResponses(Buffer.concat(chunks), false, options.head === true)
    if (whole.filter((response) => response.status >= 200).length >= options.expect) resolve(false)
  })
  const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  if (options.halfClose === true) socket.end(data)
  else socket.write(data)
  const closed = await promise
  socket.destroy()
  const raw = Buffer.concat(chunks)
  return { raw, responses: parseResponses(raw, closed, options.head === true), closed }
}

function parseResponses(raw: Buffer, closed: boolean, head: boolean): RawResponse[] {
  const responses: RawResponse[] = []
  for (let rest = raw; rest.length > 0; ) {
    const parsed = parseOrStop(rest, hasNoBody(rest, head) ? 'none' : { untilClose: closed })
    if (parsed === undefined) break
    const { startLine, headers, body } = parsed.message
    responses.push({ status: Number(startLine.split(' ')[1]), headers, body })
    rest = rest.subarray(parsed.length)
  }
  return responses
}

/** Bytes that are no HTTP end the list of answers; the test still has them in `raw`. */
function parseOrStop(bytes: Buffer, unframed: Unframed): Parsed | undefined {
  try {
    return parseMessage(bytes, unframed)
  } catch {
    return undefined
  }
}

/** RFC 9112 section 6.3, rule 1. */
function hasNoBody(bytes: Buffer, head: boolean): boolean {
  return head || /^HTTP\/1\.[01] (1\d\d|204|304)[ \r]/.test(bytes.toString('latin1', 0, 16))
}
