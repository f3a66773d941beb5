import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BanList } from '../../src/bans/ban-list.ts'
import { RevocationList } from '../../src/bans/revocation-list.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openRedisState } from '../../src/shared-state/redis.ts'
import { type RunningRedis, startRedis } from '../support/redis.ts'
import { mustAddress, mustNetwork } from './support.ts'

test('a ban made on one edge is in force on the other, and so is its end', async (t) => {
  const redis = await redisFor(t)
  const [here, there] = [edgeOn(t, redis), edgeOn(t, redis)]
  await Promise.all([here.bans.started, there.bans.started])
  ban(here, '192.0.2.7')
  await waitFor(() => isBanned(there, '192.0.2.7'))
  assert.ok(!isBanned(there, '192.0.2.8'))
  there.bans.remove(mustNetwork('192.0.2.7'))
  await waitFor(() => !isBanned(here, '192.0.2.7'))
})

test('an edge that starts later knows the bans and revocations made before', async (t) => {
  const redis = await redisFor(t)
  const early = edgeOn(t, redis)
  ban(early, '192.0.2.7')
  early.revocations.revoke('sid:1', Date.now() + 60_000)
  await Promise.all([early.bans.settled(), early.revocations.settled()])
  const late = edgeOn(t, redis)
  await Promise.all([late.bans.started, late.revocations.started])
  assert.ok(isBanned(late, '192.0.2.7'))
  assert.ok(late.revocations.isRevoked('sid:1'))
})

test('while Redis is dead known bans stay and new ones wait; an emptied Redis gets all of them back', async (t) => {
  const redis = await redisFor(t)
  const [here, there] = [edgeOn(t, redis), edgeOn(t, redis)]
  await Promise.all([here.bans.started, there.bans.started])
  ban(here, '192.0.2.1')
  there.revocations.revoke('sid:1', Date.now() + 60_000)
  await waitFor(() => isBanned(there, '192.0.2.1') && here.revocations.isRevoked('sid:1'))
  await redis.kill()
  ban(here, '192.0.2.2')
  ban(there, '192.0.2.3')
  there.bans.remove(mustNetwork('192.0.2.1'))
  assert.ok(isBanned(here, '192.0.2.1') && isBanned(here, '192.0.2.2') && isBanned(there, '192.0.2.3'))
  assert.equal(here.bans.pending, 1)
  here.bans.close()
  here.revocations.close()

  await redis.restart({ empty: true })
  await Promise.all([there.bans.settled(), there.revocations.settled()])
  const late = edgeOn(t, redis)
  await waitFor(() => isBanned(late, '192.0.2.3') && late.revocations.isRevoked('sid:1'))
  assert.ok(!isBanned(late, '192.0.2.1'))
})

test('what queued while Redis was dead reaches the others, and what they held before is still there', async (t) => {
  const redis = await redisFor(t)
  const [here, there] = [edgeOn(t, redis), edgeOn(t, redis)]
  await Promise.all([here.bans.started, there.bans.started])
  ban(here, '192.0.2.1')
  await waitFor(() => isBanned(there, '192.0.2.1'))
  await redis.kill()
  ban(here, '192.0.2.2')
  await redis.restart({ empty: true })
  await waitFor(() => isBanned(there, '192.0.2.2'))
  const late = edgeOn(t, redis)
  await waitFor(() => isBanned(late, '192.0.2.1') && isBanned(late, '192.0.2.2'))
  assert.ok(isBanned(here, '192.0.2.1') && isBanned(there, '192.0.2.1'))
})

test('a frozen Redis delays news and loses none', async (t) => {
  const redis = await redisFor(t)
  const [here, there] = [edgeOn(t, redis), edgeOn(t, redis)]
  await Promise.all([here.bans.started, there.bans.started])
  redis.freeze()
  ban(here, '192.0.2.1')
  assert.ok(isBanned(here, '192.0.2.1'))
  assert.ok(!isBanned(there, '192.0.2.1'))
  await delay(400)
  assert.equal(here.bans.pending, 1)
  redis.thaw()
  await waitFor(() => isBanned(there, '192.0.2.1'))
})

test('an edge that starts while Redis is dead says that it has no copy yet', async (t) => {
  const redis = await redisFor(t)
  await redis.kill()
  const edge = edgeOn(t, redis)
  ban(edge, '192.0.2.1')
  assert.equal(edge.bans.synced, false)
  assert.ok(isBanned(edge, '192.0.2.1'))
  await redis.restart({ empty: true })
  await edge.bans.started
  assert.equal(edge.bans.synced, true)
  assert.ok(isBanned(edge, '192.0.2.1'))
})

interface Edge {
  readonly bans: BanList
  readonly revocations: RevocationList
}

function edgeOn(t: TestContext, redis: RunningRedis): Edge {
  const state = openRedisState(redis.url, { clock: systemClock })
  const bans = new BanList(state.bans, systemClock, { allow: [], protect: [] })
  const revocations = new RevocationList(state.revocations, systemClock)
  t.after(async () => {
    bans.close()
    revocations.close()
    await state.close()
  })
  return { bans, revocations }
}

function ban(edge: Edge, address: string): void {
  const until = Date.now() + 60_000
  edge.bans.add({ network: mustNetwork(address), until, reason: 'test', origin: 'detector' })
}

function isBanned(edge: Edge, address: string): boolean {
  return edge.bans.isBanned(mustAddress(address)) !== undefined
}

async function redisFor(t: TestContext): Promise<RunningRedis> {
  const redis = await startRedis()
  t.after(() => redis.stop())
  return redis
}

async function waitFor(done: () => boolean): Promise<void> {
  while (!done()) await delay(5)
}
