import type { Dataset } from '../mask/language.ts'
import type {
  AppConfig,
  DatasetRouteConfig,
  IdentityConfig,
  IdentityFact,
  PlainRouteConfig,
  RouteAccess,
  RouteConfig,
} from './config.ts'
import { resolveInjection, resolveSanitise } from './resolve-request.ts'
import { resolveRows, rowPointer } from './resolve-rows.ts'
import { bytes, limit, ms } from './resolve-units.ts'
import type { Source } from './schema.ts'

type AppSource = Source['apps'][number]
type RouteSource = AppSource['routes'][number]

interface Surroundings {
  readonly datasets: ReadonlyMap<string, Dataset>
  readonly publicHost: string
  readonly maxBodyBytes: number
}

/** Gives a checked app its final form. */
export function resolveApp(app: AppSource, around: Surroundings): AppConfig {
  const { health, tls, timeouts } = app
  return {
    id: app.id,
    hosts: app.match.hosts.length > 0 ? app.match.hosts : [around.publicHost],
    path: app.match.path,
    upstreams: app.upstreams.map((upstream) => new URL(upstream).origin),
    health:
      health === undefined
        ? undefined
        : { path: health.path, everyMs: ms(health.every), timeoutMs: ms(health.timeout) },
    tls: tls === undefined ? undefined : { caFile: tls.ca },
    timeouts: { connectMs: ms(timeouts.connect), headersMs: ms(timeouts.headers), bodyMs: ms(timeouts.body) },
    websocket: app.websocket,
    identity: resolveIdentity(app.identity),
    routes: app.routes.map((route) => resolveRoute(route, app, around)),
  }
}

function resolveIdentity(identity: AppSource['identity']): IdentityConfig {
  const { profile, assertion, forwardAuthorization, host, headers = {} } = identity
  const names = facts.flatMap((fact) => {
    const name = headers[fact]
    return name === undefined ? [] : [[fact, name.toLowerCase()] as const]
  })
  const sent = typeof assertion === 'string' ? assertion : assertion ? 'shared' : 'off'
  return { profile, headers: new Map(names), assertion: sent, forwardAuthorization, host }
}

const facts: readonly IdentityFact[] = [
  'account',
  'email',
  'name',
  'tenant',
  'role',
  'roles',
  'groups',
  'row-mask',
  'row-mask-digest',
]

function resolveRoute(route: RouteSource, app: AppSource, around: Surroundings): RouteConfig {
  const dataset = route.dataset === undefined ? undefined : around.datasets.get(route.dataset)
  if (route.dataset !== undefined && dataset === undefined) throw new TypeError('a dataset got past the checks')
  const common = {
    methods: route.methods,
    path: route.path,
    access: resolveAccess(route.access),
    action: route.action,
    limit: route.limit === undefined ? undefined : limit(route.limit),
    maxBodyBytes: route.maxBody === undefined ? around.maxBodyBytes : bytes(route.maxBody),
    timeoutMs: route.timeout === undefined ? undefined : ms(route.timeout),
    websocket: route.websocket ?? (dataset === undefined ? app.websocket : route.rows?.frames !== undefined),
    audit: route.audit ?? dataset !== undefined,
    // What a GraphQL request may be is listed to the letter.
    sanitise: resolveSanitise(
      route.sanitise ?? (dataset === undefined || route.rows?.graphql !== undefined ? 'raw' : 'strict'),
    ),
    tenantParameters: route.tenantParameters ?? (dataset === undefined ? [] : [dataset.tenantField]),
    inject: (route.inject ?? []).map(resolveInjection),
  }
  return dataset === undefined ? { ...common, dataset: undefined } : { ...common, ...resolveFilter(route, dataset) }
}

function resolveAccess(access: RouteSource['access']): RouteAccess {
  return typeof access === 'string' ? { kind: access } : { kind: 'roles', roles: access.roles }
}

function resolveFilter(
  route: RouteSource,
  dataset: Dataset,
): Omit<DatasetRouteConfig, keyof PlainRouteConfig> & { readonly dataset: Dataset } {
  return {
    dataset,
    rows: resolveRows(route.rows),
    onViolation: route.onViolation ?? 'drop',
    withheldAs: route.withheldAs === undefined ? 'removed' : (route.withheldAs ?? 'null'),
    whenNone: route.whenNone ?? 'refuse',
    pass: (route.pass ?? []).map((type) => type.toLowerCase()),
    keepHeaders: (route.keepHeaders ?? []).map((name) => name.toLowerCase()),
    check:
      route.check === undefined
        ? undefined
        : { body: route.check.body.map(rowPointer), fill: route.check.fill === 'tenant' },
    preRead: route.preRead ?? true,
    compress: route.compress ?? true,
    maxRowBytes: bytes(route.maxRow ?? '1MiB'),
    maxBlockBytes: bytes(route.maxBlock ?? '8MiB'),
  }
}
