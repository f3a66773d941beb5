import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { systemClock } from '../lib/clock.ts'
import type {
  Account,
  AccountStore,
  ApiKey,
  Credentials,
  Grant,
  Group,
  Membership,
  Policy,
  PolicyReading,
  SupportOpening,
  Tenant,
} from './account-store.ts'
import { insertSupport } from './insert-support.ts'
import { migrations } from './migrations/list.ts'
import { queryPolicy } from './policy-query.ts'
import {
  byId,
  fromAccount,
  fromApiKey,
  fromGrant,
  fromMembership,
  fromTenant,
  sorted,
  toAccount,
  toApiKey,
  toGrant,
  toMembership,
  toTenant,
} from './row-codec.ts'
import type { StoreEngine } from './store-engine.ts'
import type { Tables } from './tables.ts'

const maxAttempts = 40
const retryMs = 25

const apiKeyColumns = ['id', 'prefix', 'tenant', 'account', 'name', 'created_at', 'expires_at'] as const

/** The verbs of the port, written once for both databases: as long as the port has verbs, a few lines each. */
export class KyselyStore implements AccountStore {
  readonly #engine: StoreEngine

  constructor(engine: StoreEngine) {
    this.#engine = engine
  }

  async credentialsOf(email: string): Promise<Credentials | undefined> {
    const row = await this.#run((db) =>
      db
        .selectFrom('accounts')
        .leftJoin('passwords', 'passwords.account', 'accounts.id')
        .where('email', '=', email)
        .selectAll('accounts')
        .select('passwords.hash')
        .executeTakeFirst(),
    )
    return row && { account: toAccount(row), passwordHash: row.hash ?? undefined }
  }

  async setPasswordHash(account: string, passwordHash: string, options: { expired: boolean }): Promise<void> {
    const values = { account, hash: passwordHash, changed_at: systemClock.now() }
    await this.#change(async (db) => {
      await db
        .insertInto('passwords')
        .values(values)
        .onConflict((conflict) => conflict.column('account').doUpdateSet(values))
        .execute()
      const expired = options.expired ? 1 : 0
      await db.updateTable('accounts').set({ password_expired: expired }).where('id', '=', account).execute()
    })
  }

  async account(id: string): Promise<Account | undefined> {
    const row = await this.#run((db) => db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst())
    return row && toAccount(row)
  }

  async accountByEmail(email: string): Promise<Account | undefined> {
    const row = await this.#run((db) =>
      db.selectFrom('accounts').selectAll().where('email', '=', email).executeTakeFirst(),
    )
    return row && toAccount(row)
  }

  async accounts(filter: { tenant?: string | undefined }): Promise<readonly Account[]> {
    const { tenant } = filter
    const rows = await this.#run((db) => {
      const all = db.selectFrom('accounts').selectAll()
      if (tenant === undefined) return all.execute()
      const members = db.selectFrom('memberships').where('tenant', '=', tenant).select('account')
      return all.where('id', 'in', members).execute()
    })
    return byId(rows.map(toAccount), (account) => account.id)
  }

  async putAccount(account: Account): Promise<void> {
    const { id, ...rest } = fromAccount(account)
    await this.#run((db) =>
      db
        .insertInto('accounts')
        .values({ id, ...rest })
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet({
            ...rest,
            // Whoever writes back what they read a while ago must not revive sessions that were ended meanwhile.
            epoch: sql<number>`case when excluded.epoch > accounts.epoch then excluded.epoch else accounts.epoch end`,
          }),
        )
        .execute(),
    )
  }

  removeAccount(id: string): Promise<boolean> {
    return this.#removed((db) => db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst())
  }

  async bumpEpoch(account: string): Promise<void> {
    await this.#run((db) =>
      db
        .updateTable('accounts')
        .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
        .where('id', '=', account)
        .execute(),
    )
  }

  async policy(tenant: string, account: string): Promise<Policy | undefined> {
    return (await this.readPolicy(tenant, account)).policy
  }

  readPolicy(tenant: string, account: string): Promise<PolicyReading> {
    return this.#run(() => queryPolicy(this.#engine, tenant, account))
  }

  async policyVersions(tenants: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (tenants.length === 0) return new Map()
    const rows = await this.#run((db) =>
      db.selectFrom('policy_versions').selectAll().where('tenant', 'in', tenants).execute(),
    )
    return new Map(rows.map(({ tenant, version }) => [tenant, version]))
  }

  async tenant(id: string): Promise<Tenant | undefined> {
    const row = await this.#run((db) => db.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst())
    return row && toTenant(row)
  }

  async tenants(): Promise<readonly Tenant[]> {
    const rows = await this.#run((db) => db.selectFrom('tenants').selectAll().execute())
    return byId(rows.map(toTenant), (tenant) => tenant.id)
  }

  async putTenant(tenant: Tenant): Promise<void> {
    const { id, ...rest } = fromTenant(tenant)
    await this.#run((db) =>
      db
        .insertInto('tenants')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute(),
    )
  }

  removeTenant(id: string): Promise<boolean> {
    return this.#removed((db) => db.deleteFrom('tenants').where('id', '=', id).executeTakeFirst())
  }

  async membershipsOf(account: string): Promise<readonly Membership[]> {
    const rows = await this.#run((db) =>
      db.selectFrom('memberships').selectAll().where('account', '=', account).execute(),
    )
    return byId(rows.map(toMembership), (membership) => membership.tenant)
  }

  async putMembership(membership: Membership): Promise<void> {
    const { tenant, account, ...rest } = fromMembership(membership)
    await this.#run((db) =>
      db
        .insertInto('memberships')
        .values({ tenant, account, ...rest })
        .onConflict((conflict) => conflict.columns(['tenant', 'account']).doUpdateSet(rest))
        .execute(),
    )
  }

  removeMembership(tenant: string, account: string): Promise<boolean> {
    return this.#removed((db) =>
      db.deleteFrom('memberships').where('tenant', '=', tenant).where('account', '=', account).executeTakeFirst(),
    )
  }

  async supportMemberships(): Promise<readonly Membership[]> {
    const rows = await this.#run((db) =>
      db.selectFrom('memberships').selectAll().where('support_reason', 'is not', null).execute(),
    )
    return byId(rows.map(toMembership), ({ tenant, account }) => `${tenant} ${account}`)
  }

  openSupport(opening: SupportOpening): Promise<boolean> {
    return this.#change((db) => insertSupport(db, opening))
  }

  closeSupport({ tenant, account }: Membership): Promise<boolean> {
    return this.#removed((db) =>
      db
        .deleteFrom('memberships')
        .where('tenant', '=', tenant)
        .where('account', '=', account)
        .where('support_reason', 'is not', null)
        .executeTakeFirst(),
    )
  }

  async groups(tenant: string): Promise<readonly Group[]> {
    const rows = await this.#run((db) =>
      db.selectFrom('groups').select(['tenant', 'id', 'name']).where('tenant', '=', tenant).execute(),
    )
    return byId(rows, (group) => group.id)
  }

  async putGroup(group: Group): Promise<void> {
    const { tenant, id, name } = group
    await this.#run((db) =>
      db
        .insertInto('groups')
        .values({ tenant, id, name })
        .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet({ name }))
        .execute(),
    )
  }

  removeGroup(tenant: string, id: string): Promise<boolean> {
    return this.#removed((db) =>
      db.deleteFrom('groups').where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    )
  }

  async groupMembers(tenant: string, group: string): Promise<readonly string[]> {
    const rows = await this.#run((db) =>
      db
        .selectFrom('group_members')
        .select('account')
        .where('tenant', '=', tenant)
        .where('group_id', '=', group)
        .execute(),
    )
    return sorted(rows.map((row) => row.account))
  }

  async setGroupsOf(tenant: string, account: string, groups: readonly string[]): Promise<void> {
    const rows = sorted(groups).map((group) => ({ tenant, account, group_id: group }))
    await this.#change(async (db) => {
      await db.deleteFrom('group_members').where('tenant', '=', tenant).where('account', '=', account).execute()
      if (rows.length > 0) await db.insertInto('group_members').values(rows).execute()
    })
  }

  async grants(tenant: string): Promise<readonly Grant[]> {
    const rows = await this.#run((db) => db.selectFrom('grants').selectAll().where('tenant', '=', tenant).execute())
    return byId(rows.map(toGrant), (grant) => grant.id)
  }

  async putGrant(grant: Grant): Promise<void> {
    const { tenant, id, ...rest } = fromGrant(grant)
    await this.#run((db) =>
      db
        .insertInto('grants')
        .values({ tenant, id, ...rest })
        .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet(rest))
        .execute(),
    )
  }

  removeGrant(tenant: string, id: string): Promise<boolean> {
    return this.#removed((db) =>
      db.deleteFrom('grants').where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
    )
  }

  async apiKeyByHash(hash: string): Promise<ApiKey | undefined> {
    const row = await this.#run((db) =>
      db.selectFrom('api_keys').select(apiKeyColumns).where('hash', '=', hash).executeTakeFirst(),
    )
    return row && toApiKey(row)
  }

  async apiKeys(filter: { tenant?: string | undefined; account?: string | undefined }): Promise<readonly ApiKey[]> {
    const { tenant, account } = filter
    const rows = await this.#run((db) =>
      db
        .selectFrom('api_keys')
        .select(apiKeyColumns)
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .$if(account !== undefined, (query) => query.where('account', '=', account ?? ''))
        .execute(),
    )
    return byId(rows.map(toApiKey), (key) => key.id)
  }

  async addApiKey(key: ApiKey, hash: string): Promise<void> {
    await this.#run((db) => db.insertInto('api_keys').values(fromApiKey(key, hash)).execute())
  }

  removeApiKey(id: string): Promise<boolean> {
    return this.#removed((db) => db.deleteFrom('api_keys').where('id', '=', id).executeTakeFirst())
  }

  migrate(): Promise<readonly string[]> {
    return this.#run(() =>
      this.#engine.withMigrationDatabase(async (db) => {
        const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } })
        const { error, results = [] } = await migrator.migrateToLatest()
        if (error !== undefined) throw error
        return results.map((result) => result.migrationName)
      }),
    )
  }

  async ping(): Promise<void> {
    await this.#run((db) => sql`select 1`.execute(db))
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #change<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#run((db) => db.transaction().execute(work))
  }

  async #removed(work: (db: Kysely<Tables>) => Promise<{ readonly numDeletedRows: bigint }>): Promise<boolean> {
    const { numDeletedRows } = await this.#run(work)
    return numDeletedRows > 0n
  }

  async #run<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(this.#engine.db)
      } catch (cause) {
        if (attempt >= maxAttempts || !this.#engine.isBusy(cause)) throw this.#engine.toProxyError(cause)
      }
      await sleep(retryMs)
    }
  }
}
