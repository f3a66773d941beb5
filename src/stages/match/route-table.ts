import type { AppConfig, DatasetRouteConfig, RouteConfig } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Limit } from '../throttle/throttle.ts'
import { compilePattern, type PathPattern } from './path-pattern.ts'

export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'member' }
  | { readonly kind: 'roles'; readonly roles: ReadonlySet<string> }

/** A rule of an app: what is matched is the object that is guarded, forwarded by and filtered by. */
export interface Route {
  /** Stable name in audit and metrics: `GET,HEAD /api/orders/**`. */
  readonly id: string
  readonly methods: ReadonlySet<string>
  readonly pattern: PathPattern
  readonly access: RouteAccess
  readonly limit: Limit | undefined
  readonly config: RouteConfig
  /** The declaration of its rows; undefined where answers carry none. */
  readonly rows: DatasetRouteConfig | undefined
}

/** An application behind the edge. */
export interface App {
  readonly id: string
  readonly config: AppConfig
  readonly routes: readonly Route[]
}

export interface Destination {
  readonly app: App
  readonly route: Route
}

interface Mount {
  readonly path: string
  readonly app: App
}

/** Every rule of every app, compiled once. */
export class RouteTable {
  readonly apps: readonly App[]
  readonly #hosts = new Map<string, Mount[]>()
  readonly #ownHost: string

  /** `ownHost` is the host of `publicUrl`, which serves our own pages also where no app lives. */
  constructor(apps: readonly AppConfig[], ownHost: string) {
    this.#ownHost = ownHost
    this.apps = apps.map(compileApp)
    for (const app of this.apps) {
      for (const host of app.config.hosts) {
        const mounts = this.#hosts.get(host) ?? []
        mounts.push({ path: app.config.path, app })
        this.#hosts.set(host, mounts)
      }
    }
    for (const mounts of this.#hosts.values()) mounts.sort((a, b) => b.path.length - a.path.length)
  }

  /** Throws ERR_HOST_UNKNOWN for a host that nobody configured: there is no default app. */
  checkHost(host: string): void {
    if (!this.#hosts.has(host) && host !== this.#ownHost) {
      throw new ProxyError('ERR_HOST_UNKNOWN', `no app is configured for host ${host}`)
    }
  }

  /** The app with the longest matching path, then its first matching rule. */
  find(host: string, path: string, method: string): Destination {
    this.checkHost(host)
    const app = this.#hosts.get(host)?.find((mount) => isUnder(mount.path, path))?.app
    const route = app?.routes.find((rule) => rule.methods.has(method) && rule.pattern.matches(path))
    if (app === undefined || route === undefined) throw new ProxyError('ERR_ROUTE_NOT_FOUND', 'no rule matches')
    return { app, route }
  }
}

function isUnder(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

function compileApp(config: AppConfig): App {
  return { id: config.id, config, routes: config.routes.map(compileRoute) }
}

function compileRoute(config: RouteConfig): Route {
  const methods = new Set<string>(config.methods)
  // RFC 9110 section 9.3.2: HEAD is GET without the content, so it is under the same rule.
  if (methods.has('GET')) methods.add('HEAD')
  return {
    id: `${config.methods.join(',')} ${config.path}`,
    methods,
    pattern: compilePattern(config.path),
    access: config.access.kind === 'roles' ? { kind: 'roles', roles: new Set(config.access.roles) } : config.access,
    limit: config.limit === undefined ? undefined : { name: 'route', ...config.limit },
    config,
    rows: config.dataset === undefined ? undefined : config,
  }
}
