import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type RawExchange, rawExchange } from '../support/raw-http.ts'
import { assertRefused, auditLines, bearer, head, received, receivedRaw, until } from './failure-support.ts'

const row = (id: number) => JSON.stringify({ id, account: 'acme', entity: 'A', pad: 'x'.repeat(2000) })
const jsonHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

/** The connection ended, and what came does not pass for a whole answer. */
function assertBroken(exchange: RawExchange, seen: RegExp): void {
  assert.deepEqual(exchange.responses, [])
  assert.equal(exchange.closed, true)
  assert.match(exchange.raw.toString('latin1'), seen)
  assert.doesNotMatch(exchange.raw.toString('latin1'), /\r\n0\r\n\r\n$/)
}

describe('an upstream that fails', () => {
  let upstream: EchoUpstream
  let way: FaultProxy
  let edge: TestEdge
  let token: string

  before(async () => {
    upstream = await startEcho()
    way = await startFaultProxy(upstream.port)
    edge = await startTestEdge({
      upstream: `http://127.0.0.1:${way.port}`,
      app: { timeouts: { connect: '500ms', headers: '300ms', body: '300ms' } },
    })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await way?.close()
    await upstream?.close()
  })
  afterEach(async () => {
    await way.set('open')
    upstream.respond((_, socket) => void socket.write(answerBytes(200, [], 'fine')))
    assert.equal(await (await fetch(`${edge.url}/public/a`)).text(), 'fine')
  })

  const get = (path: string): Promise<RawExchange> =>
    rawExchange(edge.port, head(`GET ${path}`, bearer(token)), { timeoutMs: 5000, expect: 1 })

  /** Answers with these pieces and then dies. */
  function die(...pieces: readonly string[]): void {
    upstream.respond(async (_, socket) => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      socket.resetAndDestroy()
    })
  }

  it('before its head is a 502', async () => {
    die()
    assertRefused(edge, receivedRaw((await get('/public/a')).responses[0]), 'ERR_UPSTREAM_FAILED')
  })

  it('in the middle of a plain answer breaks the client’s connection, chunked or counted', async () => {
    die('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
    assertBroken(await get('/public/a'), /half/)
    die('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    assertBroken(await get('/public/a'), /half$/)
  })

  it('in the middle of rows, before any was released, is a 502', async () => {
    const before = auditLines(edge).length
    die(`${jsonHead}Content-Length: 9000\r\n\r\n`)
    assertRefused(edge, receivedRaw((await get('/orders')).responses[0]), 'ERR_UPSTREAM_FAILED')
    die(`${jsonHead}Transfer-Encoding: chunked\r\n\r\n385\r\n[${row(1).slice(0, 900)}\r\n`)
    const inside = await get('/orders')
    assertBroken(inside, /\[/)
    assert.doesNotMatch(inside.raw.toString('latin1'), /"account"/)
    const events = auditLines(edge).slice(before)
    assert.ok(events.every(({ event }) => event !== 'data.read'))
  })

  it('in the middle of rows, after some were released, breaks the client’s connection', async () => {
    const many = Array.from({ length: 100 }, (_, id) => row(id)).join(',')
    die(`${jsonHead}Content-Length: 900000\r\n\r\n[${many},`)
    assertBroken(await get('/orders'), /"id":1,/)
    const last = auditLines(edge).at(-1)
    assert.deepEqual([last?.event, last?.reason?.split(':')[0]], ['request.refused', 'ERR_UPSTREAM_FAILED'])
  })

  it('in the middle of rows that are held back as a whole is a 502', async () => {
    const many = Array.from({ length: 100 }, (_, id) => row(id)).join(',')
    die(`${jsonHead}Content-Length: 900000\r\n\r\n[${many},`)
    const exchange = await get('/block')
    assertRefused(edge, receivedRaw(exchange.responses[0]), 'ERR_UPSTREAM_FAILED')
    assert.doesNotMatch(exchange.raw.toString('latin1'), /"account"/)
  })

  it('that never answers is a 504; one that stops in the middle breaks off', async () => {
    upstream.respond(() => undefined)
    assertRefused(edge, receivedRaw((await get('/public/a')).responses[0]), 'ERR_UPSTREAM_TIMEOUT')
    await way.set('stalled')
    assertRefused(edge, receivedRaw((await get('/public/a')).responses[0]), 'ERR_UPSTREAM_TIMEOUT')
    await way.set('open')
    upstream.respond((_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    assertBroken(await get('/public/a'), /half$/)
  })

  it('that refuses connections is a 503 with Retry-After', async () => {
    await way.set('refusing')
    const answer = await received(await fetch(`${edge.url}/public/a`))
    assertRefused(edge, answer, 'ERR_UPSTREAM_UNAVAILABLE')
    assert.equal(answer.header('retry-after'), '2')
  })

  it('that speaks no HTTP, or leaves HTTP unasked, is a 502', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw',
    ]) {
      upstream.respond((_, socket) => void socket.write(bytes))
      const answer = receivedRaw((await get('/public/a')).responses[0])
      assert.equal(answer.status, 502, bytes)
      assert.match(answer.body, /ERR_UPSTREAM_(?:FAILED|PROTOCOL)/)
    }
  })
})

describe('several upstreams with health checks', () => {
  it('go on with the ones that live, refuse when none does, and take the others back', async (t) => {
    const [one, two] = [await startEcho(), await startEcho()]
    const ways = [await startFaultProxy(one.port), await startFaultProxy(two.port)] as const
    const [toOne, toTwo] = ways
    one.respond((_, socket) => void socket.write(answerBytes(200, [], 'one')))
    two.respond((_, socket) => void socket.write(answerBytes(200, [], 'two')))
    const edge = await startTestEdge({
      upstream: '',
      app: {
        upstreams: ways.map(({ port }) => `http://127.0.0.1:${port}`),
        health: { path: '/up', every: '50ms', timeout: '300ms' },
      },
    })
    t.after(async () => {
      await edge.stop()
      for (const each of [...ways, one, two]) await each.close()
    })
    const ask = async () => (await fetch(`${edge.url}/public/a`)).text()
    const seen = async () => new Set([await ask(), await ask(), await ask(), await ask()])
    const isUp = async (healthy: readonly boolean[]) => {
      const text = await (await fetch(`${edge.adminUrl}/metrics`)).text()
      return ways.every(({ port }, at) =>
        text
          .split('\n')
          .some(
            (line) =>
              line.includes('upstream_healthy') &&
              line.includes(`:${port}"`) &&
              line.endsWith(healthy[at] === true ? ' 1' : ' 0'),
          ),
      )
    }
    assert.deepEqual(await seen(), new Set(['one', 'two']))
    await toOne.set('refusing')
    await until('the dead one is noticed', () => isUp([false, true]))
    assert.deepEqual(await seen(), new Set(['two']))
    await toTwo.set('stalled')
    await until('the silent one is noticed', () => isUp([false, false]))
    assertRefused(edge, await received(await fetch(`${edge.url}/public/a`)), 'ERR_UPSTREAM_UNAVAILABLE')
    await toOne.set('open')
    await toTwo.set('open')
    await until('both are back', () => isUp([true, true]))
    assert.deepEqual(await seen(), new Set(['one', 'two']))
  })
})
