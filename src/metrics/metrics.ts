import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ErrorCode } from '../errors.ts'
import { ChildCache } from './child-cache.ts'

export interface FinishedRequest {
  /** Ids from the configuration; undefined where no route was matched. */
  readonly app: string | undefined
  readonly route: string | undefined
  readonly method: string
  readonly status: number
  readonly seconds: number
}

export interface FilteredAnswer {
  readonly app: string
  readonly route: string
  readonly rowsSeen: number
  readonly rowsWithheld: number
  readonly fieldsWithheld: number
}

/** Each of them out of a closed list. */
export interface RequestFinding {
  readonly app: string
  readonly route: string
  readonly rule: string
  readonly where: string
  readonly mode: 'enforce' | 'report'
}

type LoginOutcome = 'success' | 'failure' | 'refused'

const none = 'none'
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * What the edge tells Prometheus. Label values come from the configuration or from closed sets, never from a request,
 * so nobody outside chooses how many series there are.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests = this.#counter('requests_total', 'Requests finished', ['app', 'route', 'method', 'status_class'])
  readonly #duration = this.#histogram('request_duration_seconds', 'From the request line to the end of the answer', [
    'app',
    'route',
  ])
  readonly #refusals = this.#counter('refusals_total', 'Requests refused by the edge', ['code'])
  readonly #rowsSeen = this.#counter('rows_seen_total', 'Rows in answers of upstreams', ['app', 'route'])
  readonly #rowsWithheld = this.#counter('rows_withheld_total', 'Rows kept from the caller', ['app', 'route'])
  readonly #fieldsWithheld = this.#counter('fields_withheld_total', 'Fields kept from the caller', ['app', 'route'])
  readonly #blocked = this.#counter('responses_blocked_total', 'Answers refused as a whole', ['app', 'route', 'code'])
  readonly #leaks = this.#counter(
    'leaks_detected_total',
    'Answers with rows of another tenant (kind tenant) or outside the mask (kind mask) by an upstream that was told both',
    ['app', 'route', 'kind'],
  )
  readonly #findings = this.#counter(
    'request_findings_total',
    'What sanitise found in requests: refused (mode enforce) or only counted (mode report)',
    ['app', 'route', 'rule', 'where', 'mode'],
  )
  readonly #logins = this.#counter('logins_total', 'Sign-in attempts', ['outcome'])
  readonly #bansActive = this.#gauge('bans_active', 'Bans in force', [])
  readonly #bansEnforced = this.#counter('bans_enforced_total', 'Requests refused for a ban', [])
  readonly #limits = this.#counter('limits_exceeded_total', 'Requests refused for a limit', ['limit'])
  readonly #upstreamHealthy = this.#gauge('upstream_healthy', '1 while the upstream is used', ['app', 'upstream'])
  readonly #upstreamPending = this.#gauge('upstream_pending', 'Requests waiting for the upstream', ['app', 'upstream'])
  readonly #auditFailing = this.#gauge('audit_failing', '1 while audit events cannot be written', [])
  readonly #auditQueue = this.#gauge('audit_queue', 'Audit events waiting to be written', [])
  readonly #generation = this.#gauge('config_generation', 'Configurations loaded since the start', [])

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async text(): Promise<string> {
    return this.#registry.metrics()
  }

  requestFinished({ app = none, route = none, method, status, seconds }: FinishedRequest): void {
    this.#requests.of(app, route, methods.has(method) ? method : 'other', statusClass(status)).inc()
    this.#duration.of(app, route).observe(seconds)
  }

  refused(code: ErrorCode): void {
    this.#refusals.of(code).inc()
  }

  answerFiltered({ app, route, rowsSeen, rowsWithheld, fieldsWithheld }: FilteredAnswer): void {
    this.#rowsSeen.of(app, route).inc(rowsSeen)
    this.#rowsWithheld.of(app, route).inc(rowsWithheld)
    this.#fieldsWithheld.of(app, route).inc(fieldsWithheld)
  }

  responseBlocked(app: string, route: string, code: ErrorCode): void {
    this.#blocked.of(app, route, code).inc()
  }

  leakDetected(app: string, route: string, kind: 'tenant' | 'mask'): void {
    this.#leaks.of(app, route, kind).inc()
  }

  requestFinding({ app, route, rule, where, mode }: RequestFinding): void {
    this.#findings.of(app, route, rule, where, mode).inc()
  }

  loginFinished(outcome: LoginOutcome): void {
    this.#logins.of(outcome).inc()
  }

  bansCounted(active: number): void {
    this.#bansActive.of().set(active)
  }

  banEnforced(): void {
    this.#bansEnforced.of().inc()
  }

  /** `limit` is the limit's name in the configuration. */
  limitExceeded(limit: string): void {
    this.#limits.of(limit).inc()
  }

  upstreamChanged(app: string, upstream: string, healthy: boolean): void {
    this.#upstreamHealthy.of(app, upstream).set(healthy ? 1 : 0)
  }

  upstreamPending(app: string, upstream: string, requests: number): void {
    this.#upstreamPending.of(app, upstream).set(requests)
  }

  auditObserved(failing: boolean, queued: number): void {
    this.#auditFailing.of().set(failing ? 1 : 0)
    this.#auditQueue.of().set(queued)
  }

  configLoaded(generation: number): void {
    this.#generation.of().set(generation)
  }

  #counter(name: string, help: string, labelNames: string[]): ChildCache<Counter.Internal> {
    const metric = new Counter({ name: `sallyport_${name}`, help, labelNames, registers: [this.#registry] })
    return new ChildCache((values) => metric.labels(...values))
  }

  #gauge(name: string, help: string, labelNames: string[]): ChildCache<Gauge.Internal<string>> {
    const metric = new Gauge({ name: `sallyport_${name}`, help, labelNames, registers: [this.#registry] })
    return new ChildCache((values) => metric.labels(...values))
  }

  #histogram(name: string, help: string, labelNames: string[]): ChildCache<Histogram.Internal<string>> {
    const metric = new Histogram({ name: `sallyport_${name}`, help, labelNames, buckets, registers: [this.#registry] })
    return new ChildCache((values) => metric.labels(...values))
  }
}

function statusClass(status: number): string {
  return status >= 100 && status <= 599 ? `${Math.floor(status / 100)}xx` : 'other'
}
