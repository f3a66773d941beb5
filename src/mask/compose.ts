import { bindMask } from './bind.ts'
import { nodeText } from './canonical.ts'
import { foldNode } from './fold.ts'
import type { Dataset } from './language.ts'
import { parseMask } from './parse.ts'
import { branch, type Mask, makeMask, type Node, test } from './predicate.ts'
import { typedScalar } from './scalar.ts'

/** Which rows of a dataset one person may see, everything considered. */
export type EffectiveMask =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  /** `canonical` is the mask's one spelling: equal texts mean the same rows. */
  | { readonly kind: 'conditional'; readonly mask: Mask; readonly canonical: string }

export interface RuleMask {
  /** The name by which `explain` and the audit know the grant. */
  readonly rule: string
  readonly mask: Mask
  /** Whom it is for, where somebody granted it. */
  readonly subject?: RuleSubject
}

export interface RuleSubject {
  readonly kind: 'everyone' | 'group' | 'account'
  /** Of the group or account. */
  readonly id: string | undefined
  /** The account whose own rows they are. */
  readonly sharedBy: string | undefined
}

export interface MaskPart extends RuleMask {
  readonly role: 'tenant' | 'base' | 'restrict' | 'permit'
}

/** An effective mask and what it was made of, bound but not folded. */
export type ComposedMask = EffectiveMask & {
  readonly parts: readonly MaskPart[]
  /** Some permit has to hold. */
  readonly permitRequired: boolean
}

export interface Composition {
  readonly dataset: Dataset
  /** The session's active tenant. */
  readonly tenant: string
  /** The dataset's base mask, parsed; where left out, `dataset.base` is parsed here. */
  readonly base?: Mask
  readonly permits: readonly RuleMask[]
  readonly restricts: readonly RuleMask[]
  readonly attributes: ReadonlyMap<string, unknown>
}

/** TENANT and base and every restrict and (any permit); no permit on a granted dataset permits nothing. */
export function composeMask(composition: Composition): ComposedMask {
  const { dataset, attributes } = composition
  const permitRequired = dataset.visibility === 'granted'
  const bind = (role: MaskPart['role'], { mask, ...facts }: RuleMask): MaskPart => {
    if (mask.dataset !== dataset.name) throw new TypeError(`a mask for ${mask.dataset} was given for ${dataset.name}`)
    return Object.freeze({ ...facts, role, mask: bindMask(mask, attributes) })
  }
  const required = [
    bind('tenant', { rule: 'tenant', mask: tenantMask(dataset, composition.tenant) }),
    ...baseOf(composition).map((base) => bind('base', base)),
    ...composition.restricts.map((restrict) => bind('restrict', restrict)),
  ]
  const permits = permitRequired ? composition.permits.map((permit) => bind('permit', permit)) : []
  const roots = required.map(({ mask }) => mask.root)
  if (permitRequired)
    roots.push(
      branch(
        'or',
        permits.map(({ mask }) => mask.root),
      ),
    )
  const effective = effectiveFrom(dataset, branch('and', roots))
  return Object.freeze({ ...effective, parts: Object.freeze([...required, ...permits]), permitRequired })
}

function effectiveFrom(dataset: Dataset, node: Node): EffectiveMask {
  const root = foldNode(node)
  if (root.kind === 'false') return { kind: 'none' }
  if (root.kind === 'true') return { kind: 'all' }
  return { kind: 'conditional', mask: makeMask(dataset.name, root), canonical: nodeText(root) }
}

function baseOf({ dataset, base }: Composition): readonly RuleMask[] {
  if (base !== undefined) return [{ rule: 'base', mask: base }]
  return dataset.base === undefined ? [] : [{ rule: 'base', mask: parseMask(dataset.base, dataset) }]
}

function tenantMask(dataset: Dataset, tenant: string): Mask {
  const field = dataset.fields.get(dataset.tenantField)
  if (field === undefined || (field.type !== 'string' && field.type !== 'id')) {
    throw new TypeError(`${dataset.name} declares no string or id as its tenant field`)
  }
  const value = tenant === '' ? undefined : typedScalar(field.type, tenant)
  if (value === undefined) throw new TypeError('a mask is made inside a tenant')
  return makeMask(dataset.name, test(field, '$eq', { kind: 'value', value }))
}
