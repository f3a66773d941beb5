/** The names are the contract; see docs/audit.md. */
export type AuditEventName =
  | 'login.succeeded'
  | 'login.failed'
  | 'logout'
  | 'session.revoked'
  | 'token.issued'
  | 'token.refused'
  | 'token.revoked'
  | 'tenant.switched'
  | `tenant.${'added' | 'changed' | 'removed'}`
  | `account.${'added' | 'changed' | 'removed' | 'disabled' | 'enabled' | 'password'}`
  | `group.${'added' | 'changed' | 'removed'}`
  | `grant.${'added' | 'changed' | 'removed'}`
  | `key.${'added' | 'changed' | 'removed'}`
  | `support.${'opened' | 'closed'}`
  | 'ban.added'
  | 'ban.removed'
  | 'ban.enforced'
  | 'limit.exceeded'
  | 'access.denied'
  | 'request.refused'
  | 'rows.withheld'
  | 'fields.withheld'
  | 'response.blocked'
  | 'leak.detected'
  | 'data.read'
  | 'data.written'
  | 'edge.started'
  | 'edge.stopped'
  | 'config.reloaded'
  | 'config.refused'

/** How often, by name. */
type Counts = { readonly [name: string]: number }

/** One line of the audit log, before it is stamped and chained. Never a secret, a row, a query string. */
export interface AuditEvent {
  readonly event: AuditEventName
  readonly outcome: 'success' | 'failure' | 'refused'
  readonly request?: string
  readonly account?: string
  readonly tenant?: string
  readonly address?: string
  readonly app?: string
  readonly route?: string
  readonly reason?: string
  /** Counts, ids of rules, statuses: small, and never content. */
  readonly detail?: Readonly<Record<string, string | number | boolean | readonly string[] | Counts>>
}
