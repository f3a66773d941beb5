import type { AuditEvent } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ProxyError } from '../errors.ts'
import type { Arrival, Masked } from '../exchange.ts'
import { systemClock } from '../lib/clock.ts'
import { parseAddress } from '../lib/ip-network.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { addressKey } from './address-key.ts'
import { refusalEvent } from './refusal.ts'

const banWindowMs = 60_000
const leakWindowMs = 60_000
const refusalWindowMs = 60_000
/** Refusals of one source that are written in a window: as many as it may make requests, if nothing else is said. */
const maxRefusals = 1200

/** What is written to the operator's log; fields, never sentences made from a request. */
export interface OperatorLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Counts of one filtered answer. */
export interface RowCounts {
  readonly rows: number
  readonly withheld: number
  readonly fieldsWithheld: number
  readonly violations: number
}

/** Everything the edge tells: audit, metrics and log, from one place. */
export class Observer {
  readonly audit: AuditLog
  readonly metrics: Metrics
  readonly log: OperatorLog
  readonly #recent = new BoundedMap<string, true>(10_000)
  readonly #refusals = new BoundedMap<string, { count: number }>(10_000)

  constructor(audit: AuditLog, metrics: Metrics, log: OperatorLog) {
    this.audit = audit
    this.metrics = metrics
    this.log = log
  }

  /** Writes an event that may be missed only if the log says so itself. */
  tell(event: AuditEvent): void {
    try {
      this.audit.write(event)
    } catch (error) {
      this.log.error({ event: event.event, error: String(error) }, 'audit event could not be written')
    }
  }

  /** A refusal: once per ban, address and minute; every other one each time, up to a bound for each source. */
  refused(arrival: Arrival, address: string | undefined, error: ProxyError, masked: Masked | undefined): void {
    this.metrics.refused(error.code)
    const limit = /^"(?<name>[a-z-]+)"/.exec(error.headers['ratelimit-policy'] ?? '')?.groups?.['name']
    if (limit !== undefined) this.metrics.limitExceeded(limit)
    if (error.code === 'ERR_ADDRESS_BANNED') {
      this.metrics.banEnforced()
      if (this.#seenRecently(`ban ${address ?? ''}`, arrival.at, banWindowMs)) return
    }
    if (error.code === 'ERR_LIMIT_EXCEEDED' && this.#seenRecently(`limit ${address ?? ''}`, arrival.at, 1000)) return
    if (error.status >= 500) this.#logFailure(arrival, error)
    if (this.#isFlood(address, arrival.at)) return
    this.tell({
      event: refusalEvent(error),
      outcome: 'refused',
      request: arrival.id,
      ...(address === undefined ? {} : { address }),
      ...factsOf(masked),
      reason: `${error.code}: ${error.message}`,
      detail: { status: error.status, method: arrival.method },
    })
  }

  /** What never became a request. */
  refusedUnread(request: string, address: string | undefined, error: ProxyError): void {
    this.metrics.refused(error.code)
    if (this.#isFlood(address, systemClock.now())) return
    const from = address === undefined ? {} : { address }
    const reason = `${error.code}: ${error.message}`
    this.tell({ event: 'request.refused', outcome: 'refused', request, ...from, reason })
  }

  /** Whoever is refused before any limit counts could otherwise fill the disk, and with it stop the edge (CWE-779). */
  #isFlood(address: string | undefined, now: number): boolean {
    const client = address === undefined ? undefined : parseAddress(address)
    const key = client === undefined ? '' : addressKey(client)
    const counter = this.#refusals.get(key, now) ?? { count: 0 }
    if (counter.count === 0) this.#refusals.set(key, counter, now + refusalWindowMs)
    counter.count += 1
    if (counter.count === maxRefusals + 1) {
      const reason = `more than ${maxRefusals} refusals in a minute: the rest of them is counted only`
      this.tell({
        event: 'limit.exceeded',
        outcome: 'refused',
        ...(client === undefined ? {} : { address: client }),
        reason,
      })
    }
    return counter.count > maxRefusals
  }

  /** A request that has been answered, in whatever way. */
  finished(masked: Masked | undefined, method: string, status: number, elapsedMs: number): void {
    this.metrics.requestFinished({
      app: masked?.app.id,
      route: masked?.route.id,
      method,
      status,
      seconds: elapsedMs / 1000,
    })
  }

  /** A write that was forwarded, and whose answer could not be shown. */
  writtenUnseen(masked: Masked, error: ProxyError): void {
    if (masked.route.config.action !== 'modify' || !masked.route.config.audit) return
    const facts = { request: masked.arrival.id, address: masked.client, ...factsOf(masked) }
    this.tell({
      event: 'data.written',
      outcome: 'failure',
      ...facts,
      reason: error.code,
      detail: { method: masked.arrival.method },
    })
  }

  /** An answer that went out: what was read or written, and what was kept back. */
  answered(masked: Masked, status: number, counts: RowCounts | undefined): void {
    const { arrival, app, route } = masked
    const facts = { request: arrival.id, address: masked.client, ...factsOf(masked) }
    if (counts !== undefined) {
      this.metrics.answerFiltered({
        app: app.id,
        route: route.id,
        rowsSeen: counts.rows,
        rowsWithheld: counts.withheld,
        fieldsWithheld: counts.fieldsWithheld,
      })
      const detail = {
        rows: counts.rows,
        withheld: counts.withheld,
        violations: counts.violations,
        fields: counts.fieldsWithheld,
      }
      if (counts.withheld > 0) this.tell({ event: 'rows.withheld', outcome: 'success', ...facts, detail })
      if (counts.fieldsWithheld > 0) this.tell({ event: 'fields.withheld', outcome: 'success', ...facts, detail })
      if (counts.withheld > 0) this.#leak(masked, counts)
    }
    if (!route.config.audit) return
    const event = route.config.action === 'modify' ? 'data.written' : 'data.read'
    this.tell({ event, outcome: 'success', ...facts, detail: { status, method: arrival.method, ...counts } })
  }

  /** An upstream that was told the rows and sent others all the same: at most once per route and minute. */
  #leak(masked: Masked, counts: RowCounts): void {
    const { app, route, rows, arrival } = masked
    if (rows.kind !== 'masked' || rows.header === undefined) return
    if (!(route.rows?.inject.some((injection) => injection.kind === 'header') ?? false)) return
    this.metrics.leakDetected(app.id, route.id)
    if (this.#seenRecently(`leak ${app.id} ${route.id}`, arrival.at, leakWindowMs)) return
    const detail = { rows: counts.rows, withheld: counts.withheld }
    this.tell({ event: 'leak.detected', outcome: 'failure', request: arrival.id, ...factsOf(masked), detail })
  }

  #seenRecently(key: string, now: number, windowMs: number): boolean {
    if (this.#recent.get(key, now) !== undefined) return true
    this.#recent.set(key, true, now + windowMs)
    return false
  }

  #logFailure(arrival: Arrival, error: ProxyError): void {
    const cause =
      error.cause instanceof Error
        ? { cause: error.cause.message, ...(error.code === 'ERR_INTERNAL' ? { stack: error.cause.stack } : {}) }
        : {}
    this.log.error({ request: arrival.id, code: error.code, detail: error.message, ...cause }, 'refused')
  }
}

function factsOf(masked: Masked | undefined) {
  if (masked === undefined) return {}
  const { app, route, access } = masked
  const who =
    access.kind === 'public'
      ? {}
      : { account: access.principal.policy.account.id, tenant: access.principal.policy.tenant.id }
  return { app: app.id, route: route.id, ...who }
}
