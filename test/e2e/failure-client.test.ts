import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { rawExchange } from '../support/raw-http.ts'
import { bearer, head, until } from './failure-support.ts'

const megabyte = Buffer.alloc(1024 * 1024, 'x')

describe('a client that goes away or does not read', () => {
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string

  before(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({ upstream: upstream.url, app: { timeouts: { body: '1s' } } })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await upstream?.close()
  })

  /** As the edge itself counts them. */
  async function pending(): Promise<number> {
    const text = await (await fetch(`${edge.adminUrl}/metrics`)).text()
    const line = text.split('\n').find((each) => each.startsWith('sallyport_upstream_pending{'))
    assert.ok(line !== undefined, 'no metric of requests under way')
    return Number(line.split(' ').at(-1))
  }

  const clients: Socket[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })

  function open(bytes: string): Socket {
    const socket = connect(edge.port, '127.0.0.1').on('error', () => undefined)
    clients.push(socket)
    socket.write(bytes)
    return socket
  }

  /** Sends without end, as fast as it is read; tells how much was taken and whether we were cut off. */
  function flood(start: string) {
    const seen = { bytes: 0, closed: false }
    upstream.respond((_, socket) => {
      socket.once('close', () => {
        seen.closed = true
      })
      const more = () => {
        while (!socket.destroyed) {
          seen.bytes += megabyte.length
          if (!socket.write(megabyte)) return
        }
      }
      socket.on('drain', more)
      socket.write(start)
      more()
    })
    return seen
  }

  const endless = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 900000000\r\n\r\n'

  it('in the middle of a download: the exchange with the upstream ends', async () => {
    const seen = flood(endless)
    const client = open(head('GET /public/big')).resume()
    await until('the download runs', () => client.bytesRead > 3_000_000)
    assert.equal(await pending(), 1)
    client.destroy()
    await until('the upstream is let go', () => seen.closed)
    await until('nothing is pending', async () => (await pending()) === 0)
  })

  it('in the middle of an upload: the upstream never has a whole request', async () => {
    upstream.requests.length = 0
    const before = upstream.connections
    const headers = { ...bearer(token), 'content-length': '5000000' }
    const client = open(head('POST /app/upload', headers) + 'x'.repeat(100_000))
    await until('the upload has begun', async () => (await pending()) === 1 && upstream.connections >= before)
    client.destroy()
    await until('nothing is pending', async () => (await pending()) === 0)
    assert.equal(upstream.requests.length, 0)
  })

  it('before the answer begins: the upstream is let go', async () => {
    let closed = false
    upstream.respond((_, socket) => {
      socket.once('close', () => {
        closed = true
      })
    })
    const client = open(head('GET /public/never'))
    await until('the request has arrived', async () => (await pending()) === 1)
    client.destroy()
    await until('the upstream is let go', () => closed)
    await until('nothing is pending', async () => (await pending()) === 0)
  })

  it('as soon as the request is sent: nothing stays behind', async () => {
    upstream.respond((_, socket) => void socket.write(answerBytes(200, [], 'fine')))
    for (let i = 0; i < 200; i += 1) {
      const client = open(head(i % 2 === 0 ? 'GET /public/a' : 'GET /app/a', bearer(token)))
      client.once('connect', () => setImmediate(() => client.resetAndDestroy()))
      if (i % 20 === 0) await sleep(1)
    }
    await until('nothing is pending', async () => (await pending()) === 0)
    assert.equal(await (await fetch(`${edge.url}/public/a`)).text(), 'fine')
  })

  it('that does not read holds the upstream back, and not for ever', async () => {
    const seen = flood(endless)
    const client = open(head('GET /public/big'))
    client.pause()
    let last = -1
    await until('the upstream is held back', async () => {
      const same = last === seen.bytes && last > 0
      last = seen.bytes
      await sleep(100)
      return same
    })
    assert.ok(seen.bytes < 40_000_000, `${seen.bytes} bytes were taken for a client that reads none`)
    await until('the client is given up', () => seen.closed)
    await until('nothing is pending', async () => (await pending()) === 0)
    client.destroy()
  })

  it('that does not read rows holds the upstream back too', async () => {
    const row = `${JSON.stringify({ id: 1, account: 'acme', pad: 'x'.repeat(1000) })},`
    const rows = Buffer.from(row.repeat(1000))
    let bytes = 0
    upstream.respond((_, socket) => {
      const more = () => {
        while (!socket.destroyed) {
          bytes += rows.length
          if (!socket.write(rows)) return
        }
      }
      socket.on('drain', more)
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[')
      more()
    })
    const client = open(head('GET /orders', bearer(token)))
    client.pause()
    let last = -1
    await until('the upstream is held back', async () => {
      const same = last === bytes && last > 0
      last = bytes
      await sleep(100)
      return same
    })
    assert.ok(bytes < 40_000_000, `${bytes} bytes were taken for a client that reads none`)
    client.destroy()
    await until('nothing is pending', async () => (await pending()) === 0)
  })

  it('that sends rubbish behind its request never gets a second answer inside the first', async () => {
    upstream.respond((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nbegun')
    })
    const bytes = head('GET /public/slow')
    const socket = open(bytes)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await until('the answer has begun', () => Buffer.concat(chunks).includes('begun'))
    socket.write('rubbish\r\n\r\n')
    await until('the connection ends', () => socket.destroyed || socket.readableEnded)
    assert.doesNotMatch(Buffer.concat(chunks).toString('latin1'), /problem|HTTP\/1\.1 400/)
    const alone = await rawExchange(edge.port, 'rubbish\r\n\r\n', { timeoutMs: 5000 })
    assert.equal(alone.responses[0]?.status, 400)
  })
})
