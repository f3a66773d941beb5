import type { Kysely } from 'kysely'
import type { jsonArrayFrom } from 'kysely/helpers/sqlite'
import type { ProxyError } from '../errors.ts'
import type { Tables } from './tables.ts'

/** All in which one database differs from the other. */
export interface StoreEngine {
  readonly db: Kysely<Tables>
  /** A subquery's rows as JSON text. */
  readonly jsonArrayFrom: typeof jsonArrayFrom
  /** Another writer holds the lock; nothing was changed and the work may be tried again. */
  isBusy(cause: unknown): boolean
  toProxyError(cause: unknown): ProxyError
  /** Runs `work` without the limit on a statement's time. */
  withMigrationDatabase<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface StoreOptions {
  /** Sees the text of every statement sent, never its parameters. */
  readonly onQuery?: (sql: string) => void
}
