import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { AccountStore, Grant, Policy } from '../../src/accounts/account-store.ts'
import { PolicyCache } from '../../src/accounts/policy-cache.ts'
import { openSqliteStore } from '../../src/accounts/sqlite.ts'
import { ProxyError } from '../../src/errors.ts'
import { accountOf, grantOf, member, membershipOf, tenantOf } from './contract.ts'

const start = 1_700_000_000_000
const everyone = { kind: 'everyone' } as const

interface Bench {
  readonly store: AccountStore
  readonly cache: PolicyCache
  /** Statements since it was last emptied. */
  readonly sent: string[]
  readonly pass: (ms: number) => void
  /** The answer without a promise; fails where there had to be a question. */
  readonly copy: (account?: string) => Policy | undefined
  /** Questions wait until they are let go; `back` lets them, and those that come later. */
  readonly hold: () => () => void
  readonly away: (isAway: boolean) => void
}

/** A cache over a real store, between which questions can be held up. */
async function bench(t: TestContext): Promise<Bench> {
  let now = start
  let isAway = false
  let gate = Promise.resolve()
  const sent: string[] = []
  const store = await openSqliteStore('sqlite::memory:', { onQuery: (text) => sent.push(text) })
  t.after(() => store.close())
  await store.migrate()
  await member(store, 't', 'a')
  const reach = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (isAway) throw new ProxyError('ERR_STORE_UNAVAILABLE', 'away')
    const answer = ask()
    // What it says is as of now, however late it arrives.
    await Promise.all([answer, gate])
    return answer
  }
  const between = {
    readPolicy: (tenant: string, account: string) => reach(() => store.readPolicy(tenant, account)),
    policyVersions: (tenants: readonly string[]) => reach(() => store.policyVersions(tenants)),
  }
  const cache = new PolicyCache(between, { now: () => now })
  sent.length = 0
  return {
    store,
    cache,
    sent,
    pass: (ms) => void (now += ms),
    copy(account = 'a') {
      const found = cache.policy('t', account)
      assert.ok(!(found instanceof Promise), 'the store was asked')
      return found
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        gate = Promise.resolve()
        resolve()
      }
    },
    away: (value) => void (isAway = value),
  }
}

const ids = (policy: Policy | undefined) => policy?.grants.map(({ id }) => id)
/** Who shares, and by which rights. */
const sharers = (policy: Policy | undefined) =>
  policy?.sharers.map(({ account, grants }) => [account.id, ...grants.map(({ id }) => id)])
const isAsked = (found: unknown) => assert.ok(found instanceof Promise, 'a copy was used')
const unavailable = { code: 'ERR_STORE_UNAVAILABLE' }

describe('a copy of a policy', () => {
  it('costs one statement, however many ask at once, and none while it is fresh', async (t) => {
    const { cache, sent, pass, copy } = await bench(t)
    const answers = await Promise.all(Array.from({ length: 20 }, async () => cache.policy('t', 'a')))
    assert.equal(sent.length, 1)
    assert.equal(new Set(answers).size, 1)
    pass(999)
    assert.equal(copy(), answers[0])
    assert.equal(sent.length, 1)
  })

  it('is not used a second after it was asked for, unless its version was confirmed since', async (t) => {
    const { cache, sent, pass, copy } = await bench(t)
    await cache.policy('t', 'a')
    pass(999)
    copy()
    pass(1)
    isAsked(cache.policy('t', 'a'))
    await cache.policy('t', 'a')
    sent.length = 0
    for (let i = 0; i < 100; i += 1) {
      pass(400)
      await cache.poll()
      copy()
    }
    assert.equal(sent.length, 100)
    assert.ok(sent.every((text) => text.includes('policy_versions') && !text.includes('memberships')))
    pass(999)
    copy()
    pass(1)
    isAsked(cache.policy('t', 'a'))
  })

  it('is dropped with the first poll after a change, by whatever way it was made', async (t) => {
    const { store, cache, copy } = await bench(t)
    await store.putGrant(grantOf('t', 'g', everyone))
    assert.deepEqual(ids(await cache.policy('t', 'a')), ['g'])
    await store.removeGrant('t', 'g')
    assert.deepEqual(ids(copy()), ['g'])
    await cache.poll()
    const found = cache.policy('t', 'a')
    isAsked(found)
    assert.deepEqual(ids(await found), [])
    assert.deepEqual(ids(copy()), [])
  })

  it('goes on being used where another tenant changes', async (t) => {
    const { store, cache, pass, copy } = await bench(t)
    await cache.policy('t', 'a')
    await member(store, 'other', 'b')
    pass(900)
    await cache.poll()
    pass(900)
    copy()
  })

  it('is dropped by what another account of its tenant brings, and kept by it', async (t) => {
    const { store, cache, pass, copy } = await bench(t)
    await member(store, 't', 'b')
    await cache.policy('t', 'a')
    pass(900)
    await cache.policy('t', 'b')
    pass(900)
    copy()
    await store.putGrant(grantOf('t', 'g', everyone))
    pass(100)
    await cache.policy('t', 'b')
    isAsked(cache.policy('t', 'a'))
  })

  it('says of nobody that there is nobody, for as long as that is so', async (t) => {
    const { store, cache, sent, copy } = await bench(t)
    assert.equal(await cache.policy('t', 'nobody'), undefined)
    assert.equal(copy('nobody'), undefined)
    assert.equal(sent.length, 1)
    await store.putAccount(accountOf('nobody'))
    await store.putMembership(membershipOf('t', 'nobody'))
    await cache.poll()
    assert.equal((await cache.policy('t', 'nobody'))?.account.id, 'nobody')
  })

  it('is not kept of a tenant that never was: anybody who has signed in may name as many as they like', async (t) => {
    const { store, cache, sent } = await bench(t)
    assert.equal(await cache.policy('new', 'a'), undefined)
    sent.length = 0
    await cache.poll()
    assert.deepEqual(sent, [])
    isAsked(cache.policy('new', 'a'))
    await store.putTenant(tenantOf('new'))
    await store.putMembership(membershipOf('new', 'a'))
    assert.equal((await cache.policy('new', 'a'))?.tenant.id, 'new')
  })

  it('is read anew after a minute, whatever its version', async (t) => {
    const { cache, pass, copy } = await bench(t)
    await cache.policy('t', 'a')
    for (let ms = 0; ms < 59_600; ms += 400) {
      pass(400)
      await cache.poll()
      copy()
    }
    pass(400)
    await cache.poll()
    isAsked(cache.policy('t', 'a'))
  })

  it('is not used past the moment at which anything in it begins or ends', async (t) => {
    const { store, cache, pass, copy } = await bench(t)
    const grant = (id: string, changes: Partial<Grant>): Promise<void> =>
      store.putGrant({ ...grantOf('t', id, everyone), ...changes })
    await store.putMembership({ ...membershipOf('t', 'a'), validFrom: start, validUntil: start + 500 })
    await grant('later', { validFrom: start + 100 })
    await grant('ending', { validUntil: start + 200 })
    await member(store, 't', 'b')
    await store.putMembership({ ...membershipOf('t', 'b'), validUntil: start + 300 })
    await store.putGrant({ ...grantOf('t', 'shared', { kind: 'account', account: 'a' }), sharedBy: 'b' })
    assert.deepEqual(ids(await cache.policy('t', 'a')), ['ending', 'shared'])
    pass(99)
    copy()
    pass(1)
    assert.deepEqual(ids(await cache.policy('t', 'a')), ['ending', 'later', 'shared'])
    pass(99)
    copy()
    pass(1)
    assert.deepEqual(ids(await cache.policy('t', 'a')), ['later', 'shared'])
    pass(99)
    assert.deepEqual(sharers(copy()), [['b', 'later']])
    pass(1)
    assert.deepEqual(sharers(await cache.policy('t', 'a')), [])
    pass(200)
    assert.equal(await cache.policy('t', 'a'), undefined)
  })

  it('has nothing of a sharer who is disabled, and only what holds now of one who is not', async (t) => {
    const { store, cache } = await bench(t)
    await member(store, 't', 'b')
    await store.putGrant({ ...grantOf('t', 'shared', { kind: 'account', account: 'a' }), sharedBy: 'b' })
    await store.putGrant({ ...grantOf('t', 'past', { kind: 'account', account: 'b' }), validUntil: start })
    await store.putGrant(grantOf('t', 'present', { kind: 'account', account: 'b' }))
    assert.deepEqual(sharers(await cache.policy('t', 'a')), [['b', 'present']])
    await store.putAccount({ ...accountOf('b'), state: 'disabled' })
    await cache.poll()
    assert.deepEqual(sharers(await cache.policy('t', 'a')), [])
  })
})

describe('a store that is away or slow', () => {
  it('is not needed for a second after the last poll that it answered began, and is then refused for', async (t) => {
    const { cache, pass, copy, away } = await bench(t)
    await cache.policy('t', 'a')
    pass(400)
    await cache.poll()
    away(true)
    pass(999)
    await assert.rejects(cache.poll(), unavailable)
    copy()
    pass(1)
    await assert.rejects(Promise.resolve(cache.policy('t', 'a')), unavailable)
    away(false)
    assert.ok(await cache.policy('t', 'a'))
    copy()
  })

  it('confirms as of when it was asked, not as of when it answered', async (t) => {
    const { store, cache, pass, copy, hold } = await bench(t)
    await store.putGrant(grantOf('t', 'g', everyone))
    await cache.policy('t', 'a')
    pass(500)
    const letGo = hold()
    const polling = cache.poll()
    pass(499)
    copy()
    await store.removeGrant('t', 'g')
    letGo()
    await polling
    pass(500)
    assert.deepEqual(ids(copy()), ['g'])
    pass(1)
    assert.deepEqual(ids(await cache.policy('t', 'a')), [])
  })

  it('does not let an answer that comes late take the place of a later one', async (t) => {
    const { store, cache, pass, copy, hold } = await bench(t)
    await store.putGrant(grantOf('t', 'g', everyone))
    await cache.policy('t', 'a')
    const letPollGo = hold()
    const polling = cache.poll()
    pass(10)
    await store.removeGrant('t', 'g')
    const letReadGo = hold()
    pass(990)
    const reading = cache.policy('t', 'a')
    letReadGo()
    assert.deepEqual(ids(await reading), [])
    letPollGo()
    await polling
    assert.deepEqual(ids(copy()), [])
  })

  it('has nobody wait for an answer to what was asked a second ago', async (t) => {
    const { store, cache, pass, hold } = await bench(t)
    await store.putGrant(grantOf('t', 'g', everyone))
    const letGo = hold()
    const first = cache.policy('t', 'a')
    pass(999)
    const joined = cache.policy('t', 'a')
    assert.equal(joined, first)
    await store.removeGrant('t', 'g')
    pass(1)
    const second = cache.policy('t', 'a')
    assert.notEqual(second, first)
    letGo()
    await assert.rejects(Promise.resolve(first), unavailable)
    assert.deepEqual(ids(await second), [])
  })

  it('is not believed where its answer is a second old, and is where it is younger', async (t) => {
    const { cache, pass, copy, hold } = await bench(t)
    const letLateGo = hold()
    const late = cache.policy('t', 'a')
    pass(1000)
    letLateGo()
    await assert.rejects(Promise.resolve(late), unavailable)
    const letGo = hold()
    const inTime = cache.policy('t', 'a')
    pass(999)
    letGo()
    assert.equal(await inTime, copy())
  })

  it('is asked for one round of versions at a time', async (t) => {
    const { cache, sent, hold } = await bench(t)
    await cache.policy('t', 'a')
    sent.length = 0
    const letGo = hold()
    const first = cache.poll()
    await cache.poll()
    letGo()
    await first
    assert.equal(sent.length, 1)
    await cache.poll()
    assert.equal(sent.length, 2)
  })

  it('makes no copy fresh by a clock that is put back', async (t) => {
    const { cache, pass } = await bench(t)
    await cache.policy('t', 'a')
    pass(-1)
    isAsked(cache.policy('t', 'a'))
    await cache.policy('t', 'a')
    pass(-3_600_000)
    await cache.policy('t', 'a')
    await cache.poll()
    pass(999)
    assert.ok(!(cache.policy('t', 'a') instanceof Promise))
  })
})

describe('a poll', () => {
  it('asks for the tenants whose copies were used in the last minute, and for nothing where there are none', async (t) => {
    const { store, cache, sent, pass } = await bench(t)
    await cache.poll()
    assert.equal(sent.length, 0)
    await member(store, 'idle', 'a')
    await cache.policy('idle', 'a')
    await cache.policy('t', 'a')
    for (let i = 0; i < 100; i += 1) {
      pass(600)
      await cache.policy('t', 'a')
      sent.length = 0
      await cache.poll()
    }
    assert.equal(sent.length, 1)
    assert.equal(sent[0]?.match(/\?/g)?.length, 1)
    pass(60_000)
    const before = sent.length
    await cache.poll()
    assert.equal(sent.length, before)
  })

  it('asks for a thousand at a time', async (t) => {
    const { store, cache, sent } = await bench(t)
    for (let i = 0; i < 2001; i += 1) {
      await store.putTenant(tenantOf(`t-${i}`))
      await cache.policy(`t-${i}`, 'a')
    }
    sent.length = 0
    await cache.poll()
    assert.deepEqual(
      sent.map((text) => text.match(/\?/g)?.length),
      [1000, 1000, 1],
    )
  })
})
