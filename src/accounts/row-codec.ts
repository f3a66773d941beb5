import type { Selectable } from 'kysely'
import { ProxyError } from '../errors.ts'
import type { Json } from '../lib/json.ts'
import { type SignInMethod, signInMethodFrom } from '../lib/sign-in-method.ts'
import type {
  Account,
  AccountState,
  Action,
  ApiKey,
  AttributeScalar,
  AttributeValue,
  Grant,
  GrantSubject,
  Membership,
  Tenant,
  WrappedSecret,
} from './account-store.ts'
import type { Tables } from './tables.ts'

type Row<Table extends keyof Tables> = Selectable<Tables[Table]>

/** What a row holds that this version did not write is not guessed at: no answer is safer than a wrong right. */
function unreadable(what: string): ProxyError {
  return new ProxyError('ERR_STORE_UNAVAILABLE', `the store holds ${what} that this version cannot read`)
}

export function parseJson(text: string, what: string): Json {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse returns nothing but JSON values
    return JSON.parse(text) as Json
  } catch {
    throw unreadable(what)
  }
}

function parseList<T>(text: string, what: string, isItem: (item: Json) => item is Json & T): readonly T[] {
  const list = parseJson(text, what)
  if (!Array.isArray(list) || !list.every(isItem)) throw unreadable(what)
  return list
}

const isText = (item: Json): item is string => typeof item === 'string'
const isAction = (item: Json): item is Action => item === 'read' || item === 'modify'
const isMethod = (item: Json): item is SignInMethod => isText(item) && signInMethodFrom(item) !== undefined
const isObject = (item: Json): item is { readonly [key: string]: Json } =>
  typeof item === 'object' && item !== null && !Array.isArray(item)
const isSecret = (item: Json): item is { readonly id: string; readonly sealed: string } =>
  isObject(item) && typeof item['id'] === 'string' && typeof item['sealed'] === 'string'

function isAttribute(item: Json): item is Json & AttributeValue {
  return Array.isArray(item) ? item.every(isAttributeScalar) : isAttributeScalar(item)
}

function isAttributeScalar(item: Json): item is AttributeScalar {
  return typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
}

function parseAttributes(text: string): Readonly<Record<string, AttributeValue>> {
  const attributes = parseJson(text, 'attributes')
  if (!isObject(attributes)) throw unreadable('attributes')
  const entries = Object.entries(attributes).map(([name, value]): [string, AttributeValue] => {
    if (!isAttribute(value)) throw unreadable('attributes')
    return [name, value]
  })
  return Object.fromEntries(entries)
}

/** Distinct, in code unit order, which is the same in every database's locale. */
export function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

/** In code unit order of `id`. */
export function byId<T>(items: readonly T[], idOf: (item: T) => string): readonly T[] {
  return [...items].sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1))
}

export function toTenant(row: Row<'tenants'>): Tenant {
  return {
    id: row.id,
    name: row.name,
    accessTokenSeconds: row.access_token_seconds ?? undefined,
    refreshTokenSeconds: row.refresh_token_seconds ?? undefined,
    tokenSecrets: parseList<WrappedSecret>(row.token_secrets, 'token secrets', isSecret),
    signIn: toSignIn(row.sign_in),
  }
}

export function fromTenant(tenant: Tenant): Row<'tenants'> {
  return {
    id: tenant.id,
    name: tenant.name,
    access_token_seconds: tenant.accessTokenSeconds ?? null,
    refresh_token_seconds: tenant.refreshTokenSeconds ?? null,
    token_secrets: JSON.stringify(tenant.tokenSecrets.map(({ id, sealed }) => ({ id, sealed }))),
    sign_in: JSON.stringify(sorted(tenant.signIn)),
  }
}

export function toSignIn(text: string): readonly SignInMethod[] {
  return parseList<SignInMethod>(text, 'a way to sign in', isMethod)
}

export function toAccount(row: Row<'accounts'>): Account {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    state: toState(row.state),
    operator: row.operator === 1,
    epoch: row.epoch,
    passwordExpired: row.password_expired !== 0,
  }
}

function toState(state: string): AccountState {
  if (state === 'enabled' || state === 'disabled') return state
  throw unreadable("an account's state")
}

export function fromAccount(account: Account): Row<'accounts'> {
  return {
    id: account.id,
    email: account.email,
    name: account.name,
    state: account.state,
    operator: account.operator ? 1 : 0,
    epoch: account.epoch,
    password_expired: account.passwordExpired ? 1 : 0,
  }
}

export function toMembership(row: Row<'memberships'>): Membership {
  return {
    tenant: row.tenant,
    account: row.account,
    roles: sorted(parseList<string>(row.roles, 'roles', isText)),
    attributes: parseAttributes(row.attributes),
    validFrom: row.valid_from ?? undefined,
    validUntil: row.valid_until ?? undefined,
    ...toSupport(row),
  }
}

function toSupport(row: Row<'memberships'>): Pick<Membership, 'support'> {
  const { support_reason: reason, support_by: by, valid_until: until } = row
  if (reason === null && by === null) return {}
  if (reason === null || by === null || until === null) throw unreadable('a support access')
  return { support: { reason, by, until } }
}

export function fromMembership(membership: Membership): Row<'memberships'> {
  return {
    tenant: membership.tenant,
    account: membership.account,
    roles: JSON.stringify(sorted(membership.roles)),
    attributes: JSON.stringify(membership.attributes),
    valid_from: membership.validFrom ?? null,
    valid_until: membership.validUntil ?? null,
    support_reason: membership.support?.reason ?? null,
    support_by: membership.support?.by ?? null,
  }
}

export function toGrant(row: Row<'grants'>): Grant {
  return {
    id: row.id,
    tenant: row.tenant,
    dataset: row.dataset,
    subject: toSubject(row),
    actions: parseList<Action>(row.actions, 'actions', isAction),
    rows: parseJson(row.rows, 'a row mask'),
    effect: toEffect(row.effect),
    withhold: parseList<string>(row.withhold, 'withheld fields', isText),
    validFrom: row.valid_from ?? undefined,
    validUntil: row.valid_until ?? undefined,
    sharedBy: row.shared_by ?? undefined,
  }
}

function toSubject(row: Row<'grants'>): GrantSubject {
  if (row.subject_kind === 'everyone') return { kind: 'everyone' }
  if (row.subject_kind === 'group' && row.subject_group !== null) return { kind: 'group', group: row.subject_group }
  if (row.subject_kind === 'account' && row.subject_account !== null)
    return { kind: 'account', account: row.subject_account }
  throw unreadable("a grant's subject")
}

function toEffect(effect: string): Grant['effect'] {
  if (effect === 'permit' || effect === 'restrict') return effect
  throw unreadable("a grant's effect")
}

export function fromGrant(grant: Grant): Row<'grants'> {
  return {
    tenant: grant.tenant,
    id: grant.id,
    dataset: grant.dataset,
    subject_kind: grant.subject.kind,
    subject_group: grant.subject.kind === 'group' ? grant.subject.group : null,
    subject_account: grant.subject.kind === 'account' ? grant.subject.account : null,
    actions: JSON.stringify(grant.actions),
    rows: JSON.stringify(grant.rows),
    effect: grant.effect,
    withhold: JSON.stringify(sorted(grant.withhold)),
    valid_from: grant.validFrom ?? null,
    valid_until: grant.validUntil ?? null,
    shared_by: grant.sharedBy ?? null,
  }
}

export function toApiKey(row: Omit<Row<'api_keys'>, 'hash'>): ApiKey {
  return {
    id: row.id,
    prefix: row.prefix,
    tenant: row.tenant,
    account: row.account,
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  }
}

export function fromApiKey(key: ApiKey, hash: string): Row<'api_keys'> {
  return {
    id: key.id,
    hash,
    prefix: key.prefix,
    tenant: key.tenant,
    account: key.account,
    name: key.name,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
  }
}
