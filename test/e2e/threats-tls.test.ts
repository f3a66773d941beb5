import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { tempFolder } from '../support/temp.ts'
import { selfSigned, startTlsUpstream } from '../support/tls-upstream.ts'
import { ask, assertRefused, head } from './threats-support.ts'

async function edgeBefore(t: TestContext, upstream: string, app: Record<string, unknown> = {}): Promise<TestEdge> {
  const edge = await startTestEdge({ upstream, seed: false, app })
  t.after(() => edge.stop())
  return edge
}

describe('TLS to an upstream', () => {
  const get = head('GET /public/x HTTP/1.1')

  it('that vouches for itself is a bad gateway, and hears nothing', async (t) => {
    const upstream = await startTlsUpstream(t, 'IP:127.0.0.1')
    const edge = await edgeBefore(t, upstream.origin)
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(upstream.echo.requests, [])
  })

  it('is spoken where its certificate authority is configured', async (t) => {
    const upstream = await startTlsUpstream(t, 'IP:127.0.0.1')
    const edge = await edgeBefore(t, upstream.origin, { tls: { ca: upstream.certificateFile } })
    assert.equal((await ask(edge, get)).status, 200)
    assert.equal(upstream.echo.requests.length, 1)
  })

  it('with another one’s certificate authority is a bad gateway', async (t) => {
    const upstream = await startTlsUpstream(t, 'IP:127.0.0.1')
    const other = selfSigned(tempFolder(t), 'IP:127.0.0.1')
    const edge = await edgeBefore(t, upstream.origin, { tls: { ca: other.certificateFile } })
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(upstream.echo.requests, [])
  })

  it('whose certificate is for another host is a bad gateway', async (t) => {
    const upstream = await startTlsUpstream(t, 'IP:127.0.0.2,DNS:localhost')
    const edge = await edgeBefore(t, upstream.origin, { tls: { ca: upstream.certificateFile } })
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(upstream.echo.requests, [])
  })

  it('that is none is a bad gateway', async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const edge = await edgeBefore(t, `https://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const answer = await ask(edge, get)
    assertRefused(edge, answer, 502, 'ERR_UPSTREAM_TLS')
  })

  it('holds for WebSocket as for any request', async (t) => {
    const upstream = await startTlsUpstream(t, 'IP:127.0.0.1')
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const upgrade = head('GET /public/x HTTP/1.1', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      key,
      'Sec-WebSocket-Version: 13',
    ])
    for (const [app, received] of [
      [{}, 0],
      [{ tls: { ca: upstream.certificateFile } }, 1],
    ] as const) {
      const edge = await edgeBefore(t, upstream.origin, app)
      const socket = connect(edge.port, '127.0.0.1')
      socket.write(upgrade)
      let seen = ''
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        seen += chunk.toString('latin1')
        // The close frame: the echo does not speak WebSocket.
        if (seen.includes('\x88')) break
      }
      assert.equal(upstream.echo.requests.length, received)
    }
  })
})
