import type { Transaction } from 'kysely'
import { ProxyError } from '../errors.ts'
import { type Membership, maxSupportMs, type SupportOpening } from './account-store.ts'
import { fromGrant, fromMembership, sorted } from './row-codec.ts'
import type { Tables } from './tables.ts'

/** False where the account is a member already; the database holds the bound on the time as well. */
export async function insertSupport(db: Transaction<Tables>, opening: SupportOpening): Promise<boolean> {
  const { membership, groups, grants } = opening
  const { tenant, account } = membership
  if (lastsMs(membership) > maxSupportMs)
    throw new ProxyError('ERR_STORE_REFUSED', 'support access does not end within an hour')
  const opened = await db
    .insertInto('memberships')
    .values(fromMembership(membership))
    .onConflict((conflict) => conflict.columns(['tenant', 'account']).doNothing())
    .executeTakeFirst()
  if (opened.numInsertedOrUpdatedRows !== 1n) return false
  const members = sorted(groups).map((group) => ({ tenant, account, group_id: group }))
  if (members.length > 0) await db.insertInto('group_members').values(members).execute()
  if (grants.length > 0) await db.insertInto('grants').values(grants.map(fromGrant)).execute()
  return true
}

function lastsMs({ support, validFrom, validUntil }: Membership): number {
  if (validFrom === undefined || validUntil === undefined || support?.until !== validUntil) return Infinity
  return validUntil - validFrom
}
