import type { Policy } from '../../accounts/account-store.ts'
import { methodAsked } from '../../edge/answer-rules.ts'
import { formatFacts, plainText } from '../print.ts'
import { answerJson, answerText } from './answer-text.ts'
import type { AnswerExplanation } from './explain-answer.ts'
import { type Decision, maskText, partsOf } from './explain-request.ts'
import { type Rendering, renderingText } from './render-mask.ts'
import type { RequestToExplain } from './request.ts'
import { subjectOf } from './why-row.ts'

export interface Explained {
  readonly request: RequestToExplain
  readonly policy: Policy
  readonly decision: Decision
  /** Whether `--body` was given and nothing refused it. */
  readonly bodyAccepted: boolean
  readonly answer: AnswerExplanation | undefined
  /** The mask in the languages of `--render`. */
  readonly renderings: readonly Rendering[]
  /** Whether the filtered body is shown. */
  readonly showBody: boolean
}

/** The explanation as one JSON value; its shape is docs/cli.md's. */
export function explanationJson(explained: Explained) {
  const { request, policy, decision, answer, showBody } = explained
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
    counted: decision.counted,
    looks: decision.looks,
    forwarded: forwardedJson(decision),
    ...(explained.renderings.length === 0 ? {} : { renderings: explained.renderings }),
    body: bodyText(explained),
    ...(answer === undefined ? {} : answerJson(answer, showBody)),
  }
}

/** The same for people. */
export function explanationText(explained: Explained, isTerminal: boolean): string {
  const { request, policy, decision, answer, showBody } = explained
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
  facts.push(...maskFacts(decision, policy))
  for (const finding of decision.counted) facts.push(['counted', `${finding}: would be refused without report`])
  for (const look of decision.looks) facts.push(['first', `GET ${look}: 404 where the item is not the caller’s`])
  const body = bodyText(explained)
  if (body !== undefined) facts.push(['body', body])
  if (refusal !== undefined)
    facts.push(['refused', `${refusal.status} ${refusal.code} (${refusal.stage}): ${refusal.reason}`])
  else facts.push(['outcome', `forwarded as ${methodOf(explained)} ${decision.target ?? request.target}`])
  const parts = [formatFacts(facts)]
  if (decision.headers.length > 0) parts.push(`headers the app is told\n${indent(formatFacts(decision.headers))}`)
  if (decision.body !== undefined) parts.push(`body the app gets\n${indent(plainText(decision.body.toString('utf8')))}`)
  parts.push(...explained.renderings.map(renderingText))
  if (answer !== undefined) parts.push(answerText(answer, showBody, isTerminal))
  return parts.join('\n\n')
}

function forwardedJson({ target, body, refusal }: Decision) {
  if (refusal !== undefined || target === undefined) return undefined
  return { target, body: body?.toString('utf8') }
}

/** On rows a HEAD goes on as GET. */
function methodOf({ request, decision: { masked } }: Explained): string {
  return masked === undefined ? request.method : methodAsked(masked)
}

function bodyText({ decision, bodyAccepted }: Explained): string | undefined {
  const isChecked = decision.refusal === undefined && decision.destination?.route.rows?.check !== undefined
  if (bodyAccepted && isChecked && decision.patchesItem)
    return 'not checked: what counts is the row it makes of the item'
  if (bodyAccepted) return isChecked ? 'accepted' : 'not checked'
  return isChecked ? 'missing: every row of it would be checked' : undefined
}

function accessText({ destination, refusal }: Decision): string {
  const access = destination?.route.access
  if (access === undefined) return ''
  const rule = access.kind === 'roles' ? `one of the roles ${[...access.roles].join(' ')}` : access.kind
  return refusal?.stage === 'authorize' ? `${rule}: not met` : `${rule}: met`
}

function maskFacts({ destination, rows }: Decision, policy: Policy): readonly (readonly [string, string])[] {
  const declared = destination?.route.rows
  if (declared === undefined || rows === undefined) return []
  const facts: [string, string][] = [
    ['action', `${declared.action} ${declared.dataset.name}`],
    ['mask', rows.mask.kind === 'none' ? 'false (no row)' : maskText(rows)],
  ]
  for (const { rule, role, mask } of partsOf(rows)) {
    const name = role === rule ? role : `${role} ${rule}`
    facts.push(['', `${name}${subjectText(rule, policy)}: ${mask}`])
  }
  facts.push(['withheld', rows.withhold.length === 0 ? 'no field' : rows.withhold.join(' ')])
  return facts
}

function subjectText(rule: string, policy: Policy): string {
  const subject = subjectOf(rule, policy)
  return subject === undefined ? '' : ` (${subject})`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
