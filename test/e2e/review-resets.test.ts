import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { commonRoutes, startTestEdge, type TestEdge } from '../support/edge.ts'
import { bearer, head, until } from './failure-support.ts'

const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}
const chunked = { 'transfer-encoding': 'chunked', 'content-type': 'application/json' }
// A body that nobody looks into, so that it is still under way while the item is looked at.
const unread = { sanitise: 'raw', tenantParameters: [] }
const deletions = {
  methods: ['DELETE'],
  path: '/items/*',
  access: 'member',
  action: 'modify',
  dataset: 'orders',
  ...unread,
}

/** An `error` that nobody hears ends an edge; here the test runner keeps the process alive, so we listen ourselves. */
describe('a client that resets its connection', () => {
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string
  const fatal: Error[] = []
  const note = (error: Error) => void fatal.push(error)

  before(async () => {
    process.on('uncaughtExceptionMonitor', note)
    upstream = await startEcho()
    const routes = [{ ...deletions, rows: { at: ['/'] } }, ...commonRoutes]
    edge = await startTestEdge({ upstream: upstream.url, routes })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    process.off('uncaughtExceptionMonitor', note)
    await edge?.stop()
    await upstream?.close()
  })

  async function reset(bytes: string, when: (socket: Socket) => Promise<unknown>): Promise<void> {
    const socket = connect(edge.port, '127.0.0.1').on('error', () => undefined)
    socket.write(bytes)
    await when(socket)
    socket.resetAndDestroy()
  }

  async function assertServes(): Promise<void> {
    await sleep(50)
    assert.deepEqual(fatal.splice(0), [])
    assert.equal((await fetch(`${edge.url}/.sallyport/jwks.json`)).status, 200)
  }

  const refused = {
    'an upgrade that is refused': head('GET /nowhere', handshake),
    'an upgrade without sign-in': head('GET /app/live', handshake),
    'an upgrade that opens': head('GET /public/live', handshake),
    'a tunnel that is refused': head('CONNECT elsewhere.example:443'),
  }
  for (const [name, bytes] of Object.entries(refused)) {
    it(`behind ${name} harms nobody else`, async () => {
      for (let i = 0; i < 60; i += 1) await reset(bytes, () => sleep(i % 3))
      await assertServes()
    })
  }

  it('while the item of its deletion is looked at harms nobody else', async () => {
    let looked = 0
    const row = answerBytes(200, [['content-type', 'application/json']], '{"id":1,"account":"acme"}')
    upstream.respond(async (_request, socket) => {
      looked += 1
      await sleep(50)
      socket.write(row)
    })
    const bytes = `${head('DELETE /items/1', { ...bearer(token), ...chunked })}5\r\n[1,2,\r\n`
    await reset(bytes, () => until('the item is looked at', () => looked > 0))
    await assertServes()
  })
})
