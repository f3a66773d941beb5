import type { Account, AccountStore, AttributeValue, Membership } from '../../accounts/account-store.ts'
import type { Arguments } from '../arguments.ts'
import { CommandError, UsageError } from '../cli.ts'
import { attributesOf, attributeValueFault } from '../directory/attributes.ts'
import type { Directory } from '../open-rooms.ts'
import { formatTime } from '../print.ts'
import { membershipIn, parseId, requireGroups, tenantNamed } from './lookup.ts'
import { validityFrom, validityOptions } from './validity.ts'

export const membershipOptions = {
  tenant: 'text',
  role: 'list',
  group: 'list',
  attribute: 'list',
  ...validityOptions,
} as const

/** Checks what the options say of a membership; the result makes it. Without `--tenant` there is nothing to do. */
export async function changeMembership(
  given: Arguments,
  { store, config }: Directory,
  account: Account,
): Promise<() => Promise<void>> {
  const [roles, groups, attributes] = [given.list('role'), given.list('group'), given.list('attribute')]
  const tenant = given.text('tenant')
  if (tenant === undefined) {
    const validity = given.text('valid-from') ?? given.text('valid-until')
    if (roles ?? groups ?? attributes ?? validity) throw new UsageError('--tenant says in which tenant')
    return () => Promise.resolve()
  }
  await tenantNamed(store, tenant)
  if (groups !== undefined) await requireGroups(store, tenant, groups)
  const before = await membershipIn(store, tenant, account)
  refuseSupport(before, account)
  const after: Membership = {
    tenant,
    account: account.id,
    roles: roles?.map((role) => parseId(role, 'a role')) ?? before?.roles ?? [],
    attributes: attributes === undefined ? (before?.attributes ?? {}) : parseAttributes(attributes, config),
    ...validityFrom(given, before ?? always),
  }
  return async () => {
    await store.putMembership(after)
    if (groups !== undefined) await store.setGroupsOf(tenant, account.id, groups)
  }
}

const always = { validFrom: undefined, validUntil: undefined }

/** What is there for support only is neither changed nor made to last. */
export function refuseSupport(membership: Membership | undefined, { email }: Account): void {
  if (membership?.support === undefined) return
  const until = formatTime(membership.validUntil)
  throw new CommandError(`${email} is in ${membership.tenant} for support until ${until}: see support close`)
}

/** `name=text` is a string, `name:=json` whatever the JSON says. */
function parseAttributes(
  words: readonly string[],
  { attributes }: Directory['config'],
): Readonly<Record<string, AttributeValue>> {
  const written = words.map(parseAttribute)
  for (const [name, value] of written) {
    const fault = attributeValueFault(name, value, attributes)
    if (fault !== undefined) throw new UsageError(`--attribute ${name}: ${fault}`)
  }
  return attributesOf(Object.fromEntries(written))
}

function parseAttribute(word: string): readonly [string, unknown] {
  const [, name, colon, text] = /^([A-Za-z_][A-Za-z0-9_.-]{0,63})(:?)=(.*)$/s.exec(word) ?? []
  if (name === undefined || text === undefined)
    throw new UsageError(`--attribute ${word}: write NAME=TEXT or NAME:=JSON`)
  return [name, colon === ':' ? parseJson(text, name) : text]
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
