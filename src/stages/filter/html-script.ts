import type { DocumentRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { RowPlan, RowReport } from './row-plan.ts'
import { JsonRowFilter } from './rows-json.ts'
import type { Verdicts } from './verdicts.ts'

/** HTML standard 4.12.1.1; https://mimesniff.spec.whatwg.org/#javascript-mime-type */
const codeTypes: ReadonlySet<string> = new Set([
  'module',
  'application/ecmascript',
  'application/javascript',
  'application/x-ecmascript',
  'application/x-javascript',
  'text/ecmascript',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.1',
  'text/javascript1.2',
  'text/javascript1.3',
  'text/javascript1.4',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/x-ecmascript',
  'text/x-javascript',
])

/** Whether a browser runs a script with these attributes as a program; anything else is data. */
export function isCode(attributes: ReadonlyMap<string, string> | undefined): boolean {
  const type = attributes?.get('type')
  const language = attributes?.get('language')
  if (type === '' || (type === undefined && (language === undefined || language === ''))) return true
  const essence = type === undefined ? `text/${language}` : type.replaceAll(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, '')
  return codeTypes.has(essence.toLowerCase())
}

const marks = /<(?:!--|script)/gi
const longestMark = '<script'.length

/**
 * Watches the text of a script for a begin of a comment with a script tag behind it: from there on a browser passes over
 * the next end tag (HTML standard 13.2.5.27, double escaped), and we would not.
 */
export class EscapeWatch {
  #tail = ''
  #inComment = false

  /** False = such a text. */
  push(text: string): boolean {
    const joined = this.#tail + text
    for (const [mark] of joined.matchAll(marks)) {
      if (mark === '<!--') this.#inComment = true
      else if (this.#inComment) return false
    }
    this.#tail = joined.slice(1 - longestMark)
    return true
  }
}

/** The rows of a script's JSON; undefined = no JSON, or one that must not go out. Under `block` that is a refusal. */
export function filterScript(
  plan: RowPlan,
  { at, keep, total, strict }: DocumentRows,
  text: Buffer,
  verdicts: Verdicts,
): { readonly bytes: Buffer; readonly report: RowReport } | undefined {
  const document: RowPlan = {
    ...plan,
    at,
    keep,
    strict,
    total: total === undefined ? undefined : { path: total.at, policy: total.policy },
  }
  const filter = new JsonRowFilter(document, false, verdicts)
  try {
    const pieces = [filter.push(text), filter.end()]
    const bytes = Buffer.concat(pieces.map((piece) => piece ?? Buffer.alloc(0)))
    if (isSafe(bytes)) return { bytes, report: filter.report }
  } catch (cause) {
    if (!(cause instanceof ProxyError)) throw cause
    if (plan.onViolation === 'block')
      throw new ProxyError('ERR_ANSWER_VIOLATION', 'a script that may not go out', { cause })
    return undefined
  }
  if (plan.onViolation === 'block') throw new ProxyError('ERR_ANSWER_VIOLATION', 'a script that would not end')
  return undefined
}

function isSafe(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  return !/<\/script/i.test(text) && new EscapeWatch().push(text)
}
