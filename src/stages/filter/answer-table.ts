/**
 * What becomes of an answer on a route with rows, as far as its head tells. Whoever reads the table from the top finds
 * the first line that holds; the last one holds always, so that an answer nobody thought of is refused.
 */

/** What the status says of the body. */
export type StatusClass =
  /** 1xx, 206, 304, and what is no status: nobody asked for a part, a validation or a change of protocol. */
  | 'unasked'
  /** 204, 205 and 3xx: there is no body, or none that anybody needs. */
  | 'bodiless'
  | 'success'
  /** 4xx and 5xx. */
  | 'error'

/** What the label says of the body. */
export type BodyClass =
  /** A kind that the route declares, in a form that its reader takes. */
  | 'readable'
  /** A kind that the route declares, in a form that its reader does not take: another charset, CSV without names. */
  | 'unreadable'
  /** JSON on a route that declares none: no route may let it pass. */
  | 'json'
  /** The route names the type under `pass`, and no reader of the route is for it. */
  | 'harmless'
  /** No label, and no bytes by the length. */
  | 'nothing'
  /** No label. */
  | 'unlabelled'
  /** Any other label, two of them, or one that nobody can parse. */
  | 'unknown'

/** What undoes the coding of the body. */
export type CodingClass = 'known' | 'unknown'

type Way =
  /** Through the reader. */
  | 'filter'
  /** The head alone. */
  | 'empty'
  /** As it is. */
  | 'pass'
  /** Not at all; in place of an error answer our own problem goes out under the same status. */
  | { readonly code: 'ERR_ANSWER_STATUS' | 'ERR_ANSWER_KIND' | 'ERR_ANSWER_CODING'; readonly detail: string }

const status: Way = { code: 'ERR_ANSWER_STATUS', detail: 'a status that was not asked for' }
const coding: Way = { code: 'ERR_ANSWER_CODING', detail: 'a content coding that is stacked or unknown' }
const noJson: Way = { code: 'ERR_ANSWER_KIND', detail: 'the route declares no JSON' }
const form: Way = { code: 'ERR_ANSWER_KIND', detail: 'a form of a declared media type that its reader does not take' }
const noReader: Way = { code: 'ERR_ANSWER_KIND', detail: 'no reader for this media type' }

interface AnswerTraits {
  readonly status: StatusClass
  readonly body: BodyClass
  readonly isHead: boolean
  readonly coding: CodingClass
}

type Line = readonly [StatusClass | 'any', BodyClass | 'any', 'HEAD' | 'any', CodingClass | 'any', Way]

// biome-ignore format: it is a table
const lines: readonly Line[] = [
  // status      label         method  coding     way
  ['unasked',    'any',        'any',  'any',     status],
  ['bodiless',   'any',        'any',  'any',     'empty'],
  ['any',        'readable',   'HEAD', 'any',     'empty'],
  ['any',        'readable',   'any',  'known',   'filter'],
  ['any',        'readable',   'any',  'unknown', coding],
  ['any',        'unreadable', 'any',  'any',     form],
  ['any',        'json',       'any',  'any',     noJson],
  ['any',        'nothing',    'any',  'any',     'empty'],
  ['any',        'unlabelled', 'HEAD', 'any',     'empty'],
  ['success',    'harmless',   'any',  'any',     'pass'],
  ['any',        'any',        'any',  'any',     noReader],
]

/** The way of an answer with these traits. */
export function wayOf(traits: AnswerTraits): Way {
  const line = lines.find(
    ([status, body, method, coding]) =>
      (status === 'any' || status === traits.status) &&
      (body === 'any' || body === traits.body) &&
      (method === 'any' || traits.isHead) &&
      (coding === 'any' || coding === traits.coding),
  )
  return line === undefined ? noReader : line[4]
}

export function statusClass(status: number): StatusClass {
  if (status < 200 || status > 599 || status === 206 || status === 304) return 'unasked'
  if (status === 204 || status === 205 || (status >= 300 && status < 400)) return 'bodiless'
  return status < 400 ? 'success' : 'error'
}
