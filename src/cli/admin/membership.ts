import type { Account, AccountStore, AttributeValue, Membership } from '../../accounts/account-store.ts'
import type { Arguments } from '../arguments.ts'
import { UsageError } from '../cli.ts'
import { attributesOf, isAttribute } from '../directory/attributes.ts'
import { membershipIn, parseId, requireGroups, tenantNamed } from './lookup.ts'

export const membershipOptions = { tenant: 'text', role: 'list', group: 'list', attribute: 'list' } as const

/** Checks what the options say of a membership; the result makes it. Without `--tenant` there is nothing to do. */
export async function changeMembership(
  given: Arguments,
  store: AccountStore,
  account: Account,
): Promise<() => Promise<void>> {
  const [roles, groups, attributes] = [given.list('role'), given.list('group'), given.list('attribute')]
  const tenant = given.text('tenant')
  if (tenant === undefined) {
    if (roles ?? groups ?? attributes) throw new UsageError('--tenant says in which tenant')
    return () => Promise.resolve()
  }
  await tenantNamed(store, tenant)
  if (groups !== undefined) await requireGroups(store, tenant, groups)
  const before = await membershipIn(store, tenant, account)
  const after: Membership = {
    tenant,
    account: account.id,
    roles: roles?.map((role) => parseId(role, 'a role')) ?? before?.roles ?? [],
    attributes: attributes === undefined ? (before?.attributes ?? {}) : parseAttributes(attributes),
    validFrom: before?.validFrom,
    validUntil: before?.validUntil,
  }
  return async () => {
    await store.putMembership(after)
    if (groups !== undefined) await store.setGroupsOf(tenant, account.id, groups)
  }
}

/** `name=text` is a string, `name:=json` whatever the JSON says. */
function parseAttributes(words: readonly string[]): Readonly<Record<string, AttributeValue>> {
  return attributesOf(Object.fromEntries(words.map(parseAttribute)))
}

function parseAttribute(word: string): readonly [string, AttributeValue] {
  const [, name, colon, text] = /^([A-Za-z_][A-Za-z0-9_.-]{0,63})(:?)=(.*)$/s.exec(word) ?? []
  if (name === undefined || text === undefined)
    throw new UsageError(`--attribute ${word}: write NAME=TEXT or NAME:=JSON`)
  const value: unknown = colon === ':' ? parseJson(text, name) : text
  if (!isAttribute(value))
    throw new UsageError(`--attribute ${name}: a string, a number, true, false or a list of strings`)
  return [name, value]
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`--attribute ${name}: is not JSON`, { cause })
  }
}

export async function membershipsShown(store: AccountStore, account: Account) {
  const shown = []
  for (const membership of await store.membershipsOf(account.id)) {
    const policy = await store.policy(membership.tenant, account.id)
    shown.push({ ...membership, groups: policy?.groups ?? [] })
  }
  return shown
}
