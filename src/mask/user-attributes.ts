/** Whose attributes masks are bound to: as much of somebody's rights as they tell of. */
export interface User {
  readonly account: { readonly id: string; readonly email: string }
  readonly tenant: { readonly id: string }
  readonly membership: {
    readonly roles: readonly string[]
    readonly attributes: Readonly<Record<string, unknown>>
  }
  readonly groups: readonly string[]
}

const made = new WeakMap<User, ReadonlyMap<string, unknown>>()

/** What `{ $user: name }` stands for; the built-in ones (`builtinAttributes`) win over what the membership says. */
export function userAttributes(user: User): ReadonlyMap<string, unknown> {
  const known = made.get(user) ?? attributesOf(user)
  made.set(user, known)
  return known
}

function attributesOf({ account, tenant, membership, groups }: User): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(membership.attributes),
    ['tenant', tenant.id],
    ['account', account.id],
    ['email', account.email],
    ['roles', membership.roles],
    ['groups', groups],
  ])
}
