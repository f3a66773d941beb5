import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes, type Respond } from '../support/echo-upstream.ts'
import { ask, assertRefused, bearer, type Corridor, converse, field, head, openCorridor } from './threats-support.ts'

const say = (text: string): Respond => {
  return (_request, socket) => {
    socket.end(Buffer.from(text, 'latin1'))
  }
}

for (const lane of ['dispatch', 'reply-from'] as const) {
  describe(`an upstream (${lane})`, () => {
    let corridor: Corridor
    let ann: string

    before(async () => {
      corridor = await openCorridor({ lane })
      ann = await corridor.edge.token('ann@acme.example')
    })
    after(() => corridor.close())
    beforeEach(() => {
      corridor.upstream.requests.length = 0
    })

    for (const status of [429, 500, 502, 503, 504]) {
      it(`that answers ${status} is asked once`, async () => {
        corridor.upstream.respond((_request, socket) => {
          socket.write(answerBytes(status, [['Retry-After', '0']], ''))
        })
        for (const method of ['GET', 'POST', 'OPTIONS']) {
          corridor.upstream.requests.length = 0
          const answer = await ask(corridor.edge, head(`${method} /public/x HTTP/1.1`, [], 'app.example'))
          assert.equal(answer.status, status)
          assert.equal(corridor.upstream.requests.length, 1)
        }
      })
    }

    it('that hangs up without an answer is asked once, whatever the method', async () => {
      corridor.upstream.respond((_request, socket) => {
        socket.destroy()
      })
      for (const method of ['GET', 'POST']) {
        corridor.upstream.requests.length = 0
        assertRefused(
          corridor.edge,
          await ask(corridor.edge, head(`${method} /public/x HTTP/1.1`)),
          502,
          'ERR_UPSTREAM_FAILED',
        )
        assert.equal(corridor.upstream.requests.length, 1)
      }
    })

    it('that hangs up on a connection it had kept is not asked again either', async () => {
      corridor.upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], 'first')))
      assert.equal((await ask(corridor.edge, head('GET /public/x HTTP/1.1'))).status, 200)
      corridor.upstream.respond((_request, socket) => {
        socket.destroy()
      })
      corridor.upstream.requests.length = 0
      assert.equal((await ask(corridor.edge, head('GET /public/x HTTP/1.1'))).status, 502)
      assert.equal(corridor.upstream.requests.length, 1)
    })

    const foreignRow = '[{"id":4,"account":"globex","entity":"A"}]'
    const broken: readonly (readonly [string, string])[] = [
      [
        'gzip in its transfer coding',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      ],
      ['a transfer coding without chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello'],
      ['chunks twice', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
      [
        'length and chunks',
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      ],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
      ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
      ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
      ['no status', 'HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n'],
      ['no HTTP', 'hello\r\n\r\n'],
      ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n'],
      ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
      ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
      [
        'an upgrade nobody asked for',
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      ],
      ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`],
    ]

    for (const [what, bytes] of broken) {
      it(`that answers with ${what} is a bad gateway`, async () => {
        corridor.upstream.respond(say(bytes))
        const answer = await ask(corridor.edge, head('GET /public/x HTTP/1.1'))
        assert.equal(answer.status, 502, answer.body.toString())
        const { code } = JSON.parse(answer.body.toString()) as { code: string }
        assertRefused(corridor.edge, answer, 502, code)
        assert.equal(corridor.upstream.requests.length, 1)
      })
    }

    it('whose interim answers carry rows or fields: none of it reaches the client', async () => {
      const interim = `HTTP/1.1 103 Early Hints\r\nLink: </${foreignRow}>\r\nSet-Cookie: sallyport=x\r\n\r\n`
      const final = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]'
      corridor.upstream.respond(say(`HTTP/1.1 102 Processing\r\nX: globex\r\n\r\n${interim}${final}`))
      for (const path of ['/orders', '/app/x']) {
        const bytes = head(`GET ${path} HTTP/1.1`, [bearer(ann), 'Connection: close'])
        const { responses, raw } = await converse(corridor.edge, bytes)
        assert.deepEqual(
          responses.map(({ status }) => status),
          [200],
        )
        assert.ok(!raw.includes('globex') && !raw.includes('Early'))
      }
    })

    it('whose trailers carry rows or fields: none of them reaches the client', async () => {
      const chunks = '2\r\n[]\r\n0\r\nX-Trailer: globex\r\nSet-Cookie: sallyport=x\r\n\r\n'
      const lines = 'Content-Type: application/json\r\nTrailer: X-Trailer\r\nTransfer-Encoding: chunked'
      corridor.upstream.respond(say(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${chunks}`))
      for (const path of ['/orders', '/app/x']) {
        const bytes = head(`GET ${path} HTTP/1.1`, [bearer(ann), 'TE: trailers', 'Connection: close'])
        const { responses, raw } = await converse(corridor.edge, bytes)
        assert.equal(responses[0]?.body.toString(), '[]')
        assert.ok(!raw.includes('globex') && !raw.includes('sallyport=x'))
        assert.equal(responses[0] === undefined ? '' : field(responses[0], 'trailer'), undefined)
      }
    })

    it('that says more than its length: the rest is no answer to anybody', async () => {
      const second = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON'
      corridor.upstream.respond((_request, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello${second}`)
      })
      assert.equal((await ask(corridor.edge, head('GET /public/x HTTP/1.1'))).body.toString(), 'hello')
      corridor.upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], 'fresh')))
      for (let i = 0; i < 3; i += 1) {
        const answer = await ask(corridor.edge, head('GET /public/x HTTP/1.1'))
        assert.ok(!answer.body.includes('POISON'))
      }
    })

    it('that breaks off inside the body breaks the client’s connection, too', async () => {
      corridor.upstream.respond(say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'))
      const bytes = head('GET /public/x HTTP/1.1')
      const { responses, closed } = await converse(corridor.edge, bytes)
      assert.deepEqual(responses, [])
      assert.equal(closed, true)
    })

    it('whose fields hold what the client’s side cannot carry is answered for, not waited for', async () => {
      for (const value of ['caf\xe9', 'caf\xc3\xa9', '\xe2\x82\xac', 'a\tb']) {
        corridor.upstream.respond(say(`HTTP/1.1 200 OK\r\nX-Name: ${value}\r\nContent-Length: 2\r\n\r\nok`))
        const answer = await ask(corridor.edge, head('GET /public/x HTTP/1.1'))
        assert.ok(answer.status === 200 || answer.status === 502)
        if (answer.status === 200) assert.equal(field(answer, 'x-name'), value)
      }
    })

    it('keeps its connection to itself: hop-by-hop fields and another service do not reach the client', async () => {
      const fields = ['Connection: X-Listed', 'X-Listed: 1', 'Keep-Alive: timeout=9', 'Proxy-Authenticate: Basic']
      fields.push('Upgrade: h2c', 'Alt-Svc: h2=":443"', 'Proxy-Connection: close', 'X-Kept: 1')
      corridor.upstream.respond(say(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`))
      const answer = await ask(corridor.edge, head('GET /public/x HTTP/1.1'))
      for (const name of ['x-listed', 'proxy-authenticate', 'upgrade', 'alt-svc', 'proxy-connection'])
        assert.equal(field(answer, name), undefined, name)
      assert.notEqual(field(answer, 'keep-alive'), 'timeout=9')
      assert.equal(field(answer, 'x-kept'), '1')
    })

    it('sets no cookie of ours', async () => {
      const cookies = [
        'sallyport=x',
        '__Host-sallyport=x',
        'SALLYPORT=x',
        '=sallyport=x',
        'sallyport-form=x',
        'theme=dark',
      ]
      const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}; Path=/`).join('\r\n')
      corridor.upstream.respond(say(`HTTP/1.1 200 OK\r\n${lines}\r\nContent-Length: 0\r\n\r\n`))
      const answer = await ask(corridor.edge, head('GET /public/x HTTP/1.1'))
      const set = answer.headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value)
      assert.deepEqual(set, ['theme=dark; Path=/'])
    })
  })
}
