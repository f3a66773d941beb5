import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Grant, Policy, PolicyReading, Sharer } from './account-store.ts'
import { byId, parseJson, sorted, toAccount, toGrant, toMembership, toSignIn } from './row-codec.ts'
import type { StoreEngine } from './store-engine.ts'
import type { Tables } from './tables.ts'

const accountColumns = [
  'accounts.id',
  'accounts.email',
  'accounts.name',
  'accounts.state',
  'accounts.operator',
  'accounts.epoch',
  'accounts.password_expired',
] as const

const membershipColumns = [
  'memberships.tenant',
  'memberships.account',
  'memberships.roles',
  'memberships.attributes',
  'memberships.valid_from',
  'memberships.valid_until',
  'memberships.support_reason',
  'memberships.support_by',
] as const

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
  'grants.shared_by',
] as const

/** One statement, so that the version, the account, its groups, its grants and who shares are read at one moment. */
export async function queryPolicy(engine: StoreEngine, tenant: string, account: string): Promise<PolicyReading> {
  const query = compiled.get(engine) ?? compile(engine)
  compiled.set(engine, query)
  const filled = query.parameters.map((value) => {
    if (value === tenantSlot) return tenant
    return value === accountSlot ? account : value
  })
  const { rows } = await engine.db.executeQuery<Parts>({ ...query, parameters: filled })
  const [row] = rows
  if (row === undefined) throw new TypeError('a statement without FROM has one row')
  return { version: row.version, policy: policyFrom(row) }
}

/** What a tenant or an account never is, since no store can hold a NUL. */
const tenantSlot = '\0tenant'
const accountSlot = '\0account'

/** To put the statement together costs several times as much as to run it. */
const compiled = new WeakMap<StoreEngine, ReturnType<typeof compile>>()

function compile(engine: StoreEngine) {
  const json = engine.jsonArrayFrom
  const [tenant, account] = [tenantSlot, accountSlot]
  return engine.db
    .selectNoFrom((eb) => [
      sql<number>`coalesce(${versionOf(eb, tenant)}, 0)`.as('version'),
      json(tenantOf(eb, tenant)).$castTo<string>().as('tenants'),
      json(membersOf(eb, tenant, account))
        .$castTo<string>()
        .as('members'),
      json(groupsOf(eb, tenant, account))
        .$castTo<string>()
        .as('groups'),
      json(grantsOf(eb, tenant, account))
        .$castTo<string>()
        .as('grants'),
      json(sharersOf(eb, tenant, account))
        .$castTo<string>()
        .as('sharers'),
      json(sharerGroupsOf(eb, tenant, account))
        .$castTo<string>()
        .as('sharer_groups'),
      json(sharerGrantsOf(eb, tenant, account))
        .$castTo<string>()
        .as('sharer_grants'),
    ])
    .compile()
}

/** Lists as JSON. */
interface Parts {
  readonly version: number
  readonly tenants: string
  readonly members: string
  readonly groups: string
  readonly grants: string
  readonly sharers: string
  readonly sharer_groups: string
  readonly sharer_grants: string
}

type Member = Tables['accounts'] & Tables['memberships']

function policyFrom(parts: Parts): Policy | undefined {
  const [tenant] = rowsOf(parts.tenants, 'a tenant')
  const [member] = rowsOf(parts.members, 'a membership')
  if (tenant === undefined || member === undefined) return undefined
  const groups = rowsOf(parts.groups, 'groups')
  return {
    account: toAccount(member),
    tenant: { id: tenant.id, name: tenant.name, signIn: toSignIn(tenant.sign_in) },
    membership: toMembership(member),
    groups: sorted(groups.map((row) => row.group_id)),
    grants: toGrants(parts.grants),
    sharers: sharersFrom(parts),
  }
}

function sharersFrom(parts: Parts): readonly Sharer[] {
  const members = rowsOf(parts.sharers, 'a membership')
  if (members.length === 0) return []
  const groups = rowsOf(parts.sharer_groups, 'groups')
  const grants = toGrants(parts.sharer_grants)
  return byId(members, (member) => member.account).map((member) => {
    const own = sorted(groups.filter(({ account }) => account === member.account).map((row) => row.group_id))
    const held = grants.filter((grant) => isFor(grant, member.account, own))
    return { account: toAccount(member), membership: toMembership(member), groups: own, grants: held }
  })
}

function isFor({ subject }: Grant, account: string, groups: readonly string[]): boolean {
  switch (subject.kind) {
    case 'everyone':
      return true
    case 'account':
      return subject.account === account
    case 'group':
      return groups.includes(subject.group)
  }
}

function toGrants(text: string): readonly Grant[] {
  return byId(rowsOf(text, 'grants').map(toGrant), (grant) => grant.id)
}

/** A row as JSON: only the columns that its part of the statement names are read. */
type Rows = readonly (Tables['tenants'] & Member & Tables['group_members'] & Tables['grants'])[]

function rowsOf(text: string, what: string): Rows {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built by the database; the codec reads each value
  return parseJson(text, what) as unknown as Rows
}

// A query builder may start from any table; which ones it already joined does not matter here.
type AnyExpression = Pick<ExpressionBuilder<Tables, never>, 'selectFrom'>

function versionOf(eb: AnyExpression, tenant: string) {
  return eb.selectFrom('policy_versions').where('policy_versions.tenant', '=', tenant).select('policy_versions.version')
}

function tenantOf(eb: AnyExpression, tenant: string) {
  return eb
    .selectFrom('tenants')
    .where('tenants.id', '=', tenant)
    .select(['tenants.id', 'tenants.name', 'tenants.sign_in'])
}

function membersOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('memberships')
    .innerJoin('accounts', 'accounts.id', 'memberships.account')
    .where('memberships.tenant', '=', tenant)
    .where('memberships.account', '=', account)
    .select([...accountColumns, ...membershipColumns])
}

function groupsOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('group_members')
    .where('group_members.tenant', '=', tenant)
    .where('group_members.account', '=', account)
    .select('group_members.group_id')
}

function grantsFor(eb: AnyExpression, tenant: string, account: string) {
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
}

function grantsOf(eb: AnyExpression, tenant: string, account: string) {
  return grantsFor(eb, tenant, account).select(grantColumns)
}

/** The accounts that share anything with `account`, directly or through a group. */
function sharersWith(eb: AnyExpression, tenant: string, account: string) {
  return grantsFor(eb, tenant, account).where('grants.shared_by', 'is not', null).select('grants.shared_by')
}

function sharersOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('memberships')
    .innerJoin('accounts', 'accounts.id', 'memberships.account')
    .where('memberships.tenant', '=', tenant)
    .where('memberships.account', 'in', sharersWith(eb, tenant, account))
    .select([...accountColumns, ...membershipColumns])
}

function sharerGroupsOf(eb: AnyExpression, tenant: string, account: string) {
  return eb
    .selectFrom('group_members')
    .where('group_members.tenant', '=', tenant)
    .where('group_members.account', 'in', sharersWith(eb, tenant, account))
    .select(['group_members.tenant', 'group_members.account', 'group_members.group_id'])
}

/** Each once, whoever of them it is for: all that is not shared itself, on the datasets that are shared. */
function sharerGrantsOf(eb: AnyExpression, tenant: string, account: string) {
  const datasets = grantsFor(eb, tenant, account).where('grants.shared_by', 'is not', null).select('grants.dataset')
  const groups = sharerGroupsOf(eb, tenant, account).clearSelect().select('group_members.group_id')
  return eb
    .selectFrom('grants')
    .where('grants.tenant', '=', tenant)
    .where('grants.shared_by', 'is', null)
    .where('grants.dataset', 'in', datasets)
    .where(
      (grant): Expression<SqlBool> =>
        grant.or([
          grant('grants.subject_kind', '=', 'everyone'),
          grant('grants.subject_account', 'in', sharersWith(eb, tenant, account)),
          grant('grants.subject_group', 'in', groups),
        ]),
    )
    .select(grantColumns)
}
