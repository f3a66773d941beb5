import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type {
  ReplicatedChange,
  ReplicatedEntry,
  ReplicatedSubscriber,
  SessionRecord,
  SharedState,
} from '../../src/shared-state/shared-state.ts'

export interface StateFixture {
  /** Two edges of one fleet; the same state twice where there can be one edge only. */
  readonly first: SharedState
  readonly second: SharedState
  readonly now: () => number
  /** Milliseconds that are surely more than a few calls take here. */
  readonly moment: number
  /** Lets time pass, in whichever way the implementation measures it. */
  readonly advance: (ms: number) => Promise<void>
  close(): Promise<void>
}

/** What every implementation of SharedState does, on the real thing. */
export function describeSharedState(name: string, open: () => Promise<StateFixture>): void {
  describe(name, () => {
    let fixture: StateFixture
    before(async () => {
      fixture = await open()
    })
    after(() => fixture.close())

    describeSessions(() => fixture)
    describeCounters(() => fixture)
    describeOnce(() => fixture)
    describeReplicatedSet(() => fixture)

    test('answers a ping', () => fixture.second.ping())
  })
}

let unique = 0
function fresh(word: string): string {
  return `${word}-${unique++}`
}

export function sessionRecord(now: number, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    account: fresh('account'),
    tenant: 'acme',
    sid: fresh('sid'),
    epoch: 3,
    createdAt: now,
    idleUntil: now + 60_000,
    absoluteUntil: now + 120_000,
    method: 'password',
    address: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (ü "quoted" 100%)',
    ...changes,
  }
}

function describeSessions(fixture: () => StateFixture): void {
  test('gives a session back to every edge as it was put', async () => {
    const { first, second, now } = fixture()
    const id = fresh('id')
    const record = sessionRecord(now())
    await first.putSession(id, record)
    assert.deepEqual(await second.session(id), record)
    assert.equal(await second.session(fresh('id')), undefined)
  })

  test('forgets a session at its idle deadline unless it was touched', async () => {
    const { first, second, now, moment, advance } = fixture()
    const [left, used] = [fresh('id'), fresh('id')]
    await first.putSession(left, sessionRecord(now(), { idleUntil: now() + moment }))
    await first.putSession(used, sessionRecord(now(), { idleUntil: now() + moment }))
    const idleUntil = now() + 60_000
    assert.equal(await second.touchSession(used, idleUntil), true)
    await advance(moment * 1.5)
    assert.equal(await second.session(left), undefined)
    assert.equal(await second.touchSession(left, now() + 60_000), false)
    assert.equal((await first.session(used))?.idleUntil, idleUntil)
  })

  test('never lets a touch carry a session past its absolute deadline', async () => {
    const { first, now, moment, advance } = fixture()
    const id = fresh('id')
    await first.putSession(id, sessionRecord(now(), { idleUntil: now() + moment / 2, absoluteUntil: now() + moment }))
    await first.touchSession(id, now() + 60_000)
    await advance(moment * 1.5)
    assert.equal(await first.session(id), undefined)
  })

  test('ends a session everywhere and says so in the revocations', async () => {
    const { first, second, now } = fixture()
    const id = fresh('id')
    const record = sessionRecord(now())
    const heard = recorder()
    const stop = await second.revocations.subscribe(heard)
    await first.putSession(id, record)
    await first.endSession(id)
    await heard.until((changes) => changes.some((c) => c.kind === 'added' && c.entry.member === `sid:${record.sid}`))
    assert.equal(await second.session(id), undefined)
    assert.deepEqual(await second.sessionsOf(record.account), [])
    await first.endSession(id)
    stop()
  })

  test('lists the live sessions of one account only', async () => {
    const { first, second, now, moment, advance } = fixture()
    const account = fresh('account')
    const [a, b, c] = [fresh('id'), fresh('id'), fresh('id')]
    await first.putSession(a, sessionRecord(now(), { account }))
    await second.putSession(b, sessionRecord(now(), { account }))
    await first.putSession(c, sessionRecord(now(), { account, idleUntil: now() + moment / 2 }))
    await first.putSession(fresh('id'), sessionRecord(now()))
    await advance(moment)
    const ids = (await second.sessionsOf(account)).map((session) => session.id).toSorted()
    assert.deepEqual(ids, [a, b].toSorted())
  })
}

function describeCounters(fixture: () => StateFixture): void {
  test('adds up hits of all edges in one window that starts with the first', async () => {
    const { first, second } = fixture()
    const key = fresh('key')
    assert.deepEqual(await first.peek(key), { count: 0, ttlMs: 0 })
    assert.equal((await first.hit(key, 60_000)).count, 1)
    const { count, ttlMs } = await second.hit(key, 60_000)
    assert.equal(count, 2)
    assert.ok(ttlMs > 0 && ttlMs <= 60_000)
    assert.equal((await first.peek(key)).count, 2)
    assert.equal((await first.peek(key)).count, 2)
  })

  test('begins a new window when the old one has passed, however often it was hit', async () => {
    const { first, moment, advance } = fixture()
    const key = fresh('key')
    await first.hit(key, moment)
    await first.hit(key, 60_000)
    await advance(moment * 1.5)
    assert.equal((await first.peek(key)).count, 0)
    assert.equal((await first.hit(key, 60_000)).count, 1)
  })

  test('counts parallel hits exactly', async () => {
    const { first, second } = fixture()
    const key = fresh('key')
    const hits = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? first : second).hit(key, 60_000)))
    assert.deepEqual(
      hits.map((hit) => hit.count).toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
  })

  test('forgets a counter that is reset', async () => {
    const { first, second } = fixture()
    const key = fresh('key')
    await first.hit(key, 60_000)
    await second.reset(key)
    assert.equal((await first.peek(key)).count, 0)
  })
}

function describeOnce(fixture: () => StateFixture): void {
  test('grants a claim to the first caller only, until its time has passed', async () => {
    const { first, second, moment, advance } = fixture()
    const key = fresh('key')
    const granted = await Promise.all([first, second, first, second].map((state) => state.claim(key, moment)))
    assert.equal(granted.filter(Boolean).length, 1)
    await advance(moment * 1.5)
    assert.equal(await second.claim(key, moment), true)
  })

  test('lets a one-time value be looked at often and taken once', async () => {
    const { first, second } = fixture()
    const key = fresh('key')
    await first.putOnce(key, 'value', 60_000)
    assert.equal(await second.peekOnce(key), 'value')
    const taken = await Promise.all([first.takeOnce(key), second.takeOnce(key)])
    assert.deepEqual(
      taken.filter((value) => value !== undefined),
      ['value'],
    )
    assert.equal(await first.peekOnce(key), undefined)
  })

  test('forgets a one-time value after its time', async () => {
    const { first, moment, advance } = fixture()
    const key = fresh('key')
    await first.putOnce(key, 'value', moment / 2)
    await advance(moment)
    assert.equal(await first.peekOnce(key), undefined)
    assert.equal(await first.takeOnce(key), undefined)
  })
}

function describeReplicatedSet(fixture: () => StateFixture): void {
  const entryOf = (member: string, value = '{"a":1}'): ReplicatedEntry => {
    return { member, value, expiresAt: fixture().now() + 60_000 }
  }

  test('gives a new subscriber what is in the set, then every change in one order', async () => {
    const { first, second } = fixture()
    const [old, added, gone] = [fresh('m'), fresh('m'), fresh('m')]
    await first.bans.add(entryOf(old, 'a value with blanks'))
    const [here, there] = [recorder(), recorder()]
    const stops = [await first.bans.subscribe(here), await second.bans.subscribe(there)]
    assert.ok(there.snapshots[0]?.some((entry) => entry.member === old && entry.value === 'a value with blanks'))
    await Promise.all([first.bans.add(entryOf(added)), second.bans.add(entryOf(gone))])
    assert.equal(await first.bans.remove(gone), true)
    assert.equal(await first.bans.remove(gone), false)
    const complete = (changes: readonly ReplicatedChange[]): boolean => {
      return changes.some((change) => change.kind === 'removed' && change.member === gone)
    }
    await Promise.all([here.until(complete), there.until(complete)])
    assert.deepEqual(here.changes, there.changes)
    assert.equal(here.changes.length, 3)
    for (const stop of stops) stop()
  })

  test('replaces an entry that is added again', async () => {
    const { first, second } = fixture()
    const member = fresh('m')
    await first.bans.add(entryOf(member, 'old'))
    await second.bans.add(entryOf(member, 'new'))
    const found = (await first.bans.list()).filter((entry) => entry.member === member)
    assert.deepEqual(
      found.map((entry) => entry.value),
      ['new'],
    )
  })

  test('does not list an entry that has ended', async () => {
    const { first, second, now, moment, advance } = fixture()
    const member = fresh('m')
    await first.bans.add({ ...entryOf(member), expiresAt: now() + moment / 2 })
    await advance(moment)
    assert.ok(!(await second.bans.list()).some((entry) => entry.member === member))
  })

  test('tells nothing more to a subscriber that has left', async () => {
    const { first } = fixture()
    const [left, stays] = [recorder(), recorder()]
    const leave = await first.bans.subscribe(left)
    const stop = await first.bans.subscribe(stays)
    leave()
    await first.bans.add(entryOf(fresh('m')))
    await stays.until((changes) => changes.length === 1)
    assert.equal(left.changes.length, 0)
    stop()
  })
}

export interface Recorder extends ReplicatedSubscriber {
  readonly snapshots: (readonly ReplicatedEntry[])[]
  readonly changes: ReplicatedChange[]
  until(done: (changes: readonly ReplicatedChange[]) => boolean): Promise<void>
}

/** A subscriber that keeps what it hears. */
export function recorder(): Recorder {
  const waiting = new Set<() => void>()
  const recorded: Recorder = {
    snapshots: [],
    changes: [],
    onSnapshot: (entries) => void recorded.snapshots.push(entries),
    onChange(change) {
      recorded.changes.push(change)
      for (const wake of waiting) wake()
    },
    until: (done) =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (!done(recorded.changes)) return
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        wake()
      }),
  }
  return recorded
}
