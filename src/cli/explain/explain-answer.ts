import type { GraphqlOperation } from '../../config/config.ts'
import { answerRules, methodAsked } from '../../edge/answer-rules.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { type BodyKind, bodyKind } from '../../stages/filter/body-kind.ts'
import { filterWhole } from '../../stages/filter/filter-body.ts'
import { type AnswerRules, type FilterVerdict, planAnswer } from '../../stages/filter/filter-response.ts'
import type { RowReport } from '../../stages/filter/row-plan.ts'
import { explainRows, type RowVerdict } from './explain-rows.ts'
import { type LostPlaces, lostPlaces } from './lost-places.ts'

export interface AnswerToExplain {
  readonly bytes: Uint8Array
  /** Its Content-Type. */
  readonly type: string
  readonly status: number
}

/** What becomes of one answer of the app. */
export interface AnswerExplanation {
  readonly type: string
  readonly kind: BodyKind
  readonly outcome: 'filtered' | 'passed' | 'empty' | 'blocked'
  /** What the caller gets in its place. */
  readonly refusal: ProxyError | undefined
  readonly status: number
  /** Undefined where its rows cannot be listed one by one. */
  readonly rows: readonly RowVerdict[] | undefined
  readonly counts: Omit<RowReport, 'rules'> | undefined
  /** Undefined where it cannot be told. */
  readonly lost: LostPlaces | undefined
  /** As the caller would get it. */
  readonly body: Uint8Array | undefined
}

const noRows = { rows: [], counts: undefined, lost: undefined, body: undefined }

/** Sends an answer through the second gate as the edge would, and says what became of it. */
export function explainAnswer(
  answer: AnswerToExplain,
  masked: Masked,
  operation: GraphqlOperation | undefined,
): AnswerExplanation {
  const { type, status } = answer
  const kind = bodyKind([type])
  const head = { status, rawHeaders: ['content-type', type] }
  const rules = answerRules(masked, operation)
  const verdict = planAnswer({ method: methodAsked(masked), head, rows: rules, ownCookies: [] })
  const told = { type, kind, status: verdict.kind === 'refuse' ? verdict.error.status : verdict.status, ...noRows }
  switch (verdict.kind) {
    case 'pass':
      return { ...told, outcome: 'passed', refusal: undefined, body: answer.bytes }
    case 'empty':
      return { ...told, outcome: 'empty', refusal: undefined }
    case 'replace':
    case 'refuse':
      return { ...told, outcome: 'blocked', refusal: inPlainWords(verdict.error, kind, rules) }
    case 'filter':
      return { ...told, ...filtered(answer, verdict, masked) }
  }
}

function filtered(answer: AnswerToExplain, verdict: FilterVerdict, masked: Masked) {
  const dataset = masked.route.rows?.dataset
  if (dataset === undefined || masked.rows.kind === 'undeclared') throw new TypeError('a filter without a dataset')
  const { rows, trace } = explainRows(answer.bytes, verdict, masked.rows, dataset)
  const real = runReal(answer.bytes, verdict)
  if (real instanceof ProxyError) {
    const status = verdict.isProblem ? verdict.status : real.status
    return { rows, counts: undefined, outcome: 'blocked' as const, refusal: real, status }
  }
  return {
    rows: trace.refusal === undefined && isTold(rows, real.report) ? rows : undefined,
    counts: countsOf(real.report),
    outcome: 'filtered' as const,
    refusal: undefined,
    ...kept(answer, verdict, real.body),
  }
}

/** Which rules withheld rows is told of each row. */
function countsOf({ rows, withheld, fieldsWithheld, violations }: RowReport) {
  return { rows, withheld, fieldsWithheld, violations }
}

/** The rows as they were listed are the rows that the filter counted. */
function isTold(rows: readonly RowVerdict[], report: RowReport): boolean {
  return rows.length === report.rows && rows.filter((row) => !row.kept).length === report.withheld
}

function kept({ bytes }: AnswerToExplain, { bodyKind: kind, rules }: FilterVerdict, body: Uint8Array) {
  return { body, lost: kind === 'json' ? lostPlaces(textOf(bytes), textOf(body), rules.plan.at) : undefined }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function runReal(bytes: Uint8Array, verdict: FilterVerdict): ReturnType<typeof filterWhole> | ProxyError {
  try {
    return filterWhole(Buffer.from(bytes), verdict)
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
}

const kindNames: Readonly<Record<BodyKind, string>> = {
  json: 'JSON',
  'json-lines': 'JSON',
  xml: 'XML',
  csv: 'CSV',
  events: 'server-sent events',
  html: 'HTML',
  other: 'this media type',
  none: 'answer without a media type',
}

/** The log's words are short; whoever asks here wants to know which line of the configuration is missing. */
function inPlainWords(error: ProxyError, kind: BodyKind, rules: 'undeclared' | AnswerRules): ProxyError {
  if (error.code !== 'ERR_ANSWER_KIND' || rules === 'undeclared') return error
  return new ProxyError(error.code, `the route declares no ${kindNames[kind]}`)
}

export function kindName(kind: BodyKind): string {
  return kindNames[kind]
}
