import type { Action, Policy } from '../../accounts/account-store.ts'
import type { Config } from '../../config/config.ts'
import type { MaskedRows } from '../../exchange.ts'
import type { Dataset } from '../../mask/language.ts'
import { parseMask } from '../../mask/parse.ts'
import { resolveRows } from '../../stages/mask/resolve-mask.ts'
import { CommandError, UsageError } from '../cli.ts'
import { formatFacts } from '../print.ts'
import { maskText, partsOf } from './explain-request.ts'
import { type Rendering, renderingText } from './render-mask.ts'
import { subjectOf, type WhyRow, whyRowText } from './why-row.ts'

/** What somebody may do with a dataset, whatever the request. */
export interface DatasetExplanation {
  readonly policy: Policy
  readonly dataset: Dataset
  readonly action: Action
  readonly rows: MaskedRows
  readonly renderings: readonly Rendering[]
  readonly why: WhyRow | undefined
}

export function datasetNamed(config: Config, name: string): Dataset {
  const dataset = config.datasets.get(name)
  if (dataset === undefined) throw new CommandError(`the configuration declares no dataset ${name}`)
  return dataset
}

export function parseAction(text: string | undefined): Action {
  if (text === undefined || text === 'read') return 'read'
  if (text === 'modify') return 'modify'
  throw new UsageError('--action is read or modify')
}

export function rowsOf(policy: Policy, dataset: Dataset, action: Action): MaskedRows {
  return resolveRows(policy, dataset, action, dataset.base === undefined ? undefined : parseMask(dataset.base, dataset))
}

/** The explanation as one JSON value; its shape is docs/cli.md's. */
export function datasetJson({ policy, dataset, action, rows, renderings, why }: DatasetExplanation) {
  const { account, tenant, membership, groups } = policy
  return {
    caller: { account: account.email, tenant: tenant.id, roles: membership.roles, groups },
    action,
    dataset: dataset.name,
    mask: { kind: rows.mask.kind, canonical: maskText(rows), parts: partsOf(rows) },
    withhold: rows.withhold,
    ...(renderings.length === 0 ? {} : { renderings }),
    ...(why === undefined ? {} : { row: why }),
  }
}

/** The same for people. */
export function datasetText({ policy, dataset, action, rows, renderings, why }: DatasetExplanation): string {
  const { account, tenant, membership, groups } = policy
  const facts: (readonly [string, string])[] = [
    [
      'caller',
      `${account.email} in ${tenant.id}; roles ${membership.roles.join(' ') || 'none'}; groups ${groups.join(' ') || 'none'}`,
    ],
    ['action', `${action} ${dataset.name}`],
    ['mask', rows.mask.kind === 'none' ? 'false (no row)' : maskText(rows)],
  ]
  if (why === undefined) {
    for (const { rule, role, mask } of partsOf(rows)) {
      const subject = subjectOf(rule, policy)
      const name = role === rule ? role : `${role} ${rule}`
      facts.push(['', `${name}${subject === undefined ? '' : ` (${subject})`}: ${mask}`])
    }
  }
  facts.push(['withheld', rows.withhold.length === 0 ? 'no field' : rows.withhold.join(' ')])
  const parts = [formatFacts(facts), ...renderings.map(renderingText)]
  if (why !== undefined) parts.push(whyRowText(why))
  return parts.join('\n\n')
}
