import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProxyError } from '../../src/errors.ts'
import { SessionService } from '../../src/login/session-service.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import type { SharedState } from '../../src/shared-state/shared-state.ts'
import { admitted, policy } from '../stages/support.ts'

const away = () => Promise.reject(new ProxyError('ERR_STATE_UNAVAILABLE', 'cut'))

const minute = 60_000
const seen = { method: 'password', address: '203.0.113.1', userAgent: 'x'.repeat(1000) }

/** Sessions over real state whose clock stands still, and which can be cut off. */
async function withSessions(
  test: (rooms: {
    sessions: SessionService
    pass: (ms: number) => void
    cut: (away: boolean) => void
    state: SharedState
    revoked: Set<string>
    reads: () => number
  }) => Promise<void>,
): Promise<void> {
  let now = 1_000_000
  let isAway = false
  let reads = 0
  const clock = { now: () => now }
  const state = openMemoryState(clock)
  const revoked = new Set<string>()
  const cutState: SharedState = Object.assign(Object.create(state) as SharedState, {
    putSession: state.putSession.bind(state),
    endSession: state.endSession.bind(state),
    touchSession: (id: string, until: number) => (isAway ? away() : state.touchSession(id, until)),
    session: (id: string) => {
      reads += 1
      return isAway ? away() : state.session(id)
    },
  })
  const settings = {
    cookieName: 'sallyport',
    publicScheme: 'http',
    idleMs: 30 * minute,
    absoluteMs: 120 * minute,
  } as const
  const isRevoked = (key: string) => revoked.has(key)
  const sessions = new SessionService(settings, { state: cutState, clock, isRevoked, report: () => undefined })
  try {
    await test({
      sessions,
      pass: (ms) => {
        now += ms
      },
      cut: (away) => {
        isAway = away
      },
      state,
      revoked,
      reads: () => reads,
    })
  } finally {
    await state.close()
  }
}

describe('a session', () => {
  it('has a new handle each time, of which only the hash is kept', async () => {
    await withSessions(async ({ sessions, state }) => {
      const [one, two] = [await sessions.start(policy(), seen), await sessions.start(policy(), seen)]
      assert.notEqual(one.handle, two.handle)
      assert.notEqual(one.record.sid, two.record.sid)
      assert.match(one.handle, /^[\w-]{43}$/)
      assert.equal(one.record.userAgent.length, 256)
      const kept = await state.sessionsOf('id-ann')
      assert.equal(kept.length, 2)
      assert.ok(!JSON.stringify(kept).includes(one.handle))
      assert.equal(await state.session(one.handle), undefined)
    })
  })

  it('ends when it is not used, and is kept by use until its absolute end', async () => {
    await withSessions(async ({ sessions, pass }) => {
      const idle = (await sessions.start(policy(), seen)).handle
      pass(30 * minute - 1)
      assert.ok(await sessions.find(idle))
      pass(30 * minute)
      assert.equal(await sessions.find(idle), undefined)
      const used = (await sessions.start(policy(), seen)).handle
      for (let i = 0; i < 6; i += 1) {
        pass(19 * minute)
        assert.ok(await sessions.find(used), `use ${i}`)
      }
      pass(6 * minute)
      assert.equal(await sessions.find(used), undefined)
    })
  })

  it('keeps its absolute end when it is started in place of another', async () => {
    await withSessions(async ({ sessions, pass }) => {
      const first = await sessions.start(policy(), seen)
      pass(20 * minute)
      const second = await sessions.start(policy(), seen, first.record.absoluteUntil)
      assert.equal(second.record.absoluteUntil, first.record.absoluteUntil)
    })
  })

  it('answers from a copy for a second, and never once it is revoked', async () => {
    await withSessions(async ({ sessions, pass, revoked, reads }) => {
      const { handle, record } = await sessions.start(policy(), seen)
      assert.ok(!(sessions.find(handle) instanceof Promise))
      assert.equal(reads(), 0)
      pass(1000)
      assert.ok(await sessions.find(handle))
      assert.equal(reads(), 1)
      revoked.add(`sid:${record.sid}`)
      assert.equal(await sessions.find(handle), undefined)
    })
  })

  it('is not found by a copy after it was ended elsewhere', async () => {
    await withSessions(async ({ sessions, pass, state }) => {
      const { handle } = await sessions.start(policy(), seen)
      const [kept] = await state.sessionsOf('id-ann')
      await state.endSession(kept?.id ?? '')
      pass(1000)
      assert.equal(await sessions.find(handle), undefined)
    })
  })

  it('lives from its copy for five minutes while shared state is away, however much it is used', async () => {
    await withSessions(async ({ sessions, pass, cut }) => {
      const { handle } = await sessions.start(policy(), seen)
      cut(true)
      for (let i = 0; i < 4; i += 1) {
        pass(70_000)
        assert.ok(await sessions.find(handle), `after ${(i + 1) * 70} s`)
      }
      pass(70_000)
      await assert.rejects(async () => sessions.find(handle), { code: 'ERR_STATE_UNAVAILABLE' })
      cut(false)
      assert.ok(await sessions.find(handle))
    })
  })

  it('that nobody knows is not found, and is refused while nobody can be asked', async () => {
    await withSessions(async ({ sessions, cut }) => {
      const unknown = 'A'.repeat(43)
      assert.equal(await sessions.find(unknown), undefined)
      cut(true)
      await assert.rejects(async () => sessions.find(unknown), { code: 'ERR_STATE_UNAVAILABLE' })
    })
  })

  it('is read from exactly one well-formed cookie', async () => {
    await withSessions(async ({ sessions }) => {
      const of = (...fields: string[]) =>
        sessions.handleOf(admitted(fields.map((field) => ['cookie', field] as const)).headers)
      const handle = 'Ab_-'.repeat(11).slice(0, 43)
      assert.equal(of(`a=b; sallyport=${handle}; c=d`), handle)
      assert.equal(of(), undefined)
      assert.equal(of('sallyport=; a=b'), undefined)
      assert.equal(of('xsallyport=1; sallyport-form=2; Sallyport=3'), undefined)
      assert.throws(() => of(`sallyport=${handle}`, `sallyport=${handle}`), { code: 'ERR_CREDENTIAL_AMBIGUOUS' })
      for (const bad of ['x', `"${handle}"`, `${handle}A`, handle.slice(1), `${handle.slice(1)}.`]) {
        assert.throws(() => of(`sallyport=${bad}`), { code: 'ERR_SESSION_ENDED' }, bad)
      }
    })
  })
})
