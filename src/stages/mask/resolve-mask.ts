import type { Action, Grant, Policy } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import type { Authorized, Masked, MaskedRows, RowAccess } from '../../exchange.ts'
import { contentDigest } from '../../lib/digest.ts'
import { composeMask, type EffectiveMask, type RuleMask, type RuleSubject } from '../../mask/compose.ts'
import type { Dataset } from '../../mask/language.ts'
import type { Mask } from '../../mask/predicate.ts'
import { userAttributes } from '../../mask/user-attributes.ts'
import { parsedRows } from './grant-rows.ts'
import { sharedRows, withheldFromSharer } from './share.ts'

export interface MaskRooms {
  /** While it says why, no request on rows is served: what must be audited could not be. */
  readonly auditFailure: () => string | undefined
  /** By dataset name: `base` as the configuration wrote it, parsed. */
  readonly bases: ReadonlyMap<string, Mask>
}

const undeclared: RowAccess = { kind: 'undeclared' }

/** One caller's rights are worked out once per copy of their policy; whatever changes them makes another copy. */
const resolved = new WeakMap<Policy, ByDataset>()

/** By the declaration itself, not by its name: another configuration has another one. */
type ByDataset = Map<Dataset, Map<Action, MaskedRows>>

/** Says which rows may come back: TENANT and base and every restriction and (any permission). */
export function resolveMask(authorized: Authorized, rooms: MaskRooms): Masked {
  return { ...authorized, rows: rowAccess(authorized, rooms) }
}

function rowAccess(authorized: Authorized, rooms: MaskRooms): RowAccess {
  const { rows } = authorized.route
  if (authorized.route.config.audit) requireAudit(rooms)
  if (rows === undefined) return undeclared
  if (authorized.access.kind === 'public') throw new ProxyError('ERR_MASK_UNRESOLVED', 'rows on a public route')
  const { policy } = authorized.access.principal
  const access = cachedRows(policy, rows.dataset, rows.action, rooms)
  if (access.mask.kind === 'none' && rows.whenNone === 'refuse') {
    throw new ProxyError('ERR_MASK_NONE', `no grant to ${rows.action} ${rows.dataset.name}`)
  }
  return access
}

function requireAudit(rooms: MaskRooms): void {
  const failure = rooms.auditFailure()
  if (failure !== undefined) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', failure, { retryAfter: 5 })
}

function cachedRows(policy: Policy, dataset: Dataset, action: Action, rooms: MaskRooms): MaskedRows {
  const known = resolved.get(policy)?.get(dataset)?.get(action)
  if (known !== undefined) return known
  const made = resolveRows(policy, dataset, action, rooms.bases.get(dataset.name))
  const ofPolicy: ByDataset = resolved.get(policy) ?? new Map<Dataset, Map<Action, MaskedRows>>()
  const ofDataset = ofPolicy.get(dataset) ?? new Map<Action, MaskedRows>()
  resolved.set(policy, ofPolicy.set(dataset, ofDataset.set(action, made)))
  return made
}

/** What `policy` may do with rows of `dataset`. Throws ERR_MASK_UNRESOLVED where a grant cannot be understood. */
export function resolveRows(policy: Policy, dataset: Dataset, action: Action, base: Mask | undefined): MaskedRows {
  const held = policy.grants.filter((grant) => grant.dataset === dataset.name)
  const rules = held
    .filter((grant) => grant.actions.includes(action))
    .map((grant) => ({ effect: grant.effect, rule: ruleOf(grant, policy, dataset, action) }))
  const mask = composeMask({
    dataset,
    tenant: policy.tenant.id,
    ...(base === undefined ? {} : { base }),
    permits: rules.filter(({ effect }) => effect === 'permit').map(({ rule }) => rule),
    restricts: rules.filter(({ effect }) => effect === 'restrict').map(({ rule }) => rule),
    attributes: userAttributes(policy),
  })
  return { kind: 'masked', mask, withhold: withheldFields(held, policy, dataset), header: headerOf(mask) }
}

function ruleOf(grant: Grant, policy: Policy, dataset: Dataset, action: Action): RuleMask {
  const isShared = grant.sharedBy !== undefined
  const mask = isShared ? sharedRows(grant, policy, dataset, action) : parsedRows(grant, dataset)
  return { rule: `grant:${grant.id}`, mask, subject: subjectOf(grant) }
}

function subjectOf({ subject, sharedBy }: Grant): RuleSubject {
  switch (subject.kind) {
    case 'everyone':
      return { kind: 'everyone', id: undefined, sharedBy }
    case 'group':
      return { kind: 'group', id: subject.group, sharedBy }
    case 'account':
      return { kind: 'account', id: subject.account, sharedBy }
  }
}

/**
 * A field that any grant withholds, or that is withheld from whoever shares one, is withheld from every row, of whatever
 * action: which of several permissions let a row through does not survive composition, and the answer to a write shows
 * what a reader may not see. A field that the dataset does not declare could not be found in a row, so the grant cannot
 * be kept.
 */
function withheldFields(held: readonly Grant[], policy: Policy, dataset: Dataset): readonly string[] {
  const fields = new Set(held.flatMap((grant) => [...grant.withhold, ...withheldFromSharer(grant, policy, dataset)]))
  for (const field of fields) {
    if (dataset.fields.has(field)) continue
    throw new ProxyError('ERR_MASK_UNRESOLVED', `a grant on ${dataset.name} withholds a field that is not declared`)
  }
  return [...fields].toSorted()
}

function headerOf(mask: EffectiveMask): MaskedRows['header'] {
  if (mask.kind !== 'conditional') return undefined
  return { json: mask.canonical, digest: contentDigest(mask.canonical) }
}
