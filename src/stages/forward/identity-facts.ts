import type { IdentityFact } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Principal } from '../../exchange.ts'

/** Bytes. Several servers allow 8 KiB for a whole request head. */
const maxOursBytes = 4096
const maxMaskBytes = 2048

export interface MaskFacts {
  /** Canonical ASCII JSON. */
  readonly json: string
  /** `sha-256=:...:` (RFC 9530). */
  readonly digest: string
}

/** The value of a fact as a header carries it; undefined where there is nothing to say. */
export function factValue(fact: IdentityFact, principal: Principal, mask: MaskFacts | undefined): string | undefined {
  const { account, tenant, membership, groups } = principal.policy
  switch (fact) {
    case 'account':
      return account.id
    case 'email':
      return account.email
    case 'name':
      return account.name === '' ? undefined : encodeURIComponent(account.name)
    case 'tenant':
      return tenant.id
    case 'role':
      return membership.roles[0]
    case 'roles':
      return joined(membership.roles)
    case 'groups':
      return joined(groups)
    case 'row-mask':
      return mask?.json
    case 'row-mask-digest':
      return mask?.digest
  }
}

function joined(ids: readonly string[]): string | undefined {
  return ids.length === 0 ? undefined : ids.toSorted().join(',')
}

/** Bytes of a head that `pairs`, names and values alternating, take. */
export function headBytes(pairs: readonly string[]): number {
  return pairs.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0)
}

/** Nothing of ours is ever cut: too much refuses. `total` are the bytes of all of them. */
export function checkBudget(total: number, mask: MaskFacts | undefined): void {
  if (total > maxOursBytes || (mask?.json.length ?? 0) > maxMaskBytes) {
    throw new ProxyError(
      'ERR_IDENTITY_TOO_LARGE',
      `identity headers need ${total} bytes, mask ${mask?.json.length ?? 0}`,
    )
  }
}
