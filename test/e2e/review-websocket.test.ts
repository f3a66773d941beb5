import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { RecordedRequest } from '../support/echo-upstream.ts'
import { rawExchange } from '../support/raw-http.ts'
import { assertRefused, bearer, head, receivedRaw, until } from './failure-support.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

function accept(request: RecordedRequest, socket: Socket): void {
  const [theirs = ''] = request.values('sec-websocket-key')
  const answer = createHash('sha1').update(`${theirs}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${answer}`].join('\r\n')}\r\n\r\n`)
}

/** RFC 6455 section 5.2: a masked text of one byte, the mask being zero. */
const frame = (letter: string) => Buffer.from([0x81, 0x81, 0, 0, 0, 0, letter.charCodeAt(0)])

describe('a WebSocket whose upstream takes its time', () => {
  let corridor: Corridor
  const clients: Socket[] = []

  before(async () => {
    corridor = await openCorridor()
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await corridor.close()
  })

  /** Opens towards an upstream that answers only when told to. */
  async function open() {
    const { promise, resolve } = Promise.withResolvers<() => Socket>()
    corridor.upstream.respond((request, socket) =>
      resolve(() => {
        accept(request, socket)
        return socket
      }),
    )
    const client = connect(corridor.edge.port, '127.0.0.1').on('error', () => undefined)
    clients.push(client)
    client.write(head('GET /public/live', handshake))
    return { client, answer: await promise }
  }

  it('is not left open towards the upstream when the client has gone', async () => {
    const { client, answer } = await open()
    client.resetAndDestroy()
    await until('the edge has noticed', async () => {
      const text = await (await fetch(`${corridor.edge.adminUrl}/metrics`)).text()
      return /sallyport_upstream_pending\{.*\} 0/.test(text) || client.destroyed
    })
    const upstream = answer()
    let closed = false
    upstream.once('close', () => {
      closed = true
    })
    await until('the upstream is let go', () => closed)
  })

  it('gets what the client said early, in order', async () => {
    const { client, answer } = await open()
    client.write(Buffer.concat(['a', 'b', 'c'].map(frame)))
    const received: Buffer[] = []
    answer().on('data', (chunk: Buffer) => received.push(chunk))
    await until('three frames of seven bytes have come', () => Buffer.concat(received).length === 21)
    const bytes = Buffer.concat(received)
    const letters = [0, 7, 14].map((at) => (bytes[at + 6] ?? 0) ^ (bytes[at + 2] ?? 0))
    assert.equal(String.fromCharCode(...letters), 'abc')
  })

  it('is refused before it opens where the upstream cannot be told who asks', async () => {
    const { edge } = corridor
    const roles = Array.from({ length: 80 }, (_, i) => `role-${i}-${'x'.repeat(50)}`)
    const always = { validFrom: undefined, validUntil: undefined }
    await edge.store.putMembership({ tenant: 'acme', account: 'id-nobody', roles, attributes: {}, ...always })
    const token = await edge.token('nobody@acme.example')
    const bytes = head('GET /app/live', { ...handshake, ...bearer(token) })
    const { responses } = await rawExchange(edge.port, bytes, { timeoutMs: 2000, expect: 1 })
    assertRefused(edge, receivedRaw(responses.at(-1)), 'ERR_IDENTITY_TOO_LARGE')
  })
})
