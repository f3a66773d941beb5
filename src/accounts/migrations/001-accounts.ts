import { type Kysely, sql } from 'kysely'

/** Tenants, accounts, memberships, groups, grants and keys; a right falls with the membership it hangs on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await people(db)
  await groups(db)
  await grants(db)
  await apiKeys(db)
}

async function people(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tenants')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('access_token_seconds', 'bigint')
    .addColumn('refresh_token_seconds', 'bigint')
    .addColumn('token_secrets', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('accounts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('enabled', 'disabled')`))
    .addColumn('operator', 'integer', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('password_expired', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('passwords')
    .addColumn('account', 'text', (column) => column.primaryKey().references('accounts.id').onDelete('cascade'))
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('memberships')
    .addColumn('tenant', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .addColumn('account', 'text', (column) => column.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('roles', 'text', (column) => column.notNull())
    .addColumn('attributes', 'text', (column) => column.notNull())
    .addColumn('valid_from', 'bigint')
    .addColumn('valid_until', 'bigint')
    .addPrimaryKeyConstraint('memberships_key', ['tenant', 'account'])
    .execute()
  await db.schema.createIndex('memberships_account').on('memberships').column('account').execute()
}

async function groups(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('groups')
    .addColumn('tenant', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('groups_key', ['tenant', 'id'])
    .execute()
  await db.schema
    .createTable('group_members')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('group_members_key', ['tenant', 'account', 'group_id'])
    .addForeignKeyConstraint('group_members_group', ['tenant', 'group_id'], 'groups', ['tenant', 'id'], (key) =>
      key.onDelete('cascade'),
    )
    .addForeignKeyConstraint(
      'group_members_membership',
      ['tenant', 'account'],
      'memberships',
      ['tenant', 'account'],
      (key) => key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('group_members_by_group').on('group_members').columns(['tenant', 'group_id']).execute()
}

const subjectIsOneOf = sql`
  (subject_kind = 'everyone' and subject_group is null and subject_account is null)
  or (subject_kind = 'group' and subject_group is not null and subject_account is null)
  or (subject_kind = 'account' and subject_account is not null and subject_group is null)`

async function grants(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('grants')
    .addColumn('tenant', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('dataset', 'text', (column) => column.notNull())
    .addColumn('subject_kind', 'text', (column) => column.notNull())
    .addColumn('subject_group', 'text')
    .addColumn('subject_account', 'text')
    .addColumn('actions', 'text', (column) => column.notNull())
    .addColumn('rows', 'text', (column) => column.notNull())
    .addColumn('effect', 'text', (column) => column.notNull().check(sql`effect in ('permit', 'restrict')`))
    .addColumn('withhold', 'text', (column) => column.notNull())
    .addColumn('valid_from', 'bigint')
    .addColumn('valid_until', 'bigint')
    .addPrimaryKeyConstraint('grants_key', ['tenant', 'id'])
    .addCheckConstraint('grants_subject', subjectIsOneOf)
    .addForeignKeyConstraint('grants_group', ['tenant', 'subject_group'], 'groups', ['tenant', 'id'], (key) =>
      key.onDelete('cascade'),
    )
    .addForeignKeyConstraint(
      'grants_membership',
      ['tenant', 'subject_account'],
      'memberships',
      ['tenant', 'account'],
      (key) => key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('grants_by_group').on('grants').columns(['tenant', 'subject_group']).execute()
  await db.schema.createIndex('grants_by_account').on('grants').columns(['tenant', 'subject_account']).execute()
}

async function apiKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addForeignKeyConstraint(
      'api_keys_membership',
      ['tenant', 'account'],
      'memberships',
      ['tenant', 'account'],
      (key) => key.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('api_keys_membership_key').on('api_keys').columns(['tenant', 'account']).execute()
}
