import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/sqlite'
import { ProxyError } from '../errors.ts'
import type { AccountStore } from './account-store.ts'
import { KyselyStore } from './kysely-store.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import type { StoreEngine, StoreOptions } from './store-engine.ts'
import type { Tables } from './tables.ts'

const scheme = 'sqlite:'
/** While opening nothing else waits for this thread; later every verb tries again without holding it. */
const openingBusyMs = 5_000
const runningBusyMs = 20

// https://sqlite.org/rescode.html: the low byte is the primary code.
const busy = 5
const locked = 6
const constraint = 19

/** Opens `sqlite:path` or `sqlite::memory:`; the file is created readable by its owner only. */
export async function openSqliteStore(url: string, options: StoreOptions = {}): Promise<AccountStore> {
  const path = url.startsWith(scheme) ? url.slice(scheme.length) : ''
  if (path === '') throw new ProxyError('ERR_STORE_UNAVAILABLE', 'the address of the store is not sqlite:path')
  const database = openDatabase(path)
  const { onQuery } = options
  const db = new Kysely<Tables>({
    dialect: new NodeSqliteDialect(database),
    ...(onQuery && { log: (event) => onQuery(event.query.sql) }),
  })
  return new KyselyStore(engineOf(database, db))
}

function engineOf(database: DatabaseSync, db: Kysely<Tables>): StoreEngine {
  return {
    db,
    jsonArrayFrom,
    isBusy: (cause) => primaryCode(cause) === busy || primaryCode(cause) === locked,
    toProxyError,
    withMigrationDatabase: (work) => work(db),
    async close() {
      await db.destroy()
      if (database.isOpen) database.close()
    },
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') createFile(path)
    const database = new DatabaseSync(path, { timeout: openingBusyMs, enableForeignKeyConstraints: true })
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = normal')
    database.exec(`pragma busy_timeout = ${runningBusyMs}`)
    return database
  } catch (cause) {
    throw toProxyError(cause)
  }
}

/** SQLite gives its -wal and -shm files the mode of the database. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

function primaryCode(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause) || typeof cause.errcode !== 'number') return undefined
  return cause.errcode & 0xff
}

function toProxyError(cause: unknown): ProxyError {
  if (cause instanceof ProxyError) return cause
  if (primaryCode(cause) === constraint)
    return new ProxyError('ERR_STORE_REFUSED', 'SQLite refused the change', { cause })
  return new ProxyError('ERR_STORE_UNAVAILABLE', 'SQLite cannot answer', { cause, retryAfter: 2 })
}
