import type { Dataset } from '../mask/language.ts'
import type { Secret } from './secret.ts'

/** The configuration in force: every default filled in, every unit in its name, frozen to the bottom. */
export interface Config {
  /** Canonical origin, without a trailing slash: `https://edge.example.com`. */
  readonly publicUrl: string
  /** Host of `publicUrl`: lower case, no port, IPv6 in brackets. */
  readonly publicHost: string
  readonly listen: ListenConfig
  readonly admin: { readonly host: string; readonly port: number }
  readonly store: StoreConfig
  readonly state: StateConfig
  readonly keys: { readonly file: string }
  readonly sessions: { readonly idleMs: number; readonly absoluteMs: number }
  readonly tokens: { readonly accessMs: number; readonly refreshMs: number }
  readonly bans: BansConfig
  readonly limits: LimitsConfig
  readonly audit: AuditConfig
  readonly log: { readonly level: LogLevel }
  readonly datasets: ReadonlyMap<string, Dataset>
  readonly apps: readonly AppConfig[]
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface ListenConfig {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  /** Addresses and networks (`10.0.0.0/8`), as written. */
  readonly trustedProxies: readonly string[]
  readonly maxHeaders: number
  readonly maxBodyBytes: number
  readonly timeouts: { readonly headersMs: number; readonly requestMs: number; readonly keepAliveMs: number }
}

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: Secret }

export type StateConfig = { readonly kind: 'memory' } | { readonly kind: 'redis'; readonly url: Secret }

export interface BansConfig {
  readonly neverBan: readonly string[]
  readonly signInFailures: { readonly max: number; readonly windowMs: number; readonly banMs: number }
}

export interface LimitConfig {
  readonly max: number
  readonly windowMs: number
}

export interface LimitsConfig {
  readonly address: LimitConfig
  readonly account: LimitConfig
  readonly tenant: LimitConfig
  readonly signIn: LimitConfig
}

export interface AuditConfig {
  readonly sink: { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly file: string }
  readonly includeEmail: boolean
}

export interface AppConfig {
  readonly id: string
  /** Lower case, no port; never empty (the host of `publicUrl` where none was written). */
  readonly hosts: readonly string[]
  /** A prefix that begins with `/`; it matches on segment borders. */
  readonly path: string
  /** Origins: `http://10.0.0.5:3000`. */
  readonly upstreams: readonly string[]
  readonly health: HealthConfig | undefined
  readonly tls: { readonly caFile: string } | undefined
  /** `bodyMs` 0 = none. */
  readonly timeouts: { readonly connectMs: number; readonly headersMs: number; readonly bodyMs: number }
  readonly websocket: boolean
  readonly identity: IdentityConfig
  readonly routes: readonly RouteConfig[]
}

export interface HealthConfig {
  readonly path: string
  readonly everyMs: number
  readonly timeoutMs: number
}

export type IdentityProfile = 'sallyport' | 'remote-user' | 'grafana' | 'oauth2-proxy' | 'custom'

/** What an upstream may be told about the caller. */
export type IdentityFact = 'account' | 'email' | 'name' | 'tenant' | 'roles' | 'groups' | 'row-mask' | 'row-mask-digest'

export interface IdentityConfig {
  readonly profile: IdentityProfile
  /** Header names in lower case, for the profile `custom`; empty for every other profile. */
  readonly headers: ReadonlyMap<IdentityFact, string>
  readonly assertion: boolean
  readonly forwardAuthorization: boolean
  /** Which Host the upstream sees. */
  readonly host: 'upstream' | 'public'
}

export type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'member' }
  | { readonly kind: 'roles'; readonly roles: readonly string[] }

/** Decoded RFC 6901 reference tokens; `*` = every element. `/` is [] (one row: the whole document), `/*` is ['*']. */
export type RowPointer = readonly string[]

export interface RowsConfig {
  /** Never empty. */
  readonly at: readonly RowPointer[]
  readonly kind: 'json'
  readonly total: { readonly at: RowPointer; readonly policy: 'null' | 'recount' | 'block' } | undefined
  readonly keep: readonly RowPointer[]
}

interface RouteBase {
  readonly methods: readonly RouteMethod[]
  /** Canonical pattern: literal segments, `*` for one segment, a final `/**` for any rest including none. */
  readonly path: string
  readonly access: RouteAccess
  readonly action: 'read' | 'modify'
  readonly limit: LimitConfig | undefined
  readonly maxBodyBytes: number
  /** Whole exchange with the upstream; undefined = the timeouts of the app. */
  readonly timeoutMs: number | undefined
  readonly websocket: boolean
  /** Log `data.read` and `data.written`. */
  readonly audit: boolean
}

/** A route whose answers carry no declared rows. */
export interface PlainRouteConfig extends RouteBase {
  readonly dataset: undefined
}

/** A route whose answers are filtered, and whose bodies may be checked, by the caller's mask. */
export interface DatasetRouteConfig extends RouteBase {
  readonly dataset: Dataset
  readonly rows: RowsConfig
  readonly onViolation: 'drop' | 'block'
  readonly withheldAs: 'removed' | 'null'
  readonly whenNone: 'refuse' | 'empty'
  /** Media types that pass unfiltered, lower case. */
  readonly pass: readonly string[]
  /** Response headers kept besides the standard ones, lower case. */
  readonly keepHeaders: readonly string[]
  readonly check: { readonly body: readonly RowPointer[] } | undefined
  readonly inject: readonly { readonly kind: 'header' }[]
  readonly maxRowBytes: number
  readonly maxBlockBytes: number
}

export type RouteConfig = PlainRouteConfig | DatasetRouteConfig
