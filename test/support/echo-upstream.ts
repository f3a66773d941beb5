import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { parseMessage, type RawMessage } from './http-reader.ts'

/** A request as it arrived, to the byte. */
export interface RecordedRequest extends RawMessage {
  readonly method: string
  readonly target: string
  /** Which connection it came over, from 1. */
  readonly connection: number
  /** The values of a field by lower-case name, in the order sent. */
  values(name: string): readonly string[]
}

/** Answers a request, with any bytes, over the raw socket; the default answers 200 with what it received as JSON. */
export type Respond = (request: RecordedRequest, socket: Socket) => void | Promise<void>

export interface EchoUpstream {
  readonly port: number
  readonly url: string
  /** In the order received; tests may empty it. */
  readonly requests: RecordedRequest[]
  /** How many connections were ever accepted. */
  readonly connections: number
  /** From now on, answers with this. */
  respond(answer: Respond): void
  close(): Promise<void>
}

export interface EchoOptions {
  readonly host?: string
  readonly respond?: Respond
}

/** A real upstream that records each request exactly as received and answers with whatever bytes the test likes. */
export async function startEcho(options: EchoOptions = {}): Promise<EchoUpstream> {
  const host = options.host ?? '127.0.0.1'
  const requests: RecordedRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let answer = options.respond ?? echo
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, connections, async (request) => {
      requests.push(request)
      await answer(request, socket)
    })
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the upstream has no port')
  return {
    port: address.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    requests,
    get connections() {
      return connections
    },
    respond: (next) => {
      answer = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server.close(), 'close')
    },
  }
}

/** The bytes of an answer with a content-length; `headers` are written as they are. */
export function answerBytes(
  status: number,
  headers: readonly (readonly [string, string])[],
  body: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body)
  const lines = [...headers, ['content-length', String(bytes.length)] as const].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`, 'latin1'), bytes])
}

function echo(request: RecordedRequest, socket: Socket): void {
  const { method, target, headers } = request
  const body = JSON.stringify({ method, target, headers, body: request.body.toString('latin1') })
  const answer = answerBytes(200, [['content-type', 'application/json']], body)
  socket.write(method === 'HEAD' ? answer.subarray(0, answer.indexOf('\r\n\r\n') + 4) : answer)
}

/** Reads one request after the other; the next one is looked at when the one before is answered. */
function serve(socket: Socket, connection: number, handle: (request: RecordedRequest) => Promise<void>): void {
  let bytes: Buffer = Buffer.alloc(0)
  let busy = false
  let continued = false
  const next = async () => {
    busy = true
    for (let parsed = parseMessage(bytes, 'empty'); parsed !== undefined; parsed = parseMessage(bytes, 'empty')) {
      bytes = bytes.subarray(parsed.length)
      continued = false
      await handle(record(parsed.message, connection))
    }
    busy = false
    if (!continued && wantsContinue(bytes)) {
      continued = true
      socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    }
  }
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    // Bytes we cannot read, or a test's answer that threw: the edge sees a broken upstream.
    if (!busy) void next().catch((error: Error) => socket.destroy(error))
  })
  socket.on('error', () => undefined)
}

function wantsContinue(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  return end !== -1 && /\r\nexpect: *100-continue/i.test(bytes.toString('latin1', 0, end))
}

function record(message: RawMessage, connection: number): RecordedRequest {
  const [method = '', target = ''] = message.startLine.split(' ')
  const values = (name: string) =>
    message.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
  return { ...message, method, target, connection, values }
}
