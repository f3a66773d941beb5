import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { commonRoutes, startTestEdge, type TestEdge } from '../support/edge.ts'
import { rawExchange } from '../support/raw-http.ts'
import { assertRefused, auditLines, bearer, head, received, receivedRaw, until } from './failure-support.ts'

const limit = 1024
const routes = [
  { methods: ['POST'], path: '/small/**', access: 'member', maxBody: '1KiB' },
  {
    methods: ['POST'],
    path: '/small-orders',
    access: 'member',
    action: 'modify',
    dataset: 'orders',
    rows: { at: ['/'] },
    check: { body: ['/'] },
    maxBody: '1KiB',
  },
  ...commonRoutes,
]

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

describe('a request body', () => {
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string

  before(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({
      upstream: upstream.url,
      routes,
      config: { listen: { port: 0, timeouts: { headers: '300ms', request: '600ms' } } },
    })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await upstream?.close()
  })
  beforeEach(() => {
    upstream.requests.length = 0
    upstream.respond((_, socket) => void socket.write(answerBytes(200, [], 'ok')))
  })

  const chunked = { 'transfer-encoding': 'chunked' }
  const send = (bytes: string, expect = 1) => rawExchange(edge.port, bytes, { timeoutMs: 5000, expect })

  it('over its limit by content-length is refused before any of it is read', async () => {
    const refused = await send(head('POST /small/a', { ...bearer(token), 'content-length': String(limit + 1) }))
    assertRefused(edge, receivedRaw(refused.responses[0]), 'ERR_BODY_TOO_LARGE')
    assert.equal(upstream.requests.length, 0)
    const fits = head('POST /small/a', { ...bearer(token), 'content-length': String(limit) }) + 'x'.repeat(limit)
    assert.equal((await send(fits)).responses[0]?.status, 200)
    assert.equal(upstream.requests[0]?.body.length, limit)
  })

  it('over its limit in chunks is refused, and the upstream never has a whole request', async () => {
    const start = head('POST /small/a', { ...bearer(token), ...chunked })
    const refused = await send(`${start}${chunk(limit)}${chunk(1)}0\r\n\r\n`)
    assertRefused(edge, receivedRaw(refused.responses[0]), 'ERR_BODY_TOO_LARGE')
    assert.equal(upstream.requests.length, 0)
    assert.equal((await send(`${start}${chunk(limit - 1)}${chunk(1)}0\r\n\r\n`)).responses[0]?.status, 200)
    assert.equal(upstream.requests[0]?.body.length, limit)
  })

  it('over its limit on a route that looks into it is refused with nothing forwarded', async () => {
    const start = head('POST /small-orders', { ...bearer(token), ...chunked, 'content-type': 'application/json' })
    const refused = await send(`${start}${chunk(limit)}${chunk(1)}`)
    assertRefused(edge, receivedRaw(refused.responses[0]), 'ERR_BODY_TOO_LARGE')
    assert.equal(upstream.requests.length, 0)
    const row = JSON.stringify({ account: 'acme', entity: 'A' })
    const allowed = `${start}${row.length.toString(16)}\r\n${row}\r\n0\r\n\r\n`
    upstream.respond((_, socket) => void socket.write(answerBytes(201, [['content-type', 'application/json']], row)))
    assert.equal((await send(allowed)).responses[0]?.status, 201)
  })

  it('that goes on and on is told so, although the client has not finished sending', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const path = '/small/a'
    const upload = httpRequest({ port: edge.port, path, method: 'POST', agent: false, headers: bearer(token) })
    upload.once('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (part: Buffer) => chunks.push(part))
      answer.once('end', () =>
        resolve(
          new Response(Buffer.concat(chunks), {
            status: answer.statusCode ?? 0,
            headers: { 'content-type': answer.headers['content-type'] ?? '' },
          }),
        ),
      )
      answer.once('error', reject)
    })
    upload.once('error', reject)
    upload.write(Buffer.alloc(8 * 1024 * 1024))
    assertRefused(edge, await received(await promise), 'ERR_BODY_TOO_LARGE')
    upload.destroy()
    assert.equal(upstream.requests.length, 0)
  })

  it('whose sender stops in the middle times out, and whose head does not come is a 408', async () => {
    const slowHead = await send('GET /public/a HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    assertRefused(edge, receivedRaw(slowHead.responses[0]), 'ERR_REQUEST_TIMEOUT')
    const start = head('POST /small/a', { ...bearer(token), 'content-length': '100' })
    const slowBody = await send(`${start}half`)
    assertRefused(edge, receivedRaw(slowBody.responses[0]), 'ERR_REQUEST_TIMEOUT')
    assert.equal(upstream.requests.length, 0)
    assert.equal((await send(head('GET /public/a'))).responses[0]?.status, 200)
  })

  it('that breaks off on a checked route is nobody’s internal error', async () => {
    const before = auditLines(edge).length
    const start = head('POST /small-orders', {
      ...bearer(token),
      'content-type': 'application/json',
      'content-length': '100',
    })
    await rawExchange(edge.port, `${start}{"account":`, { timeoutMs: 100 })
    await until('the refusal is recorded', () => auditLines(edge).length > before)
    for (const { reason } of auditLines(edge).slice(before)) assert.match(reason ?? '', /^ERR_REQUEST_MALFORMED:/)
    assert.equal(upstream.requests.length, 0)
  })
})
