import { readFile } from 'node:fs/promises'
import type { Grant, Policy } from '../../accounts/account-store.ts'
import type { MaskedRows } from '../../exchange.ts'
import { explainRow, type FailedRule } from '../../mask/evaluate.ts'
import type { Dataset, FieldValue } from '../../mask/language.ts'
import { canonicalJson } from '../../mask/render/header-json.ts'
import { parseJsonExact, readRow } from '../../mask/row-values.ts'
import { CommandError } from '../cli.ts'
import { formatTable } from '../print.ts'

/** One rule of the caller, and what it says of a row. */
export interface RuleVerdict {
  readonly rule: string
  readonly role: 'tenant' | 'base' | 'restrict' | 'permit'
  /** Whom the grant is for: `group sales`, `account`, `everyone`. */
  readonly subject: string | undefined
  readonly mask: string
  readonly holds: boolean
  readonly because: readonly Omit<FailedRule, 'rule' | 'role'>[]
}

export interface WhyRow {
  readonly permitted: boolean
  readonly rules: readonly RuleVerdict[]
  /** Fields of the row that the caller does not get, and the grants that say so. */
  readonly withheld: readonly { readonly field: string; readonly by: readonly string[] }[]
}

const maxRowBytes = 1_048_576

/** The row that `--row` gives: JSON, or the name of a file that holds it. */
export async function readGivenRow(given: string): Promise<unknown> {
  const text = given.trimStart().startsWith('{') ? given : await readText(given)
  try {
    return parseJsonExact(text, { maxLength: maxRowBytes })
  } catch (cause) {
    throw new CommandError('--row is no JSON with single keys', { cause })
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CommandError(`${file} cannot be read`, { cause })
  }
}

/** Says of every rule of the caller whether it lets a row through. */
export function whyRow(row: unknown, masked: MaskedRows, dataset: Dataset, policy: Policy): WhyRow {
  const fields = [...dataset.fields.values()]
  const read = readRow(row, fields)
  const values = new Map(fields.map(({ name }, at) => [name, read[at]] as const))
  return {
    permitted: explainRow(masked.mask, values).permitted,
    rules: masked.mask.parts.map((part) => verdictOf(part, values, masked, policy)),
    withheld: masked.withhold
      .filter((field) => values.get(field) !== undefined)
      .map((field) => ({ field, by: policy.grants.filter((grant) => isWithheld(grant, field, dataset)).map(ruleOf) })),
  }
}

function verdictOf(
  part: MaskedRows['mask']['parts'][number],
  values: ReadonlyMap<string, FieldValue>,
  { mask }: MaskedRows,
  policy: Policy,
): RuleVerdict {
  const { permitted, failed } = explainRow({ ...mask, parts: [part], permitRequired: part.role === 'permit' }, values)
  return {
    rule: part.rule,
    role: part.role,
    subject: subjectOf(part.rule, policy),
    mask: canonicalJson(part.mask),
    holds: permitted,
    because: failed.flatMap(({ field, operator }) =>
      field === undefined || operator === undefined ? [] : [{ field, operator }],
    ),
  }
}

function isWithheld(grant: Grant, field: string, dataset: Dataset): boolean {
  return grant.dataset === dataset.name && grant.withhold.includes(field)
}

function ruleOf({ id }: Grant): string {
  return `grant:${id}`
}

/** Whom a grant is for: this very account, everyone, or a group; and whose own rows it shares. */
export function subjectOf(rule: string, policy: Policy): string | undefined {
  const grant = policy.grants.find((candidate) => ruleOf(candidate) === rule)
  if (grant === undefined) return undefined
  const { subject, sharedBy } = grant
  const whom = subject.kind === 'group' ? `group ${subject.group}` : subject.kind
  if (sharedBy === undefined) return whom
  const sharer = policy.sharers.find(({ account }) => account.id === sharedBy)
  return `${whom}, shared by ${sharer?.account.email ?? sharedBy}`
}

/** The same for people. */
export function whyRowText({ permitted, rules, withheld }: WhyRow): string {
  const table = formatTable(
    ['RULE', 'ROLE', 'SUBJECT', 'HOLDS', 'MASK'],
    rules.map(({ rule, role, subject = '', holds, because, mask }) => [
      rule,
      role,
      subject,
      holds ? 'yes' : `no${because.length === 0 ? '' : `: ${because.map(reasonText).join(', ')}`}`,
      mask,
    ]),
  )
  const fields = withheld.map(({ field, by }) => `${field} is withheld by ${by.join(' and ') || 'a shared grant'}`)
  return [permitted ? 'the row is the caller’s' : 'the row is not the caller’s', table, ...fields].join('\n\n')
}

function reasonText({ field = '', operator = '$eq' }: Omit<FailedRule, 'rule' | 'role'>): string {
  return `${field} ${operator}`
}
