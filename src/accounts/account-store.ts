import type { Json } from '../lib/json.ts'
import type { SignInMethod } from '../lib/sign-in-method.ts'

/** A company. */
export interface Tenant {
  readonly id: string
  readonly name: string
  /** Seconds; absent means the configured default. */
  readonly accessTokenSeconds: number | undefined
  readonly refreshTokenSeconds: number | undefined
  /** Wrapped HS256 secrets, newest first; all verify, the first signs. */
  readonly tokenSecrets: readonly WrappedSecret[]
  /** How people may prove themselves to act in it; empty = in any way. */
  readonly signIn: readonly SignInMethod[]
}

/** A secret sealed by the key file (AES-256-GCM); opaque to the store. */
export interface WrappedSecret {
  readonly id: string
  readonly sealed: string
}

export type AccountState = 'enabled' | 'disabled'

/** A person or a service, known by one normalised e-mail address. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly state: AccountState
  /** Administrator of this installation (not of a tenant's rows). */
  readonly operator: boolean
  /** Raised to end every session and token of the account. */
  readonly epoch: number
  /** Must choose a new password at next sign-in. */
  readonly passwordExpired: boolean
}

export type AttributeScalar = string | number | boolean

/** What `{ "$user": name }` may refer to. */
export type AttributeValue = AttributeScalar | readonly AttributeScalar[]

export interface Membership {
  readonly tenant: string
  readonly account: string
  /** Sorted. */
  readonly roles: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Milliseconds since the epoch; outside of them the membership does not exist. */
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  /** A temporary one, for support; absent where somebody belongs to the tenant. */
  readonly support?: SupportAccess | undefined
}

/** Why somebody is in a tenant for at most an hour. */
export interface SupportAccess {
  readonly reason: string
  /** Who opened it. */
  readonly by: string
  /** The `validUntil` of the membership. */
  readonly until: number
}

/** How long support access may last; the database holds every writer to the same. */
export const maxSupportMs = 3_600_000

export type GrantSubject =
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'everyone' }

export type Action = 'read' | 'modify'

/** A right on a dataset inside one tenant. */
export interface Grant {
  readonly id: string
  readonly tenant: string
  readonly dataset: string
  readonly subject: GrantSubject
  readonly actions: readonly Action[]
  /** The row mask as written, in the language of docs/masks.md. */
  readonly rows: Json
  readonly effect: 'permit' | 'restrict'
  /** Field names (as the dataset declares them) that never reach the subject. */
  readonly withhold: readonly string[]
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  /** The account whose own rows these are, as far as it has them now; undefined = the tenant's. */
  readonly sharedBy: string | undefined
}

export interface Group {
  readonly tenant: string
  readonly id: string
  readonly name: string
}

export interface ApiKey {
  readonly id: string
  /** First characters, shown in lists. */
  readonly prefix: string
  readonly tenant: string
  readonly account: string
  readonly name: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

/** Everything that decides what one account may do in one tenant, read in one query. */
export interface Policy {
  readonly account: Account
  readonly tenant: Pick<Tenant, 'id' | 'name' | 'signIn'>
  readonly membership: Membership
  /** Ids, sorted. */
  readonly groups: readonly string[]
  /** Grants whose subject is everyone, the account, or one of its groups; validity not yet applied. */
  readonly grants: readonly Grant[]
  /** Those by whom any of `grants` is shared. */
  readonly sharers: readonly Sharer[]
}

/** What one who shares may do in the same tenant. */
export interface Sharer {
  readonly account: Account
  readonly membership: Membership
  readonly groups: readonly string[]
  /** Without what others share with them, which they cannot pass on; validity not yet applied. */
  readonly grants: readonly Grant[]
}

/** A policy, and the version of its tenant at the moment it was read. */
export interface PolicyReading {
  readonly version: number
  /** Undefined where tenant, account or membership does not exist. */
  readonly policy: Policy | undefined
}

/** What sign-in needs to know about an e-mail address. */
export interface Credentials {
  readonly account: Account
  /** PHC string, or undefined where the account has no password. */
  readonly passwordHash: string | undefined
}

/** Temporary access: a membership with `support`, its groups, and grants to its account. */
export interface SupportOpening {
  readonly membership: Membership
  readonly groups: readonly string[]
  readonly grants: readonly Grant[]
}

/**
 * Tenants, accounts, memberships, groups, grants and keys. Two implementations (SQLite, PostgreSQL), one contract suite.
 * Every method rejects with `ProxyError('ERR_STORE_UNAVAILABLE')` when the database cannot answer.
 */
export interface AccountStore {
  /** `email` is already normalised. */
  credentialsOf(email: string): Promise<Credentials | undefined>
  setPasswordHash(account: string, passwordHash: string, options: { expired: boolean }): Promise<void>
  account(id: string): Promise<Account | undefined>
  membershipsOf(account: string): Promise<readonly Membership[]>
  /** Undefined where tenant, account or membership does not exist. */
  policy(tenant: string, account: string): Promise<Policy | undefined>
  /** The same with the version of the tenant, both as of one moment. */
  readPolicy(tenant: string, account: string): Promise<PolicyReading>
  /**
   * The versions of `tenants` now. Whatever could change a policy of a tenant, by whatever hand, changes its version in
   * the same transaction; a tenant that never was has none.
   */
  policyVersions(tenants: readonly string[]): Promise<ReadonlyMap<string, number>>
  tenant(id: string): Promise<Tenant | undefined>
  /** `hash` is the SHA-256 of the whole key, base64url. */
  apiKeyByHash(hash: string): Promise<ApiKey | undefined>

  tenants(): Promise<readonly Tenant[]>
  putTenant(tenant: Tenant): Promise<void>
  removeTenant(id: string): Promise<boolean>

  accounts(filter: { tenant?: string | undefined }): Promise<readonly Account[]>
  accountByEmail(email: string): Promise<Account | undefined>
  putAccount(account: Account): Promise<void>
  removeAccount(id: string): Promise<boolean>
  /** Raises `epoch`; every session and token of the account ends. */
  bumpEpoch(account: string): Promise<void>

  putMembership(membership: Membership): Promise<void>
  removeMembership(tenant: string, account: string): Promise<boolean>

  /** Temporary memberships, ended ones too. */
  supportMemberships(): Promise<readonly Membership[]>
  /** Makes all of it or nothing; false where the account is a member already. */
  openSupport(opening: SupportOpening): Promise<boolean>
  /** Takes the membership away with everything that hangs on it; false where it is not one for support. */
  closeSupport(access: Membership): Promise<boolean>

  groups(tenant: string): Promise<readonly Group[]>
  putGroup(group: Group): Promise<void>
  removeGroup(tenant: string, id: string): Promise<boolean>
  groupMembers(tenant: string, group: string): Promise<readonly string[]>
  /** Replaces the groups the account is in inside `tenant`. */
  setGroupsOf(tenant: string, account: string, groups: readonly string[]): Promise<void>

  grants(tenant: string): Promise<readonly Grant[]>
  putGrant(grant: Grant): Promise<void>
  removeGrant(tenant: string, id: string): Promise<boolean>

  apiKeys(filter: { tenant?: string | undefined; account?: string | undefined }): Promise<readonly ApiKey[]>
  addApiKey(key: ApiKey, hash: string): Promise<void>
  removeApiKey(id: string): Promise<boolean>

  /** Brings the schema to the newest version; safe to run from several edges at once. Returns the names applied. */
  migrate(): Promise<readonly string[]>
  /** Resolves when the database answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
