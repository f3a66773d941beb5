import type { RowsConfig } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import { kindsOf, type ReaderKind } from '../../lib/row-media.ts'
import {
  filteredHeaders,
  harmlessHeaders,
  headerValues,
  passedHeaders,
  problemHeaders,
  type RawHeaders,
} from './answer-headers.ts'
import { type BodyClass, statusClass, wayOf } from './answer-table.ts'
import { type BodyKind, bodyKind, type MediaType, parseMediaType } from './body-kind.ts'
import { type ContentCoding, type DecodeLimits, parseContentCoding } from './content-coding.ts'
import type { RowPlan } from './row-plan.ts'

/** How a route with a dataset treats its answers. */
export interface AnswerRules {
  readonly plan: RowPlan
  /** Which kinds of answers the route declares, and how each is read. */
  readonly readers: RowsConfig
  /** Of the caller, in the active tenant. */
  readonly roles: readonly string[]
  /** Media types without rows in them, lower case, without parameters; JSON is filtered even where it is named here. */
  readonly pass: readonly string[]
  /** Upstream headers that the route lets through beside the fixed ones. */
  readonly keepHeaders: readonly string[]
  readonly decode: DecodeLimits
}

export interface AnswerInput {
  readonly method: string
  /** `undeclared` = the route has no dataset. */
  readonly rows: 'undeclared' | AnswerRules
  readonly head: AnswerHead
  /** Names of the cookies that only the edge may set. */
  readonly ownCookies: readonly string[]
}

interface AnswerHead {
  readonly status: number
  readonly rawHeaders: RawHeaders
}

/** What becomes of an answer, known from its head. */
export type Verdict =
  /** The body goes on as it is. */
  | { readonly kind: 'pass'; readonly status: number; readonly rawHeaders: RawHeaders }
  /** No body goes on, whatever came. */
  | { readonly kind: 'empty'; readonly status: number; readonly rawHeaders: RawHeaders }
  | FilterVerdict
  /** Our own problem document under this status. */
  | { readonly kind: 'replace'; readonly status: number; readonly rawHeaders: RawHeaders; readonly error: ProxyError }
  | { readonly kind: 'refuse'; readonly error: ProxyError }

/** The body goes through `filterBody` or `filterWhole`. */
export interface FilterVerdict {
  readonly kind: 'filter'
  readonly status: number
  readonly rawHeaders: RawHeaders
  readonly bodyKind: ReaderKind
  readonly coding: ContentCoding | undefined
  readonly rules: AnswerRules
  /** An error answer: held whole; where it fails or has no rows, our own problem goes out under the upstream's status. */
  readonly isProblem: boolean
}

/** The only place where an answer's way is chosen, by the table of `answer-table.ts`. */
export function planAnswer(input: AnswerInput): Verdict {
  const { rows, head, ownCookies } = input
  if (!isFramed(head)) return refuse('ERR_ANSWER_CODING', 'a transfer coding other than chunked')
  if (rows === 'undeclared')
    return { kind: 'pass', status: head.status, rawHeaders: passedHeaders(head.rawHeaders, ownCookies) }
  const verdict = planRows(input, rows)
  if (verdict.kind !== 'refuse' || head.status < 400 || head.status > 599) return verdict
  return { kind: 'replace', status: head.status, rawHeaders: problemHeaders(head.rawHeaders), error: verdict.error }
}

function planRows(input: AnswerInput, rules: AnswerRules): Verdict {
  const { status, rawHeaders: raw } = input.head
  const contentTypes = headerValues(raw, 'content-type')
  const reader = readerFor(bodyKind(contentTypes), rules.readers)
  const coding = contentCoding(raw)
  const traits = {
    status: statusClass(status),
    body: reader === undefined ? classOf(contentTypes, raw, rules) : 'readable',
    isHead: input.method === 'HEAD',
    coding: coding === 'unknown' ? coding : 'known',
  } as const
  const way = wayOf(traits)
  if (way === 'pass') return { kind: 'pass', status, rawHeaders: harmlessHeaders(raw, input.ownCookies) }
  if (way !== 'empty' && way !== 'filter') return refuse(way.code, way.detail)
  const kept = filteredHeaders(raw, rules.keepHeaders, input.ownCookies)
  const rawHeaders = reader === undefined ? kept : labelled(kept, reader, parseMediaType(contentTypes))
  if (way === 'empty')
    return {
      kind: 'empty',
      status,
      rawHeaders: traits.status === 'bodiless' ? without(rawHeaders, 'content-type') : rawHeaders,
    }
  if (reader === undefined || coding === 'unknown') throw new TypeError('the table lets unreadable bodies through')
  return { kind: 'filter', status, rawHeaders, bodyKind: reader, coding, rules, isProblem: status >= 400 }
}

/**
 * The label of what was read: without parameters, which are words of the app that nobody checks. A browser that is told
 * no charset looks for one in the page, in places that are no `meta` to the reader (HTML 13.2.3.2): pages always say it.
 */
function labelled(rawHeaders: RawHeaders, reader: ReaderKind, type: MediaType | undefined): RawHeaders {
  if (type === undefined) throw new TypeError('a label that nobody can parse was read')
  const charset = type.charset !== undefined || reader === 'html' ? '; charset=utf-8' : ''
  const label = `${type.essence}${charset}`
  return rawHeaders.map((text, at) =>
    at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'content-type' ? label : text,
  )
}

/** The reader that the route declares for this kind. */
function readerFor(kind: BodyKind, readers: RowsConfig): ReaderKind | undefined {
  return kind !== 'none' && kind !== 'other' && declares(readers, kind) ? kind : undefined
}

/** Of a body that no reader of the route takes. */
function classOf(contentTypes: readonly string[], raw: RawHeaders, { readers, pass }: AnswerRules): BodyClass {
  if (contentTypes.length === 0) return isEmpty(raw) ? 'nothing' : 'unlabelled'
  const type = parseMediaType(contentTypes)
  if (type === undefined) return 'unknown'
  const kinds = kindsOf(type.essence)
  if (kinds.some((kind) => declares(readers, kind))) return 'unreadable'
  if (kinds.includes('json') || kinds.includes('json-lines')) return 'json'
  return pass.includes(type.essence) ? 'harmless' : 'unknown'
}

function declares(readers: RowsConfig, kind: ReaderKind): boolean {
  if (kind === 'json' || kind === 'json-lines') return readers.at.length > 0
  return readers[kind] !== undefined
}

function contentCoding(raw: RawHeaders): ContentCoding | 'unknown' | undefined {
  try {
    return parseContentCoding(headerValues(raw, 'content-encoding'))
  } catch (error) {
    if (error instanceof ProxyError) return 'unknown'
    throw error
  }
}

/** Node decodes no transfer coding but chunked, and hands the rest over as it came. */
function isFramed(head: AnswerHead): boolean {
  const codings = headerValues(head.rawHeaders, 'transfer-encoding')
  return codings.length === 0 || (codings.length === 1 && codings[0]?.trim().toLowerCase() === 'chunked')
}

function isEmpty(raw: RawHeaders): boolean {
  const lengths = headerValues(raw, 'content-length')
  return lengths.length === 1 && lengths[0]?.trim() === '0'
}

function without(raw: RawHeaders, name: string): RawHeaders {
  return raw.filter((_, at) => raw[at - (at % 2)]?.toLowerCase() !== name)
}

function refuse(code: 'ERR_ANSWER_CODING' | 'ERR_ANSWER_STATUS' | 'ERR_ANSWER_KIND', detail: string): Verdict {
  return { kind: 'refuse', error: new ProxyError(code, detail) }
}
