import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { marker, own } from '../fixtures/adversarial/answer.ts'
import { foreign, mine } from '../fixtures/adversarial/json-attacks.ts'
import { canBeRead } from '../fixtures/adversarial/readings.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { until } from './failure-support.ts'
import { frameBytes, opcodes, RawClient, startTalker, type Talk, type Talker } from './frame-support.ts'
import { bearer } from './threats-support.ts'

const route = { methods: ['GET'], access: 'member', dataset: 'orders' }
const routes = [
  { ...route, path: '/live', rows: { frames: { at: ['/items/*'], keep: ['/type'] } } },
  { ...route, path: '/block', rows: { frames: { at: ['/items/*'], keep: ['/type'] } }, onViolation: 'block' },
]
const bad = JSON.stringify({ items: [foreign] })
const good = JSON.stringify({ items: [mine, foreign] })
const text = (payload: string | Buffer, options: { fin?: boolean; masked?: boolean } = {}) =>
  frameBytes(opcodes.text, payload, options)
/** A frame whose first octet is what it says. */
const odd = (first: number, payload: string | Buffer) => {
  const bytes = frameBytes(opcodes.text, payload)
  bytes[0] = first
  return bytes
}
const close = (code: number, reason: string) => {
  const payload = Buffer.alloc(2 + reason.length, reason)
  payload.fill(0)
  payload.writeUInt16BE(code, 0)
  payload.write(reason, 2)
  return frameBytes(opcodes.close, payload)
}
/** A head that promises more than comes. */
const head = (...bytes: readonly number[]) => Buffer.from(bytes)

/** What the app writes behind its handshake, past anything a library would let it. */
const attacks: readonly (readonly [string, Buffer])[] = [
  ['foreign rows', text(bad)],
  ['a binary message', frameBytes(2, bad)],
  ['a binary message of ours', frameBytes(2, JSON.stringify({ items: [mine] }))],
  ['fragments', Buffer.concat([text(bad.slice(0, 20), { fin: false }), frameBytes(0, bad.slice(20))])],
  [
    'fragments of one octet',
    Buffer.concat(
      [...Buffer.from(bad)].map((octet, at) =>
        frameBytes(at === 0 ? 1 : 0, Buffer.of(octet), { fin: at === bad.length - 1 }),
      ),
    ),
  ],
  ['fragments without an end', Buffer.concat([text(bad, { fin: false }), text(bad)])],
  ['a fragment of nothing before', Buffer.concat([frameBytes(0, bad)])],
  [
    'ten thousand empty fragments',
    Buffer.concat([
      text('', { fin: false }),
      ...Array.from({ length: 10_000 }, () => frameBytes(0, '', { fin: false })),
      frameBytes(0, bad),
    ]),
  ],
  [
    'a ping between fragments',
    Buffer.concat([
      text(bad.slice(0, 20), { fin: false }),
      frameBytes(opcodes.ping, marker),
      frameBytes(0, bad.slice(20)),
    ]),
  ],
  ['a ping that tells', frameBytes(opcodes.ping, marker)],
  ['a pong that tells', frameBytes(opcodes.pong, marker)],
  ['a ping too long', frameBytes(opcodes.ping, marker.repeat(20))],
  ['a ping in fragments', frameBytes(opcodes.ping, marker, { fin: false })],
  ['a thousand pings', Buffer.concat(Array.from({ length: 1_000 }, () => frameBytes(opcodes.ping, marker)))],
  ['a close with a reason', close(1000, marker)],
  ['a close with a code that nobody sends', close(1006, marker)],
  ['a close with a code out of range', close(65_535, marker)],
  ['a close with half a code', frameBytes(opcodes.close, Buffer.of(3))],
  [
    'a close with a reason that is no UTF-8',
    frameBytes(opcodes.close, Buffer.concat([Buffer.of(3, 0xe8, 0xff), Buffer.from(marker)])),
  ],
  ['a close and more', Buffer.concat([close(1000, ''), text(bad)])],
  ['the bit for compression', odd(0xc1, bad)],
  ['the second reserved bit', odd(0xa1, bad)],
  ['the third reserved bit', odd(0x91, bad)],
  ['an opcode nobody knows', odd(0x83, bad)],
  ['a control opcode nobody knows', odd(0x8b, marker)],
  ['a masked frame', text(bad, { masked: true })],
  [
    'a length over all bounds',
    Buffer.concat([head(0x81, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), Buffer.from(bad)]),
  ],
  ['a length in too many octets', Buffer.concat([head(0x81, 126, 0, bad.length), Buffer.from(bad)])],
  ['a length that is not kept', Buffer.concat([head(0x81, 126, 0xff, 0xff), Buffer.from(bad)])],
  ['a message over its bound', text(JSON.stringify({ items: [{ ...mine, note: marker.repeat(200_000) }] }))],
  ['a message that is no UTF-8', text(Buffer.from(`{"type":"\u00ff${marker}"}`, 'latin1'))],
  [
    'a lone surrogate in UTF-8',
    text(Buffer.concat([Buffer.from('{"type":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from(`${marker}"}`)])),
  ],
  ['a message that is no JSON', text(marker)],
  ['an empty message', text('')],
  ['a mark', text(`\ufeff${bad}`)],
  ['two documents', text(`${JSON.stringify({ items: [mine] })}${bad}`)],
  ['an envelope', text(`{"items":[],"facets":{"${marker}":1},"next":"${marker}"}`)],
  ['what is kept twice', text(`{"type":"x","type":"${marker}","items":[]}`)],
  ['the list twice', text(`{"items":[],"items":[${JSON.stringify(foreign)}]}`)],
  ['the list in another case', text(`{"Items":[${JSON.stringify(foreign)}]}`)],
  ['the tenant twice', text(bad.replace('"account":"globex"', '"account":"globex","account":"acme"'))],
  ['the margin in another case', text(good.replace('"margin"', '"Margin"'))],
  ['depth', text(`{"items":[${'['.repeat(100_000)}`)],
  ['HTTP', Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n${marker}`)],
  ['zeros', Buffer.alloc(100)],
]

for (const path of ['/live', '/block'])
  describe(`an app that tries everything in its WebSocket messages, on ${path}`, () => {
    let talker: Talker
    let edge: TestEdge
    let token: string
    const faults: unknown[] = []
    const note = (fault: unknown): void => void faults.push(fault)

    before(async () => {
      process.on('uncaughtExceptionMonitor', note)
      process.on('unhandledRejection', note)
      talker = await startTalker()
      edge = await startTestEdge({
        upstream: talker.url,
        routes,
        app: { timeouts: { connect: '2s', headers: '1s', body: '1s' } },
      })
      token = await edge.token('ann@acme.example')
    })
    after(async () => {
      await edge.stop()
      await talker.close()
      process.off('uncaughtExceptionMonitor', note)
      process.off('unhandledRejection', note)
    })

    async function open(): Promise<{ client: RawClient; talk: Talk }> {
      const begun = talker.next()
      const client = new RawClient(edge.port, path, [bearer(token)])
      const talk = await begun
      await until('the handshake was answered', () => client.head !== '')
      return { client, talk }
    }

    /** What the client has once the app has written all of it and gone: that ends the link, whatever was open. */
    async function hear(bytes: readonly Buffer[]): Promise<RawClient> {
      const { client, talk } = await open()
      talk.raw.end(Buffer.concat([text(JSON.stringify({ type: 'first', items: [mine] })), ...bytes]))
      await until('the client is told to leave', () => client.closed || client.farewell !== undefined)
      client.socket.destroy()
      talk.raw.destroy()
      return client
    }

    function assertClean(client: RawClient, told: string): void {
      const payloads = client.frames.map(({ payload }) => payload)
      assert.equal(canBeRead([client.bytes, ...payloads], marker), false, told)
      assert.ok(client.texts[0]?.includes(own), `no rows of ours: ${told}`)
      assert.deepEqual(faults, [])
    }

    for (const [name, bytes] of attacks)
      it(`leaks nothing by ${name}`, async () => {
        assertClean(await hear([bytes]), name)
      })

    it('leaks nothing by any two', async () => {
      for (const [at, [name, one]] of attacks.entries()) {
        const [other, two] = attacks[(at * 7 + 3) % attacks.length] ?? ['', Buffer.alloc(0)]
        assertClean(await hear([one, two]), `${name} and ${other}`)
      }
    })
  })
