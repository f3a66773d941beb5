import type { Account, AccountStore, Membership, Tenant } from '../../accounts/account-store.ts'
import { normaliseEmail } from '../../accounts/email.ts'
import { isId } from '../../accounts/ids.ts'
import { CommandError, UsageError } from '../cli.ts'

export function parseEmail(text: string): string {
  const email = normaliseEmail(text)
  if (email === undefined) throw new UsageError(`${text} is no e-mail address`)
  return email
}

export function parseId(text: string, what: string): string {
  if (!isId(text)) throw new UsageError(`${what} must be 1 to 64 letters, digits, . _ : -`)
  return text
}

export async function accountNamed(store: AccountStore, text: string): Promise<Account> {
  const email = parseEmail(text)
  const account = await store.accountByEmail(email)
  if (account === undefined) throw new CommandError(`there is no account ${email}`)
  return account
}

export async function tenantNamed(store: AccountStore, id: string): Promise<Tenant> {
  const tenant = await store.tenant(id)
  if (tenant === undefined) throw new CommandError(`there is no tenant ${id}`)
  return tenant
}

export async function membershipIn(
  store: AccountStore,
  tenant: string,
  account: Account,
): Promise<Membership | undefined> {
  const memberships = await store.membershipsOf(account.id)
  return memberships.find((membership) => membership.tenant === tenant)
}

/** E-mail addresses by account id, for lists that people read. */
export async function emailsById(store: AccountStore): Promise<ReadonlyMap<string, string>> {
  return new Map((await store.accounts({})).map(({ id, email }) => [id, email]))
}

export async function requireGroups(store: AccountStore, tenant: string, groups: readonly string[]): Promise<void> {
  const known = new Set((await store.groups(tenant)).map(({ id }) => id))
  for (const group of groups) {
    if (!known.has(group)) throw new CommandError(`tenant ${tenant} has no group ${group}`)
  }
}
