import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from '../../src/accounts/migrations/list.ts'
import { NodeSqliteDialect } from '../../src/accounts/node-sqlite-dialect.ts'
import { openAccountStore } from '../../src/accounts/open-store.ts'
import { openSqliteStore } from '../../src/accounts/sqlite.ts'
import type { Tables } from '../../src/accounts/tables.ts'
import { accountOf, accountStoreContract, type Place, refusedWith } from './contract.ts'
import { rightsContract } from './contract-rights.ts'

const mode = (name: string) => statSync(name).mode & 0o777
const temporary = () => mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'))

async function place(): Promise<Place> {
  const folder = temporary()
  const file = join(folder, 'accounts.db')
  const byHand = async (text: string) => {
    // As the sqlite3 program has it: foreign keys are not looked at.
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    try {
      database.exec(text)
    } finally {
      database.close()
    }
  }
  return {
    open: (options) => openSqliteStore(`sqlite:${file}`, options),
    byHand,
    end: async () => rmSync(folder, { recursive: true }),
  }
}

accountStoreContract('SQLite', place)
rightsContract('SQLite', place)

describe('a SQLite file', () => {
  it('is created for its owner only, with its folder', async () => {
    const folder = temporary()
    const path = join(folder, 'new', 'data', 'accounts.db')
    const store = await openAccountStore(`sqlite:${path}`)
    await store.migrate()
    assert.equal(mode(path), 0o600)
    assert.equal(mode(`${path}-wal`), 0o600)
    assert.equal(mode(join(folder, 'new', 'data')), 0o700)
    await store.close()
    rmSync(folder, { recursive: true })
  })

  it('keeps what it was given after it is opened again', async () => {
    const folder = temporary()
    const url = `sqlite:${join(folder, 'accounts.db')}`
    const first = await openAccountStore(url)
    await first.migrate()
    await first.putAccount(accountOf('a'))
    await first.close()
    const second = await openAccountStore(url)
    assert.deepEqual(await second.account('a'), accountOf('a'))
    await second.close()
    rmSync(folder, { recursive: true })
  })

  it('that is no database is unavailable, as is a folder that cannot be made', async () => {
    const folder = temporary()
    const path = join(folder, 'accounts.db')
    writeFileSync(path, 'this is not a database, however long one looks at it '.repeat(40))
    await assert.rejects(openAccountStore(`sqlite:${path}`), refusedWith('ERR_STORE_UNAVAILABLE'))
    await assert.rejects(openAccountStore(`sqlite:${path}/below/a.db`), refusedWith('ERR_STORE_UNAVAILABLE'))
    rmSync(folder, { recursive: true })
  })

  it('waits for another writer without holding the thread, and gives up in the end', async () => {
    const folder = temporary()
    const path = join(folder, 'accounts.db')
    const store = await openAccountStore(`sqlite:${path}`)
    await store.migrate()
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const waiting = store.putAccount(accountOf('a'))
    // The other writer lives on this very thread: it can only finish because the store waits asynchronously.
    setImmediate(() => other.exec('commit'))
    await waiting
    other.exec('begin immediate')
    await assert.rejects(store.putAccount(accountOf('b')), refusedWith('ERR_STORE_UNAVAILABLE'))
    assert.deepEqual(await store.account('a'), accountOf('a'))
    other.exec('rollback')
    other.close()
    await store.close()
    rmSync(folder, { recursive: true })
  })
})

describe('the address of a store', () => {
  it('in memory is taken', async () => {
    const store = await openAccountStore('sqlite::memory:')
    assert.deepEqual(await store.migrate(), ['001-accounts', '002-rights'])
    await store.close()
  })

  for (const url of ['sqlite:', 'mysql://root@127.0.0.1/x', '', 'accounts.db', 'postgres:accounts'])
    it(`is refused: ${url}`, async () => {
      await assert.rejects(openAccountStore(url), refusedWith('ERR_STORE_UNAVAILABLE'))
    })
})

describe('a store of the version before', () => {
  it('is brought to this one with all it holds', async () => {
    const folder = temporary()
    const path = join(folder, 'accounts.db')
    const database = new DatabaseSync(path)
    const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(database) })
    const { '001-accounts': first } = migrations
    assert.ok(first)
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ '001-accounts': first }) } })
    assert.equal((await migrator.migrateToLatest()).error, undefined)
    database.exec(`insert into tenants values ('t', 'T', null, null, '[]');
      insert into accounts values ('a', 'a@example.com', 'A', 'enabled', 0, 0, 0);
      insert into memberships values ('t', 'a', '["viewer"]', '{}', null, null);
      insert into grants values ('t', 'g', 'orders', 'everyone', null, null, '["read"]', 'true', 'permit', '[]', null, null)`)
    await db.destroy()
    const store = await openAccountStore(`sqlite:${path}`)
    assert.deepEqual(await store.migrate(), ['002-rights'])
    const { version, policy } = await store.readPolicy('t', 'a')
    assert.equal(version, 1)
    assert.deepEqual(policy?.tenant, { id: 't', name: 'T', signIn: [] })
    assert.equal(policy.membership.support, undefined)
    assert.deepEqual(
      policy.grants.map(({ id, sharedBy }) => [id, sharedBy]),
      [['g', undefined]],
    )
    await store.close()
    rmSync(folder, { recursive: true })
  })
})
