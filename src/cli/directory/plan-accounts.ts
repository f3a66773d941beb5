import type { Account, Membership } from '../../accounts/account-store.ts'
import { hashPassword, verifyPassword } from '../../accounts/password.ts'
import type { Path } from '../../config/problems.ts'
import type { Report } from '../../config/report.ts'
import { attributesOf } from './attributes.ts'
import { type Change, differences } from './changes.ts'
import type { AccountSource, DirectorySource, MembershipSource } from './directory-schema.ts'
import type { HeldAccount, Holdings } from './holdings.ts'
import { parseTime } from './time.ts'

export async function planAccounts(
  source: DirectorySource,
  held: Holdings,
  report: Report,
): Promise<readonly Change[]> {
  const changes: Change[] = []
  for (const [i, written] of source.accounts.entries()) {
    const known = held.accounts.get(written.email)
    if (known === undefined) throw new TypeError('an account was not looked up')
    changes.push(...planAccount(written, known), ...(await planPassword(written, known)))
    for (const [j, membership] of written.memberships.entries()) {
      checkGroups(membership, source, held, ['accounts', i, 'memberships', j], report)
      if (held.support.has(`${membership.tenant} ${known.id}`))
        report.add(['accounts', i, 'memberships', j], 'the account is there for support: see support close')
      changes.push(...planMembership(membership, written.email, known))
    }
  }
  return changes
}

/** What the file leaves out stays as it is: an account that was disabled is not enabled by the next run. */
function planAccount(written: AccountSource, { id, account: before }: HeldAccount): readonly Change[] {
  const base: Account = before ?? newAccount(id, written.email)
  const after: Account = {
    ...base,
    name: written.name ?? base.name,
    state: written.state ?? base.state,
    operator: written.operator ?? base.operator,
  }
  const what = written.email
  if (before === undefined) {
    return [{ sign: '+', kind: 'account', what, detail: after.name, make: (store) => store.putAccount(after) }]
  }
  const detail = differences(before, after, ['name', 'state', 'operator'])
  if (detail === '') return []
  const make: Change['make'] = async (store) => {
    await store.putAccount(after)
    if (before.state === 'enabled' && after.state === 'disabled') await store.bumpEpoch(id)
  }
  return [{ sign: '~', kind: 'account', what, detail, make }]
}

export function newAccount(id: string, email: string): Account {
  return { id, email, name: '', state: 'enabled', operator: false, epoch: 0, passwordExpired: false }
}

/** A password is compared with the stored hash, so that a second run changes nothing. */
async function planPassword(written: AccountSource, held: HeldAccount): Promise<readonly Change[]> {
  const { password, passwordHash } = written
  const before = held.passwordHash
  if (password === undefined && passwordHash === undefined) return []
  if (passwordHash !== undefined && passwordHash === before) return []
  if (password !== undefined && before !== undefined && (await verifyPassword(before, password))) return []
  const make: Change['make'] = async (store) => {
    const hash = passwordHash ?? (await hashPassword(password ?? ''))
    await store.setPasswordHash(held.id, hash, { expired: false })
    // Whoever signed in with the old one is out.
    if (before !== undefined) await store.bumpEpoch(held.id)
  }
  return [{ sign: before === undefined ? '+' : '~', kind: 'password', what: `of ${written.email}`, detail: '', make }]
}

function checkGroups(
  { tenant, groups }: MembershipSource,
  source: DirectorySource,
  held: Holdings,
  path: Path,
  report: Report,
): void {
  for (const [i, group] of groups.entries()) {
    if (isGroup(tenant, group, source, held)) continue
    const at = [...path, 'groups', i]
    report.add(at, `tenant ${report.quote(at, tenant)} has no group ${report.quote(at, group)}`)
  }
}

/** Whether the account will be a member once the file is applied. */
export function isMember(tenant: string, email: string, source: DirectorySource, held: Holdings): boolean {
  const listed = source.accounts.find((account) => account.email === email)
  if (listed?.memberships.some((membership) => membership.tenant === tenant) === true) return true
  const isHeld = held.accounts.get(email)?.memberships.some((membership) => membership.tenant === tenant) === true
  return isHeld && (listed === undefined || !isPruned(tenant, source))
}

export function isGroup(tenant: string, group: string, source: DirectorySource, held: Holdings): boolean {
  const inFile = source.groups.some((candidate) => candidate.tenant === tenant && candidate.id === group)
  const inStore = held.groups.get(tenant)?.some(({ id }) => id === group) === true
  return inFile || (inStore && !isPruned(tenant, source))
}

function isPruned(tenant: string, source: DirectorySource): boolean {
  return source.prune && source.tenants.some(({ id }) => id === tenant)
}

function planMembership(written: MembershipSource, email: string, held: HeldAccount): readonly Change[] {
  const before = held.memberships.find(({ tenant }) => tenant === written.tenant)
  const after: HeldAccount['memberships'][number] = {
    tenant: written.tenant,
    account: held.id,
    roles: sorted(written.roles),
    groups: sorted(written.groups),
    attributes: attributesOf(written.attributes),
    validFrom: timeOf(written.validFrom),
    validUntil: timeOf(written.validUntil),
  }
  const what = `${email} in ${written.tenant}`
  const make: Change['make'] = async (store) => {
    const { groups, ...membership } = after
    await store.putMembership(membership satisfies Membership)
    await store.setGroupsOf(after.tenant, after.account, groups)
  }
  if (before === undefined) return [{ sign: '+', kind: 'membership', what, detail: describe(after), make }]
  const detail = differences(before, after, ['roles', 'groups', 'attributes', 'validFrom', 'validUntil'])
  return detail === '' ? [] : [{ sign: '~', kind: 'membership', what, detail, make }]
}

function describe({
  roles,
  groups,
}: {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}): string {
  const parts = [roles.length === 0 ? 'no roles' : `roles ${roles.join(' ')}`]
  if (groups.length > 0) parts.push(`groups ${groups.join(' ')}`)
  return parts.join(', ')
}

function sorted(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].sort()
}

export function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTime(text)
}
