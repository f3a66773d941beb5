import type { ReaderKind } from '../lib/row-media.ts'
import type { Dataset } from '../mask/language.ts'
import { isOwn } from './check-apps.ts'
import { checkInject } from './check-inject.ts'
import { checkPointers, checkRows } from './check-rows.ts'
import { keptHeaderFault, passFault } from './header-names.ts'
import { covers, type PathPattern, parsePathPattern, reaches, tenantSegment } from './path-pattern.ts'
import { type Path, suggestion } from './problems.ts'
import type { Report } from './report.ts'
import type { Source } from './schema.ts'

type AppSource = Source['apps'][number]
type RouteSource = AppSource['routes'][number]

interface Earlier {
  readonly index: number
  readonly methods: readonly string[]
  readonly pattern: PathPattern
}

/** These say how rows are filtered, so they mean nothing without a dataset. */
const rowKeys = [
  'rows',
  'onViolation',
  'withheldAs',
  'whenNone',
  'pass',
  'keepHeaders',
  'check',
  'preRead',
  'compress',
  'maxRow',
  'maxBlock',
] as const

/** `names` are those of all declarations, the wrong ones among them. */
interface Datasets {
  readonly names: readonly string[]
  readonly resolved: ReadonlyMap<string, Dataset>
}

/** Checks the routes of one app, each by itself and against those before it. */
export function checkRoutes(app: AppSource, base: Path, datasets: Datasets, report: Report): void {
  const earlier: Earlier[] = []
  for (const [index, route] of app.routes.entries()) {
    const path = [...base, 'routes', index]
    const pattern = report.clean([...path, 'path']) ? checkPath(route.path, [...path, 'path'], report) : undefined
    if (pattern !== undefined && report.clean([...path, 'methods'])) {
      checkReach(app, route, pattern, base, path, earlier, report)
      earlier.push({ index, methods: route.methods, pattern })
    }
    checkTenantPath(route, path, report)
    checkDataset(route, path, datasets, report)
    checkInject(route, path, report)
    checkSocket(route, path, report)
    checkGraphql(route, path, report)
  }
}

function checkPath(text: string, path: Path, report: Report): PathPattern | undefined {
  const pattern = parsePathPattern(text)
  if (typeof pattern === 'string') report.add(path, pattern)
  else if (isOwn(text)) report.add(path, "must not be under /.sallyport: those pages are the edge's own")
  else return pattern
  return undefined
}

function checkTenantPath(route: RouteSource, path: Path, report: Report): void {
  if (route.access !== 'public' || !report.clean([...path, 'path'])) return
  if (route.path.split('/').includes(tenantSegment))
    report.add([...path, 'path'], 'holds {tenant}, but nobody is known on a public route')
}

function checkReach(
  app: AppSource,
  route: RouteSource,
  pattern: PathPattern,
  base: Path,
  path: Path,
  earlier: readonly Earlier[],
  report: Report,
): void {
  if (new Set(route.methods).size < route.methods.length) report.add([...path, 'methods'], 'names a method twice')
  if (report.clean([...base, 'match']) && !reaches(app.match.path, pattern)) {
    return report.add(
      [...path, 'path'],
      `can never match: the app answers under ${report.quote([...base, 'match', 'path'], app.match.path)} only`,
    )
  }
  const wider = earlier.filter((candidate) => covers(candidate.pattern, pattern))
  const takers = route.methods.map((method) => wider.find((candidate) => candidate.methods.includes(method))?.index)
  if (takers.some((taker) => taker === undefined)) return
  const names = [...new Set(takers)].map((taker) => `routes[${taker}]`).join(' and ')
  report.add([...path, 'path'], `can never match: ${names} before it takes every such request`)
}

function checkDataset(route: RouteSource, path: Path, datasets: Datasets, report: Report): void {
  const at = [...path, 'dataset']
  if (!report.clean(at)) return
  if (route.dataset === undefined) {
    for (const key of rowKeys) {
      if (route[key] !== undefined) report.add([...path, key], 'means nothing without a dataset', 'key')
    }
    return
  }
  if (!datasets.names.includes(route.dataset)) {
    const hint = report.referenced(at) ? '' : suggestion(route.dataset, datasets.names)
    report.add(at, `no dataset is called ${report.quote(at, route.dataset)}${hint}`)
  }
  checkFilter(route, path, datasets.resolved.get(route.dataset), report)
}

function checkFilter(route: RouteSource, path: Path, dataset: Dataset | undefined, report: Report): void {
  const readable = (key: string): boolean => report.clean([...path, key])
  if (route.access === 'public') {
    report.add([...path, 'access'], 'a route with a dataset cannot be public: rows belong to tenants')
  }
  if (route.rows !== undefined && readable('rows')) checkRows(route.rows, [...path, 'rows'], dataset, report)
  if (route.rows === undefined) {
    report.add([...path, 'rows'], 'is missing: a route with a dataset says where the rows of its answers stand', 'key')
  }
  if (readable('methods') && readable('action')) checkWrites(route, path, report)
  if (route.check !== undefined && readable('check'))
    checkPointers(route.check.body, [...path, 'check', 'body'], report)
  if (route.keepHeaders !== undefined && readable('keepHeaders')) {
    checkEach(route.keepHeaders, (name) => keptHeaderFault(name.toLowerCase()), [...path, 'keepHeaders'], report)
  }
  if (route.pass !== undefined && readable('pass') && readable('rows')) {
    const kinds = kindsIn(route.rows)
    checkEach(route.pass, (type) => passFault(type, kinds), [...path, 'pass'], report)
  }
}

/** The kinds beside JSON that a route reads rows from. */
function kindsIn(rows: RouteSource['rows']): ReadonlySet<ReaderKind> {
  return new Set((['events', 'xml', 'csv', 'html'] as const).filter((kind) => rows?.[kind] !== undefined))
}

const itemMethods: readonly string[] = ['PUT', 'PATCH', 'DELETE']
const bodyMethods: readonly string[] = ['POST', 'PUT', 'PATCH']

/** Writes are held to the writer's mask: what is written by `check`, what is changed or deleted by a look at it first. */
function checkWrites(route: RouteSource, path: Path, report: Report): void {
  const changes = route.methods.some((method) => itemMethods.includes(method))
  if (changes && route.action !== 'modify')
    report.add([...path, 'action'], 'must be modify: the route changes rows', 'key')
  const looks = route.preRead !== false
  if (changes && looks && route.rows !== undefined && route.rows.at.join() !== '/') {
    report.add(
      [...path, 'rows', 'at'],
      'must be [/] on a route that changes rows: the row is looked at before it is changed',
    )
  }
  const writes = route.action === 'modify' && route.methods.some((method) => bodyMethods.includes(method))
  if (writes && route.check === undefined) {
    report.add(
      [...path, 'check'],
      'is missing: say where written rows stand in the body, such as check: { body: [/] }',
      'key',
    )
  }
}

function checkEach(
  names: readonly string[],
  faultOf: (name: string) => string | undefined,
  path: Path,
  report: Report,
): void {
  for (const [i, name] of names.entries()) {
    const fault = faultOf(name)
    if (fault !== undefined) report.add([...path, i], fault)
  }
}

function checkSocket(route: RouteSource, path: Path, report: Report): void {
  if (!report.clean([...path, 'websocket'])) return
  const readsFrames = route.rows?.frames !== undefined && report.clean([...path, 'rows'])
  if (route.dataset !== undefined && !readsFrames) {
    if (route.websocket === true && route.rows?.frames === undefined)
      report.add(
        [...path, 'websocket'],
        'cannot be true on a route with a dataset unless rows.frames says how to read messages',
      )
    return
  }
  if (!(readsFrames || route.websocket === true)) return
  if (!report.clean([...path, 'methods']) || route.methods.includes('GET')) return
  if (readsFrames) report.add([...path, 'rows', 'frames'], 'needs the method GET: a handshake is one')
  else report.add([...path, 'websocket'], 'needs the method GET: a handshake is one')
}

/** GraphQL over HTTP: GET or POST, and what a mere link can make a browser ask for must not change anything. */
function checkGraphql(route: RouteSource, path: Path, report: Report): void {
  if (route.rows?.graphql === undefined || !report.clean([...path, 'methods'])) return
  for (const [i, method] of route.methods.entries()) {
    if (method !== 'GET' && method !== 'POST')
      report.add(
        [...path, 'methods', i],
        'means nothing on a route with rows.graphql: operations are asked by GET or POST',
      )
    else if (method === 'GET' && route.action === 'modify')
      report.add(
        [...path, 'methods', i],
        'cannot be GET where action is modify: operations that change rows are asked by POST',
      )
  }
}
