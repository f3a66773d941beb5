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
/** As composed masks name it. */
const tenantRule = 'tenant'
const violationRule = 'violation'
const maxFieldNames = 32
/** A mask of this length is sent whatever else the head holds. */
const surelySentBytes = 1024

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
  /** Rows by the name of a rule that kept them back. */
  readonly rules: ReadonlyMap<string, number>
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
      detail: { method: masked.arrival.method, ...supportOf(masked) },
    })
  }

  /** An answer that went out, whole or up to where its reader left: what was read or written, and what was kept back. */
  answered(masked: Masked, status: number, counts: RowCounts | undefined): void {
    const { arrival, route } = masked
    if (counts !== undefined) {
      this.#tellWithheld(masked, counts)
      this.unanswered(masked, counts)
    }
    if (!route.config.audit) return
    const event = route.config.action === 'modify' ? 'data.written' : 'data.read'
    const { rules: _, ...numbers } = counts ?? { rules: undefined }
    const detail = { status, method: arrival.method, ...numbers, ...supportOf(masked) }
    this.tell({ event, outcome: 'success', ...whereOf(masked), detail })
  }

  /** What an answer held that was blocked or broke off: its refusal is told apart from this. */
  unanswered(masked: Masked, counts: RowCounts): void {
    this.metrics.answerFiltered({
      app: masked.app.id,
      route: masked.route.id,
      rowsSeen: counts.rows,
      rowsWithheld: counts.withheld,
      fieldsWithheld: counts.fieldsWithheld,
    })
    if (counts.withheld > 0) this.#leak(masked, counts)
  }

  #tellWithheld(masked: Masked, counts: RowCounts): void {
    const { rows, withheld, violations, fieldsWithheld } = counts
    const detail = { rows, withheld, violations, fields: fieldsWithheld, rules: rulesOf(counts) }
    if (withheld > 0) this.tell({ event: 'rows.withheld', outcome: 'success', ...whereOf(masked), detail })
    if (fieldsWithheld === 0) return
    const names = masked.rows.kind === 'masked' ? masked.rows.withhold.slice(0, maxFieldNames) : []
    this.tell({ event: 'fields.withheld', outcome: 'success', ...whereOf(masked), detail: { ...detail, names } })
  }

  /**
   * An upstream that was told the rows and sent others all the same: at most once per route and minute, rows of another
   * tenant apart from those that only the mask keeps back.
   */
  #leak(masked: Masked, counts: RowCounts): void {
    const { app, route, rows, arrival } = masked
    if (rows.kind !== 'masked' || rows.header === undefined) return
    if (!wasTold(masked, rows.header.json)) return
    const foreign = counts.rules.get(tenantRule) ?? 0
    const kind = foreign > 0 ? 'tenant' : 'mask'
    this.metrics.leakDetected(app.id, route.id, kind)
    if (this.#seenRecently(`leak ${kind} ${app.id} ${route.id}`, arrival.at, leakWindowMs)) return
    const { withheld, violations } = counts
    this.tell({
      event: 'leak.detected',
      outcome: 'failure',
      request: arrival.id,
      ...factsOf(masked),
      reason: foreign > 0 ? 'rows of another tenant' : 'rows outside the mask',
      detail: { rows: counts.rows, withheld, violations, foreign, rules: rulesOf(counts) },
    })
  }

  /** What an inspection found in a request; the refusal, where there is one, is told apart. */
  found({ app, route }: Masked, rule: string, where: string): void {
    const mode = route.config.sanitise.reportOnly ? 'report' : 'enforce'
    this.metrics.requestFinding({ app: app.id, route: route.id, rule, where, mode })
  }

  #seenRecently(key: string, now: number, windowMs: number): boolean {
    if (this.#recent.get(key, now) !== undefined) return true
    this.#recent.set(key, true, now + windowMs)
    return false
  }

  #logFailure(arrival: Arrival, error: ProxyError): void {
    const cause =
      error.cause instanceof Error
        ? error.code === 'ERR_INTERNAL'
          ? { cause: error.cause.name, stack: framesOf(error.cause) }
          : { cause: error.cause.message }
        : {}
    this.log.error({ request: arrival.id, code: error.code, detail: error.message, ...cause }, 'refused')
  }
}

/** Rows with two readings were refused by no rule of the mask. */
/** Whether the app knew which rows are meant, by whatever way its route has. */
function wasTold({ app, route }: Masked, mask: string): boolean {
  const { profile, headers } = app.config.identity
  const hasHeader = profile === 'sallyport' || headers.has('row-mask')
  return route.config.inject.some((injection) => {
    if (injection.kind !== 'header') return injection.kind !== 'set'
    return hasHeader && (injection.oversize !== 'omit' || mask.length <= surelySentBytes)
  })
}

function rulesOf({ rules, violations }: RowCounts): Readonly<Record<string, number>> {
  return Object.fromEntries(violations > 0 ? [...rules, [violationRule, violations]] : rules)
}

/** What somebody did who was in a tenant for support only. */
function supportOf({ access }: Masked): { readonly support?: true } {
  const inForSupport = access.kind === 'member' && access.principal.policy.membership.support !== undefined
  return inForSupport ? { support: true } : {}
}

function whereOf(masked: Masked) {
  return { request: masked.arrival.id, address: masked.client, ...factsOf(masked) }
}

/** Without the message: that of a parser quotes what it read. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')
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
