import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RevocationList } from '../../src/bans/revocation-list.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import type { SharedState } from '../../src/shared-state/shared-state.ts'
import { FakeClock } from './support.ts'

test('revokes one key on every edge, until it would have ended anyway', async (t) => {
  const { clock, open } = fleet(t)
  const [here, there] = [open(), open()]
  await Promise.all([here.started, there.started])
  here.revoke('jti:1', clock.time + 10)
  assert.ok(here.isRevoked('jti:1'))
  await here.settled()
  assert.ok(there.isRevoked('jti:1'))
  assert.ok(!there.isRevoked('jti:2'))
  assert.ok(!there.isRevoked('sid:1'))
  clock.time += 10
  assert.ok(!here.isRevoked('jti:1') && !there.isRevoked('jti:1'))
})

test('an edge that starts later knows what was revoked before', async (t) => {
  const { clock, open } = fleet(t)
  const early = open()
  early.revoke('sid:1', clock.time + 10)
  await early.settled()
  const late = open()
  await late.started
  assert.ok(late.isRevoked('sid:1'))
})

test('a key stays revoked for the longest time it was ever revoked for', async (t) => {
  const { clock, open } = fleet(t)
  const list = open()
  list.revoke('sid:1', clock.time + 100)
  list.revoke('sid:1', clock.time + 10)
  await list.settled()
  clock.time += 50
  assert.ok(list.isRevoked('sid:1'))
})

test('hears of sessions that are ended through shared state, and tells who listens', async (t) => {
  const { clock, state, open } = fleet(t)
  const list = open()
  await list.started
  const heard: string[] = []
  list.onRevoked((key) => heard.push(key))
  const deadline = clock.time + 1_000
  await state.putSession('id', {
    account: 'a',
    tenant: 't',
    sid: 's1',
    epoch: 1,
    createdAt: clock.time,
    idleUntil: deadline,
    absoluteUntil: deadline,
    method: 'password',
    address: '192.0.2.1',
    userAgent: '',
  })
  await state.endSession('id')
  assert.ok(list.isRevoked('sid:s1'))
  assert.deepEqual(heard, ['sid:s1'])
})

test('when full it forgets the oldest key rather than not believing the newest', async (t) => {
  const { clock, open } = fleet(t)
  const list = open(2)
  for (const key of ['jti:1', 'jti:2', 'jti:3']) list.revoke(key, clock.time + 10)
  assert.deepEqual(
    ['jti:1', 'jti:2', 'jti:3'].map((key) => list.isRevoked(key)),
    [false, true, true],
  )
})

interface Fleet {
  readonly clock: FakeClock
  readonly state: SharedState
  readonly open: (maxKeys?: number) => RevocationList
}

function fleet(t: TestContext): Fleet {
  const clock = new FakeClock()
  const state = openMemoryState(clock)
  t.after(() => state.close())
  return {
    clock,
    state,
    open(maxKeys) {
      const list = new RevocationList(state.revocations, clock, maxKeys === undefined ? {} : { maxKeys })
      t.after(() => list.close())
      return list
    },
  }
}
