import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes, type Respond } from '../support/echo-upstream.ts'
import { commonRoutes } from '../support/edge.ts'
import {
  ask,
  assertRefused,
  bearer,
  type Corridor,
  converse,
  head,
  openCorridor,
  signInCookie,
} from './threats-support.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${key}`,
  'Sec-WebSocket-Version: 13',
]

/** RFC 6455 section 5.2, for texts under 126 bytes. */
function textFrame(text: string, masked: boolean): Buffer {
  const payload = Buffer.from(text)
  const length = Buffer.from([0x81, (masked ? 0x80 : 0) | payload.length])
  return Buffer.concat([length, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload])
}

/** An upstream that opens, says hello, and sends every frame back. */
const webSocket: Respond = (request, socket) => {
  const [theirs = ''] = request.values('sec-websocket-key')
  const accept = createHash('sha1').update(`${theirs}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
  socket.write(textFrame('hello', false))
  socket.on('data', (frame: Buffer) => socket.write(textFrame(unmask(frame), false)))
}

function unmask(frame: Buffer): string {
  const mask = frame.subarray(2, 6)
  return Buffer.from(frame.subarray(6).map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString()
}

/** What arrives on the socket until it holds `wanted`, or closes. */
async function readUntil(socket: Socket, wanted: string): Promise<string> {
  let seen = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    seen += chunk.toString('latin1')
    if (seen.includes(wanted)) break
  }
  return seen
}

const upgrade = (path: string, lines: readonly string[] = []) => head(`GET ${path} HTTP/1.1`, [...handshake, ...lines])

describe('a WebSocket handshake', () => {
  let corridor: Corridor
  let ann: string
  let session: string

  before(async () => {
    const closed = { methods: ['GET'], path: '/closed/**', access: 'public', websocket: false }
    const editors = { methods: ['GET'], path: '/editors/**', access: { roles: ['editor'] }, websocket: true }
    corridor = await openCorridor({
      config: {
        listen: { port: 0, trustedProxies: ['127.0.0.1'] },
        bans: { signInFailures: { max: 1, window: '1m', ban: '1m' } },
      },
      routes: [closed, editors, ...commonRoutes],
    })
    ann = await corridor.edge.token('ann@acme.example')
    session = await signInCookie(corridor.edge, 'ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
    corridor.upstream.respond(webSocket)
  })

  async function assertNoUpgrade(bytes: string, status: number, code: string) {
    const { responses, closed } = await converse(corridor.edge, bytes)
    assert.equal(responses.length, 1)
    const [answer] = responses
    assert.ok(answer !== undefined)
    const { reason } = assertRefused(corridor.edge, answer, status, code)
    assert.equal(closed, true)
    assert.deepEqual(corridor.upstream.requests, [])
    return reason
  }

  it('of a member opens, and frames go both ways', async () => {
    const socket = connect(corridor.edge.port, '127.0.0.1')
    socket.write(upgrade('/app/live?room=1', [bearer(ann)]))
    const opened = await readUntil(socket, 'hello')
    assert.match(opened, /^HTTP\/1\.1 101 /)
    socket.write(textFrame('ping me back', true))
    await readUntil(socket, 'ping me back')
    socket.destroy()
    assert.equal(corridor.upstream.requests[0]?.target, '/app/live?room=1')
  })

  it('brings our identity headers, and none that was forged', async () => {
    const forged = ['X-Sallyport-Tenant: forged', 'X_Sallyport_Tenant: forged', 'X-Forwarded-User: forged']
    const odd = ['Constructor: a', 'toString: b', '__proto__: c', 'X-Twice: 1', 'X-Twice: 2']
    const rest = ['Connection: X-Sallyport-Account', 'X-Original-URL: /forged', 'Cookie: sallyport=forged; theme=dark']
    const socket = connect(corridor.edge.port, '127.0.0.1')
    socket.write(upgrade('/public/live', [...forged, ...odd, ...rest]))
    assert.match(await readUntil(socket, 'hello'), /^HTTP\/1\.1 101 /)
    const anonymous = corridor.upstream.requests.pop()
    assert.ok(anonymous?.head.includes('forged') === false)
    assert.deepEqual(anonymous.values('x-sallyport-tenant'), [])
    assert.deepEqual(anonymous.values('cookie'), ['theme=dark'])
    assert.deepEqual(anonymous.values('constructor'), ['a'])
    assert.deepEqual(anonymous.values('tostring'), ['b'])
    assert.deepEqual(anonymous.values('x-twice'), ['1, 2'])
    assert.deepEqual(anonymous.values('x-forwarded-for'), ['127.0.0.1'])
    socket.destroy()
    const other = connect(corridor.edge.port, '127.0.0.1')
    other.write(upgrade('/app/live', [bearer(ann), ...forged, 'Connection: X-Sallyport-Account']))
    assert.match(await readUntil(other, 'hello'), /^HTTP\/1\.1 101 /)
    const member = corridor.upstream.requests.pop()
    assert.ok(member?.head.includes('forged') === false)
    assert.deepEqual(member.values('x-sallyport-tenant'), ['acme'])
    assert.deepEqual(member.values('x-sallyport-account'), ['id-ann'])
    assert.equal(member.values('x-sallyport-assertion').length, 1)
    assert.deepEqual(member.values('authorization'), [])
    other.destroy()
  })

  it('without a credential, or with a bad one, is refused', async () => {
    await assertNoUpgrade(upgrade('/app/live'), 401, 'ERR_CREDENTIAL_MISSING')
    await assertNoUpgrade(upgrade('/app/live', ['Authorization: Bearer nonsense']), 401, 'ERR_CREDENTIAL_INVALID')
  })

  it('without the role is refused', async () => {
    await assertNoUpgrade(upgrade('/editors/live', [bearer(ann)]), 403, 'ERR_ROLE_MISSING')
  })

  it('on a route with a dataset that does not say how frames are read is refused', async () => {
    const reason = await assertNoUpgrade(upgrade('/orders', [bearer(ann)]), 403, 'ERR_UPGRADE_REFUSED')
    assert.match(reason ?? '', /masked rows/)
  })

  it('on a route that does not allow it, on no route, and on our own pages is refused', async () => {
    await assertNoUpgrade(upgrade('/closed/live'), 403, 'ERR_UPGRADE_REFUSED')
    await assertNoUpgrade(upgrade('/nowhere'), 404, 'ERR_ROUTE_NOT_FOUND')
    const { responses } = await converse(corridor.edge, upgrade('/.sallyport/login'))
    assert.ok(responses.every(({ status }) => status !== 101))
  })

  it('of a banned address is refused', async () => {
    const from = 'X-Forwarded-For: 203.0.113.7'
    const body = '{"email":"ann@acme.example","password":"wrong"}'
    const lines = [from, 'Content-Type: application/json', `Content-Length: ${body.length}`]
    await ask(corridor.edge, head('POST /.sallyport/token HTTP/1.1', lines) + body)
    await assertNoUpgrade(upgrade('/public/live', [from]), 403, 'ERR_ADDRESS_BANNED')
  })

  it('from a page of another origin is refused where a cookie vouches for it', async () => {
    for (const lines of [
      ['Origin: http://evil.example'],
      ['Origin: null'],
      [],
      ['Origin: http://app.example.evil.example'],
      ['Origin: https://app.example'],
      ['Origin: http://app.example', 'Sec-Fetch-Site: cross-site'],
    ])
      await assertNoUpgrade(upgrade('/app/live', [session, ...lines]), 403, 'ERR_ORIGIN_FOREIGN')
    const socket = connect(corridor.edge.port, '127.0.0.1')
    socket.write(upgrade('/app/live', [session, 'Origin: http://app.example']))
    assert.match(await readUntil(socket, 'hello'), /^HTTP\/1\.1 101 /)
    socket.destroy()
    assert.deepEqual(corridor.upstream.requests[0]?.values('cookie'), [])
  })

  it('to an unknown host, a target with two readings or with too many headers is refused', async () => {
    await assertNoUpgrade(upgrade('/public/live', ['Host: other.example']), 421, 'ERR_HOST_UNKNOWN')
    await assertNoUpgrade(upgrade('/public/../app/live'), 400, 'ERR_TARGET_INVALID')
    await assertNoUpgrade(upgrade('/public/%zz'), 400, 'ERR_TARGET_INVALID')
    const junk = Array.from({ length: 100 }, (_, i) => `J${i}: x`)
    await assertNoUpgrade(upgrade('/public/live', junk), 431, 'ERR_HEADER_COUNT')
  })

  it('that is none is refused', async () => {
    const without = (name: string) => handshake.filter((line) => !line.startsWith(name))
    const broken = [
      head('POST /public/live HTTP/1.1', handshake),
      head('GET /public/live HTTP/1.1', without('Sec-WebSocket-Key')),
      head('GET /public/live HTTP/1.1', without('Sec-WebSocket-Version')),
      head('GET /public/live HTTP/1.1', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 12']),
      head('GET /public/live HTTP/1.1', [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: short']),
      head('GET /public/live HTTP/1.1', [...handshake, 'Content-Length: 5']),
    ]
    for (const bytes of broken) await assertNoUpgrade(bytes, 400, 'ERR_REQUEST_MALFORMED')
  })

  it('that Connection does not name is an ordinary request', async () => {
    corridor.upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], 'plain')))
    const lines = handshake.filter((line) => !line.startsWith('Connection'))
    const answer = await ask(corridor.edge, head('GET /public/live HTTP/1.1', lines))
    assert.equal(answer.body.toString(), 'plain')
    const [request] = corridor.upstream.requests
    for (const name of ['upgrade', 'sec-websocket-key', 'sec-websocket-version'])
      assert.deepEqual(request?.values(name), [])
    assert.deepEqual(request?.values('connection'), ['keep-alive'])
  })

  it('that the upstream answers like a request opens no tunnel for what was sent behind it', async () => {
    corridor.upstream.respond((_request, socket) => void socket.write(answerBytes(200, [], 'SECRET of the upstream')))
    const smuggled = 'GET /app/smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n'
    for (const pipelined of ['', smuggled, textFrame('early', true).toString('latin1')]) {
      corridor.upstream.requests.length = 0
      const seen = await sayUntilClosed(corridor, upgrade('/public/live') + pipelined)
      assert.ok(!seen.includes('SECRET') && !seen.includes('HTTP/1.1 200'))
      assert.ok(corridor.upstream.requests.every(({ target }) => target === '/public/live'))
    }
  })

  it('that fails tells nothing of the upstream', async (t) => {
    const gone = await openCorridor({ seed: false })
    t.after(gone.close)
    await gone.upstream.close()
    const seen = await sayUntilClosed(gone, upgrade('/public/live'))
    assert.ok(seen.endsWith('\x88\x02\x03\xf3'), 'a close frame of 1011 without a reason')
  })
})

/** What comes back up to the close frame (RFC 6455 section 5.5.1). */
async function sayUntilClosed({ edge }: Corridor, bytes: string): Promise<string> {
  const socket = connect(edge.port, '127.0.0.1')
  socket.write(Buffer.from(bytes, 'latin1'))
  const seen = await readUntil(socket, '\x88')
  socket.destroy()
  return seen
}

describe('another upgrade', () => {
  let corridor: Corridor

  before(async () => {
    corridor = await openCorridor({ seed: false })
  })
  after(() => corridor.close())

  for (const protocol of ['h2c', 'H2C', 'TLS/1.0', 'websocket, h2c', 'h2c, websocket', 'websocket/13', 'chat']) {
    it(`to ${protocol} is an ordinary request without the field, and the last of its connection`, async () => {
      const { edge, upstream } = corridor
      upstream.requests.length = 0
      const lines = ['Connection: Upgrade, HTTP2-Settings', `Upgrade: ${protocol}`, 'HTTP2-Settings: AAMAAABkAARAAAAA']
      const behind = head('GET /public/behind HTTP/1.1', ['Connection: close'])
      const { responses, closed } = await converse(edge, head('GET /public/x HTTP/1.1', lines) + behind)
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200],
      )
      assert.equal(closed, true)
      assert.deepEqual(
        upstream.requests.map(({ target }) => target),
        ['/public/x'],
      )
      const [request] = upstream.requests
      for (const name of ['upgrade', 'http2-settings']) assert.deepEqual(request?.values(name), [])
      assert.deepEqual(request?.values('connection'), ['keep-alive'])
    })
  }

  it('is not what the connection preface of HTTP/2 gets', async () => {
    const { responses, closed } = await converse(corridor.edge, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    assert.deepEqual(
      responses.map(({ status }) => status),
      [400],
    )
    assert.equal(closed, true)
  })
})
