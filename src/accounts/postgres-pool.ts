import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import { DatabaseError, Pool, type PoolClient, types } from 'pg'
import { ProxyError } from '../errors.ts'
import { checkParameters } from './parameters.ts'

const maxWaiting = 1_000

export interface PoolOptions {
  readonly url: string
  readonly max: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** A pool for Kysely that survives the server's death and throws away connections it cannot trust any more. */
export function createPool(options: PoolOptions): PostgresPool {
  const pool = new Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    // The server enforces the limit above; this one holds when the server itself does not answer.
    query_timeout: options.statementTimeoutMs + 500,
    keepAlive: true,
    application_name: 'sallyport',
    types: { getTypeParser },
  })
  // The pool has dropped the idle connection that broke; the next query opens another.
  pool.on('error', () => {})
  // A connection in use tells its query; without a listener the same error would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      if (pool.waitingCount >= maxWaiting) throw new ProxyError('ERR_STORE_UNAVAILABLE', 'too many wait for PostgreSQL')
      return guard(await pool.connect())
    },
  }
}

type Oid = Parameters<typeof types.getTypeParser>[0]
type Parser = (text: string) => unknown

/** As SQLite answers: 64-bit integers as numbers (ours are below 2^53), JSON as the text it is. */
const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [types.builtins.INT8, Number],
  [types.builtins.JSON, (text) => text],
])

function getTypeParser(oid: Oid): Parser {
  return parsers.get(oid) ?? types.getTypeParser(oid)
}

/** A failure that is not the server's own answer (SQLSTATE) leaves the connection in an unknown state. */
function guard(client: PoolClient): PostgresPoolClient {
  let broken = false
  const query = async <R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
    checkParameters(parameters)
    // Not even a rollback: it would wait as long again.
    if (broken) throw new Error('the connection is lost')
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as in pg's own types, the caller names the row
      return (await client.query(text, [...parameters])) as unknown as PostgresQueryResult<R>
    } catch (cause) {
      broken ||= !(cause instanceof DatabaseError)
      throw cause
    }
  }
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other overload is for cursors, unused here
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || broken),
  }
}
