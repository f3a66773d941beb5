import { closeSync, fstatSync, openSync } from 'node:fs'
import { ProxyError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { AuditEvent } from './audit-event.ts'
import type { AuditLog } from './audit-log.ts'
import { chainOf, genesis, seal } from './chain.ts'
import { LineSink, type LineSinkOptions } from './line-sink.ts'
import { redactEvent } from './redact.ts'
import { type LogEnd, readLogEnd } from './resume.ts'

export interface AuditLogOptions {
  /** A path (one file per process), or `stdout`. */
  readonly file: string
  readonly clock: Clock
  /** E-mail addresses may appear; otherwise they are blanked out. */
  readonly includeEmail: boolean
  /** How many events wait while the sink refuses them. */
  readonly maxWaiting?: number
}

const bounds = { maxLines: 10_000, maxBytes: 16 * 1024 * 1024, retryMs: 250 }

/** Opens or continues an audit log; a sink that cannot even be opened is `ERR_AUDIT_UNAVAILABLE`. */
export async function openAuditLog(options: AuditLogOptions): Promise<JsonLinesLog> {
  const limits = { ...bounds, maxLines: options.maxWaiting ?? bounds.maxLines }
  if (options.file === 'stdout') return new JsonLinesLog(options, 1, freshEnd, { ...limits, sync: false })
  const fd = openFile(options.file)
  try {
    const isFile = fstatSync(fd).isFile()
    const end = isFile ? readLogEnd(fd) : freshEnd
    return new JsonLinesLog(options, fd, end, { ...limits, sync: isFile })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

const freshEnd: LogEnd = { seq: 0, chain: genesis, open: false, damage: undefined }

function openFile(path: string): number {
  try {
    return openSync(path, 'a+', 0o600)
  } catch (cause) {
    throw new ProxyError('ERR_AUDIT_UNAVAILABLE', `the audit log cannot be opened: ${path}`, { cause })
  }
}

/**
 * One JSON line per event, each chained to the one before it (docs/audit.md).
 * The line is finished here and not by a pino logger: the chain is a hash over the exact bytes before it, and a
 * logger serialises and writes in one step.
 */
class JsonLinesLog implements AuditLog {
  readonly #clock: Clock
  readonly #includeEmail: boolean
  readonly #sink: LineSink
  #seq: number
  #chain: string

  constructor(options: AuditLogOptions, fd: number, end: LogEnd, limits: LineSinkOptions) {
    this.#clock = options.clock
    this.#includeEmail = options.includeEmail
    this.#seq = end.seq
    this.#chain = end.chain
    this.#sink = new LineSink(fd, limits)
    this.#recover(end)
  }

  get failure(): string | undefined {
    return this.#sink.failure
  }

  /** Events accepted and not yet written: above zero only while the sink is slow or refuses. */
  get pending(): number {
    return this.#sink.pending
  }

  /** The last accepted line's place in the chain; note it elsewhere to notice a log that was cut short. */
  get anchor(): { readonly seq: number; readonly chain: string } {
    return { seq: this.#seq, chain: this.#chain }
  }

  write(event: AuditEvent): void {
    this.#append(event, '')
  }

  async flush(): Promise<void> {
    await this.#sink.flush()
  }

  async close(): Promise<void> {
    await this.#sink.close()
  }

  #append(event: AuditEvent, before: string): void {
    if (this.#sink.isClosed) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', 'the audit log is closed')
    if (this.#sink.isFull) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', this.#sink.failure ?? 'the queue is full')
    const time = new Date(this.#clock.now()).toISOString()
    const seq = this.#seq + 1
    const canonical = JSON.stringify({ time, ...redactEvent(event, this.#includeEmail), seq })
    const chain = chainOf(this.#chain, canonical)
    this.#seq = seq
    this.#chain = chain
    this.#sink.push(`${before}${seal(canonical, chain)}\n`)
  }

  /** What a crash left behind stays in the file; the next line says how much it is and what it hashes to. */
  #recover({ open, damage }: LogEnd): void {
    const newline = open ? '\n' : ''
    if (damage === undefined) {
      if (open) this.#sink.push(newline)
      return
    }
    const reason = 'the line before this one was torn by a crash'
    this.#append({ event: 'edge.started', outcome: 'success', reason, detail: { recovered: true, ...damage } }, newline)
  }
}

export type { JsonLinesLog }
