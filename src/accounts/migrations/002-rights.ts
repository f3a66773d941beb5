import { type Kysely, SqliteAdapter, sql } from 'kysely'
import { versionTriggersOnPostgres, versionTriggersOnSqlite } from './002-version-triggers.ts'

/** What a tenant demands of a sign-in, sharing, support access, and a version for every change of a tenant's rights. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const onSqlite = db.getExecutor().adapter instanceof SqliteAdapter
  await signIn(db)
  await sharing(db)
  await (onSqlite ? sharersOnSqlite(db) : sharersOnPostgres(db))
  await support(db)
  await versions(db)
  await (onSqlite ? versionTriggersOnSqlite(db) : versionTriggersOnPostgres(db))
}

async function signIn(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('tenants')
    .addColumn('sign_in', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute()
}

/** Only rows are shared, and only with somebody in particular. */
async function sharing(db: Kysely<unknown>): Promise<void> {
  const sharedIs = sql`shared_by is null or (effect = 'permit' and subject_kind <> 'everyone')`
  await db.schema
    .alterTable('grants')
    .addColumn('shared_by', 'text', (column) => column.check(sharedIs))
    .execute()
  await db.schema.createIndex('grants_by_sharer').on('grants').columns(['tenant', 'shared_by']).execute()
}

async function sharersOnPostgres(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('grants')
    .addForeignKeyConstraint('grants_sharer', ['tenant', 'shared_by'], 'memberships', ['tenant', 'account'], (key) =>
      key.onDelete('cascade'),
    )
    .execute()
}

/** SQLite gives no foreign key of two columns to a table that exists. */
async function sharersOnSqlite(db: Kysely<unknown>): Promise<void> {
  const isNoMember = sql`new.shared_by is not null and not exists (
    select 1 from memberships where tenant = new.tenant and account = new.shared_by)`
  for (const event of ['insert', 'update'])
    await sql`create trigger ${sql.ref(`grants_sharer_${event}`)} before ${sql.raw(event)} on grants when ${isNoMember}
      begin select raise(abort, 'FOREIGN KEY constraint failed'); end`.execute(db)
  await sql`create trigger grants_sharer_gone after delete on memberships
    begin delete from grants where tenant = old.tenant and shared_by = old.account; end`.execute(db)
}

/** A check whose value is NULL holds, so that each part says `is not null` itself. */
async function support(db: Kysely<unknown>): Promise<void> {
  const supportIs = sql`(support_reason is null and support_by is null)
    or (support_reason is not null and length(support_reason) between 8 and 500 and support_by is not null
      and valid_from is not null and valid_until is not null
      and valid_until > valid_from and valid_until - valid_from <= 3600000)`
  await db.schema.alterTable('memberships').addColumn('support_reason', 'text').execute()
  await db.schema
    .alterTable('memberships')
    .addColumn('support_by', 'text', (column) => column.check(supportIs))
    .execute()
}

/** Without a reference to the tenant: a version outlives it, so that one of the same name does not begin anew. */
async function versions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('policy_versions')
    .addColumn('tenant', 'text', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute()
  await sql`insert into policy_versions (tenant, version) select id, 1 from tenants`.execute(db)
}
