import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import type { LaneName } from '../../src/edge/proxy.ts'
import { answerBytes } from '../support/echo-upstream.ts'
import { rawExchange } from '../support/raw-http.ts'
import { ask, bearer, type Corridor, field, head, openCorridor } from './threats-support.ts'

const undo = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync } as const
const codings = ['zstd', 'br', 'gzip'] as const

const mine = (id: number) => ({ id, account: 'acme', entity: `A ${id}` })
const theirs = (id: number) => ({ id, account: 'globex', entity: `B ${id}` })
const rows = (count: number) => Array.from({ length: count }, (_, id) => (id % 3 === 0 ? theirs(id) : mine(id)))
const kept = (count: number) => JSON.stringify(rows(count).filter(({ account }) => account === 'acme'))
const json = ['content-type', 'application/json'] as const

const route = { methods: ['GET'], access: 'member', dataset: 'orders' }
const routes = [
  { ...route, path: '/rows', rows: { at: ['/*'], events: { at: ['/'] } }, pass: ['text/plain'] },
  { ...route, path: '/never', rows: { at: ['/*'] }, compress: false },
  { methods: ['GET'], path: '/app/**', access: 'member' },
]

for (const lane of ['dispatch', 'reply-from'] as const)
  describe(`compressing again, by ${lane}`, () => compresses(lane))

function compresses(lane: LaneName): void {
  let corridor: Corridor
  let token: string

  before(async () => {
    corridor = await openCorridor({ lane, routes })
    token = await corridor.edge.token('dave@acme.example')
  })
  after(() => corridor.close())

  /** By its length, or as it comes: in one chunk or in chunks of 500 bytes. */
  type Framing = 'length' | 'chunked' | 'pieces'

  function answerWith(
    body: string | Buffer,
    framing: Framing = 'length',
    headers: readonly (readonly [string, string])[] = [],
  ): void {
    corridor.upstream.respond(({ method }, socket) => {
      const whole = answerBytes(200, [json, ...headers], body)
      const end = whole.indexOf('\r\n\r\n') + 4
      const said = whole.subarray(0, end).toString('latin1')
      const chunked = said.replace(/content-length: (\d+)/, 'transfer-encoding: chunked')
      const bytes = whole.subarray(end)
      if (method === 'HEAD') socket.write(said)
      else if (framing === 'length') socket.write(whole)
      else {
        const pieces =
          framing === 'chunked'
            ? [bytes]
            : Array.from(Buffer.alloc(Math.ceil(bytes.length / 500)), (_, at) =>
                bytes.subarray(500 * at, 500 * at + 500),
              )
        socket.write(Buffer.concat([Buffer.from(chunked), ...pieces.flatMap(chunkOf), Buffer.from('0\r\n\r\n')]))
      }
    })
  }

  const get = (path: string, accept?: string, method = 'GET') =>
    ask(
      corridor.edge,
      head(`${method} ${path} HTTP/1.1`, [
        bearer(token),
        ...(accept === undefined ? [] : [`Accept-Encoding: ${accept}`]),
      ]),
      { head: method === 'HEAD' },
    )

  for (const coding of codings)
    for (const [size, count] of [
      ['small', 60],
      ['large', 6000],
    ] as const)
      for (const framing of ['length', 'chunked', 'pieces'] as const)
        it(`sends a ${size} answer by ${coding} (${framing})`, async () => {
          answerWith(JSON.stringify(rows(count)), framing)
          const answer = await get('/rows', coding)
          assert.equal(answer.status, 200)
          assert.equal(field(answer, 'content-encoding'), coding)
          assert.equal(field(answer, 'vary'), 'Accept-Encoding')
          assert.equal(undo[coding](answer.body).toString(), kept(count))
          const length = field(answer, 'content-length')
          if (size === 'large') assert.equal(length, undefined)
          else if (framing === 'length') assert.equal(length, String(answer.body.length))
          const asked = await get('/rows', coding, 'HEAD')
          for (const name of ['content-encoding', 'vary', 'content-type'])
            assert.equal(field(asked, name), field(answer, name), name)
          assert.equal(field(asked, 'content-length'), undefined)
          assert.equal(asked.body.length, 0)
        })

  it('sends what the client likes best, and plain what it does not want in a coding', async () => {
    answerWith(JSON.stringify(rows(60)))
    for (const [accept, coding] of [
      ['gzip, br, zstd', 'zstd'],
      ['gzip;q=1, br;q=0.5', 'gzip'],
      ['zstd;q=0, *', 'br'],
    ] as const) {
      const answer = await get('/rows', accept)
      assert.equal(field(answer, 'content-encoding'), coding)
      assert.equal(undo[coding](answer.body).toString(), kept(60))
    }
    for (const accept of [undefined, 'identity', 'gzip;q=0', 'compress', 'gzip;q=x']) {
      const answer = await get('/rows', accept)
      assert.equal(field(answer, 'content-encoding'), undefined, String(accept))
      assert.equal(answer.body.toString(), kept(60))
      assert.equal(field(answer, 'vary'), 'Accept-Encoding')
    }
  })

  it('leaves a short answer as it is, unless the client takes nothing plain', async () => {
    for (const framing of ['length', 'chunked', 'pieces', 'coded'] as const) {
      const text = JSON.stringify(rows(5))
      if (framing === 'coded') answerWith(gzipSync(text), 'length', [['content-encoding', 'gzip']])
      else answerWith(text, framing)
      const plain = await get('/rows', 'gzip')
      assert.equal(field(plain, 'content-encoding'), undefined, framing)
      assert.equal(plain.body.toString(), kept(5))
      const coded = await get('/rows', 'gzip, identity;q=0')
      assert.equal(field(coded, 'content-encoding'), 'gzip')
      assert.equal(gunzipSync(coded.body).toString(), kept(5))
    }
  })

  it('compresses anew what came compressed', async () => {
    answerWith(gzipSync(JSON.stringify(rows(6000))), 'length', [['content-encoding', 'gzip']])
    const answer = await get('/rows', 'br')
    assert.equal(field(answer, 'content-encoding'), 'br')
    assert.equal(brotliDecompressSync(answer.body).toString(), kept(6000))
    assert.equal((await get('/rows')).body.toString(), kept(6000))
  })

  async function assertPlain(path: string): Promise<void> {
    const answer = await get(path, 'gzip, br, zstd')
    assert.equal(answer.status, 200)
    assert.equal(field(answer, 'content-encoding'), undefined, path)
    assert.equal(field(answer, 'vary'), undefined)
  }

  it('leaves alone what its app wants unchanged, what the route says, and what is not filtered', async () => {
    answerWith(JSON.stringify(rows(60)), 'length', [['cache-control', 'max-age=5, no-transform']])
    await assertPlain('/rows')
    answerWith(JSON.stringify(rows(60)))
    await assertPlain('/never')
    await assertPlain('/app/x')
    for (const [type, text] of [
      ['text/plain', 'x'.repeat(5000)],
      ['text/event-stream', `data: ${JSON.stringify(mine(1))}\n\n`.repeat(100)],
    ] as const) {
      corridor.upstream.respond((_, socket) => {
        socket.write(answerBytes(200, [['content-type', type]], text))
      })
      await assertPlain('/rows')
    }
  })

  it('never sends a refusal in a coding', async () => {
    answerWith(`${JSON.stringify(rows(60))}]`)
    const answer = await get('/rows', 'gzip, identity;q=0')
    assert.equal(answer.status, 502)
    assert.equal(field(answer, 'content-encoding'), undefined)
  })

  /** Says the begin of a large answer; the rest is the test's. */
  function beginWith(begin: string): Promise<Socket> {
    const { promise, resolve } = Promise.withResolvers<Socket>()
    corridor.upstream.respond((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${json.join(': ')}\r\ntransfer-encoding: chunked\r\n\r\n`)
      socket.write(`${Buffer.byteLength(begin).toString(16)}\r\n${begin}\r\n`)
      resolve(socket)
    })
    return promise
  }

  for (const coding of codings) {
    it(`breaks off by ${coding} where the app's rows turn out to be broken, so that no part passes for the whole`, async () => {
      for (const fault of ['garbage', 'reset'] as const) {
        const app = beginWith(JSON.stringify(rows(600)).slice(0, -1))
        const lines = [bearer(token), `Accept-Encoding: ${coding}`]
        const socket = connect(corridor.edge.port, '127.0.0.1')
        const heard: Buffer[] = []
        socket.on('data', (chunk: Buffer) => heard.push(chunk)).on('error', () => undefined)
        const closed = once(socket, 'close')
        socket.write(head('GET /rows HTTP/1.1', lines))
        await once(socket, 'data')
        if (fault === 'garbage') (await app).write('3\r\n}}}\r\n0\r\n\r\n')
        else (await app).destroy()
        await closed
        const bytes = Buffer.concat(heard)
        assert.match(bytes.toString('latin1'), new RegExp(`content-encoding: ${coding}\r\n`))
        assert.ok(!bytes.subarray(-7).toString('latin1').endsWith('0\r\n\r\n'), fault)
        assert.throws(() => undo[coding](body(bytes)), fault)
      }
    })

    it(`brings rows by ${coding} while the app is still at it, and a slow reader gets all of them`, async () => {
      const app = beginWith(`[${JSON.stringify(mine(1))},`)
      const socket = connect(corridor.edge.port, '127.0.0.1')
      const heard: Buffer[] = []
      socket.write(head('GET /rows HTTP/1.1', [bearer(token), `Accept-Encoding: ${coding}`, 'Connection: close']))
      const [first] = (await once(socket, 'data')) as [Buffer]
      heard.push(first)
      socket.pause()
      // More than all buffers on the way hold.
      const filler = 'é'.repeat(500)
      const more = JSON.stringify(
        Array.from({ length: 20_000 }, (_, id) => ({ ...mine(id), entity: `${(id * 7919) % 20_011}${filler}` })),
      ).slice(1)
      const upstream = await app
      upstream.write(`${Buffer.byteLength(more).toString(16)}\r\n${more}\r\n0\r\n\r\n`)
      await new Promise((resolve) => setImmediate(resolve))
      socket.on('data', (chunk: Buffer) => heard.push(chunk))
      socket.resume()
      await once(socket, 'close')
      const text = undo[coding](body(Buffer.concat(heard))).toString()
      assert.equal(text, `[${JSON.stringify(mine(1))},${more}`)
    })
  }

  it('answers a second request on the same connection', async () => {
    answerWith(JSON.stringify(rows(6000)), 'chunked')
    const one = head('GET /rows HTTP/1.1', [bearer(token), 'Accept-Encoding: gzip'])
    const { responses } = await rawExchange(corridor.edge.port, one + one, { timeoutMs: 5000, expect: 2 })
    for (const answer of responses) assert.equal(gunzipSync(answer.body).toString(), kept(6000))
    assert.equal(responses.length, 2)
  })
}

function chunkOf(bytes: Buffer): readonly Buffer[] {
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]
}

/** The bytes of the chunks that came, whether the last one did or not. */
function body(bytes: Buffer): Buffer {
  let at = bytes.indexOf('\r\n\r\n') + 4
  const pieces: Buffer[] = []
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    const length = end < 0 ? 0 : Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(length > 0)) return Buffer.concat(pieces)
    pieces.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}
