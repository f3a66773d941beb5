import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { openAccountStore } from '../../src/accounts/open-store.ts'
import { openSqliteStore } from '../../src/accounts/sqlite.ts'
import { accountOf, accountStoreContract, refusedWith } from './contract.ts'

const mode = (name: string) => statSync(name).mode & 0o777
const temporary = () => mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'))

accountStoreContract('SQLite', async () => {
  const folder = temporary()
  return {
    open: (options) => openSqliteStore(`sqlite:${join(folder, 'accounts.db')}`, options),
    end: async () => rmSync(folder, { recursive: true }),
  }
})

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
    assert.deepEqual(await store.migrate(), ['001-accounts'])
    await store.close()
  })

  for (const url of ['sqlite:', 'mysql://root@127.0.0.1/x', '', 'accounts.db', 'postgres:accounts'])
    it(`is refused: ${url}`, async () => {
      await assert.rejects(openAccountStore(url), refusedWith('ERR_STORE_UNAVAILABLE'))
    })
})
