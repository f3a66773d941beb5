import type { Action, Grant, Policy, Sharer } from '../../accounts/account-store.ts'
import { bindMask } from '../../mask/bind.ts'
import type { Dataset } from '../../mask/language.ts'
import { branch, falsehood, type Mask, makeMask, truth } from '../../mask/predicate.ts'
import { userAttributes } from '../../mask/user-attributes.ts'
import { parsedRows } from './grant-rows.ts'

/** Whoever shares `grant`, if they may act at all now. */
export function sharerOf(grant: Grant, { sharers }: Policy): Sharer | undefined {
  return sharers.find(({ account }) => account.id === grant.sharedBy && account.state === 'enabled')
}

/**
 * The rows of a share: those that it names, of those that its sharer may use for `action` now. The sharer's part is bound
 * to the sharer; what the share itself says of `$user` is said of whoever it is for.
 */
export function sharedRows(grant: Grant, policy: Policy, dataset: Dataset, action: Action): Mask {
  const sharer = sharerOf(grant, policy)
  if (sharer === undefined) return makeMask(dataset.name, falsehood)
  const attributes = userAttributes({ ...sharer, tenant: policy.tenant })
  const held = sharer.grants.filter((one) => isDirect(one, dataset) && one.actions.includes(action))
  const rootsOf = (effect: Grant['effect']) =>
    held.filter((one) => one.effect === effect).map((one) => bindMask(parsedRows(one, dataset), attributes).root)
  const permitted = dataset.visibility === 'tenant' ? truth : branch('or', rootsOf('permit'))
  return makeMask(dataset.name, branch('and', [parsedRows(grant, dataset).root, ...rootsOf('restrict'), permitted]))
}

/** What a sharer may not see, nobody sees by them. */
export function withheldFromSharer(grant: Grant, policy: Policy, dataset: Dataset): readonly string[] {
  const held = sharerOf(grant, policy)?.grants ?? []
  return held.filter((one) => isDirect(one, dataset)).flatMap(({ withhold }) => withhold)
}

/** Nobody passes on what others share with them. */
function isDirect(grant: Grant, dataset: Dataset): boolean {
  return grant.sharedBy === undefined && grant.dataset === dataset.name
}
