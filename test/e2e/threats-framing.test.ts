import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ask, assertRefused, bearer, type Corridor, converse, head, openCorridor } from './threats-support.ts'

const smuggled = 'GET /app/smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n'

const post = (lines: readonly string[], body: string) =>
  head('POST /public/x HTTP/1.1', ['Content-Type: text/plain', ...lines]) + body

for (const lane of ['dispatch', 'reply-from'] as const) {
  describe(`framing (${lane})`, () => {
    let corridor: Corridor
    let dave: string

    before(async () => {
      corridor = await openCorridor({ lane })
      dave = await corridor.edge.token('dave@acme.example')
    })
    after(() => corridor.close())
    beforeEach(() => {
      corridor.upstream.requests.length = 0
    })

    const ambiguous: readonly (readonly [string, string])[] = [
      ['two different lengths', post(['Content-Length: 5', 'Content-Length: 6'], `hello${smuggled}`)],
      ['two equal lengths', post(['Content-Length: 5', 'Content-Length: 5'], `hello${smuggled}`)],
      ['a list of lengths', post(['Content-Length: 5, 5'], `hello${smuggled}`)],
      ['a signed length', post(['Content-Length: +5'], `hello${smuggled}`)],
      ['a negative length', post(['Content-Length: -5'], `hello${smuggled}`)],
      ['a hexadecimal length', post(['Content-Length: 0x5'], `hello${smuggled}`)],
      ['a length with a blank in it', post(['Content-Length: 5 5'], `hello${smuggled}`)],
      ['a length beyond all numbers', post(['Content-Length: 99999999999999999999999'], `hello${smuggled}`)],
      ['an empty length', post(['Content-Length:'], `hello${smuggled}`)],
      ['length and chunks', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`)],
      ['chunks and length', post(['Transfer-Encoding: chunked', 'Content-Length: 6'], `0\r\n\r\n${smuggled}`)],
      ['chunks that are not last', post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${smuggled}`)],
      ['gzip before chunks', post(['Transfer-Encoding: gzip, chunked'], `5\r\nhello\r\n0\r\n\r\n${smuggled}`)],
      ['gzip alone', post(['Transfer-Encoding: gzip'], `hello${smuggled}`)],
      ['identity', post(['Transfer-Encoding: identity', 'Content-Length: 5'], `hello${smuggled}`)],
      ['chunks twice', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`)],
      ['chunks listed twice', post(['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${smuggled}`)],
      ['chunks with a vertical tab', post(['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${smuggled}`)],
      ['chunks with a parameter', post(['Transfer-Encoding: chunked;x=y'], `0\r\n\r\n${smuggled}`)],
      ['xchunked', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`)],
      ['a blank before the colon', post(['Transfer-Encoding : chunked'], `0\r\n\r\n${smuggled}`)],
      ['a folded coding', post(['Transfer-Encoding:\r\n chunked'], `0\r\n\r\n${smuggled}`)],
      ['a folded field', post(['X-Folded: a', '\tb', 'Content-Length: 5'], `hello${smuggled}`)],
      ['a folded first field', `POST /public/x HTTP/1.1\r\n Host: app.example\r\nContent-Length: 0\r\n\r\n${smuggled}`],
      ['a field without a name', post([': x', 'Content-Length: 5'], `hello${smuggled}`)],
      ['a field without a colon', post(['X-Nothing', 'Content-Length: 5'], `hello${smuggled}`)],
      ['a bare LF in the head', 'GET /public/x HTTP/1.1\nHost: app.example\n\n'],
      ['a bare LF in one field', `GET /public/x HTTP/1.1\r\nHost: app.example\nX: y\r\n\r\n`],
      ['a bare CR in one field', `GET /public/x HTTP/1.1\r\nHost: app.example\rX: y\r\n\r\n`],
      ['a bare LF at the end', `GET /public/x HTTP/1.1\r\nHost: app.example\r\n\n${smuggled}`],
      [
        'HTTP/1.0 with chunks',
        `POST /public/x HTTP/1.0\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      ['HTTP/1.2', head('GET /public/x HTTP/1.2')],
      ['HTTP/0.9', 'GET /public/x\r\n\r\n'],
      ['a tab in the request line', head('GET\t/public/x\tHTTP/1.1')],
      ['a third word in the request line', head('GET /public/x HTTP/1.1 x')],
    ]

    for (const [what, bytes] of ambiguous) {
      it(`refuses ${what}, and what follows is no request`, async () => {
        const { responses, closed } = await converse(corridor.edge, bytes)
        const [first, ...more] = responses
        assert.ok(first !== undefined, 'an answer')
        assert.equal(more.length, 0)
        assert.equal(closed, true)
        const { code } = JSON.parse(first.body.toString()) as { code: string }
        assertRefused(corridor.edge, first, 400, code)
        assert.deepEqual(
          corridor.upstream.requests.map(({ target }) => target),
          [],
        )
      })
    }

    /** Their head is fine, so the upstream may have begun to hear them; nothing after the fault is a request, or a body's end. */
    const brokenChunks = [
      ['a chunk size in 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
      ['a negative chunk size', '-5\r\nhello\r\n0\r\n\r\n'],
      ['a chunk size beyond all numbers', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
      ['a chunk longer than it says', '3\r\nhello\r\n0\r\n\r\n'],
      ['a chunk that ends in LF', '5\r\nhello\n0\r\n\r\n'],
      ['a chunk size that ends in LF', '5\nhello\r\n0\r\n\r\n'],
      ['a chunk extension with a bare LF', '5;x\nhello\r\n0\r\n\r\n'],
      ['a chunk size with a blank before it', ' 5\r\nhello\r\n0\r\n\r\n'],
      ['a last chunk without its line end', '5\r\nhello\r\n0\rX\r\n'],
      ['a length among the trailers', '5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n'],
      ['a broken trailer', '5\r\nhello\r\n0\r\nX : y\r\n\r\n'],
    ] as const

    for (const [what, chunks] of brokenChunks) {
      it(`ends the connection at ${what}`, async () => {
        const bytes = post(['Transfer-Encoding: chunked'], chunks + smuggled)
        const { responses, closed } = await converse(corridor.edge, bytes)
        assert.equal(closed, true)
        assert.ok(responses.every(({ status }) => status === 400))
        assert.ok(responses.length <= 1)
        assert.deepEqual(
          corridor.upstream.requests.map(({ target }) => target),
          [],
        )
      })
    }

    it('forwards exactly the requests it accepts, whatever their bodies look like', async () => {
      const bodies = [
        post([`Content-Length: ${smuggled.length}`], smuggled),
        post(['Transfer-Encoding: chunked'], `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`),
        post(['Transfer-Encoding: Chunked'], '5;name=value\r\nhello\r\n0\r\n\r\n'),
        post(['Content-Length: 0'], ''),
        head('GET /public/y HTTP/1.1', ['Connection: close']),
      ]
      const { responses, closed } = await converse(corridor.edge, bodies.join(''))
      assert.equal(closed, true)
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200, 200, 200, 200, 200],
      )
      const received = corridor.upstream.requests.map(({ method, target, body }) => [method, target, body.toString()])
      assert.deepEqual(received, [
        ['POST', '/public/x', smuggled],
        ['POST', '/public/x', smuggled],
        ['POST', '/public/x', 'hello'],
        ['POST', '/public/x', ''],
        ['GET', '/public/y', ''],
      ])
      for (const request of corridor.upstream.requests)
        assert.ok(request.values('content-length').length + request.values('transfer-encoding').length <= 1)
    })

    it('judges each of several requests on one connection by itself', async () => {
      const asMember = head('GET /app/x HTTP/1.1', [bearer(dave)])
      const asNobody = head('GET /app/y HTTP/1.1')
      const last = head('GET /public/z HTTP/1.1', ['Connection: close'])
      const { responses } = await converse(corridor.edge, asMember + asNobody + last)
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200, 401, 200],
      )
      assert.deepEqual(corridor.upstream.requests.map(({ target }) => target).toSorted(), ['/app/x', '/public/z'])
    })

    it('refuses a body on GET, HEAD and OPTIONS, and reads it as no request', async () => {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        for (const framing of [`Content-Length: ${smuggled.length}`, 'Transfer-Encoding: chunked']) {
          const { raw, closed } = await converse(
            corridor.edge,
            head(`${method} /public/x HTTP/1.1`, [framing]) + smuggled,
          )
          assert.match(raw.toString('latin1'), /^HTTP\/1\.1 400 /)
          assert.equal(raw.toString('latin1').split('HTTP/1.1 ').length, 2, 'one answer')
          assert.equal(closed, true)
          assert.equal(corridor.upstream.requests.length, 0)
        }
      }
    })

    it('drops the trailers of a request', async () => {
      const trailers = 'X-Sallyport-Tenant: globex\r\nX-Trailer: 1\r\n'
      const lines = ['Transfer-Encoding: chunked', 'Trailer: X-Trailer', 'TE: trailers']
      assert.equal((await ask(corridor.edge, post(lines, `5\r\nhello\r\n0\r\n${trailers}\r\n`))).status, 200)
      const [request] = corridor.upstream.requests
      assert.equal(request?.body.toString(), 'hello')
      for (const name of ['trailer', 'te', 'x-trailer', 'x-sallyport-tenant'])
        assert.deepEqual(request?.values(name), [])
      assert.ok(!`${request?.head.toString()}${request?.rawBody.toString()}`.includes('Trailer'))
    })

    it('asks for a body only of a request that it let in', async () => {
      const lines = ['Expect: 100-continue', 'Content-Length: 5']
      const refused = await converse(corridor.edge, head('POST /app/x HTTP/1.1', lines))
      assert.deepEqual(
        refused.responses.map(({ status }) => status),
        [401],
      )
      assert.equal(refused.closed, true, 'the body that may come is no request')
      const socket = connect(corridor.edge.port, '127.0.0.1')
      socket.write(head('POST /app/x HTTP/1.1', [bearer(dave), 'Connection: close', ...lines]))
      const [first] = (await once(socket, 'data')) as [Buffer]
      assert.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
      let rest = ''
      socket.on('data', (chunk: Buffer) => {
        rest += chunk.toString()
      })
      socket.write('hello')
      await once(socket, 'close')
      assert.match(rest, /^HTTP\/1\.1 200 /)
      const [request] = corridor.upstream.requests
      assert.equal(request?.body.toString(), 'hello')
      assert.deepEqual(request?.values('expect'), [])
    })

    it('judges a request with any other expectation like one without', async () => {
      const refused = await ask(corridor.edge, head('GET /app/x HTTP/1.1', ['Expect: the-unexpected']))
      assertRefused(corridor.edge, refused, 401, 'ERR_CREDENTIAL_MISSING')
      const answer = await ask(corridor.edge, head('GET /app/x HTTP/1.1', ['Expect: the-unexpected', bearer(dave)]))
      assert.equal(answer.status, 200)
      assert.deepEqual(corridor.upstream.requests[0]?.values('expect'), [])
    })

    it('refuses a head that has no end', async () => {
      const endless = head('GET /public/x HTTP/1.1', [`X-Long: ${'x'.repeat(20_000)}`])
      const answer = await ask(corridor.edge, endless)
      assertRefused(corridor.edge, answer, 431, 'ERR_HEADER_COUNT')
      assert.equal(corridor.upstream.requests.length, 0)
    })
  })
}
