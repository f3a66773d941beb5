import type { Policy, Sharer } from './account-store.ts'

/** From when until when something holds, in milliseconds since the epoch. */
interface Span {
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
}

/** What of a policy holds at `now`; undefined where the membership does not. */
export function inForce(policy: Policy, now: number): Policy | undefined {
  if (!holds(policy.membership, now)) return undefined
  return {
    ...policy,
    grants: policy.grants.filter((grant) => holds(grant, now)),
    sharers: policy.sharers.flatMap((sharer) => sharerInForce(sharer, now)),
  }
}

/** Who cannot act has nothing to share. */
function sharerInForce(sharer: Sharer, now: number): readonly Sharer[] {
  if (sharer.account.state !== 'enabled' || !holds(sharer.membership, now)) return []
  return [{ ...sharer, grants: sharer.grants.filter((grant) => holds(grant, now)) }]
}

/** The first moment after `now` at which anything in a policy begins or ends to hold. */
export function nextBorder({ membership, grants, sharers }: Policy, now: number): number {
  let next = Number.POSITIVE_INFINITY
  const look = ({ validFrom = now, validUntil = now }: Span) => {
    if (validFrom > now && validFrom < next) next = validFrom
    if (validUntil > now && validUntil < next) next = validUntil
  }
  look(membership)
  grants.forEach(look)
  for (const sharer of sharers) {
    look(sharer.membership)
    sharer.grants.forEach(look)
  }
  return next
}

function holds({ validFrom, validUntil }: Span, now: number): boolean {
  return (validFrom ?? -Infinity) <= now && now < (validUntil ?? Infinity)
}
