import type { Account, AccountStore, Grant, Group, Membership, Tenant } from '../../accounts/account-store.ts'
import { newAccountId } from '../../accounts/ids.ts'
import type { DirectorySource } from './directory-schema.ts'

/** What the store holds of what the file speaks of. */
export interface Holdings {
  readonly tenants: ReadonlyMap<string, Tenant>
  /** By e-mail address: also those the file only names in a grant. */
  readonly accounts: ReadonlyMap<string, HeldAccount>
  /** By tenant. */
  readonly groups: ReadonlyMap<string, readonly Group[]>
  readonly grants: ReadonlyMap<string, readonly Grant[]>
  /** Accounts that are somewhere for support, `tenant account`: none of a file's business. */
  readonly support: ReadonlySet<string>
}

export interface HeldAccount {
  /** Chosen now for an account that does not exist yet. */
  readonly id: string
  readonly account: Account | undefined
  readonly passwordHash: string | undefined
  readonly memberships: readonly (Membership & { readonly groups: readonly string[] })[]
}

export async function readHoldings(source: DirectorySource, store: AccountStore): Promise<Holdings> {
  const tenants = new Map((await store.tenants()).map((tenant) => [tenant.id, tenant]))
  const groups = new Map<string, readonly Group[]>()
  const grants = new Map<string, readonly Grant[]>()
  for (const id of tenants.keys()) {
    groups.set(id, await store.groups(id))
    grants.set(id, await store.grants(id))
  }
  const accounts = new Map<string, HeldAccount>()
  for (const email of emailsOf(source)) accounts.set(email, await readAccount(email, store))
  const support = new Set((await store.supportMemberships()).map(({ tenant, account }) => `${tenant} ${account}`))
  return { tenants, accounts, groups, grants, support }
}

function emailsOf(source: DirectorySource): ReadonlySet<string> {
  const named = source.grants.flatMap(({ subject, sharedBy }) => [
    ...(subject === 'everyone' || subject.account === undefined ? [] : [subject.account]),
    ...(sharedBy === undefined ? [] : [sharedBy]),
  ])
  return new Set([...source.accounts.map(({ email }) => email), ...named])
}

async function readAccount(email: string, store: AccountStore): Promise<HeldAccount> {
  const held = await store.credentialsOf(email)
  if (held === undefined) return { id: newAccountId(), account: undefined, passwordHash: undefined, memberships: [] }
  const { account, passwordHash } = held
  const memberships = []
  for (const membership of await store.membershipsOf(account.id)) {
    const policy = await store.policy(membership.tenant, account.id)
    memberships.push({ ...membership, groups: policy?.groups ?? [] })
  }
  return { id: account.id, account, passwordHash, memberships }
}
