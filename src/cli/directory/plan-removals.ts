import type { Change } from './changes.ts'
import type { DirectorySource } from './directory-schema.ts'
import type { Holdings } from './holdings.ts'

/**
 * What `prune: true` takes away: grants and groups that the file's own tenants have and the file has not, and the
 * memberships in them that the file's accounts have and the file has not. Never a tenant, never an account, nor what is
 * there for support: that ends by itself.
 */
export function planRemovals(source: DirectorySource, held: Holdings): readonly Change[] {
  return source.tenants.flatMap(({ id: tenant }) => [
    ...removedMemberships(tenant, source, held),
    ...(held.grants.get(tenant) ?? [])
      .filter(({ id }) => !source.grants.some((grant) => grant.tenant === tenant && grant.id === id))
      .filter(({ subject }) => subject.kind !== 'account' || !held.support.has(`${tenant} ${subject.account}`))
      .map(({ id }) => removal('grant', `${id} in ${tenant}`, (store) => store.removeGrant(tenant, id))),
    ...(held.groups.get(tenant) ?? [])
      .filter(({ id }) => !source.groups.some((group) => group.tenant === tenant && group.id === id))
      .map(({ id }) => removal('group', `${id} in ${tenant}`, (store) => store.removeGroup(tenant, id))),
  ])
}

function removedMemberships(tenant: string, source: DirectorySource, held: Holdings): readonly Change[] {
  return source.accounts.flatMap(({ email, memberships }) => {
    const known = held.accounts.get(email)
    const isMember = known?.memberships.some((membership) => membership.tenant === tenant) === true
    if (known === undefined || !isMember || memberships.some((membership) => membership.tenant === tenant)) return []
    if (held.support.has(`${tenant} ${known.id}`)) return []
    return [removal('membership', `${email} in ${tenant}`, (store) => store.removeMembership(tenant, known.id))]
  })
}

function removal(
  kind: Change['kind'],
  what: string,
  remove: (store: Parameters<Change['make']>[0]) => Promise<boolean>,
): Change {
  return { sign: '-', kind, what, detail: '', make: async (store) => void (await remove(store)) }
}
