import type { FailedRule } from '../../mask/evaluate.ts'
import { count, formatTable, plainText } from '../print.ts'
import { type AnswerExplanation, kindName } from './explain-answer.ts'
import type { RowVerdict } from './explain-rows.ts'

/** What became of an answer, as members of the explanation's JSON. */
export function answerJson({ refusal, rows, ...told }: AnswerExplanation, showBody: boolean) {
  const { type, kind, outcome, status, counts, lost, body } = told
  return {
    answer: refusal === undefined ? undefined : { status, code: refusal.code, reason: refusal.message },
    rows,
    response: {
      type,
      reader: kind,
      outcome,
      status,
      counts,
      nulled: lost?.pointers,
      body: showBody && body !== undefined ? Buffer.from(body).toString('utf8') : undefined,
    },
  }
}

/** The same for people. */
export function answerText(answer: AnswerExplanation, showBody: boolean, isTerminal: boolean): string {
  const { rows, outcome, refusal, status, type } = answer
  const parts = [plainText(`answer  ${type}, ${readerText(answer)}`)]
  if (outcome === 'filtered' || (rows?.length ?? 0) > 0) parts.push(rowsText(answer))
  parts.push(...lostText(answer))
  if (refusal !== undefined) {
    if (refusal.code === 'ERR_ANSWER_KIND') parts.push(`blocked: ${refusal.message}`)
    parts.push(plainText(`the caller gets ${status} ${refusal.code}: ${refusal.message}`))
  }
  if (showBody) parts.push(bodyShown(answer, isTerminal))
  return parts.join('\n\n')
}

function readerText({ kind, outcome, refusal }: AnswerExplanation): string {
  switch (outcome) {
    case 'filtered':
      return `read as ${kindName(kind)}`
    case 'passed':
      return 'which the route passes unread (pass)'
    case 'empty':
      return 'whose body never goes out under this status'
    case 'blocked':
      return refusal?.code === 'ERR_ANSWER_KIND' ? 'not declared' : `read as ${kindName(kind)}: blocked`
  }
}

function rowsText({ rows, counts }: AnswerExplanation): string {
  if (rows === undefined) {
    const { rows: found, withheld } = counts ?? { rows: 0, withheld: 0 }
    return `${count(found, 'row')}: ${found - withheld} kept, ${withheld} withheld; they cannot be listed one by one`
  }
  const kept = rows.filter((row) => row.kept).length
  const total = `${count(rows.length, 'row')}: ${kept} kept, ${rows.length - kept} withheld`
  if (rows.length === 0) return total
  const loses = rows.some(({ withheld }) => withheld.length > 0)
  const headings = ['ROW', 'ID', 'VERDICT', 'WHY', ...(loses ? ['WITHOUT'] : [])]
  return `${total}\n${formatTable(headings, rows.map(rowOf))}`
}

function rowOf(row: RowVerdict): readonly string[] {
  return [String(row.index), row.id ?? '', row.kept ? 'kept' : 'withheld', whyText(row), row.withheld.join(' ')]
}

function whyText({ kept, by, because, violation }: RowVerdict): string {
  if (violation !== undefined) return violation
  return [...new Set(kept ? by : because.map(ruleText))].join('; ')
}

function ruleText({ rule, role, field, operator }: FailedRule): string {
  const name = role === rule ? rule : `${role} ${rule}`
  return field === undefined ? name : `${name}: ${field} ${operator ?? ''}`.trimEnd()
}

function lostText({ lost, counts }: AnswerExplanation): readonly string[] {
  const parts: string[] = []
  if (counts !== undefined && counts.fieldsWithheld > 0)
    parts.push(`${count(counts.fieldsWithheld, 'field')} taken out`)
  if (lost !== undefined && lost.pointers.length > 0) {
    const more = lost.more === 0 ? '' : ` and ${lost.more} more`
    parts.push(plainText(`outside the rows, now null: ${lost.pointers.join(' ')}${more}`))
  }
  return parts.length === 0 ? [] : [parts.join('\n')]
}

/** To a terminal, so that it cannot move the cursor; to anything else as it is. */
function bodyShown({ body }: AnswerExplanation, isTerminal: boolean): string {
  if (body === undefined) return 'no body'
  const text = Buffer.from(body).toString('utf8')
  const shown = isTerminal
    ? text
        .split(/(?<=\n)/)
        .map(visible)
        .join('')
    : text
  return `body (${count(body.length, 'byte')})\n${shown}`
}

function visible(line: string): string {
  const end = line.endsWith('\n') ? '\n' : ''
  return (
    line
      .slice(0, line.length - end.length)
      .split('\t')
      .map(plainText)
      .join('\t') + end
  )
}
