import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { ProxyError } from '../../src/errors.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openRedisState } from '../../src/shared-state/redis.ts'
import type { SharedState } from '../../src/shared-state/shared-state.ts'
import { freePort, type RunningRedis, startRedis } from '../support/redis.ts'
import { describeSharedState, recorder, sessionRecord } from './contract.ts'

describeSharedState('shared state in Redis', async () => {
  const redis = await startRedis()
  const [first, second] = [openEdge(redis.url), openEdge(redis.url)]
  await Promise.all([untilUp(first), untilUp(second)])
  return {
    first,
    second,
    now: () => Date.now(),
    moment: 300,
    advance: (ms) => delay(ms),
    async close() {
      await Promise.all([first.close(), second.close()])
      await redis.stop()
    },
  }
})

test('opens while Redis is away, refuses, and works once it is there', async (t) => {
  const redis = await redisFor(t)
  await redis.kill()
  const state = edgeFor(t, redis.url)
  await assert.rejects(state.ping(), isUnavailable)
  const heard = recorder()
  const subscribed = state.bans.subscribe(heard)
  assert.equal(heard.snapshots.length, 0)
  await redis.restart({ empty: true })
  await untilUp(state)
  await subscribed
  assert.equal(heard.snapshots.length, 1)
})

test('refuses within the command timeout when Redis is frozen, at once after that, and recovers', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  redis.freeze()
  for (let i = 0; i < 3; i++) await assert.rejects(state.hit('key', 1_000), isUnavailable)
  await assert.rejects(state.hit('key', 1_000), { message: 'Redis did not answer lately' })
  redis.thaw()
  await untilUp(state)
  await state.hit('key', 1_000)
})

test('refuses when something accepts the connection and never answers', async (t) => {
  const sockets = new Set<Socket>()
  const hole = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
  await once(hole, 'listening')
  t.after(() => {
    hole.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = hole.address()
  assert.ok(address !== null && typeof address === 'object')
  const state = edgeFor(t, `redis://127.0.0.1:${address.port}`)
  await once(hole, 'connection')
  await assert.rejects(state.ping(), isUnavailable)
  await assert.rejects(state.session('id'), isUnavailable)
})

test('tells a subscriber everything again after a restart, and that the store was emptied', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  const snapshots: { readonly members: readonly string[]; readonly emptied: boolean }[] = []
  const snapshot = waitFor(() => snapshots.length >= 2)
  await state.bans.add({ member: 'a', value: '{}', expiresAt: Date.now() + 60_000 })
  await state.bans.subscribe({
    onSnapshot: (entries, emptied) => void snapshots.push({ members: entries.map((e) => e.member), emptied }),
    onChange: () => undefined,
  })
  await redis.restart({ empty: true })
  await snapshot
  assert.deepEqual(snapshots, [
    { members: ['a'], emptied: false },
    { members: [], emptied: true },
  ])
})

test('notices a Redis that was flushed without closing a connection', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  const seen: boolean[] = []
  await state.bans.subscribe({ onSnapshot: (_, emptied) => void seen.push(emptied), onChange: () => undefined })
  await withClient(redis, (client) => client.flushall())
  await waitFor(() => seen.length >= 2)
  assert.deepEqual(seen, [false, true])
})

test('reads the whole set again when changes are missing from the feed', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  const heard = recorder()
  const stop = await state.bans.subscribe(heard)
  const expiresAt = Date.now() + 60_000
  // What a failover to a replica that was behind looks like: the number moved on, the news did not come.
  await withClient(redis, (client) => client.incr('sp:{sallyport}:bans:sequence'))
  await state.bans.add({ member: 'after', value: '{}', expiresAt })
  await waitFor(() => heard.snapshots.length === 2)
  assert.deepEqual(heard.snapshots[1], [{ member: 'after', value: '{}', expiresAt }])
  stop()
})

test('delivers more entries than fit in one page', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  const expiresAt = Date.now() + 60_000
  const members = Array.from({ length: 2_500 }, (_, i) => `m${i}`)
  await Promise.all(members.map((member) => state.bans.add({ member, value: '{}', expiresAt })))
  const heard = recorder()
  const stop = await state.bans.subscribe(heard)
  assert.equal(heard.snapshots[0]?.length, 2_500)
  assert.equal((await state.bans.list()).length, 2_500)
  stop()
})

test('ignores what is not written by this program', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  await withClient(redis, async (client) => {
    await client.hset('sp:{sallyport}:bans:values', 'a', 'garbage', 'b', '-5 {}', 'c', `${Date.now() + 60_000} {}`)
    await client.set('sp:{sallyport}:session:bad', '99999999999999 99999999999999 {"account":1}')
  })
  assert.deepEqual(
    (await state.bans.list()).map((entry) => entry.member),
    ['c'],
  )
  assert.equal(await state.session('bad'), undefined)
})

test('never shows the password or what it was storing when Redis refuses', async (t) => {
  const redis = await redisFor(t, ['--requirepass', 'right-pass-phrase'])
  const wrong = edgeFor(t, redis.url.replace('//', '//:wrong-pass-phrase@'))
  const none = edgeFor(t, redis.url)
  const right = edgeFor(t, redis.url.replace('//', '//:right-pass-phrase@'))
  await untilUp(right)
  for (const state of [wrong, none]) {
    const error = await state.putOnce('key', 'secret-value', 1_000).catch((cause: unknown) => cause)
    assert.ok(isUnavailable(error))
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /pass-phrase|secret-value/)
  }
})

test('gives up on a session whose time has passed without storing it', async (t) => {
  const redis = await redisFor(t)
  const state = edgeFor(t, redis.url)
  await untilUp(state)
  await state.putSession('old', sessionRecord(Date.now(), { idleUntil: Date.now() - 1 }))
  assert.equal(await state.session('old'), undefined)
  await withClient(redis, async (client) => assert.deepEqual(await client.keys('*session*'), []))
})

test('closes while Redis is away without leaving a subscriber waiting', async () => {
  const state = openEdge(`redis://127.0.0.1:${await freePort()}`)
  const subscribed = state.bans.subscribe(recorder())
  await state.close()
  await assert.rejects(subscribed, isUnavailable)
  await assert.rejects(state.ping(), isUnavailable)
})

function openEdge(url: string): SharedState {
  return openRedisState(url, { clock: systemClock })
}

function edgeFor(t: TestContext, url: string): SharedState {
  const state = openEdge(url)
  t.after(() => state.close())
  return state
}

async function redisFor(t: TestContext, args: readonly string[] = []): Promise<RunningRedis> {
  const redis = await startRedis({ args })
  t.after(() => redis.stop())
  return redis
}

async function withClient(redis: RunningRedis, use: (client: Redis) => Promise<unknown>): Promise<void> {
  const client = new Redis(redis.port, '127.0.0.1')
  try {
    await use(client)
  } finally {
    client.disconnect()
  }
}

async function untilUp(state: SharedState): Promise<void> {
  for (;;) {
    const up = await state.ping().then(
      () => true,
      () => false,
    )
    if (up) return
    await delay(20)
  }
}

async function waitFor(done: () => boolean): Promise<void> {
  while (!done()) await delay(10)
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'ERR_STATE_UNAVAILABLE'
}
