import type { RouteMethod } from '../../config/config.ts'
import type { Findings, LearnedAnswer, LearnedOperation } from './findings.ts'
import type { Datasets, ProposedDataset } from './propose-datasets.ts'

/** Rows of a route, as the configuration spells them. */
export interface ProposedRows {
  readonly at: readonly string[]
  readonly total: string | undefined
  readonly others: readonly LearnedAnswer[]
}

export interface ProposedRoute {
  readonly methods: readonly RouteMethod[]
  readonly path: string
  readonly dataset: ProposedDataset
  readonly rows: ProposedRows
  readonly action: 'read' | 'modify'
  /** Where written rows stand; undefined where nothing is written in a body. */
  readonly check: readonly string[] | undefined
  readonly comments: readonly string[]
}

/** What a configuration takes. */
const maxRoutes = 1000
const onItems: ReadonlySet<RouteMethod> = new Set(['PUT', 'PATCH', 'DELETE'])
const withBody: ReadonlySet<RouteMethod> = new Set(['POST', 'PUT', 'PATCH'])

/** Proposes a route for every operation whose rows are understood; the others end up in `notes`, and stay 404. */
export function proposeRoutes({ operations }: Findings, datasets: Datasets, notes: string[]): readonly ProposedRoute[] {
  const seen = new Map<string, LearnedOperation>()
  for (const operation of operations) {
    const key = `${operation.method} ${operation.path}`
    if (seen.has(key)) notes.push(`${key}: met twice under different names of its parameters; the first one counts`)
    else seen.set(key, operation)
  }
  const routes = [...seen.values()].flatMap((operation) => {
    const read = seen.get(`GET ${operation.path}`)
    const route = routeOf(operation, read, datasets)
    if (typeof route !== 'string') return [route]
    notes.push(`${operation.method} ${operation.path}: ${route}`)
    return []
  })
  const ordered = merged(routes).toSorted((a, b) => compareText(sortKey(a), sortKey(b)))
  if (ordered.length > maxRoutes) notes.push(`${ordered.length - maxRoutes} routes beyond the first ${maxRoutes}`)
  return ordered.slice(0, maxRoutes)
}

function routeOf(
  operation: LearnedOperation,
  read: LearnedOperation | undefined,
  datasets: Datasets,
): ProposedRoute | string {
  const answer = operation.answers.find(({ rows }) => rows.length > 0)
  if (operation.method === 'GET')
    return answer === undefined ? whyNot(operation) : readRoute(operation, answer, datasets)
  return onItems.has(operation.method) ? itemRoute(operation, read, datasets) : postRoute(operation, answer, datasets)
}

function readRoute(operation: LearnedOperation, answer: LearnedAnswer, datasets: Datasets): ProposedRoute | string {
  const dataset = datasets.of(answer)
  if (dataset === undefined) return 'its rows have no fields that were understood'
  const { methods, path, comments } = base(operation)
  const others = operation.answers.filter((each) => each.kind !== 'json' && each.rows.length > 0)
  return {
    methods,
    path,
    dataset,
    action: 'read',
    check: undefined,
    rows: rowsOf(operation, others),
    comments: [...comments, ...answerComments(operation)],
  }
}

/** The row is looked at under the same path before it is changed, so that it has to be the whole document there. */
function itemRoute(
  operation: LearnedOperation,
  read: LearnedOperation | undefined,
  datasets: Datasets,
): ProposedRoute | string {
  const shown = read?.answers.find(({ kind }) => kind === 'json')
  if (shown === undefined || shown.rows.length === 0)
    return 'no GET on this path shows the row, so nobody could tell whether it may be changed'
  const [place] = shown.rows
  if (place?.at !== '/' || shown.rows.length > 1)
    return `GET shows rows at ${place?.at ?? '?'}; a route that changes rows needs the row to be the whole answer`
  const dataset = datasets.of(shown)
  if (dataset === undefined) return 'its rows have no fields that were understood'
  const { methods, path, comments } = base(operation)
  const rows = { at: ['/'], total: undefined, others: [] }
  return { methods, path, dataset, rows, action: 'modify', ...checkOf(operation, dataset, datasets, comments) }
}

function postRoute(
  operation: LearnedOperation,
  answer: LearnedAnswer | undefined,
  datasets: Datasets,
): ProposedRoute | string {
  const dataset = datasets.of(answer) ?? datasets.of(operation.body)
  if (dataset === undefined) return whyNot(operation)
  const { methods, path, comments } = base(operation)
  const more = [...comments]
  if (answer === undefined) more.push('its answer shows no row: at is a guess, and matters only where one comes')
  if (answer?.rows[0]?.list === true && datasets.of(operation.body)?.name !== dataset.name)
    more.push('It may only search: if it changes nothing, say action: read and leave check out.')
  const rows = answer === undefined ? { at: ['/'], total: undefined, others: [] } : rowsOf(operation, [])
  if (answer !== undefined) more.push(...answerComments(operation))
  return { methods, path, dataset, rows, action: 'modify', ...checkOf(operation, dataset, datasets, more) }
}

function checkOf(
  { method, body }: LearnedOperation,
  dataset: ProposedDataset,
  datasets: Datasets,
  comments: readonly string[],
): Pick<ProposedRoute, 'check' | 'comments'> {
  if (!withBody.has(method)) return { check: undefined, comments }
  const written = datasets.of(body)
  if (body === undefined)
    return { check: ['/'], comments: [...comments, 'check: the body is not described; / is a guess'] }
  const check = body.rows.map(({ at }) => at)
  if (written?.name === dataset.name) return { check, comments }
  const lacks = `check: the body is ${written === undefined ? 'not understood' : `of another shape (${written.name})`}; every field that a mask reads must be in it, or the write is refused`
  return { check, comments: [...comments, lacks] }
}

function rowsOf({ answers }: LearnedOperation, others: readonly LearnedAnswer[]): ProposedRows {
  const json = answers.find(({ kind, rows }) => kind === 'json' && rows.length > 0)
  const lines = answers.find(({ kind, rows }) => kind === 'json-lines' && rows.length > 0)
  const at = json?.rows.map((place) => place.at) ?? (lines === undefined ? [] : ['/'])
  return {
    at,
    total: at.length === 0 ? undefined : json?.totals[0],
    others: others.filter(({ kind }) => kind !== 'json-lines'),
  }
}

function answerComments({ answers }: LearnedOperation): readonly string[] {
  return answers.flatMap(({ kind, notes, totals, beside }) => {
    const comments = [...notes]
    if (kind === 'json-lines') comments.push('JSON lines: every line is a row, whatever at says')
    if (totals.length > 1) comments.push(`Also counts, which become null: ${totals.slice(1).join(' ')}`)
    if (beside.length > 0)
      comments.push(
        `Next to the rows, null unless listed under keep (only what tells nothing of other rows): ${beside.join(' ')}`,
      )
    return comments
  })
}

function base({ method, path, notes }: LearnedOperation) {
  return { methods: [method], path, comments: notes }
}

function whyNot({ answers, notes }: LearnedOperation): string {
  const reasons = [
    ...answers.flatMap((answer) => answer.notes),
    ...notes.filter((note) => note.startsWith('also answers')),
  ]
  return reasons.length === 0 ? 'no answer with rows is described' : reasons.join('; ')
}

/** Methods of one path that differ in nothing else share a rule. */
function merged(routes: readonly ProposedRoute[]): readonly ProposedRoute[] {
  const known = new Map<string, ProposedRoute>()
  for (const route of routes) {
    const { path, action, dataset, rows, check } = route
    const shares = route.methods.every((method) => onItems.has(method))
    const key = JSON.stringify([path, shares ? 'items' : route.methods, action, dataset.name, rows.at])
    const before = known.get(key)
    known.set(
      key,
      before === undefined
        ? route
        : {
            ...before,
            methods: [...before.methods, ...route.methods],
            check: before.check ?? check,
            comments: [...before.comments, ...route.comments.filter((comment) => !before.comments.includes(comment))],
          },
    )
  }
  return [...known.values()]
}

/** A literal segment before `*`: the first rule that matches decides. */
function sortKey({ path, action }: ProposedRoute): string {
  const segments = path.split('/').map((segment) => (segment === '*' ? '\uFFFF' : segment))
  return `${segments.join('\u0001')}\u0000${action === 'read' ? 0 : 1}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
