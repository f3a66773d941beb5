import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BanList, type BanListOptions, type BanOutcome, type BanRequest } from '../../src/bans/ban-list.ts'
import { formatNetwork } from '../../src/lib/ip-network.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import type { SharedState } from '../../src/shared-state/shared-state.ts'
import { FakeClock, mustAddress, mustNetwork } from './support.ts'

test('bans an address at once and lifts the ban at once', async (t) => {
  const { list, ban } = await edge(t)
  assert.equal(list.isBanned(mustAddress('192.0.2.7')), undefined)
  assert.equal(ban('192.0.2.7').kind, 'added')
  assert.equal(list.isBanned(mustAddress('192.0.2.7'))?.reason, 'test')
  assert.equal(list.isBanned(mustAddress('::ffff:192.0.2.7'))?.reason, 'test')
  assert.equal(list.isBanned(mustAddress('192.0.2.8')), undefined)
  assert.equal(list.remove(mustNetwork('192.0.2.7')).length, 1)
  assert.equal(list.isBanned(mustAddress('192.0.2.7')), undefined)
  assert.deepEqual(list.remove(mustNetwork('192.0.2.7')), [])
})

test('any covering prefix counts, not only the longest', async (t) => {
  const { list, clock, ban } = await edge(t)
  ban('10.0.0.0/8', { until: clock.time + 1_000 })
  ban('10.1.2.3', { until: clock.time + 10 })
  clock.time += 10
  assert.equal(formatNetwork(list.isBanned(mustAddress('10.1.2.3'))?.network ?? mustNetwork('::')), '10.0.0.0/8')
  list.remove(mustNetwork('10.1.2.3'))
  assert.ok(list.isBanned(mustAddress('10.1.2.3')))
})

test('a ban ends when its time has come', async (t) => {
  const { list, clock, ban } = await edge(t)
  ban('2001:db8::/64', { until: clock.time + 10 })
  clock.time += 9
  assert.ok(list.isBanned(mustAddress('2001:db8::1')))
  clock.time += 1
  assert.equal(list.isBanned(mustAddress('2001:db8::1')), undefined)
  assert.deepEqual(list.list(), [])
})

test('two origins may ban one network, and each ban ends on its own', async (t) => {
  const { list, clock, ban } = await edge(t)
  ban('192.0.2.7', { origin: 'operator', until: clock.time + 1_000 })
  ban('192.0.2.7', { origin: 'detector', until: clock.time + 10 })
  clock.time += 10
  assert.equal(list.isBanned(mustAddress('192.0.2.7'))?.origin, 'operator')
})

test('the ban of one origin can be lifted and changed without the other', async (t) => {
  const { list, clock, ban } = await edge(t)
  ban('192.0.2.7', { origin: 'operator' })
  ban('192.0.2.7', { origin: 'detector' })
  ban('192.0.2.7', { origin: 'detector', until: clock.time + 90_000 })
  list.remove(mustNetwork('192.0.2.7'), 'detector')
  assert.equal(list.isBanned(mustAddress('192.0.2.7'))?.origin, 'operator')
  assert.equal(list.remove(mustNetwork('192.0.2.7'), 'detector').length, 0)
  list.remove(mustNetwork('192.0.2.7'))
  assert.equal(list.isBanned(mustAddress('192.0.2.7')), undefined)
})

test('a detector cannot shorten its own ban, an operator can', async (t) => {
  const { list, clock, ban } = await edge(t)
  const until = clock.time + 1_000
  ban('192.0.2.7', { until })
  assert.equal(ban('192.0.2.7', { until: until - 500 }).kind, 'kept')
  assert.equal(list.list()[0]?.until, until)
  ban('192.0.2.7', { until: until + 500 })
  assert.equal(list.list()[0]?.until, until + 500)
  ban('192.0.2.8', { origin: 'operator', until })
  ban('192.0.2.8', { origin: 'operator', until: until - 500 })
  assert.equal(list.isBanned(mustAddress('192.0.2.8'))?.until, until - 500)
})

test('the allow list wins, over bans already there too', async (t) => {
  const clock = new FakeClock()
  const state = stateFor(t, clock)
  const [strict, before] = [edgeOn(t, state, clock, { allow: [mustNetwork('192.0.2.0/24')] }), edgeOn(t, state, clock)]
  await Promise.all([strict.list.started, before.list.started])
  before.ban('192.0.2.7', { origin: 'operator', force: true })
  await before.list.settled()
  assert.ok(before.list.isBanned(mustAddress('192.0.2.7')))
  assert.equal(strict.list.isBanned(mustAddress('192.0.2.7')), undefined)
  const refused = { kind: 'refused', reason: 'allowed' }
  assert.deepEqual(strict.ban('192.0.2.7'), refused)
  assert.deepEqual(strict.ban('192.0.2.7', { origin: 'operator', force: true }), refused)
  assert.deepEqual(strict.ban('192.0.0.0/16'), refused)
  assert.equal(strict.ban('192.0.0.0/16', { origin: 'operator' }).kind, 'added')
  assert.ok(strict.list.isBanned(mustAddress('192.0.3.1')))
  assert.equal(strict.list.isBanned(mustAddress('192.0.2.1')), undefined)
})

test('loopback and trusted proxies are banned only where an operator insists', async (t) => {
  const { list, ban } = await edge(t, { protect: [mustNetwork('10.0.0.1')] })
  const refused = { kind: 'refused', reason: 'protected' }
  for (const network of ['127.0.0.9', '127.0.0.0/8', '::1', '::/64', '10.0.0.1', '10.0.0.0/8']) {
    assert.deepEqual(ban(network), refused, network)
    assert.deepEqual(ban(network, { force: true }), refused, network)
    assert.deepEqual(ban(network, { origin: 'operator' }), refused, network)
  }
  assert.equal(ban('10.0.0.2').kind, 'added')
  assert.equal(ban('127.0.0.9', { origin: 'operator', force: true }).kind, 'added')
  assert.ok(list.isBanned(mustAddress('127.0.0.9')))
  assert.equal(list.isBanned(mustAddress('127.0.0.8')), undefined)
})

test('a ban from elsewhere does not reach what is protected here', async (t) => {
  const clock = new FakeClock()
  const state = stateFor(t, clock)
  const here = edgeOn(t, state, clock, { protect: [mustNetwork('10.0.0.1')] })
  const there = edgeOn(t, state, clock)
  await Promise.all([here.list.started, there.list.started])
  there.ban('10.0.0.0/24')
  await there.list.settled()
  assert.equal(here.list.isBanned(mustAddress('10.0.0.1')), undefined)
  assert.ok(here.list.isBanned(mustAddress('10.0.0.2')))
})

test('refuses a ban of everyone, of the past, or from nobody', async (t) => {
  const { clock, ban } = await edge(t)
  const force = { origin: 'operator', force: true }
  assert.deepEqual(ban('0.0.0.0/0', force), { kind: 'refused', reason: 'everyone' })
  assert.deepEqual(ban('::/0', force), { kind: 'refused', reason: 'everyone' })
  assert.deepEqual(ban('192.0.2.7', { until: clock.time }), { kind: 'refused', reason: 'ended' })
  assert.deepEqual(ban('192.0.2.7', { until: Number.NaN }), { kind: 'refused', reason: 'ended' })
  assert.deepEqual(ban('192.0.2.7', { origin: 'no such origin' }), { kind: 'refused', reason: 'origin' })
})

test('takes no more bans than it was told to, until some have ended', async (t) => {
  const { list, clock, ban } = await edge(t, { maxBans: 2 })
  ban('192.0.2.1', { until: clock.time + 10 })
  ban('192.0.2.2', { until: clock.time + 100 })
  assert.deepEqual(ban('192.0.2.3'), { kind: 'refused', reason: 'full' })
  assert.equal(ban('192.0.2.2', { until: clock.time + 200 }).kind, 'added')
  clock.time += 10
  assert.equal(ban('192.0.2.3').kind, 'added')
  assert.equal(list.size, 2)
})

test('tells of every ban that comes into force, here or elsewhere, once', async (t) => {
  const clock = new FakeClock()
  const state = stateFor(t, clock)
  const [here, there] = [edgeOn(t, state, clock), edgeOn(t, state, clock)]
  await Promise.all([here.list.started, there.list.started])
  const heard: string[] = []
  const stop = here.list.onBanned((ban) => heard.push(formatNetwork(ban.network)))
  here.ban('192.0.2.1')
  here.ban('192.0.2.1', { until: clock.time + 90_000 })
  there.ban('192.0.2.2')
  await Promise.all([here.list.settled(), there.list.settled()])
  stop()
  here.ban('192.0.2.3')
  assert.deepEqual(heard, ['192.0.2.1/32', '192.0.2.2/32'])
})

test('a ban that was shortened to a time that has passed ends on the other edges too', async (t) => {
  const clock = new FakeClock()
  const state = stateFor(t, clock)
  const [here, there] = [edgeOn(t, state, clock), edgeOn(t, state, clock)]
  await Promise.all([here.list.started, there.list.started])
  here.ban('192.0.2.1', { origin: 'operator', until: clock.time + 100 })
  await here.list.settled()
  here.ban('192.0.2.2', { origin: 'operator' })
  here.ban('192.0.2.1', { origin: 'operator', until: clock.time + 1 })
  clock.time += 1
  await here.list.settled()
  assert.equal(there.list.isBanned(mustAddress('192.0.2.1')), undefined)
  assert.ok(there.list.isBanned(mustAddress('192.0.2.2')))
})

test('ignores and counts what is no ban', async (t) => {
  const clock = new FakeClock()
  const state = stateFor(t, clock)
  await state.bans.add({ member: 'not a ban', value: '{}', expiresAt: clock.time + 1_000 })
  const { list } = edgeOn(t, state, clock)
  await list.started
  await state.bans.add({ member: '0.0.0.0/0 operator', value: '{}', expiresAt: clock.time + 1_000 })
  assert.equal(list.ignored, 2)
  assert.equal(list.isBanned(mustAddress('192.0.2.1')), undefined)
})

interface Edge {
  readonly list: BanList
  readonly ban: (network: string, changes?: Partial<BanRequest>) => BanOutcome
}

function stateFor(t: TestContext, clock: FakeClock): SharedState {
  const state = openMemoryState(clock)
  t.after(() => state.close())
  return state
}

function edgeOn(t: TestContext, state: SharedState, clock: FakeClock, options: Partial<BanListOptions> = {}): Edge {
  const list = new BanList(state.bans, clock, { allow: [], protect: [], ...options })
  t.after(() => list.close())
  return {
    list,
    ban: (network, changes = {}) =>
      list.add({
        network: mustNetwork(network),
        until: clock.time + 60_000,
        reason: 'test',
        origin: 'detector',
        ...changes,
      }),
  }
}

async function edge(
  t: TestContext,
  options: Partial<BanListOptions> = {},
): Promise<Edge & { readonly clock: FakeClock }> {
  const clock = new FakeClock()
  const made = edgeOn(t, stateFor(t, clock), clock, options)
  await made.list.started
  return { ...made, clock }
}
