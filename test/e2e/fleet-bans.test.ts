import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { BanList } from '../../src/bans/ban-list.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openRedisState } from '../../src/shared-state/redis.ts'
import type { SharedState } from '../../src/shared-state/shared-state.ts'
import { mustNetwork } from '../bans/support.ts'
import { type RecordedRequest, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { assertRefused, auditLines, head, received, until } from './failure-support.ts'
import { type Fleet, startFleet } from './fleet-support.ts'

const wrongPassword = (edge: TestEdge, client: string) =>
  fetch(`${edge.url}/.sallyport/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': client },
    body: JSON.stringify({ email: 'nobody-here@acme.example', password: 'wrong' }),
  })

function from(address: string, edge: TestEdge, bytes: string) {
  const socket = connect({ port: edge.port, host: '127.0.0.1', localAddress: address })
  const seen = { text: '', closed: false }
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    seen.text += chunk.toString('latin1')
  })
  socket.once('close', () => {
    seen.closed = true
  })
  socket.write(bytes)
  return { socket, seen }
}

const ask = async (address: string, edge: TestEdge): Promise<string> => {
  const { socket, seen } = from(address, edge, head('GET /public/a', { connection: 'close' }))
  if (!seen.closed) await once(socket, 'close')
  return seen.text
}

const askFor = (edge: TestEdge, client: string) =>
  fetch(`${edge.url}/public/a`, { headers: { 'x-forwarded-for': client } })

describe('bans on two edges', () => {
  let fleet: Fleet
  let state: SharedState
  let bans: BanList

  before(async () => {
    fleet = await startFleet()
    state = openRedisState(fleet.redis.url, { clock: systemClock })
    bans = new BanList(state.bans, systemClock, { allow: [], protect: [] })
    await bans.started
  })
  after(async () => {
    bans?.close()
    await state?.close()
    await fleet?.stop()
  })

  /** As `sallyport ban add --force` does it. */
  function ban(address: string): void {
    const request = { network: mustNetwork(address), until: Date.now() + 3_600_000, reason: 'test', force: true }
    assert.equal(bans.add({ ...request, origin: 'operator' }).kind, 'added')
  }

  it('reach every edge at once, are refused at accept, and end everywhere', async () => {
    const edges = [fleet.here, fleet.there]
    for (const edge of edges) assert.match(await ask('127.0.0.9', edge), /^HTTP\/1\.1 200/)
    const started = performance.now()
    ban('127.0.0.9')
    for (const edge of edges) await until('no answer at all', async () => (await ask('127.0.0.9', edge)) === '')
    fleet.measure('ban in force on both edges', started)
    for (const edge of edges) assert.match(await ask('127.0.0.10', edge), /^HTTP\/1\.1 200/)
    bans.remove(mustNetwork('127.0.0.9'))
    for (const edge of edges) {
      await until('served again', async () => (await ask('127.0.0.9', edge)).startsWith('HTTP/1.1 200'))
    }
  })

  it('refuse the next request of a connection that is already open', async () => {
    const { socket, seen } = from('127.0.0.11', fleet.there, head('GET /public/a'))
    await until('the first is answered', () => seen.text.includes('HTTP/1.1 200'))
    seen.text = ''
    ban('127.0.0.11')
    await until('the ban is known', async () => (await ask('127.0.0.11', fleet.there)) === '')
    socket.write(head('GET /public/a'))
    await until('it is refused or closed', () => seen.closed || seen.text.includes('HTTP/1.1 403'))
    assert.doesNotMatch(seen.text, /HTTP\/1\.1 200/)
    socket.destroy()
  })

  it('end a long answer and a live WebSocket of the banned, and of nobody else', async () => {
    const chat = await startEcho({ respond: shakeHands })
    const upstream = await startEcho({
      respond: (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun'),
    })
    const edge = await startTestEdge({
      upstream: upstream.url,
      config: { state: { url: fleet.redis.url } },
      app: { upstreams: [chat.url], match: { hosts: ['ws.example'] }, id: 'chat' },
    })
    const plain = await startTestEdge({ upstream: upstream.url, config: { state: { url: fleet.redis.url } } })
    const sockets: Socket[] = []
    try {
      for (const each of [edge, plain]) {
        await until('ready', async () => (await fetch(`${each.adminUrl}/readyz`)).status === 200)
      }
      const handshake = head('GET /public/ws', {
        host: 'ws.example',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      })
      const open = (address: string) => [from(address, edge, handshake), from(address, plain, head('GET /public/slow'))]
      const [bannedOnes, others] = [open('127.0.0.12'), open('127.0.0.13')]
      sockets.push(...[...bannedOnes, ...others].map(({ socket }) => socket))
      await until('all are under way', () =>
        [...bannedOnes, ...others].every(({ seen }) => /^HTTP\/1\.1 101|begun$/.test(seen.text)),
      )
      const started = performance.now()
      ban('127.0.0.12')
      await until('the banned ones are closed', () => bannedOnes.every(({ seen }) => seen.closed))
      fleet.measure('banned sockets closed', started)
      assert.ok(others.every(({ seen }) => !seen.closed))
    } finally {
      for (const socket of sockets) socket.destroy()
      await edge.stop()
      await plain.stop()
      await upstream.close()
      await chat.close()
    }
  })
})

describe('bans behind a trusted proxy', () => {
  it('hit the client and not the proxy, on every edge', async (t) => {
    const fleet = await startFleet({
      listen: { port: 0, trustedProxies: ['127.0.0.1'] },
      bans: { signInFailures: { max: 3, window: '1m', ban: '1h' } },
    })
    t.after(() => fleet.stop())
    const edges = [fleet.here, fleet.there]
    for (let i = 0; i < 3; i += 1) {
      assert.equal((await wrongPassword(i === 1 ? fleet.there : fleet.here, '203.0.113.7')).status, 401)
    }
    const started = performance.now()
    for (const edge of edges) {
      await until('the client is banned', async () => (await askFor(edge, '203.0.113.7')).status === 403)
    }
    fleet.measure('brute force banned on both edges', started)
    for (const edge of edges) {
      const refused = await received(await askFor(edge, '203.0.113.7'))
      assert.equal(refused.status, 403)
      assert.equal((await askFor(edge, '203.0.113.8')).status, 200)
      assert.equal((await fetch(`${edge.url}/public/a`)).status, 200)
      // A client cannot put words before the proxy's own.
      assert.equal((await askFor(edge, '198.51.100.1, 203.0.113.7')).status, 403)
      assert.equal((await askFor(edge, '203.0.113.7, 203.0.113.8')).status, 200)
    }
    assert.equal(auditLines(fleet.here).concat(auditLines(fleet.there)).filter(isBan).length, 1)
  })

  it('cannot be turned on others where no proxy is trusted', async (t) => {
    const upstream = await startEcho()
    const edge = await startTestEdge({
      upstream: upstream.url,
      config: { bans: { signInFailures: { max: 3, window: '1m', ban: '1h' } } },
    })
    t.after(async () => {
      await edge.stop()
      await upstream.close()
    })
    for (let i = 0; i < 5; i += 1) assert.equal((await wrongPassword(edge, '203.0.113.7')).status, 401)
    const refused = await received(await wrongPassword(edge, '203.0.113.7'))
    assertRefused(edge, refused, 'ERR_LIMIT_EXCEEDED')
    assert.deepEqual(auditLines(edge).filter(isBan), [])
    assert.ok(auditLines(edge).every(({ address }) => address !== '203.0.113.7'))
  })
})

/** RFC 6455 section 4.2.2. */
function shakeHands(request: RecordedRequest, socket: Socket): void {
  const [key = ''] = request.values('sec-websocket-key')
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const fields = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`]
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`)
}

const isBan = ({ event }: { readonly event: string }): boolean => event === 'ban.added'
