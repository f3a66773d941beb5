import type { Policy } from '../../accounts/account-store.ts'
import type { HeaderInjection, IdentityFact } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Principal } from '../../exchange.ts'
import { factValue, type MaskFacts } from './identity-facts.ts'
import type { IdentityNames } from './identity-profiles.ts'

/** Bytes. Several servers allow 8 KiB for a whole request head. */
const maxOursBytes = 4096
const maxMaskBytes = 2048

/** Names and values alternating, as the other lists here. */
type Pairs = readonly string[]

/** What says who asks; the mask apart, since it may not fit. */
export interface WrittenIdentity {
  readonly caller: Pairs
  readonly callerBytes: number
  readonly mask: Pairs
  readonly digest: Pairs
}

/** Written once per profile, copy of the caller's rights and mask; forgotten with the copy. */
const written = new WeakMap<IdentityNames, WeakMap<Policy, Map<string, WrittenIdentity>>>()

/** The headers of a profile about somebody. */
export function writeIdentity(
  names: IdentityNames,
  principal: Principal,
  mask: MaskFacts | undefined,
): WrittenIdentity {
  // One per dataset and action, and one for no mask at all.
  const key = mask?.digest ?? ''
  const known = written.get(names)?.get(principal.policy)?.get(key)
  if (known !== undefined) return known
  const made = write(names, principal, mask)
  const ofProfile = written.get(names) ?? new WeakMap<Policy, Map<string, WrittenIdentity>>()
  const ofPolicy = ofProfile.get(principal.policy) ?? new Map<string, WrittenIdentity>()
  written.set(names, ofProfile.set(principal.policy, ofPolicy.set(key, made)))
  return made
}

function write(names: IdentityNames, principal: Principal, mask: MaskFacts | undefined): WrittenIdentity {
  const pairsOf = (wanted: (fact: IdentityFact) => boolean): Pairs =>
    names.headers.flatMap((header) => {
      if (!wanted(header.fact)) return []
      const value = factValue(header, principal, mask)
      return value === undefined ? [] : [header.name, value]
    })
  const caller = pairsOf((fact) => fact !== 'row-mask' && fact !== 'row-mask-digest')
  return {
    caller,
    callerBytes: headBytes(caller),
    mask: pairsOf((fact) => fact === 'row-mask'),
    digest: pairsOf((fact) => fact === 'row-mask-digest'),
  }
}

/** What is said where nobody is known: nothing, but for an upstream that would take silence for a privilege. */
export function saidOfNobody(names: IdentityNames): Pairs {
  return names.headers.flatMap(({ name, otherwise }) => (otherwise === undefined ? [] : [name, otherwise]))
}

export interface FittedIdentity {
  readonly pairs: Pairs
  /** A mask that is not among them and that the upstream may fetch. */
  readonly apart: MaskFacts | undefined
}

/** All of ours within the budget. Nothing is ever cut: a mask goes whole, apart, or not at all, as the route says. */
export function fitIdentity(
  { caller, callerBytes, mask, digest }: WrittenIdentity,
  assertion: Pairs,
  facts: MaskFacts | undefined,
  oversize: HeaderInjection['oversize'],
): FittedIdentity {
  const room = maxOursBytes - callerBytes - headBytes(assertion)
  const isCarried = mask.length > 0 && fits(mask, digest, room)
  if (facts === undefined || isCarried) {
    requireRoom(room - headBytes(digest) - headBytes(mask))
    return { pairs: [...caller, ...mask, ...digest, ...assertion], apart: undefined }
  }
  if (oversize === 'block' && mask.length > 0) throw tooLarge(`a mask of ${facts.json.length} bytes does not fit`)
  const told = oversize === 'omit' && mask.length > 0 ? [] : digest
  requireRoom(room - headBytes(told))
  return { pairs: [...caller, ...told, ...assertion], apart: oversize === 'reference' ? facts : undefined }
}

function fits(mask: Pairs, digest: Pairs, room: number): boolean {
  return (mask[1]?.length ?? 0) <= maxMaskBytes && headBytes(mask) + headBytes(digest) <= room
}

function requireRoom(left: number): void {
  if (left < 0) throw tooLarge(`the identity headers need ${-left} bytes more than there are`)
}

function tooLarge(why: string): ProxyError {
  return new ProxyError('ERR_IDENTITY_TOO_LARGE', why)
}

/** Bytes of a head that `pairs` take. Their text is ASCII. */
function headBytes(pairs: Pairs): number {
  return pairs.reduce((sum, part) => sum + part.length + 2, 0)
}
