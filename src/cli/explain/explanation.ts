import type { Policy } from '../../accounts/account-store.ts'
import { ProxyError } from '../../errors.ts'
import type { FailedRule } from '../../mask/evaluate.ts'
import { count, formatFacts, formatTable } from '../print.ts'
import { type Decision, maskText, partsOf } from './explain-request.ts'
import type { RowVerdict } from './explain-rows.ts'
import type { RequestToExplain } from './request.ts'

export interface Explained {
  readonly request: RequestToExplain
  readonly policy: Policy
  readonly decision: Decision
  /** Whether `--body` was given and nothing refused it. */
  readonly bodyAccepted: boolean
  readonly rows: readonly RowVerdict[] | undefined
}

/** What the caller would get in place of the app's answer; undefined where the answer passes, perhaps with fewer rows. */
function answerRefusal({ decision, rows }: Explained): ProxyError | undefined {
  const route = decision.destination?.route.rows
  if (route === undefined || rows === undefined || rows.every((row) => row.kept)) return undefined
  if (route.onViolation === 'block')
    return new ProxyError('ERR_ANSWER_VIOLATION', 'a row is outside the mask, and the route blocks')
  if (route.rows.at.every((pointer) => pointer.length === 0))
    return new ProxyError('ERR_ITEM_NOT_FOUND', 'the one row is outside the mask')
  return undefined
}

/** The explanation as one JSON value; its shape is docs/cli.md's. */
export function explanationJson(explained: Explained) {
  const { request, policy, decision, rows } = explained
  const instead = answerRefusal(explained)
  const { destination, rows: masked, headers, refusal } = decision
  const { account, tenant, membership, groups } = policy
  return {
    request,
    caller: { account: account.email, tenant: tenant.id, roles: membership.roles, groups },
    outcome: refusal === undefined ? 'allowed' : 'refused',
    refusal,
    app: destination?.app.id,
    route: destination?.route.id,
    access: destination === undefined ? undefined : accessText(decision),
    action: destination?.route.rows?.action,
    dataset: destination?.route.rows?.dataset.name,
    mask:
      masked === undefined
        ? undefined
        : { kind: masked.mask.kind, canonical: maskText(masked), parts: partsOf(masked) },
    withhold: masked?.withhold,
    headers: Object.fromEntries(headers),
    body: bodyText(explained),
    answer: instead === undefined ? undefined : { status: instead.status, code: instead.code, reason: instead.message },
    rows,
  }
}

/** The same for people. */
export function explanationText(explained: Explained): string {
  const { request, policy, decision, rows } = explained
  const { account, tenant, membership, groups } = policy
  const { destination, refusal } = decision
  const facts: (readonly [string, string])[] = [
    ['request', `${request.method} ${request.host}${request.target}`],
    [
      'caller',
      `${account.email} in ${tenant.id}; roles ${membership.roles.join(' ') || 'none'}; groups ${groups.join(' ') || 'none'}`,
    ],
  ]
  if (destination !== undefined) {
    facts.push(['app', destination.app.id], ['route', destination.route.id], ['access', accessText(decision)])
  }
  facts.push(...maskFacts(decision))
  const body = bodyText(explained)
  if (body !== undefined) facts.push(['body', body])
  if (refusal !== undefined)
    facts.push(['refused', `${refusal.status} ${refusal.code} (${refusal.stage}): ${refusal.reason}`])
  else facts.push(['outcome', 'forwarded'])
  const parts = [formatFacts(facts)]
  if (decision.headers.length > 0) parts.push(`headers the app is told\n${indent(formatFacts(decision.headers))}`)
  if (rows !== undefined) parts.push(rowsText(rows))
  const instead = answerRefusal(explained)
  if (instead !== undefined) parts.push(`the caller gets ${instead.status} ${instead.code}: ${instead.message}`)
  return parts.join('\n\n')
}

function bodyText({ decision, bodyAccepted }: Explained): string | undefined {
  const isChecked = decision.refusal === undefined && decision.destination?.route.rows?.check !== undefined
  if (bodyAccepted) return isChecked ? 'accepted' : 'not checked'
  return isChecked ? 'missing: every row of it would be checked' : undefined
}

function accessText({ destination, refusal }: Decision): string {
  const access = destination?.route.access
  if (access === undefined) return ''
  const rule = access.kind === 'roles' ? `one of the roles ${[...access.roles].join(' ')}` : access.kind
  return refusal?.stage === 'authorize' ? `${rule}: not met` : `${rule}: met`
}

function maskFacts({ destination, rows }: Decision): readonly (readonly [string, string])[] {
  const declared = destination?.route.rows
  if (declared === undefined || rows === undefined) return []
  const facts: [string, string][] = [
    ['action', `${declared.action} ${declared.dataset.name}`],
    ['mask', rows.mask.kind === 'none' ? 'false (no row)' : maskText(rows)],
  ]
  for (const { rule, role, mask } of partsOf(rows)) {
    facts.push(['', `${role === rule ? role : `${role} ${rule}`}: ${mask}`])
  }
  facts.push(['withheld', rows.withhold.length === 0 ? 'no field' : rows.withhold.join(' ')])
  return facts
}

function rowsText(rows: readonly RowVerdict[]): string {
  const kept = rows.filter((row) => row.kept).length
  const table = formatTable(['ROW', 'ID', 'VERDICT', 'WHY'], rows.map(rowOf))
  return `${count(rows.length, 'row')}: ${kept} kept, ${rows.length - kept} withheld\n${table}`
}

function rowOf(row: RowVerdict): readonly string[] {
  const why = row.kept ? fieldsText(row.withheld) : [...new Set(row.because.map(ruleText))].join('; ')
  return [String(row.index), row.id ?? '', row.kept ? 'kept' : 'withheld', why]
}

function fieldsText(fields: readonly string[]): string {
  return fields.length === 0 ? '' : `without ${fields.join(' ')}`
}

function ruleText({ rule, role, field, operator }: FailedRule): string {
  const name = role === rule ? rule : `${role} ${rule}`
  return field === undefined ? name : `${name}: ${field} ${operator ?? ''}`.trimEnd()
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
