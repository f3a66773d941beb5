import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { answerBytes, startEcho } from './echo-upstream.ts'
import { rawExchange } from './raw-http.ts'

test('the upstream records bytes exactly as received, and echoes them', async (t) => {
  const upstream = await startEcho()
  t.after(async () => upstream.close())
  const head = 'POST /a%2Fb?x=1 HTTP/1.1\r\nHoSt: x\r\nX-A:  one \r\nx-a: two\r\nContent-Length: 5\r\n\r\n'
  const { responses, closed } = await rawExchange(upstream.port, `${head}hello`, { timeoutMs: 5000, expect: 1 })
  const [request] = upstream.requests
  assert.equal(request?.head.toString('latin1'), head)
  assert.equal(request.body.toString(), 'hello')
  assert.deepEqual(request.values('x-a'), ['one', 'two'])
  assert.equal(closed, false)
  assert.equal(responses[0]?.status, 200)
  assert.equal(JSON.parse(responses[0].body.toString()).target, '/a%2Fb?x=1')
})

test('pipelined requests, chunked bodies and HEAD are read one after the other over one connection', async (t) => {
  const upstream = await startEcho()
  t.after(async () => upstream.close())
  const chunked = 'PUT /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n'
  const { responses } = await rawExchange(upstream.port, `GET /1 HTTP/1.1\r\n\r\n${chunked}GET /3 HTTP/1.1\r\n\r\n`, {
    timeoutMs: 5000,
    expect: 3,
  })
  assert.deepEqual(
    upstream.requests.map(({ target, connection }) => [target, connection]),
    [
      ['/1', 1],
      ['/2', 1],
      ['/3', 1],
    ],
  )
  assert.equal(upstream.requests[1]?.body.toString(), 'abcde')
  assert.match(upstream.requests[1]?.rawBody.toString() ?? '', /^3\r\nabc/)
  assert.equal(responses.length, 3)
  const headOnly = await rawExchange(upstream.port, 'HEAD / HTTP/1.1\r\n\r\n', {
    timeoutMs: 5000,
    expect: 1,
    head: true,
  })
  assert.equal(headOnly.responses[0]?.body.length, 0)
})

test('an answer may be any bytes: interim, chunked, up to the close, or half of one', async (t) => {
  const upstream = await startEcho()
  t.after(async () => upstream.close())
  const get = 'GET / HTTP/1.1\r\n\r\n'
  upstream.respond((_, socket) => {
    socket.end(
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n',
    )
  })
  const chunked = await rawExchange(upstream.port, get, { timeoutMs: 5000 })
  assert.deepEqual(
    chunked.responses.map(({ status, body }) => [status, body.toString()]),
    [
      [103, ''],
      [200, 'ab'],
    ],
  )
  assert.equal(chunked.closed, true)
  upstream.respond((_, socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the close'))
  assert.equal(
    (await rawExchange(upstream.port, get, { timeoutMs: 5000 })).responses[0]?.body.toString(),
    'until the close',
  )
  upstream.respond((_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
  const half = await rawExchange(upstream.port, get, { timeoutMs: 5000 })
  assert.deepEqual(half.responses, [])
  assert.match(half.raw.toString(), /half$/)
})

test('a silent upstream leaves the connection open, and half a request is no request', async (t) => {
  const upstream = await startEcho({ respond: () => undefined })
  t.after(async () => upstream.close())
  const silent = await rawExchange(upstream.port, 'GET / HTTP/1.1\r\n\r\n', { timeoutMs: 400 })
  assert.deepEqual([silent.closed, silent.raw.length, upstream.requests.length], [false, 0, 1])
  const half = await rawExchange(upstream.port, 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf', {
    timeoutMs: 5000,
    halfClose: true,
  })
  assert.equal(half.closed, true)
  assert.equal(upstream.requests.length, 1)
})

test('an ordinary client understands it, expect: 100-continue included', async (t) => {
  const upstream = await startEcho({
    respond: (_, socket) => void socket.write(answerBytes(201, [['x', 'y']], 'made')),
  })
  t.after(async () => upstream.close())
  const request = httpRequest(upstream.url, { method: 'POST', agent: false, headers: { expect: '100-continue' } })
  request.once('continue', () => request.end('body'))
  request.flushHeaders()
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  request.once('error', reject)
  request.once('response', (response) => resolve(response.resume().statusCode))
  assert.equal(await promise, 201)
  assert.equal(upstream.requests[0]?.body.toString(), 'body')
})
