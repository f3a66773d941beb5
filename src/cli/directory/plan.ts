import type { Group, Tenant } from '../../accounts/account-store.ts'
import type { Report } from '../../config/report.ts'
import type { Sealer } from '../open-rooms.ts'
import { type Change, differences } from './changes.ts'
import type { DirectorySource, GroupSource, TenantSource } from './directory-schema.ts'
import type { Holdings } from './holdings.ts'
import { mintTenant } from './mint-tenant.ts'
import { planAccounts } from './plan-accounts.ts'
import { planGrants } from './plan-grants.ts'
import { planRemovals } from './plan-removals.ts'

/** The steps from what is there to what the file says, in an order that can be made; faults go to `report`. */
export async function planChanges(
  source: DirectorySource,
  held: Holdings,
  keys: Sealer,
  report: Report,
): Promise<readonly Change[]> {
  checkTenants(source, held, report)
  return [
    ...source.tenants.flatMap((tenant) => planTenant(tenant, held, keys)),
    ...source.groups.flatMap((group) => planGroup(group, held)),
    ...(await planAccounts(source, held, report)),
    ...planGrants(source, held, report),
    ...(source.prune ? planRemovals(source, held) : []),
  ]
}

function checkTenants(source: DirectorySource, held: Holdings, report: Report): void {
  const known = new Set([...held.tenants.keys(), ...source.tenants.map(({ id }) => id)])
  const check = (tenant: string, path: readonly (string | number)[]) => {
    if (!known.has(tenant)) report.add([...path, 'tenant'], `there is no tenant ${report.quote(path, tenant)}`)
  }
  for (const [i, { tenant }] of source.groups.entries()) check(tenant, ['groups', i])
  for (const [i, { tenant }] of source.grants.entries()) check(tenant, ['grants', i])
  for (const [i, { memberships }] of source.accounts.entries()) {
    for (const [j, { tenant }] of memberships.entries()) check(tenant, ['accounts', i, 'memberships', j])
  }
}

function planTenant(written: TenantSource, held: Holdings, keys: Sealer): readonly Change[] {
  const before = held.tenants.get(written.id)
  const base = before ?? mintTenant(written.id, written.id, keys)
  const after: Tenant = {
    ...base,
    name: written.name ?? base.name,
    accessTokenSeconds: written.accessTokenSeconds ?? base.accessTokenSeconds,
    refreshTokenSeconds: written.refreshTokenSeconds ?? base.refreshTokenSeconds,
    signIn: written.signIn === undefined ? base.signIn : [...new Set(written.signIn)].sort(),
  }
  const make: Change['make'] = (store) => store.putTenant(after)
  if (before === undefined) return [{ sign: '+', kind: 'tenant', what: after.id, detail: after.name, make }]
  const detail = differences(before, after, ['name', 'accessTokenSeconds', 'refreshTokenSeconds', 'signIn'])
  return detail === '' ? [] : [{ sign: '~', kind: 'tenant', what: after.id, detail, make }]
}

function planGroup(written: GroupSource, held: Holdings): readonly Change[] {
  const before = held.groups.get(written.tenant)?.find(({ id }) => id === written.id)
  const after: Group = { tenant: written.tenant, id: written.id, name: written.name ?? before?.name ?? written.id }
  const what = `${after.id} in ${after.tenant}`
  const make: Change['make'] = (store) => store.putGroup(after)
  if (before === undefined) return [{ sign: '+', kind: 'group', what, detail: after.name, make }]
  const detail = differences(before, after, ['name'])
  return detail === '' ? [] : [{ sign: '~', kind: 'group', what, detail, make }]
}
