import type { AttributeType, Dataset } from '../mask/language.ts'
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
  /** Undefined = not declared: anything. */
  readonly attributes: ReadonlyMap<string, AttributeType> | undefined
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

export type IdentityProfile = 'sallyport' | 'remote-user' | 'grafana' | 'oauth2-proxy' | 'hasura' | 'iap' | 'custom'

/** What an upstream may be told about the caller. */
export type IdentityFact =
  | 'account'
  | 'email'
  | 'name'
  | 'tenant'
  /** The one role for apps that know one at a time: the first of `roles`. */
  | 'role'
  | 'roles'
  | 'groups'
  | 'row-mask'
  | 'row-mask-digest'

export interface IdentityConfig {
  readonly profile: IdentityProfile
  /** Header names in lower case, for the profile `custom`; empty for every other profile. */
  readonly headers: ReadonlyMap<IdentityFact, string>
  /** `shared`: one for all requests of half a minute; `bound`: one for each, with its method, path and query. */
  readonly assertion: 'off' | 'shared' | 'bound'
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

/** Where rows stand in each kind of answer; a kind without an entry is blocked. At least one is there. */
export interface RowsConfig extends DocumentRows {
  readonly xml: XmlRows | undefined
  readonly csv: CsvRows | undefined
  readonly events: EventRows | undefined
  readonly html: HtmlRows | undefined
  readonly graphql: GraphqlRows | undefined
  readonly frames: FrameRows | undefined
}

/** In a JSON document; `at` is empty where the route declares no JSON. */
export interface DocumentRows {
  readonly at: readonly RowPointer[]
  readonly total: RowTotal | undefined
  readonly keep: readonly RowPointer[]
  /** What is neither rows, total nor kept blocks the answer, in place of becoming null. */
  readonly strict: boolean
}

export interface RowTotal {
  readonly at: RowPointer
  readonly policy: 'null' | 'recount' | 'block'
}

/** Names of elements from the root down, as written in the document, prefix included: `['orders', 'order']`. */
export type ElementPath = readonly string[]

/** Below a row's element: the way down, then the element's text or one of its attributes. */
export interface XmlPlace {
  readonly path: ElementPath
  readonly attribute: string | undefined
}

export interface XmlRows {
  /** Never empty; each has two names at least: the root is no row. */
  readonly at: readonly ElementPath[]
  /** By name of the dataset's field; a field without an entry is a child element at the field's own pointer. */
  readonly fields: ReadonlyMap<string, XmlPlace>
  /** Elements outside the rows that stay whole. */
  readonly keep: readonly ElementPath[]
}

export interface CsvRows {
  readonly delimiter: ',' | ';' | '\t' | '|'
  /** Column by name of the dataset's field; a field without an entry has the column of its own name. */
  readonly columns: ReadonlyMap<string, string>
}

export interface EventRows {
  /** What the data of an event of this type is; an event without a type is a `message`. */
  readonly types: ReadonlyMap<string, EventPolicy>
  /** Every other type. */
  readonly other: Exclude<EventPolicy, 'rows'>
  /** Where rows stand in the data of an event. */
  readonly at: readonly RowPointer[]
  readonly keep: readonly RowPointer[]
}

/** `rows`: JSON that holds rows; `pass`: nothing to hide in it; `drop`: never goes out. */
export type EventPolicy = 'rows' | 'pass' | 'drop'

export interface HtmlRows {
  readonly remove: readonly { readonly select: string; readonly unless: readonly string[] }[]
  readonly rows: readonly { readonly select: string; readonly fields: ReadonlyMap<string, HtmlPlace> }[]
  /** Scripts whose text is a JSON document with rows; every other script that is not JavaScript loses its text. */
  readonly scripts: readonly { readonly select: string; readonly rows: DocumentRows }[]
}

/** In a row's element: the element that `select` finds (undefined = the row itself), its text or an attribute. */
export interface HtmlPlace {
  readonly select: string | undefined
  readonly attribute: string | undefined
}

export interface GraphqlRows {
  readonly operations: readonly GraphqlOperation[]
}

export interface GraphqlOperation {
  /** Operation name as in the document. */
  readonly name: string
  /** Lower-case hexadecimal SHA-256 of the document's text. */
  readonly sha256: string
  readonly rows: DocumentRows
}

export interface FrameRows {
  /** Where rows stand in a message of the app. */
  readonly at: readonly RowPointer[]
  readonly keep: readonly RowPointer[]
  /** Where rows stand in a message of the client; each must be inside the caller's mask. Empty = clients say nothing. */
  readonly client: readonly RowPointer[]
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
  readonly sanitise: SanitiseConfig
  /** Parameters that name a tenant, as written: naming any but the active one is refused. */
  readonly tenantParameters: readonly string[]
  /** Without a dataset there is no mask: only parameters are set. */
  readonly inject: readonly Injection[]
}

/** Which requests are refused because some upstream could read more into them than it should. */
export interface SanitiseConfig {
  readonly profile: SanitiseProfile
  /** Nothing is refused, everything is counted: to find false positives before enforcing. */
  readonly reportOnly: boolean
}

export type SanitiseProfile = 'strict' | 'odata' | 'jsonschema' | 'query-api' | 'raw'

/** One way in which the upstream is told what the caller may see: a hint, never the enforcement. */
export type Injection = HeaderInjection | SetInjection | QueryMaskInjection | BodyMaskInjection

export interface HeaderInjection {
  readonly kind: 'header'
  /** A mask too large for a header: `block` the request, send the digest alone as a `reference`, or `omit` the mask. */
  readonly oversize: 'block' | 'reference' | 'omit'
}

/** Sets query parameters, and deletes every other spelling of them that the client sent. */
export interface SetInjection {
  readonly kind: 'set'
  readonly parameters: ReadonlyMap<string, InjectedValue>
}

export type InjectedValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'user'; readonly attribute: string }

/** Adds the mask to the client's own filter in the query string. */
export interface QueryMaskInjection {
  readonly kind: 'query'
  readonly mask: 'odata' | 'postgrest'
}

/** Adds the mask to the client's own query in a JSON body. */
export interface BodyMaskInjection {
  readonly kind: 'body'
  /** `mongodb`: a filter document; `mongodb-pipeline`: a list of stages; `elasticsearch`: a search request. */
  readonly mask: 'mongodb' | 'mongodb-pipeline' | 'elasticsearch'
  /** Where the client's query stands; without `*`. */
  readonly at: RowPointer
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
  /** `fill`: a written row that names no tenant gets the active one. */
  readonly check: { readonly body: readonly RowPointer[]; readonly fill: boolean } | undefined
  /** The item that a PUT, PATCH or DELETE is aimed at is looked at first. */
  readonly preRead: boolean
  /** Filtered answers are compressed by what the client accepts. */
  readonly compress: boolean
  readonly maxRowBytes: number
  readonly maxBlockBytes: number
}

export type RouteConfig = PlainRouteConfig | DatasetRouteConfig
