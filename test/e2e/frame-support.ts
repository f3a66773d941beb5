import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { until } from './failure-support.ts'

export const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

/** One side of a WebSocket as a real app holds it, and the raw socket below. */
export interface Talk {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  /** Past what the library would let one send. */
  readonly raw: Socket
  readonly heard: { readonly text: string; readonly binary: boolean }[]
  /** Undefined while it is open. */
  closed: { readonly code: number; readonly reason: string } | undefined
}

export interface Talker {
  readonly url: string
  readonly talks: Talk[]
  /** The first talk to come after those there are. */
  next(): Promise<Talk>
  close(): Promise<void>
}

/** A real WebSocket server that says nothing by itself. */
export async function startTalker(): Promise<Talker> {
  const http = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"items":[{"account":"acme","entity":"A"}]}')
  })
  const server = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 8_388_608 })
  const talks: Talk[] = []
  server.on('headers', (lines) => lines.push('X-Secret: MARKER-head'))
  server.on('connection', (socket, request) => {
    const talk: Talk = { request, socket, raw: request.socket, heard: [], closed: undefined }
    talks.push(talk)
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer, binary) => talk.heard.push({ text: data.toString('latin1'), binary }))
    socket.on('close', (code, reason) => {
      talk.closed = { code, reason: reason.toString() }
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    talks,
    next: async () => {
      const index = talks.length
      await until('a talk has begun', () => talks.length > index)
      const talk = talks[index]
      if (talk === undefined) throw new Error('no talk')
      return talk
    },
    close: async () => {
      for (const client of server.clients) client.terminate()
      server.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

export const opcodes = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly fin: boolean
  readonly opcode: number
  readonly payload: Buffer
}

/** RFC 6455 section 5.2; a client's frames are masked, with zeros. */
export function frameBytes(
  opcode: number,
  payload: Buffer | string,
  options: { fin?: boolean; masked?: boolean } = {},
) {
  const { fin = true, masked = false } = options
  const body = Buffer.from(payload)
  const bit = masked ? 0x80 : 0
  const first = (fin ? 0x80 : 0) | opcode
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10)
  head[0] = first
  if (head.length === 2) head[1] = bit | body.length
  if (head.length === 4) {
    head[1] = bit | 126
    head.writeUInt16BE(body.length, 2)
  }
  if (head.length === 10) {
    head[1] = bit | 127
    head.writeBigUInt64BE(BigInt(body.length), 2)
  }
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), body])
}

function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let rest = bytes; rest.length >= 2; ) {
    const [first = 0, second = 0] = rest
    const short = second & 0x7f
    const start = short === 126 ? 4 : short === 127 ? 10 : 2
    if (rest.length < start) break
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short
    if (rest.length < start + length) break
    frames.push({ fin: first >= 0x80, opcode: first & 0x0f, payload: rest.subarray(start, start + length) })
    rest = rest.subarray(start + length)
  }
  return frames
}

/** A client made of bytes: nothing is tidied up, and everything that came is kept. */
export class RawClient {
  readonly socket: Socket
  readonly #chunks: Buffer[] = []
  closed = false

  constructor(port: number, path: string, lines: readonly string[], early: Buffer = Buffer.alloc(0)) {
    this.socket = connect(port, '127.0.0.1').on('error', () => undefined)
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.socket.once('close', () => {
      this.closed = true
    })
    const head = [`GET ${path} HTTP/1.1`, 'Host: app.example', ...handshake, ...lines].join('\r\n')
    this.socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), early]))
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get head(): string {
    return this.bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
  }

  get frames(): readonly Frame[] {
    const { bytes } = this
    const end = bytes.indexOf('\r\n\r\n')
    return end < 0 ? [] : parseFrames(bytes.subarray(end + 4))
  }

  get texts(): readonly string[] {
    return this.frames.filter(({ opcode }) => opcode === opcodes.text).map(({ payload }) => payload.toString())
  }

  /** The payload of the close frame, in hexadecimal: two octets of code, then a reason. */
  get farewell(): string | undefined {
    return this.frames.find(({ opcode }) => opcode === opcodes.close)?.payload.toString('hex')
  }

  say(
    payload: Buffer | string,
    opcode: number = opcodes.text,
    options: { fin?: boolean; masked?: boolean } = {},
  ): void {
    this.socket.write(frameBytes(opcode, payload, { masked: true, ...options }))
  }

  async untilText(wanted: string): Promise<void> {
    await until(`the client has ${wanted}`, () => this.texts.some((text) => text.includes(wanted)))
  }

  async untilFarewell(): Promise<string | undefined> {
    await until('the client was told to leave', () => this.farewell !== undefined || this.closed)
    return this.farewell
  }
}

/** A close frame's payload without a reason. */
export function codeOnly(code: number): string {
  return code.toString(16).padStart(4, '0')
}
