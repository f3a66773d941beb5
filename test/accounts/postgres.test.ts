import assert from 'node:assert/strict'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Client } from 'pg'
import type { AccountStore } from '../../src/accounts/account-store.ts'
import { openAccountStore } from '../../src/accounts/open-store.ts'
import { openPostgresStore } from '../../src/accounts/postgres.ts'
import { ProxyError } from '../../src/errors.ts'
import { freshDatabase, startPostgres } from '../support/postgres.ts'
import { accountOf, accountStoreContract, member, membershipOf, type Place, refusedWith, tenantOf } from './contract.ts'
import { rightsContract } from './contract-rights.ts'

async function place(): Promise<Place> {
  const url = await freshDatabase()
  const byHand = async (text: string) => {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  return { open: (options) => openPostgresStore(url, options), byHand, end: async () => {} }
}

accountStoreContract('PostgreSQL', place)
rightsContract('PostgreSQL', place)

const unavailable = refusedWith('ERR_STORE_UNAVAILABLE')

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

/** Its processes outlive the one that was killed by a moment, and may answer once more. */
async function untilGone(store: AccountStore): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => store.ping()))
    if (answers.every(({ status }) => status === 'rejected')) return
    await sleep(10)
  }
  assert.fail('it goes on answering')
}

/** A store, and a transaction of somebody else that has begun on the same database. */
async function besideTransaction(t: TestContext): Promise<{ store: AccountStore; other: Client }> {
  const url = await freshDatabase()
  const store = await openPostgresStore(url)
  const other = new Client({ connectionString: url })
  t.after(() => Promise.all([store.close(), other.end()]))
  await store.migrate()
  await other.connect()
  await other.query('begin')
  return { store, other }
}

describe('an account that is changed while a tenant takes it in', () => {
  it('never has one version of that tenant stand for both what it was and what it is', async (t) => {
    const { store, other } = await besideTransaction(t)
    await store.putAccount(accountOf('a'))
    await store.putTenant(tenantOf('t'))
    await other.query(`update accounts set state = 'disabled' where id = 'a'`)
    const joining = store.putMembership(membershipOf('t', 'a'))
    await Promise.race([joining, someoneWaits(other)])
    const before = await store.readPolicy('t', 'a')
    await other.query('commit')
    await joining
    const now = await store.readPolicy('t', 'a')
    assert.equal(now.policy?.account.state, 'disabled')
    assert.notEqual(now.version, before.version)
  })

  it('is not waited for by what changes in a membership that is there', async (t) => {
    const { store, other } = await besideTransaction(t)
    await member(store, 't', 'a')
    await other.query('select from accounts for update')
    await store.putMembership({ ...membershipOf('t', 'a'), roles: ['admin'] })
  })
})

/** Until somebody waits for a lock, for a second and a half at most. */
async function someoneWaits(client: Client): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const { rowCount } = await client.query('select from pg_locks where not granted')
    if (rowCount !== 0) return
    await sleep(10)
  }
}

describe('a PostgreSQL server', () => {
  it('that is killed makes the store unavailable, and the same store works again after its restart', async () => {
    const server = await startPostgres()
    const store = await openAccountStore(server.url)
    await store.migrate()
    await store.putAccount(accountOf('a'))
    await Promise.all(Array.from({ length: 20 }, () => store.ping()))
    const inFlight = Promise.allSettled(Array.from({ length: 30 }, () => store.accounts({})))
    await server.kill()
    for (const outcome of await inFlight)
      if (outcome.status === 'rejected') assert.ok(unavailable(outcome.reason), inspect(outcome.reason))
    await untilGone(store)
    await assert.rejects(store.account('a'), (error) => unavailable(error) && inspect(error).includes('retryAfter: 2'))
    await assert.rejects(store.setGroupsOf('t', 'a', []), unavailable)
    await assert.rejects(store.migrate(), unavailable)
    await server.restart()
    assert.deepEqual(await store.account('a'), accountOf('a'))
    await store.close()
    await server.stop()
  })

  it('that is away does not keep a store from opening', async () => {
    const store = await openAccountStore('postgres://nobody:secret-word@127.0.0.1:1/none')
    const error: unknown = await store.ping().catch((error: unknown) => error)
    assert.ok(unavailable(error))
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('secret-word'))
    await store.close()
  })

  it('that accepts and never answers makes the store unavailable in bounded time', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => {}))
    const port = await listen(silent)
    const store = await openPostgresStore(`postgres://x:y@127.0.0.1:${port}/x`, { connectTimeoutMs: 100 })
    await assert.rejects(store.ping(), unavailable)
    await store.close()
    await new Promise((resolve) => silent.close(resolve))
  })

  it('that falls silent loses its connections, and is asked again over new ones', async () => {
    const url = new URL(await freshDatabase())
    const serverPort = Number(url.port)
    const open: [Socket, Socket][] = []
    const between = createServer((near) => {
      const far = connect(serverPort, '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
      open.push([near, far])
    })
    url.port = String(await listen(between))
    const store = await openPostgresStore(url.href, { statementTimeoutMs: 200 })
    await store.migrate()
    await store.putAccount(accountOf('a'))
    for (const [near, far] of open) near.unpipe(far)
    await assert.rejects(store.setPasswordHash('a', 'hash', { expired: false }), unavailable)
    assert.deepEqual(await store.account('a'), accountOf('a'))
    await store.close()
    for (const socket of open.flat()) socket.destroy()
    await new Promise((resolve) => between.close(resolve))
  })

  it('that refuses a row does not get the row into the error', async () => {
    const store = await openPostgresStore(await freshDatabase())
    await store.migrate()
    await store.putAccount(accountOf('a'))
    const taken = { ...accountOf('b'), email: 'a@example.com' }
    const error: unknown = await store.putAccount(taken).catch((error: unknown) => error)
    assert.ok(error instanceof ProxyError)
    assert.equal(error.code, 'ERR_STORE_REFUSED')
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('a@example.com'))
    assert.match(error.message, /23505/)
    const noOne: unknown = await store
      .setPasswordHash('nobody', 'the-hash', { expired: false })
      .catch((e: unknown) => e)
    assert.ok(!inspect(noOne, { depth: 9, showHidden: true }).includes('the-hash'))
    await store.close()
  })

  it('that cannot be an address is refused without quoting it', async () => {
    const error: unknown = await openAccountStore('postgres://u:secret-word@[bad').catch((error: unknown) => error)
    assert.ok(unavailable(error))
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('secret-word'))
  })
})
