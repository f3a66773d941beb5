import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer as createPlainServer } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { tempFolder } from '../support/temp.ts'
import { ask, assertRefused, head } from './threats-support.ts'

interface Certificate {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate that signs itself, for the addresses and names of `altNames`. */
function selfSigned(folder: string, altNames: string, days = '2'): Certificate {
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const names = ['-subj', '/CN=upstream.test', '-addext', `subjectAltName=${altNames}`]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', days, ...names], { stdio: 'pipe' })
  return { certFile, keyFile }
}

/** An echo upstream behind TLS: https origin, and what really arrived. */
async function startTlsEcho(
  t: TestContext,
  certificate: Certificate,
): Promise<EchoUpstream & { readonly origin: string }> {
  const echo = await startEcho()
  const options = { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) }
  const server = createServer(options, (socket) => {
    const inner = connect(echo.port, '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    await echo.close()
    server.close()
  })
  return Object.assign(echo, { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

async function edgeBefore(t: TestContext, upstream: string, app: Record<string, unknown> = {}): Promise<TestEdge> {
  const edge = await startTestEdge({ upstream, seed: false, app })
  t.after(() => edge.stop())
  return edge
}

describe('TLS to an upstream', () => {
  const get = head('GET /public/x HTTP/1.1')

  it('that vouches for itself is a bad gateway, and hears nothing', async (t) => {
    const echo = await startTlsEcho(t, selfSigned(tempFolder(t), 'IP:127.0.0.1'))
    const edge = await edgeBefore(t, echo.origin)
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(echo.requests, [])
  })

  it('is spoken where its certificate authority is configured', async (t) => {
    const certificate = selfSigned(tempFolder(t), 'IP:127.0.0.1')
    const echo = await startTlsEcho(t, certificate)
    const edge = await edgeBefore(t, echo.origin, { tls: { ca: certificate.certFile } })
    assert.equal((await ask(edge, get)).status, 200)
    assert.equal(echo.requests.length, 1)
  })

  it('with another one’s certificate authority is a bad gateway', async (t) => {
    const echo = await startTlsEcho(t, selfSigned(tempFolder(t), 'IP:127.0.0.1'))
    const other = selfSigned(tempFolder(t), 'IP:127.0.0.1')
    const edge = await edgeBefore(t, echo.origin, { tls: { ca: other.certFile } })
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(echo.requests, [])
  })

  it('whose certificate is for another host is a bad gateway', async (t) => {
    const certificate = selfSigned(tempFolder(t), 'IP:127.0.0.2,DNS:localhost')
    const echo = await startTlsEcho(t, certificate)
    const edge = await edgeBefore(t, echo.origin, { tls: { ca: certificate.certFile } })
    assertRefused(edge, await ask(edge, get), 502, 'ERR_UPSTREAM_TLS')
    assert.deepEqual(echo.requests, [])
  })

  it('that is none is a bad gateway', async (t) => {
    const server = createPlainServer((socket) => {
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
    const certificate = selfSigned(tempFolder(t), 'IP:127.0.0.1')
    const echo = await startTlsEcho(t, certificate)
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const upgrade = head('GET /public/x HTTP/1.1', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      key,
      'Sec-WebSocket-Version: 13',
    ])
    for (const [app, received] of [
      [{}, 0],
      [{ tls: { ca: certificate.certFile } }, 1],
    ] as const) {
      const edge = await edgeBefore(t, echo.origin, app)
      const socket = connect(edge.port, '127.0.0.1')
      socket.write(upgrade)
      let seen = ''
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        seen += chunk.toString('latin1')
        // The close frame: the echo does not speak WebSocket.
        if (seen.includes('\x88')) break
      }
      assert.equal(echo.requests.length, received)
    }
  })
})
