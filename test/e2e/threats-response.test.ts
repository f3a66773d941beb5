import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { type RawExchange, rawExchange } from '../support/raw-http.ts'
import { bearer, head } from './failure-support.ts'
import { type Attack, attacks, build, foreign, marker, mine, write } from './response-attacks.ts'

const routes: readonly { readonly path: string; readonly body: string }[] = [
  { path: '/orders', body: JSON.stringify([mine, foreign, mine, foreign]) },
  { path: '/orders/2', body: JSON.stringify(foreign) },
  { path: '/list', body: JSON.stringify({ items: [mine, foreign, mine], total: 3 }) },
  { path: '/block', body: JSON.stringify([mine, foreign]) },
]

const undoings = [gunzipSync, inflateSync, brotliDecompressSync, zstdDecompressSync]

/** Everything a client could make of the bytes: as they are, as UTF-16, and out of any coding. */
function readings({ raw, responses }: RawExchange): readonly string[] {
  const found = [raw.toString('latin1'), raw.toString('utf16le'), raw.subarray(1).toString('utf16le')]
  for (const { body } of responses) {
    for (const undo of undoings) {
      try {
        found.push(undo(body, { maxOutputLength: 64 * 1024 * 1024 }).toString('latin1'))
      } catch {
        // Not in this coding.
      }
    }
  }
  return found
}

/** Nothing foreign in any reading, and a whole verdict: our own problem, nothing, or rows of ours alone. */
function judge(method: string, route: (typeof routes)[number], chosen: readonly Attack[], exchange: RawExchange): void {
  const told = `${method} ${route.path} with ${chosen.map(({ name }) => name).join(' and ')}`
  for (const reading of readings(exchange)) assert.equal(reading.includes(marker), false, `leaked: ${told}`)
  assert.doesNotMatch(exchange.raw.toString('latin1'), /set-cookie/i, told)
  const [answer, more] = exchange.responses
  assert.equal(more, undefined, `two answers: ${told}`)
  if (answer === undefined) {
    assert.equal(exchange.closed, true, `neither answered nor closed: ${told}`)
    assert.notEqual(route.path, '/block', `broken off instead of blocked: ${told}`)
    return
  }
  const type = answer.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  if (answer.body.length === 0 || type.startsWith('application/problem+json')) return
  assert.notEqual(route.path, '/block', `let through instead of blocked: ${told}`)
  assert.match(answer.body.toString('utf8'), /"account":"acme"|^\[\]$|^\{|^null$|^$/, told)
}

/** mulberry32: the same seed, the same sample. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Writes something else where a foreign row names its tenant. */
function relabels({ name }: Attack): boolean {
  return name.startsWith('the tenant') || name === 'a prototype'
}

describe('an upstream that tries everything in its answers', () => {
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string

  before(async () => {
    upstream = await startEcho()
    const many = { max: 1_000_000, window: '1m' }
    edge = await startTestEdge({
      upstream: upstream.url,
      config: { limits: { address: many, account: many, tenant: many } },
      app: { timeouts: { headers: '2s', body: '2s' } },
    })
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    await edge?.stop()
    await upstream?.close()
  })

  async function send(method: string, route: (typeof routes)[number], chosen: readonly Attack[]): Promise<RawExchange> {
    const answer = build(route.body, chosen)
    upstream.respond((request, socket) => write(answer, socket, request.method === 'HEAD'))
    const options = { timeoutMs: 4000, expect: 1, head: method === 'HEAD' }
    return rawExchange(edge.port, head(`${method} ${route.path}`, bearer(token)), options)
  }

  async function check(method: string, chosen: readonly Attack[]): Promise<void> {
    for (const route of routes) judge(method, route, chosen, await send(method, route, chosen))
  }

  async function assertServing(): Promise<void> {
    const exchange = await send('GET', routes[0] ?? { path: '', body: '' }, [])
    assert.deepEqual(JSON.parse(exchange.responses[0]?.body.toString() ?? ''), [mine, mine])
  }

  it('lets rows of ours through when nothing is tried', async () => {
    await check('GET', [])
    await assertServing()
  })

  for (const each of attacks) {
    it(`leaks nothing by ${each.name}`, async () => {
      await check('GET', [each])
      await check('HEAD', [each])
      await assertServing()
    })
  }

  it('blocks what was not asked for by name: a part, not modified, a transfer coding, a bomb', async () => {
    for (const [name, code] of [
      ['status 206 Partial', 'ERR_ANSWER_STATUS'],
      ['status 304 Same', 'ERR_ANSWER_STATUS'],
      ['a transfer coding', 'ERR_UPSTREAM_PROTOCOL'],
      ['a bomb', 'ERR_ANSWER_TOO_LARGE'],
      ['two types', 'ERR_ANSWER_KIND'],
      ['no type', 'ERR_ANSWER_KIND'],
      ['a byte order mark', 'ERR_ANSWER_UNREADABLE'],
      ['coding gzip, br', 'ERR_ANSWER_CODING'],
    ] as const) {
      const chosen = attacks.filter((each) => each.name === name)
      assert.equal(chosen.length, 1, name)
      // With rows of ours alone, so that nothing else can be the reason.
      const [answer] = (await send('GET', { path: '/block', body: JSON.stringify([mine]) }, chosen)).responses
      assert.equal((JSON.parse(answer?.body.toString() ?? '{}') as { code?: string }).code, code, name)
    }
  })

  it('leaks nothing by two of them at once', async (t) => {
    const seed = Number(process.env.SALLYPORT_SEED ?? Date.now() % 2 ** 31)
    t.diagnostic(`SALLYPORT_SEED=${seed}`)
    const random = seeded(seed)
    const pick = () => attacks[random(attacks.length)]
    for (let i = 0; i < (process.env.SALLYPORT_TEST_LONG === '1' ? 3000 : 150); i += 1) {
      const [one, two] = [pick(), pick()]
      if (one === undefined || two === undefined) continue
      // Two of these make rows that say they are ours, and nothing else: a lie nobody who sees the answer can catch.
      if (relabels(one) && relabels(two)) continue
      await check('GET', [one, two])
    }
    await assertServing()
  })
})
