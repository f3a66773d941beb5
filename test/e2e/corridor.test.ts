import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { LaneName } from '../../src/edge/proxy.ts'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { rawExchange } from '../support/raw-http.ts'

const rows = [
  { id: 1, account: 'acme', entity: 'A', amount: 10, margin: 1, meta: { owner: 'dave' } },
  { id: 2, account: 'acme', entity: 'B', amount: 20, margin: 2, meta: { owner: 'ann' } },
  { id: 3, account: 'acme', entity: 'B', amount: 30, margin: 3, meta: { owner: 'dave' } },
  { id: 4, account: 'globex', entity: 'A', amount: 40, margin: 4, meta: { owner: 'ann' } },
  { id: 5, entity: 'A', amount: 50 },
]

for (const lane of ['dispatch', 'reply-from'] as const) describe(`the corridor by ${lane}`, () => corridor(lane))

function corridor(lane: LaneName): void {
  let upstream: EchoUpstream
  let edge: TestEdge

  before(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({ upstream: upstream.url, lane })
  })
  after(async () => {
    await edge.stop()
    await upstream.close()
  })

  function answerRows(body: unknown): void {
    upstream.respond((_request, socket) => {
      socket.write(
        answerBytes(
          200,
          [
            ['Content-Type', 'application/json'],
            ['ETag', '"x"'],
          ],
          JSON.stringify(body),
        ),
      )
    })
  }

  async function get(path: string, token?: string): Promise<Response> {
    return fetch(`${edge.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  }

  it('gives each company its own rows, and each group its own', async () => {
    answerRows(rows)
    const expected: [string, number[]][] = [
      ['ann@acme.example', [1, 2]],
      ['dave@acme.example', [1, 2, 3]],
      ['bob@globex.example', [4]],
    ]
    for (const [email, ids] of expected) {
      const answer = await get('/orders', await edge.token(email))
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('cache-control'), 'private, no-store')
      assert.equal(answer.headers.get('etag'), null)
      const got = (await answer.json()) as { id: number; margin?: number }[]
      assert.deepEqual(
        got.map((row) => row.id),
        ids,
      )
      assert.equal(
        got.every((row) => row.margin === undefined),
        email.startsWith('ann'),
      )
    }
  })

  it('refuses who shows nothing, and who has no grant', async () => {
    assert.equal((await get('/orders')).status, 401)
    const answer = await get('/orders', await edge.token('nobody@acme.example'))
    assert.equal(answer.status, 403)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(((await answer.json()) as { code: string }).code, 'ERR_MASK_NONE')
  })

  it('answers a single foreign object as if it did not exist', async () => {
    const ann = await edge.token('ann@acme.example')
    answerRows(rows[3])
    assert.equal((await get('/orders/4', ann)).status, 404)
    answerRows(rows[0])
    assert.equal((await get('/orders/1', ann)).status, 200)
  })

  it('tells the upstream who asks, and nothing of our credentials', async () => {
    answerRows([])
    upstream.requests.length = 0
    await get('/orders', await edge.token('ann@acme.example'))
    const [request] = upstream.requests
    assert.deepEqual(request?.values('x-sallyport-tenant'), ['acme'])
    assert.deepEqual(request?.values('x-sallyport-account'), ['id-ann'])
    assert.equal(request?.values('x-sallyport-assertion').length, 1)
    assert.deepEqual(request?.values('authorization'), [])
    assert.match(request?.values('x-sallyport-row-mask')[0] ?? '', /"acme"/)
  })

  it('breaks the connection where the upstream broke off, and lets the whole answer through', async () => {
    upstream.respond((request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345')
      if (request.target.endsWith('/cut')) setTimeout(() => socket.destroy(), 20)
      else socket.write('67890')
    })
    assert.equal(await (await get('/public/whole')).text(), '1234567890')
    await assert.rejects((await get('/public/cut')).text())
  })

  it('holds a slow reader and loses no byte of a large answer', async () => {
    const large = Buffer.alloc(8_000_000, 'abcdefgh')
    upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], large)))
    const answer = await get('/public/large')
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk)
      if (chunks.length % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    assert.ok(Buffer.concat(chunks).equals(large))
  })

  it('filters rows in one piece, in many and without a length alike', async () => {
    const body = JSON.stringify(rows)
    const writers: ((socket: Socket) => void)[] = [
      (socket) => void socket.write(answerBytes(200, [['content-type', 'application/json']], body)),
      (socket) => {
        const bytes = answerBytes(200, [['content-type', 'application/json']], body)
        socket.write(bytes.subarray(0, 150))
        setTimeout(() => socket.write(bytes.subarray(150)), 10)
      },
      (socket) =>
        void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${body}`),
    ]
    const token = await edge.token('bob@globex.example')
    for (const write of writers) {
      upstream.respond((_request, socket) => write(socket))
      assert.deepEqual(await (await get('/orders', token)).json(), [rows[3]])
    }
  })

  it('answers 502 for rows that broke off or cannot be read, and sends none of them', async () => {
    const token = await edge.token('bob@globex.example')
    const cut = answerBytes(200, [['content-type', 'application/json']], JSON.stringify(rows))
    const bodies = [cut.subarray(0, -20), answerBytes(200, [['content-type', 'application/json']], '[{"account":')]
    for (const bytes of bodies) {
      upstream.respond((_request, socket) => void socket.end(bytes))
      const answer = await get('/orders', token)
      assert.equal(answer.status, 502)
      assert.doesNotMatch(await answer.text(), /globex|account/)
    }
  })

  it('refuses a transfer coding with two readings beside one with a single reading', async () => {
    upstream.respond((request, socket) => {
      const coding = request.target.endsWith('/gzip') ? 'gzip, chunked' : 'chunked'
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)
    })
    const refused = await get('/public/gzip')
    assert.equal(refused.status, 502)
    assert.equal(((await refused.json()) as { code: string }).code, 'ERR_UPSTREAM_PROTOCOL')
    assert.equal(await (await get('/public/plain')).text(), 'abc')
  })

  it('passes over interim answers and drops trailers', async () => {
    upstream.respond((_request, socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-last\r\n\r\n')
      socket.write('2\r\nok\r\n0\r\nx-last: 1\r\n\r\n')
    })
    const { responses } = await rawExchange(
      edge.port,
      'GET /public/hints HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      { timeoutMs: 5000 },
    )
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200],
    )
    assert.equal(responses[0]?.body.toString(), 'ok')
    assert.equal(JSON.stringify(responses[0]?.headers).includes('x-last'), false)
  })

  it('joins a header that was sent twice, in its place', async () => {
    upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], 'fine')))
    upstream.requests.length = 0
    const fields = 'X-Part: one\r\nX-Other: o\r\nx-part: two\r\n'
    await rawExchange(
      edge.port,
      `GET /public/twice HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`,
      {
        timeoutMs: 5000,
      },
    )
    assert.deepEqual(upstream.requests[0]?.values('x-part'), ['one, two'])
    assert.deepEqual(upstream.requests[0]?.values('x-other'), ['o'])
  })

  it('carries a body of known length and one in chunks', async () => {
    upstream.respond((request, socket) => void socket.write(answerBytes(200, [], request.body)))
    const token = await edge.token('dave@acme.example')
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('in '))
        controller.enqueue(Buffer.from('chunks'))
        controller.close()
      },
    })
    for (const [body, expected] of [
      ['at once', 'at once'],
      [stream, 'in chunks'],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await fetch(`${edge.url}/app/echo`, {
        method: 'POST',
        headers,
        body,
        duplex: 'half',
      })
      assert.equal(await answer.text(), expected)
    }
  })

  it('tells a client with a body that no upstream listens', async () => {
    upstream.respond((_request, socket) => void socket.destroy())
    const headers = { authorization: `Bearer ${await edge.token('dave@acme.example')}` }
    const answer = await fetch(`${edge.url}/app/dead`, { method: 'POST', headers, body: 'x'.repeat(1000) })
    assert.equal(answer.status, 502)
  })
}
