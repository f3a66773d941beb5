import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely'
import { BoundedMap } from '../lib/lru.ts'
import { checkParameters } from './parameters.ts'

const maxPrepared = 100

/** Kysely's SQLite dialect on Node's own SQLite, with migrations inside a transaction. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    super({ database: adapt(database) })
    this.#database = database
  }

  override createDriver(): Driver {
    return new ImmediateDriver({ database: adapt(this.#database) })
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter()
  }
}

/** Takes the write lock at the start: a transaction that has read may not be able to write any more. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

/** The write lock of that transaction is what keeps two migrations apart. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Preparing a statement costs several times as much as running it, and the same ones come again. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new BoundedMap<string, SqliteStatement>(maxPrepared)
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = prepared.get(text) ?? adaptStatement(database.prepare(text))
      prepared.set(text, statement)
      return statement
    },
  }
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}

/** SQLite has no booleans. */
function values(parameters: readonly unknown[]): (null | number | string)[] {
  checkParameters(parameters)
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value))
}
