import { Kysely, PostgresDialect } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { DatabaseError } from 'pg'
import { ProxyError } from '../errors.ts'
import type { AccountStore } from './account-store.ts'
import { KyselyStore } from './kysely-store.ts'
import { createPool } from './postgres-pool.ts'
import type { StoreEngine, StoreOptions } from './store-engine.ts'
import type { Tables } from './tables.ts'

const maxConnections = 10
const migrationTimeoutMs = 600_000
const retryAfter = 2

export interface PostgresOptions extends StoreOptions {
  readonly connectTimeoutMs?: number
  readonly statementTimeoutMs?: number
}

/** Does not connect: the first query does, and each query after an outage tries again. */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<AccountStore> {
  const { connectTimeoutMs = 2_000, statementTimeoutMs = 2_000, onQuery } = options
  // Without the cause, which would quote the address and with it the password.
  if (!URL.canParse(url)) throw new ProxyError('ERR_STORE_UNAVAILABLE', 'the address of the store is not a URL')
  const open = (max: number, timeoutMs: number) =>
    new Kysely<Tables>({
      dialect: new PostgresDialect({ pool: createPool({ url, max, connectTimeoutMs, statementTimeoutMs: timeoutMs }) }),
      ...(onQuery && { log: (event) => onQuery(event.query.sql) }),
    })
  return new KyselyStore(engineOf(open(maxConnections, statementTimeoutMs), () => open(1, migrationTimeoutMs)))
}

function engineOf(db: Kysely<Tables>, openForMigration: () => Kysely<Tables>): StoreEngine {
  return {
    db,
    jsonArrayFrom,
    isBusy: () => false,
    toProxyError,
    async withMigrationDatabase(work) {
      const own = openForMigration()
      try {
        return await work(own)
      } finally {
        await own.destroy()
      }
    },
    close: () => db.destroy(),
  }
}

function toProxyError(cause: unknown): ProxyError {
  if (cause instanceof ProxyError) return cause
  if (cause instanceof DatabaseError) return fromServer(cause)
  return new ProxyError('ERR_STORE_UNAVAILABLE', 'PostgreSQL cannot be reached', { cause, retryAfter })
}

/** Not kept as the cause: its message and detail quote values, such as the row that failed with its password hash. */
function fromServer(error: DatabaseError): ProxyError {
  const sqlState = error.code ?? 'unknown'
  const detail = `PostgreSQL answered SQLSTATE ${sqlState} ${error.constraint ?? ''}`.trimEnd()
  // https://www.postgresql.org/docs/current/errcodes-appendix.html: 22 data exception, 23 integrity constraint violation.
  if (sqlState.startsWith('22') || sqlState.startsWith('23')) return new ProxyError('ERR_STORE_REFUSED', detail)
  return new ProxyError('ERR_STORE_UNAVAILABLE', detail, { retryAfter })
}
