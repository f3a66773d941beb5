import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { freshDatabase } from '../support/postgres.ts'
import { assertRefused, bearer, head, received, until } from './failure-support.ts'
import { Browser } from './fleet-support.ts'

describe('an edge whose PostgreSQL is gone', () => {
  let way: FaultProxy
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string
  const browser = new Browser()

  before(async () => {
    const url = new URL(await freshDatabase())
    way = await startFaultProxy(Number(url.port))
    url.port = String(way.port)
    upstream = await startEcho({
      respond: (_, socket) => void socket.write(answerBytes(200, [['content-type', 'application/json']], '[]')),
    })
    edge = await startTestEdge({ upstream: upstream.url, config: { store: { url: url.href } } })
    token = await edge.token('dave@acme.example')
    assert.equal((await browser.signIn(edge.url, 'ann@acme.example')).status, 303)
  })
  after(async () => {
    await way?.set('open')
    await edge?.stop()
    await upstream?.close()
    await way?.close()
  })

  const ask = (path: string) => fetch(`${edge.url}${path}`, { headers: bearer(token) })
  const isReady = async () => (await fetch(`${edge.adminUrl}/readyz`)).status === 200

  for (const state of ['refusing', 'stalled'] as const) {
    it(`${state}: refuses members once what it knows is a second old, and recovers by itself`, async () => {
      assert.equal((await ask('/orders')).status, 200)
      assert.equal((await browser.get(`${edge.url}/app/a`)).status, 200)
      await way.set(state)
      await until('members are refused', async () => {
        const answers = await Promise.all([ask('/orders'), browser.get(`${edge.url}/app/a`)])
        return answers.every(({ status }) => status === 503)
      })
      const seen = upstream.requests.length
      for (const answer of await Promise.all([ask('/orders'), ask('/app/a'), browser.get(`${edge.url}/app/b`)])) {
        const refused = await received(answer)
        assertRefused(edge, refused, 'ERR_STORE_UNAVAILABLE')
        assert.equal(refused.header('retry-after'), '2')
        assert.doesNotMatch(refused.body, /postgres|127\.0\.0\.1/i)
      }
      assert.equal(upstream.requests.length, seen)
      assert.equal((await fetch(`${edge.url}/public/a`)).status, 200)
      assert.equal(await isReady(), false)
      await way.set('open')
      await until('it is ready again', isReady)
      await until('members are served again', async () => (await ask('/orders')).status === 200)
      assert.equal((await browser.get(`${edge.url}/app/a`)).status, 200)
      assert.match(await edge.token('bob@globex.example'), /^ey/)
    })
  }

  it('slow: who left while it was waited for leaves nothing behind', async () => {
    await sleep(1100)
    await way.set('stalled')
    const handshake = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    const clients = Array.from({ length: 6 }, (_, at) => {
      const socket = connect(edge.port, '127.0.0.1').on('error', () => undefined)
      socket.write(head('GET /app/a', { ...bearer(token), ...(at % 2 === 0 ? {} : handshake) }))
      return socket
    })
    await until('they have asked', () => clients.every((client) => client.bytesWritten > 0))
    await sleep(100)
    for (const client of clients) client.destroy()
    await sleep(50)
    await way.set('open')
    await until('members are served again', async () => (await ask('/app/a')).status === 200)
    await until('nothing is pending', async () => {
      const text = await (await fetch(`${edge.adminUrl}/metrics`)).text()
      return /^sallyport_upstream_pending\{.*\} 0$/m.test(text)
    })
  })
})
