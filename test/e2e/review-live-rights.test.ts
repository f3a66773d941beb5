import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { RecordedRequest } from '../support/echo-upstream.ts'
import { bearer, head, until } from './failure-support.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

/** Opens what asks to be upgraded; begins rows without end for everybody else. */
function respond(request: RecordedRequest, socket: Socket): void {
  const [theirs] = request.values('sec-websocket-key')
  if (theirs === undefined) {
    const row = '{"id":1,"account":"acme","entity":"A"}'
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[${row},${row},`)
    return
  }
  const answer = createHash('sha1').update(`${theirs}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${answer}`].join('\r\n')}\r\n\r\n`)
}

describe('what is under way ends with the right to it', () => {
  let corridor: Corridor
  const clients: Socket[] = []
  const always = { validFrom: undefined, validUntil: undefined }

  before(async () => {
    const editors = { methods: ['GET'], path: '/editors/**', access: { roles: ['editor'] }, websocket: true }
    const rows = { methods: ['GET'], path: '/rows', access: 'member', dataset: 'orders', rows: { at: ['/*'] } }
    corridor = await openCorridor({
      routes: [editors, rows, { methods: ['GET'], path: '/app/**', access: 'member', websocket: true }],
    })
    corridor.upstream.respond(respond)
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await corridor.close()
  })

  async function open(email: string, path: string, fields: Readonly<Record<string, string>> = handshake) {
    const client = connect(corridor.edge.port, '127.0.0.1').on('error', () => undefined)
    clients.push(client)
    client.write(head(`GET ${path}`, { ...fields, ...bearer(await corridor.edge.token(email)) }))
    let seen = ''
    client.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
    })
    await until('it has begun', () => /^HTTP\/1\.1 (101|200)/.test(seen))
    return client
  }

  it('where the account is ended, and for nobody else', async () => {
    const [ended, other] = await Promise.all([
      open('bob@globex.example', '/app/a'),
      open('dave@acme.example', '/app/a'),
    ])
    await corridor.edge.store.bumpEpoch('id-bob')
    await until('the socket is closed', () => ended.closed)
    assert.equal(other.closed, false)
  })

  it('where the role of the route is lost, and on no other route', async () => {
    const [editing, reading] = await Promise.all([
      open('dave@acme.example', '/editors/a'),
      open('dave@acme.example', '/app/a'),
    ])
    await corridor.edge.store.putMembership({
      tenant: 'acme',
      account: 'id-dave',
      roles: ['viewer'],
      attributes: {},
      ...always,
    })
    await until('the socket is closed', () => editing.closed)
    assert.equal(reading.closed, false)
  })

  it('where other rows are permitted than when it began', async () => {
    const [changed, same] = await Promise.all([
      open('dave@acme.example', '/rows', {}),
      open('ann@acme.example', '/rows', {}),
    ])
    await corridor.edge.store.setGroupsOf('acme', 'id-dave', ['entity-a'])
    await until('the answer is broken off', () => changed.closed)
    assert.equal(same.closed, false)
  })
})
