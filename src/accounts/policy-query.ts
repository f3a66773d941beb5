import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Policy } from './account-store.ts'
import { byId, parseJson, sorted, toAccount, toGrant, toMembership } from './row-codec.ts'
import type { StoreEngine } from './store-engine.ts'
import type { Tables } from './tables.ts'

const grantColumns = [
  'grants.tenant',
  'grants.id',
  'grants.dataset',
  'grants.subject_kind',
  'grants.subject_group',
  'grants.subject_account',
  'grants.actions',
  'grants.rows',
  'grants.effect',
  'grants.withhold',
  'grants.valid_from',
  'grants.valid_until',
] as const

/** One statement, so that the account, its groups and its grants are read at one moment. */
export async function queryPolicy(engine: StoreEngine, tenant: string, account: string): Promise<Policy | undefined> {
  const row = await engine.db
    .selectFrom('memberships')
    .innerJoin('accounts', 'accounts.id', 'memberships.account')
    .innerJoin('tenants', 'tenants.id', 'memberships.tenant')
    .where('memberships.tenant', '=', tenant)
    .where('memberships.account', '=', account)
    .selectAll('accounts')
    .select(['tenants.name as tenant_name', 'roles', 'attributes', 'valid_from', 'valid_until'])
    .select((eb) => [
      engine
        .jsonArrayFrom(groupsOf(eb, tenant, account))
        .$castTo<string>()
        .as('group_ids'),
      engine
        .jsonArrayFrom(grantsOf(eb, tenant, account))
        .$castTo<string>()
        .as('grant_rows'),
    ])
    .executeTakeFirst()
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built by the database from the columns of groupsOf
  const members = parseJson(row.group_ids, 'groups') as readonly Pick<Tables['group_members'], 'group_id'>[]
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- likewise from grantColumns; toGrant reads each value
  const grants = parseJson(row.grant_rows, 'grants') as unknown as readonly Tables['grants'][]
  return {
    account: toAccount(row),
    tenant: { id: tenant, name: row.tenant_name },
    membership: toMembership({ ...row, tenant, account }),
    groups: sorted(members.map((member) => member.group_id)),
    grants: byId(grants.map(toGrant), (grant) => grant.id),
  }
}

// A query builder may start from any table; which ones it already joined does not matter here.
type AnyExpression = Pick<ExpressionBuilder<Tables, 'memberships'>, 'selectFrom'>

function groupsOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('group_members')
    .where('group_members.tenant', '=', tenant)
    .where('group_members.account', '=', account)
    .select('group_members.group_id')
}

function grantsOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('grants')
    .where('grants.tenant', '=', tenant)
    .where(
      (grant): Expression<SqlBool> =>
        grant.or([
          grant('grants.subject_kind', '=', 'everyone'),
          grant('grants.subject_account', '=', account),
          grant('grants.subject_group', 'in', groupsOf(eb, tenant, account)),
        ]),
    )
    .select(grantColumns)
}
