import type { Grant, GrantSubject } from '../../accounts/account-store.ts'
import type { Path } from '../../config/problems.ts'
import type { Report } from '../../config/report.ts'
import type { Json } from '../../lib/json.ts'
import { type Change, differences } from './changes.ts'
import type { DirectorySource, GrantSource } from './directory-schema.ts'
import type { Holdings } from './holdings.ts'
import { isGroup, isMember, timeOf } from './plan-accounts.ts'

export function planGrants(source: DirectorySource, held: Holdings, report: Report): readonly Change[] {
  return source.grants.flatMap((grant, i) => {
    const subject = subjectOf(grant, source, held, ['grants', i, 'subject'], report)
    const { sharedBy: sharer } = grant
    const sharedBy = sharer && accountOf(sharer, grant.tenant, source, held, ['grants', i, 'sharedBy'], report)
    return subject === undefined || (sharer !== undefined && sharedBy === undefined)
      ? []
      : planGrant(grant, subject, sharedBy, held)
  })
}

function subjectOf(
  { tenant, subject }: GrantSource,
  source: DirectorySource,
  held: Holdings,
  path: Path,
  report: Report,
): GrantSubject | undefined {
  if (subject === 'everyone') return { kind: 'everyone' }
  const { group, account } = subject
  if (group !== undefined) {
    if (isGroup(tenant, group, source, held)) return { kind: 'group', group }
    report.add([...path, 'group'], `tenant ${report.quote(path, tenant)} has no group ${report.quote(path, group)}`)
    return undefined
  }
  const known = account && accountOf(account, tenant, source, held, [...path, 'account'], report)
  return known === undefined ? undefined : { kind: 'account', account: known }
}

/** The id of a member of the tenant. */
function accountOf(
  email: string,
  tenant: string,
  source: DirectorySource,
  held: Holdings,
  path: Path,
  report: Report,
): string | undefined {
  const known = held.accounts.get(email)
  const isListed = source.accounts.some((account) => account.email === email)
  if (known === undefined || (known.account === undefined && !isListed)) {
    report.add(path, 'there is no such account')
    return undefined
  }
  if (isMember(tenant, email, source, held)) return known.id
  report.add(path, `the account is no member of ${report.quote(path, tenant)}`)
  return undefined
}

function planGrant(
  written: GrantSource,
  subject: GrantSubject,
  sharedBy: string | undefined,
  held: Holdings,
): readonly Change[] {
  const before = held.grants.get(written.tenant)?.find(({ id }) => id === written.id)
  const after: Grant = {
    id: written.id,
    tenant: written.tenant,
    dataset: written.dataset,
    subject,
    actions: [...new Set(written.actions)].sort().toReversed(),
    rows: toJson(written.rows),
    effect: written.effect,
    withhold: [...new Set(written.withhold)].sort(),
    validFrom: timeOf(written.validFrom),
    validUntil: timeOf(written.validUntil),
    sharedBy,
  }
  const what = `${after.id} in ${after.tenant}`
  const make: Change['make'] = (store) => store.putGrant(after)
  if (before === undefined)
    return [{ sign: '+', kind: 'grant', what, detail: describeGrant(after, written.sharedBy), make }]
  const known = { ...before, actions: before.actions.toSorted().toReversed() }
  const detail = differences(known, after, [
    'dataset',
    'subject',
    'actions',
    'rows',
    'effect',
    'withhold',
    'validFrom',
    'validUntil',
    'sharedBy',
  ])
  return detail === '' ? [] : [{ sign: '~', kind: 'grant', what, detail, make }]
}

/** A mask has passed the parser: nothing in it is not JSON. */
export function toJson(value: unknown): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse returns nothing but JSON values
  return JSON.parse(JSON.stringify(value)) as Json
}

function describeGrant({ effect, actions, dataset, rows, withhold }: Grant, sharedBy: string | undefined): string {
  const mask = JSON.stringify(rows)
  const hidden = withhold.length === 0 ? '' : ` without ${withhold.join(' ')}`
  const shared = sharedBy === undefined ? '' : ` shared by ${sharedBy}`
  return `${effect} ${actions.join('+')} ${dataset} where ${mask.length > 120 ? `${mask.slice(0, 120)}...` : mask}${hidden}${shared}`
}
