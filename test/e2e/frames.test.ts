import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, describe, it } from 'node:test'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { until } from './failure-support.ts'
import { codeOnly, frameBytes, opcodes, RawClient, startTalker, type Talk, type Talker } from './frame-support.ts'
import { bearer } from './threats-support.ts'

const marker = 'MARKER'
const mebibyte = 1_048_576
const mine = { id: 1, account: 'acme', entity: 'A', amount: 5 }
const theirs = { id: 2, account: 'globex', entity: 'A', note: marker }
const otherEntity = { id: 3, account: 'acme', entity: 'B', note: marker }

const route = { methods: ['GET'], access: 'member', dataset: 'orders' }
const routes = [
  { ...route, path: '/live', rows: { frames: { at: ['/items/*'], keep: ['/type'], client: ['/row'] } } },
  { ...route, path: '/one', rows: { frames: { at: ['/'] } } },
  { ...route, path: '/block', rows: { frames: { at: ['/items/*'] } }, onViolation: 'block' },
  { ...route, path: '/small', rows: { frames: { at: ['/items/*'] } }, maxRow: '1KiB' },
  { ...route, path: '/off', rows: { frames: { at: ['/*'] } }, websocket: false },
  { ...route, path: '/silent', rows: { at: ['/*'] } },
  {
    ...route,
    path: '/editors',
    access: { roles: ['editor'] },
    rows: { frames: { at: ['/*'] } },
  },
]

const list = (...items: readonly unknown[]) => JSON.stringify({ type: 'orders', items })
const last = list({ ...mine, id: 'LAST' })

/** Nothing that was hidden stands anywhere in what the client received. */
function assertClean(client: RawClient): void {
  assert.ok(!client.bytes.includes(marker), client.bytes.toString('latin1'))
}

describe('a WebSocket on masked rows', () => {
  let talker: Talker
  let edge: TestEdge
  let ann: string
  const clients: RawClient[] = []

  before(async () => {
    talker = await startTalker()
    edge = await startTestEdge({
      upstream: talker.url,
      routes,
      // Frames on a route are word enough.
      app: { websocket: false, timeouts: { connect: '2s', headers: '2s', body: '1s' } },
      config: {
        listen: { port: 0, trustedProxies: ['127.0.0.1'] },
        bans: { signInFailures: { max: 1, window: '1m', ban: '1m' } },
      },
    })
    ann = await edge.token('ann@acme.example')
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.socket.destroy()
  })
  after(async () => {
    await edge?.stop()
    await talker.close()
  })

  async function open(path: string, token = ann, lines: readonly string[] = [], early?: Buffer) {
    const begun = talker.next()
    const client = new RawClient(edge.port, path, [bearer(token), ...lines], early)
    clients.push(client)
    return { client, talk: await begun }
  }

  const told = (talk: Talk) =>
    readFileSync(edge.auditFile, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { event: string; request?: string; reason?: string; detail?: unknown })
      .filter(({ request }) => request === talk.request.headers['x-request-id'])

  async function untilTold(talk: Talk, event: string) {
    await until(`the audit has ${event}`, () => told(talk).some((line) => line.event === event))
    return told(talk).filter((line) => line.event === event)
  }

  describe('from the app', () => {
    it('brings each tenant its own rows, without withheld fields', async () => {
      const bob = await edge.token('bob@globex.example')
      const [one, two] = [await open('/live'), await open('/live', bob)]
      const text = list({ ...mine, margin: 99 }, { id: 9, account: 'globex', entity: 'Z' }, otherEntity)
      for (const { talk } of [one, two]) talk.socket.send(text)
      for (const { talk } of [one, two]) talk.socket.close()
      await until('both have theirs', () => one.client.texts.length + two.client.texts.length === 2)
      assert.deepEqual(one.client.texts, [list(mine)])
      assert.deepEqual(two.client.texts, [list({ id: 9, account: 'globex', entity: 'Z' })])
      assertClean(one.client)
    })

    it('keeps what is kept and makes null of the rest', async () => {
      const { client, talk } = await open('/live')
      talk.socket.send(JSON.stringify({ type: 'hello', facets: { globex: marker }, total: 4711, items: [] }))
      await client.untilText('hello')
      assert.deepEqual(client.texts, ['{"type":"hello","facets":null,"total":null,"items":[]}'])
    })

    const lost: readonly (readonly [string, string | Buffer, boolean])[] = [
      ['with foreign rows only', list(theirs, theirs), false],
      ['with rows outside the mask only', list(otherEntity), false],
      [
        'with a row that has two tenants',
        `{"items":[{"account":"acme","account":"globex","note":"${marker}"}]}`,
        false,
      ],
      ['with a row that names its tenant in two cases', list({ ...mine, Account: 'globex', note: marker }), false],
      ['with two lists of rows', `{"items":[${JSON.stringify(mine)}],"items":["${marker}"]}`, false],
      ['that is no JSON', `${marker} {`, false],
      ['with something behind the end', `${list(mine)} ${marker}`, false],
      ['that is empty', '', false],
      ['of another shape', JSON.stringify({ items: { note: marker } }), false],
      ['that is a list where an object was declared', JSON.stringify([marker]), false],
      ['that is binary', list({ ...mine, note: marker }), true],
    ]
    for (const [name, text, binary] of lost)
      it(`drops a message ${name}, counts it, and goes on`, async () => {
        const { client, talk } = await open('/live')
        talk.socket.send(text, { binary })
        talk.socket.send(last)
        await client.untilText('LAST')
        assert.deepEqual(client.texts, [last])
        assertClean(client)
        client.socket.destroy()
        const events = await untilTold(talk, 'rows.withheld')
        assert.equal(events.length, 1)
      })

    it('drops a message whose only row is too large for the route', async () => {
      const { client, talk } = await open('/small')
      talk.socket.send(list({ ...mine, note: marker.repeat(200) }))
      talk.socket.send(last)
      await client.untilText('LAST')
      assertClean(client)
    })

    it('drops the single object that is not permitted', async () => {
      const { client, talk } = await open('/one')
      talk.socket.send(JSON.stringify(theirs))
      talk.socket.send('null')
      talk.socket.send(JSON.stringify({ ...mine, id: 'LAST' }))
      await client.untilText('LAST')
      assert.deepEqual(client.texts, [JSON.stringify({ ...mine, id: 'LAST' })])
      assertClean(client)
    })

    it('reads a message in many frames, with pings between them, as the one it is', async () => {
      const { client, talk } = await open('/live')
      const text = Buffer.from(list(theirs, { ...mine, name: 'żółw 🐢' }))
      for (const [i, byte] of text.entries()) {
        const fin = i === text.length - 1
        talk.raw.write(frameBytes(i === 0 ? opcodes.text : opcodes.more, Buffer.from([byte]), { fin }))
        if (i % 10 === 0) talk.raw.write(frameBytes(opcodes.ping, marker))
      }
      await client.untilText('żółw')
      assert.deepEqual(client.texts, [list({ ...mine, name: 'żółw 🐢' })])
      assertClean(client)
    })

    it('never shows the payload of a ping or a pong', async () => {
      const { client, talk } = await open('/live')
      talk.socket.ping(marker)
      talk.socket.pong(marker)
      talk.socket.send(last)
      await client.untilText('LAST')
      assertClean(client)
    })

    it('shows the code of a close and not its reason', async () => {
      const { client, talk } = await open('/live')
      talk.socket.close(4321, `because ${marker}`)
      assert.equal(await client.untilFarewell(), codeOnly(4321))
      assertClean(client)
    })

    it('shows none of the fields of the handshake', async () => {
      const { client } = await open('/live')
      await until('the handshake was answered', () => client.head !== '')
      assert.match(client.head, /^HTTP\/1\.1 101 /)
      assert.ok(!/x-secret/i.test(client.head))
      assertClean(client)
    })

    const broken: readonly (readonly [string, string, Buffer])[] = [
      [
        'in invalid UTF-8',
        'ERR_UPSTREAM_PROTOCOL',
        frameBytes(opcodes.text, Buffer.from(`{"type":"${marker}\xff"}`, 'latin1')),
      ],
      ['over 1 MiB', 'ERR_ANSWER_TOO_LARGE', frameBytes(opcodes.text, Buffer.alloc(mebibyte + 1, marker))],
      [
        'over 1 MiB in two frames',
        'ERR_ANSWER_TOO_LARGE',
        Buffer.concat([
          frameBytes(opcodes.text, Buffer.alloc(mebibyte, marker), { fin: false }),
          frameBytes(opcodes.more, marker),
        ]),
      ],
      [
        'in a frame of an extension that nobody asked for',
        'ERR_UPSTREAM_PROTOCOL',
        frameBytes(0x40 | opcodes.text, marker),
      ],
      ['in a frame that is masked', 'ERR_UPSTREAM_PROTOCOL', frameBytes(opcodes.text, marker, { masked: true })],
      ['of an unknown opcode', 'ERR_UPSTREAM_PROTOCOL', frameBytes(3, marker)],
    ]
    for (const [name, code, bytes] of broken)
      it(`ends at a message ${name}, and says so to nobody but the audit`, async () => {
        const { client, talk } = await open('/live')
        talk.raw.write(bytes)
        talk.raw.write(frameBytes(opcodes.text, list({ ...mine, note: marker })))
        assert.equal(await client.untilFarewell(), codeOnly(1011))
        assertClean(client)
        assert.equal(told(talk).filter(({ reason }) => reason?.startsWith(`${code}:`)).length, 1)
      })

    it('lets a message of 1 MiB through', async () => {
      const { client, talk } = await open('/live')
      const empty = list(mine, { ...mine, note: '' })
      const text = list(mine, { ...mine, note: 'x'.repeat(mebibyte - empty.length) })
      assert.equal(Buffer.byteLength(text), mebibyte)
      talk.socket.send(text)
      talk.socket.send(last)
      await client.untilText('LAST')
      assert.deepEqual(client.texts, [text, last])
    })

    it('under block ends with the first row that is not permitted, and nothing of its message goes out', async () => {
      const { client, talk } = await open('/block')
      talk.socket.send('{"items":[{"account":"acme","entity":"A"}]}')
      talk.socket.send(JSON.stringify({ items: [{ ...mine, note: marker }, theirs] }))
      talk.socket.send(last)
      assert.equal(await client.untilFarewell(), codeOnly(1008))
      assert.deepEqual(client.texts, ['{"items":[{"account":"acme","entity":"A"}]}'])
      assertClean(client)
      const [event] = await untilTold(talk, 'response.blocked')
      assert.match(event?.reason ?? '', /^ERR_ANSWER_VIOLATION:/)
      await until('the app was let go', () => talk.closed !== undefined)
      assert.deepEqual(talk.closed, { code: 1008, reason: '' })
    })

    it('under block ends with a message that cannot be read', async () => {
      const { client, talk } = await open('/block')
      talk.socket.send(marker)
      assert.equal(await client.untilFarewell(), codeOnly(1008))
      assertClean(client)
    })

    it('tells the audit once, with the totals of all messages', async () => {
      const { client, talk } = await open('/live')
      talk.socket.send(list({ ...mine, margin: 1 }, theirs))
      talk.socket.send(list({ ...mine, margin: 1 }, theirs, theirs))
      talk.socket.send(marker)
      talk.socket.send(last)
      await client.untilText('LAST')
      assert.equal(told(talk).length, 0)
      client.socket.destroy()
      const [rows, ...more] = await untilTold(talk, 'rows.withheld')
      assert.deepEqual(rows?.detail, {
        rows: 7,
        withheld: 4,
        violations: 1,
        fields: 2,
        rules: { tenant: 3, violation: 1 },
      })
      assert.deepEqual(more, [])
      assert.equal((await untilTold(talk, 'fields.withheld')).length, 1)
      assert.equal((await untilTold(talk, 'data.read')).length, 1)
    })

    it('ends with a client that never reads', async () => {
      const { client, talk } = await open('/live')
      await until('the handshake was answered', () => client.head !== '')
      client.socket.pause()
      const text = list({ ...mine, note: 'x'.repeat(mebibyte / 2) })
      for (let i = 0; i < 200; i++) talk.socket.send(text, () => undefined)
      await until('the app was let go', () => talk.closed !== undefined)
      assert.equal(talk.closed?.code, 4006)
    })
  })

  describe('from the client', () => {
    it('brings the app what is inside the caller’s mask, to the byte', async () => {
      const { client, talk } = await open('/live')
      const text = '{ "type":"put", "row" : {"account":"acme",\n"entity":"A","amount":1.50e1} }'
      client.say(text)
      await until('the app has heard it', () => talk.heard.length === 1)
      assert.deepEqual(talk.heard, [{ text, binary: false }])
      assert.equal(client.farewell, undefined)
    })

    it('is held to the tenant of whoever speaks', async () => {
      const bob = await edge.token('bob@globex.example')
      const { client, talk } = await open('/live', bob)
      client.say('{"row":{"account":"globex"}}')
      client.say('{"row":{"account":"acme"}}')
      assert.equal(await client.untilFarewell(), codeOnly(1008))
      assert.deepEqual(talk.heard, [{ text: '{"row":{"account":"globex"}}', binary: false }])
    })

    const refused: readonly (readonly [string, string | Buffer, string, number?])[] = [
      ['names another tenant', '{"row":{"account":"globex","entity":"A"}}', 'ERR_ROW_FORBIDDEN'],
      ['names no tenant', '{"row":{"entity":"A"}}', 'ERR_ROW_FORBIDDEN'],
      ['lies outside the mask', '{"row":{"account":"acme","entity":"B"}}', 'ERR_ROW_FORBIDDEN'],
      ['writes a withheld field', '{"row":{"account":"acme","entity":"A","margin":1}}', 'ERR_ROW_FORBIDDEN'],
      ['names two tenants', '{"row":{"account":"acme","entity":"A","account":"globex"}}', 'ERR_BODY_UNREADABLE'],
      [
        'names a tenant in another case',
        '{"row":{"account":"acme","entity":"A","Account":"globex"}}',
        'ERR_BODY_UNREADABLE',
      ],
      [
        'has two rows of one name',
        '{"row":{"account":"acme","entity":"A"},"row":{"account":"globex"}}',
        'ERR_BODY_UNREADABLE',
      ],
      [
        'has a row in another case',
        '{"row":{"account":"acme","entity":"A"},"Row":{"account":"globex"}}',
        'ERR_BODY_UNREADABLE',
      ],
      ['has no row', '{"type":"ping"}', 'ERR_BODY_UNREADABLE'],
      ['is no JSON', 'hello', 'ERR_BODY_UNREADABLE'],
      ['is empty', '', 'ERR_BODY_UNREADABLE'],
      ['begins with a byte order mark', '\ufeff{"row":{"account":"acme","entity":"A"}}', 'ERR_BODY_UNREADABLE'],
      ['is binary', '{"row":{"account":"acme","entity":"A"}}', 'ERR_BODY_TYPE', opcodes.binary],
    ]
    for (const [name, text, code, opcode] of refused)
      it(`ends where it ${name}, and the app hears nothing of it`, async () => {
        const { client, talk } = await open('/live')
        client.say(text, opcode)
        client.say('{"row":{"account":"acme","entity":"A"}}')
        assert.equal(await client.untilFarewell(), codeOnly(1008))
        await until('the app was let go', () => talk.closed !== undefined)
        assert.deepEqual(talk.heard, [])
        assert.deepEqual(talk.closed, { code: 1008, reason: '' })
        assert.equal(told(talk).filter(({ reason }) => reason?.startsWith(`${code}:`)).length, 1)
      })

    it('ends with the first word where clients may say nothing', async () => {
      const { client, talk } = await open('/one')
      client.say('{"account":"acme","entity":"A"}')
      assert.equal(await client.untilFarewell(), codeOnly(1008))
      await until('the app was let go', () => talk.closed !== undefined)
      assert.deepEqual(talk.heard, [])
    })

    it('is judged too where it came in one packet with the handshake', async () => {
      const foreign = frameBytes(opcodes.text, '{"row":{"account":"globex"}}', { masked: true })
      const own = frameBytes(opcodes.text, '{"row":{"account":"acme","entity":"A"}}', { masked: true })
      const good = await open('/live', ann, [], own)
      await until('the app has heard it', () => good.talk.heard.length === 1)
      const bad = await open('/live', ann, [], foreign)
      assert.equal(await bad.client.untilFarewell(), codeOnly(1008))
      assert.deepEqual(bad.talk.heard, [])
    })

    it('is judged as a whole where it comes in many frames', async () => {
      const { client, talk } = await open('/live')
      const [a, b] = ['{"row":{"account":"gl', 'obex","entity":"A"}}']
      client.say(a, opcodes.text, { fin: false })
      client.say(b, opcodes.more)
      assert.equal(await client.untilFarewell(), codeOnly(1008))
      assert.deepEqual(talk.heard, [])
    })

    it('brings the app the code of a close, and neither its reason nor a ping', async () => {
      const { client, talk } = await open('/live')
      let pinged = false
      talk.socket.on('ping', () => {
        pinged = true
      })
      client.say(marker, opcodes.ping)
      client.say(Buffer.concat([Buffer.from([0x10, 0xe1]), Buffer.from(marker)]), opcodes.close)
      await until('the app was let go', () => talk.closed !== undefined)
      assert.deepEqual(talk.closed, { code: 4321, reason: '' })
      assert.equal(pinged, false)
    })

    const broken: readonly (readonly [string, number, string, Buffer])[] = [
      [
        'in invalid UTF-8',
        1007,
        'ERR_REQUEST_MALFORMED',
        frameBytes(opcodes.text, Buffer.from([0x22, 0xff, 0x22]), { masked: true }),
      ],
      [
        'over 1 MiB',
        1009,
        'ERR_BODY_TOO_LARGE',
        frameBytes(opcodes.text, Buffer.alloc(mebibyte + 1, 'x'), { masked: true }),
      ],
      [
        'that is not masked',
        1002,
        'ERR_REQUEST_MALFORMED',
        frameBytes(opcodes.text, '{"row":{"account":"acme","entity":"A"}}'),
      ],
    ]
    for (const [name, code, error, bytes] of broken)
      it(`ends at a message ${name}`, async () => {
        const { client, talk } = await open('/live')
        await until('the handshake was answered', () => client.head !== '')
        client.socket.write(bytes)
        assert.equal(await client.untilFarewell(), codeOnly(code))
        await until('the app was let go', () => talk.closed !== undefined)
        assert.deepEqual(talk.heard, [])
        assert.equal(told(talk).filter(({ reason }) => reason?.startsWith(`${error}:`)).length, 1)
      })
  })

  describe('as a handshake', () => {
    it('brings our identity headers, and none that was forged', async () => {
      const forged = ['X-Sallyport-Tenant: forged', 'X_Sallyport_Tenant: forged', 'X-Forwarded-User: forged']
      const { talk } = await open('/live?room=a%20b\'"|%7c', ann, [...forged, 'Connection: X-Sallyport-Account'])
      const { headers, rawHeaders, url } = talk.request
      assert.ok(!rawHeaders.join('\n').includes('forged'))
      assert.equal(headers['x-sallyport-tenant'], 'acme')
      assert.equal(headers['x-sallyport-account'], 'id-ann')
      assert.equal(headers.authorization, undefined)
      assert.equal(headers['sec-websocket-extensions'], undefined)
      assert.equal(url, '/live?room=a%20b\'"|%7c')
    })

    it('asks the app for the subprotocol that the client named first', async () => {
      const { client, talk } = await open('/live', ann, ['Sec-WebSocket-Protocol: orders.v2, orders.v1'])
      assert.equal(talk.request.headers['sec-websocket-protocol'], 'orders.v2')
      await until('the handshake was answered', () => client.head !== '')
      assert.match(client.head, /^sec-websocket-protocol: orders\.v2$/im)
    })

    const none: readonly (readonly [string, string, string])[] = [
      ['where the route says nothing of frames', '/silent', 'ERR_UPGRADE_REFUSED'],
      ['where the route turns WebSockets off', '/off', 'ERR_UPGRADE_REFUSED'],
      ['without the role', '/editors', 'ERR_ROLE_MISSING'],
    ]
    for (const [name, path, code] of none)
      it(`is refused ${name}`, async () => {
        const before = talker.talks.length
        const client = new RawClient(edge.port, path, [bearer(ann)])
        clients.push(client)
        await until('it is over', () => client.closed)
        assert.match(client.bytes.toString('latin1'), /^HTTP\/1\.1 403 /)
        assert.ok(client.bytes.includes(code))
        assert.equal(talker.talks.length, before)
      })

    it('does not open JSON over HTTP', async () => {
      const answer = await fetch(`${edge.url}/live`, { headers: { authorization: `Bearer ${ann}` } })
      assert.equal(answer.status, 502)
      assert.equal(((await answer.json()) as { code: string }).code, 'ERR_ANSWER_KIND')
    })
  })

  describe('while it is open', () => {
    it('ends with a ban of its address', async () => {
      const from = 'X-Forwarded-For: 203.0.113.9'
      const [banned, other] = [await open('/live', ann, [from]), await open('/live')]
      await fetch(`${edge.url}/.sallyport/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
        body: '{"email":"ann@acme.example","password":"wrong"}',
      })
      await until('the socket is closed', () => banned.client.closed && banned.talk.closed !== undefined)
      assert.equal(other.client.closed, false)
    })

    it('ends when other rows are permitted than when it began', async () => {
      const carol = await edge.token('carol@consult.example', 'acme')
      const [changed, same] = [await open('/live', carol), await open('/live')]
      await edge.store.setGroupsOf('acme', 'id-carol', ['entity-a'])
      await until('the socket is closed', () => changed.client.closed && changed.talk.closed !== undefined)
      assert.equal(same.client.closed, false)
    })
  })
})

/** Until it has been the same for a while. */
async function untilStill(value: () => number): Promise<void> {
  let known = value()
  let same = 0
  await until('nothing moves any more', () => {
    same = value() === known ? same + 1 : 0
    known = value()
    return same === 30
  })
}

describe('a WebSocket on masked rows, at its ends', () => {
  it('tells the client nothing of an app that does not open', async (t) => {
    const talker = await startTalker()
    const edge = await startTestEdge({ upstream: talker.url, routes })
    t.after(() => edge.stop())
    const token = await edge.token('ann@acme.example')
    await talker.close()
    const client = new RawClient(edge.port, '/live', [bearer(token)])
    assert.equal(await client.untilFarewell(), codeOnly(1011))
    client.socket.destroy()
  })

  it('reads from the app no faster than the client reads, and loses nothing by it', async (t) => {
    const talker = await startTalker()
    const edge = await startTestEdge({ upstream: talker.url, routes })
    const begun = talker.next()
    const client = new RawClient(edge.port, '/live', [bearer(await edge.token('ann@acme.example'))])
    t.after(async () => {
      client.socket.destroy()
      await edge.stop()
      await talker.close()
    })
    const { socket } = await begun
    await until('the handshake was answered', () => client.head !== '')
    const before = client.bytes.length
    client.socket.pause()
    const text = list({ ...mine, note: 'x'.repeat(mebibyte / 2) })
    const count = 100
    for (let i = 0; i < count; i++) socket.send(text, () => undefined)
    await untilStill(() => socket.bufferedAmount)
    assert.ok(socket.bufferedAmount > (count / 2) * text.length, `${socket.bufferedAmount} still wait in the app`)
    let seen = before
    client.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      seen += chunk.length
    })
    client.socket.resume()
    await until('all has come', () => seen === before + count * (10 + text.length))
  })

  it('is told goodbye when the edge stops', async () => {
    const talker = await startTalker()
    const edge = await startTestEdge({ upstream: talker.url, routes })
    const begun = talker.next()
    const client = new RawClient(edge.port, '/live', [bearer(await edge.token('ann@acme.example'))])
    const talk = await begun
    await until('the handshake was answered', () => client.head !== '')
    const stopped = edge.stop()
    assert.equal(await client.untilFarewell(), codeOnly(1001))
    client.say(Buffer.from([0x03, 0xe9]), opcodes.close)
    await stopped
    await until('the app was let go', () => talk.closed !== undefined)
    client.socket.destroy()
    await talker.close()
  })
})
