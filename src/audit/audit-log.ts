import type { AuditEvent } from './audit-event.ts'

/** Where events go. `write` returns once the event can no longer be lost by this process alone. */
export interface AuditLog {
  /** Queues the event in order; throws `ERR_AUDIT_UNAVAILABLE` when the sink cannot take it. */
  write(event: AuditEvent): void
  /** Undefined while events can be written; otherwise why not. The edge refuses what must be audited. */
  readonly failure: string | undefined
  /** Events waiting for the sink. */
  readonly pending: number
  /** Resolves when everything written so far is on disk (or rejects). */
  flush(): Promise<void>
  close(): Promise<void>
}
