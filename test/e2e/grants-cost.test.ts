import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { AccountStore } from '../../src/accounts/account-store.ts'
import { openPostgresStore } from '../../src/accounts/postgres.ts'
import { openSqliteStore } from '../../src/accounts/sqlite.ts'
import type { StoreOptions } from '../../src/accounts/store-engine.ts'
import { openDecider } from '../support/decision.ts'
import { freshDatabase } from '../support/postgres.ts'

const stores: Readonly<Record<string, (options: StoreOptions) => Promise<AccountStore>>> = {
  SQLite: (options) => openSqliteStore('sqlite::memory:', options),
  PostgreSQL: async (options) => openPostgresStore(await freshDatabase(), options),
}

/** Everything that decides, and the statements it sent since they were last forgotten. */
async function bench(t: TestContext, open: (options: StoreOptions) => Promise<AccountStore>) {
  const sent: string[] = []
  const store = await open({ onQuery: (text) => sent.push(text) })
  t.after(() => store.close())
  await store.migrate()
  // Nothing grows old meanwhile, however busy the machine is.
  const now = Date.now()
  const decider = await openDecider(store, { now: () => now })
  t.after(() => decider.close())
  const cookies = {
    ann: await decider.signIn('acme', 'id-ann'),
    dave: await decider.signIn('acme', 'id-dave'),
  }
  sent.length = 0
  return { decider, store, sent, cookies }
}

for (const [name, open] of Object.entries(stores))
  describe(`a decision over ${name}`, () => {
    it('costs one statement where nothing is known of the caller, and none afterwards', async (t) => {
      const { decider, sent, cookies } = await bench(t, open)
      const masked = await decider.get('/orders', { cookie: cookies.ann })
      assert.equal(masked.rows.kind, 'masked')
      assert.equal(sent.length, 1)
      for (let i = 0; i < 5; i += 1) await decider.get('/orders', { cookie: cookies.ann })
      await decider.get('/list', { cookie: cookies.ann })
      assert.equal(sent.length, 1)
      await decider.get('/orders', { cookie: cookies.dave })
      assert.equal(sent.length, 2)
    })

    it('costs one statement for all that ask at once', async (t) => {
      const { decider, sent, cookies } = await bench(t, open)
      await Promise.all(Array.from({ length: 20 }, () => decider.get('/orders', { cookie: cookies.ann })))
      assert.equal(sent.length, 1)
    })

    it('costs one statement with what others share, too', async (t) => {
      const { decider, store, sent, cookies } = await bench(t, open)
      const subject = { kind: 'account', account: 'id-ann' } as const
      const [all] = (await store.grants('acme')).filter(({ id }) => id === 'acme-all')
      assert.ok(all)
      await store.putGrant({ ...all, id: 'share', subject, sharedBy: 'id-dave', rows: { entity: 'B' } })
      sent.length = 0
      const { rows } = await decider.get('/orders', { cookie: cookies.ann })
      assert.equal(sent.length, 1)
      assert.ok(rows.kind === 'masked')
      assert.match(rows.header?.json ?? '', /"entity":"B"/)
    })

    it('costs one statement of versions for as many copies as are in use, and nothing for the copies', async (t) => {
      const { decider, sent, cookies } = await bench(t, open)
      for (const cookie of Object.values(cookies)) await decider.get('/orders', { cookie })
      sent.length = 0
      await decider.rooms.login.policies.poll()
      for (const cookie of Object.values(cookies)) await decider.get('/orders', { cookie })
      assert.equal(sent.length, 1)
      assert.match(sent[0] ?? '', /"policy_versions"/)
    })
  })
