import { type Kysely, sql } from 'kysely'

type Event = 'insert' | 'update' | 'delete'

/** A table whose rows a policy is made of, and how the tenants of some of them are found. */
interface Source {
  readonly table: string
  /** The column of the tenant, or of the account whose tenants are meant. */
  readonly column: string
  readonly names: 'tenant' | 'account'
}

const sources: readonly Source[] = [
  { table: 'tenants', column: 'id', names: 'tenant' },
  { table: 'accounts', column: 'id', names: 'account' },
  ...['memberships', 'groups', 'group_members', 'grants'].map(
    (table): Source => ({ table, column: 'tenant', names: 'tenant' }),
  ),
]
const events: readonly Event[] = ['insert', 'update', 'delete']

/** As the database calls what was there before and what is there now. */
function sidesOf(event: Event): readonly ('old' | 'new')[] {
  if (event === 'update') return ['old', 'new']
  return event === 'insert' ? ['new'] : ['old']
}

/**
 * Row by row. Two statements and no conflict clause: SQLite would put the clause of the outer statement in its place
 * (https://sqlite.org/lang_createtrigger.html).
 */
export async function versionTriggersOnSqlite(db: Kysely<unknown>): Promise<void> {
  for (const source of sources)
    for (const event of events) {
      const tenants = sql.raw(
        sidesOf(event)
          .map((side) => tenantsOfRow(source, side))
          .join(' union '),
      )
      await sql`create trigger ${sql.ref(`${source.table}_version_${event}`)} after ${sql.raw(event)} on ${sql.ref(source.table)}
        begin
          insert into policy_versions (tenant, version)
            select tenant, 0 from (${tenants}) where tenant not in (select tenant from policy_versions);
          update policy_versions set version = version + 1 where tenant in (select tenant from (${tenants}));
        end`.execute(db)
    }
}

function tenantsOfRow({ column, names }: Source, side: 'old' | 'new'): string {
  if (names === 'tenant') return `select ${side}.${column} as tenant`
  return `select tenant from memberships where account = ${side}.${column}`
}

/**
 * Once per statement, however many rows it has, and in the order of the tenants, so that two writers do not wait for each
 * other. TRUNCATE tells no rows and changes every version.
 */
export async function versionTriggersOnPostgres(db: Kysely<unknown>): Promise<void> {
  for (const source of sources) {
    for (const event of events) {
      const tenants = sidesOf(event).map((side) => tenantsOfRows(source, side))
      const raise = `insert into policy_versions as known (tenant, version)
        select distinct tenant, 1 from (${tenants.join(' union ')}) as changed order by tenant
        on conflict (tenant) do update set version = known.version + 1`
      const sides = sidesOf(event).map((side) => `${side} table as ${side}_rows`)
      const first = source.table === 'memberships' && event !== 'delete' ? holdAccounts(event) : ''
      await createTrigger(db, source.table, event, `${first}${raise}`, `referencing ${sides.join(' ')}`)
    }
    await createTrigger(db, source.table, 'truncate', 'update policy_versions set version = version + 1', '')
  }
}

/**
 * Who is changing an account does not see the membership that another is about to commit, and could commit behind it
 * without a new version of its tenant: a new membership waits for them, and they for it.
 */
function holdAccounts(event: Event): string {
  const known = event === 'update' ? 'except select tenant, account from old_rows' : ''
  return `perform from accounts where id in
      (select account from (select tenant, account from new_rows ${known}) as joined) order by id for share;
    `
}

function tenantsOfRows({ column, names }: Source, side: 'old' | 'new'): string {
  if (names === 'tenant') return `select ${column} as tenant from ${side}_rows`
  return `select tenant from memberships where account in (select ${column} from ${side}_rows)`
}

/** The tables are found where they are now, whatever the search path of who writes. */
async function createTrigger(db: Kysely<unknown>, table: string, event: string, raise: string, referencing: string) {
  const name = sql.ref(`${table}_version_${event}`)
  await sql`create function ${name}() returns trigger language plpgsql set search_path from current as $body$
    begin
      ${sql.raw(raise)};
      return null;
    end $body$`.execute(db)
  await sql`create trigger ${name} after ${sql.raw(event)} on ${sql.ref(table)} ${sql.raw(referencing)}
    for each statement execute function ${name}()`.execute(db)
}
