import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { BanList } from '../../src/bans/ban-list.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openRedisState } from '../../src/shared-state/redis.ts'
import { mustNetwork } from '../bans/support.ts'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { password, startTestEdge, type TestEdge } from '../support/edge.ts'
import { rawExchange } from '../support/raw-http.ts'
import { type RunningRedis, startRedis } from '../support/redis.ts'
import { assertRefused, auditLines, bearer, received, until } from './failure-support.ts'
import { Browser } from './fleet-support.ts'

const limitMax = 40

describe('an edge whose Redis is gone', () => {
  let redis: RunningRedis
  let upstream: EchoUpstream
  let edge: TestEdge
  let token: string
  const browser = new Browser()

  before(async () => {
    redis = await startRedis()
    upstream = await startEcho({ respond: (_, socket) => void socket.write(answerBytes(200, [], 'fine')) })
    edge = await startTestEdge({
      upstream: upstream.url,
      config: { state: { url: redis.url }, limits: { address: { max: 100_000, window: '1m' } } },
      routes: [
        { methods: ['GET'], path: '/counted', access: 'public', limit: { max: limitMax, window: '1h' } },
        { methods: ['GET'], path: '/public/**', access: 'public' },
        { methods: ['GET'], path: '/app/**', access: 'member' },
      ],
    })
    await until('the edge is ready', isReady)
    token = await edge.token('dave@acme.example')
  })
  after(async () => {
    redis?.thaw()
    await edge?.stop()
    await upstream?.close()
    await redis?.stop()
  })

  // A test leaves a Redis that just came back, and the next one may begin before the edge has noticed.
  beforeEach(() => until('people can sign in', async () => (await isReady()) && (await signIn()).status === 200))

  async function isReady(): Promise<boolean> {
    return (await fetch(`${edge.adminUrl}/readyz`)).status === 200
  }

  const signIn = () =>
    fetch(`${edge.url}/.sallyport/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'dave@acme.example', password }),
    })

  /** From an address that only the tests of bans use. */
  async function fromBanned(): Promise<string> {
    const { connect } = await import('node:net')
    const socket = connect({ port: edge.port, host: '127.0.0.1', localAddress: '127.0.0.66' })
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      socket.destroy()
    })
    socket.write('GET /public/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await new Promise((resolve) => socket.once('close', resolve))
    return text
  }

  async function requireService(): Promise<void> {
    assert.equal((await fetch(`${edge.url}/public/a`)).status, 200)
    assert.equal((await fetch(`${edge.url}/app/a`, { headers: bearer(token) })).status, 200)
    assert.equal((await browser.get(`${edge.url}/app/a`)).status, 200)
    assert.equal(await fromBanned(), '')
  }

  for (const [how, away, back] of [
    ['killed', () => redis.kill(), () => redis.restart({ empty: true })],
    ['frozen', async () => redis.freeze(), async () => redis.thaw()],
  ] as const) {
    it(`goes on with whom it knows while Redis is ${how}, signs nobody in, and recovers by itself`, async () => {
      assert.equal((await browser.signIn(edge.url, 'ann@acme.example')).status, 303)
      await banFromElsewhere()
      await until('the ban has arrived', async () => (await fromBanned()) === '')
      await requireService()
      await away()
      await until('it says that it is not ready', async () => !(await isReady()))
      await requireService()
      for (let i = 0; i < 3; i += 1) {
        const refused = await received(await signIn())
        assertRefused(edge, refused, 'ERR_STATE_UNAVAILABLE')
        assert.equal(refused.header('retry-after'), '2')
      }
      await requireService()
      const events = auditLines(edge).map(({ event }) => event)
      await back()
      await until('it is ready again', isReady)
      await until('people can sign in again', async () => (await signIn()).status === 200)
      // An emptied Redis knows no sessions: their owners sign in again.
      if (how === 'killed') await browser.signIn(edge.url, 'ann@acme.example')
      await requireService()
      assert.ok(auditLines(edge).length > events.length)
    })
  }

  it('counts for itself while Redis is away: a limit still ends', async () => {
    await redis.kill()
    const statuses: number[] = []
    for (let i = 0; i < limitMax + 5; i += 1) {
      const answer = await fetch(`${edge.url}/counted`)
      await answer.body?.cancel()
      statuses.push(answer.status)
    }
    assert.deepEqual(
      statuses.slice(0, limitMax),
      Array.from({ length: limitMax }, () => 200),
    )
    assert.deepEqual(new Set(statuses.slice(limitMax)), new Set([429]))
    await redis.restart({ empty: true })
    await until('it is ready again', isReady)
  })

  it('that starts without Redis refuses everybody until the lists have arrived', async (t) => {
    await redis.kill()
    const fresh = await startTestEdge({ upstream: upstream.url, config: { state: { url: redis.url } } })
    t.after(() => fresh.stop())
    const refused = await received(await fetch(`${fresh.url}/public/a`))
    assertRefused(fresh, refused, 'ERR_STATE_UNAVAILABLE')
    assert.equal(refused.header('retry-after'), '2')
    const login = await received(await fetch(`${fresh.url}/.sallyport/jwks.json`))
    assertRefused(fresh, login, 'ERR_STATE_UNAVAILABLE')
    const ready = await received(await fetch(`${fresh.adminUrl}/readyz`))
    assert.equal(ready.status, 503)
    assert.match(ready.body, /lists have not arrived/)
    assert.equal((await fetch(`${fresh.adminUrl}/healthz`)).status, 200)
    await redis.restart({ empty: true })
    await until('it is ready', async () => (await fetch(`${fresh.adminUrl}/readyz`)).status === 200)
    const served = await rawExchange(fresh.port, 'GET /public/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', {
      timeoutMs: 5000,
      expect: 1,
    })
    assert.equal(served.responses[0]?.status, 200)
  })

  /** As `sallyport ban add` does it: over the shared list. */
  async function banFromElsewhere(): Promise<void> {
    const state = openRedisState(redis.url, { clock: systemClock })
    const bans = new BanList(state.bans, systemClock, { allow: [], protect: [] })
    try {
      await bans.started
      const until = Date.now() + 3_600_000
      const network = mustNetwork('127.0.0.66')
      assert.equal(bans.add({ network, until, reason: 'test', origin: 'operator', force: true }).kind, 'added')
      await bans.settled()
    } finally {
      bans.close()
      await state.close()
    }
  }
})
