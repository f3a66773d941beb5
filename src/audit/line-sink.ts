import { close, fsync, write, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ProxyError } from '../errors.ts'

export interface LineSinkOptions {
  /** Each line is with the kernel when `push` returns (regular files); otherwise a thread writes (pipes). */
  readonly sync: boolean
  readonly maxLines: number
  readonly maxBytes: number
  readonly retryMs: number
}

const batchBytes = 256 * 1024
const closeWithinMs = 2000
const laggingMs = 20
const nothing = Buffer.alloc(0)
const syncFile = promisify(fsync)
const closeFile = promisify(close)

/**
 * Finished lines to a file descriptor, in order. What it does not take stays queued, to the byte and up to the
 * bounds, and is tried again until it does.
 * Not pino's destination: that falls silent for good after one EPIPE, and at exit spins for ever on a full disk.
 */
export class LineSink {
  readonly #fd: number
  readonly #options: LineSinkOptions
  readonly #queue: string[] = []
  #queueBytes = 0
  #batch = nothing
  #batchLines = 0
  #failure: string | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false
  #waiting: (() => void)[] = []

  constructor(fd: number, options: LineSinkOptions) {
    this.#fd = fd
    this.#options = options
  }

  get failure(): string | undefined {
    return this.#failure ?? (this.isFull ? 'more events are waiting than may be kept' : undefined)
  }

  /** Lines accepted and not yet written. */
  get pending(): number {
    return this.#queue.length + this.#batchLines
  }

  get isFull(): boolean {
    return this.pending >= this.#options.maxLines || this.#queueBytes + this.#batch.length >= this.#options.maxBytes
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Takes a finished line with its newline; the caller has asked `isFull`. */
  push(line: string): void {
    this.#queue.push(line)
    this.#queueBytes += Buffer.byteLength(line)
    if (this.#batchLines === 0) this.#next()
  }

  /** Resolves when all lines so far are written and, for files, on disk; rejects while the descriptor refuses them. */
  async flush(): Promise<void> {
    if (this.#closed) return
    await this.#settled()
    if (this.#failure !== undefined) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', this.#failure)
    if (this.#options.sync) await this.#toDisk()
  }

  /** Tries once more, then closes the descriptor; rejects when lines had to be left behind. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#retry)
    if (this.#failure !== undefined) {
      this.#failure = undefined
      this.#write()
    }
    await Promise.race([this.#settled(), sleep(closeWithinMs, undefined, { ref: false })])
    clearTimeout(this.#retry)
    const left = this.pending
    const why = this.failure ?? 'the reader is too slow'
    if (left === 0 && this.#options.sync) await this.#toDisk()
    if (this.#fd > 2) await closeFile(this.#fd)
    if (left > 0) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', `${left} events could not be written: ${why}`)
  }

  /** Moves lines from the queue into the batch that is being written. */
  #next(): void {
    let lines = 0
    let bytes = 0
    for (const line of this.#queue) {
      if (bytes >= batchBytes) break
      lines += 1
      bytes += Buffer.byteLength(line)
    }
    this.#batch = Buffer.from(this.#queue.splice(0, lines).join(''))
    this.#batchLines = lines
    this.#queueBytes -= bytes
    if (lines === 0) this.#settle()
    else this.#write()
  }

  #write(): void {
    if (this.#options.sync) {
      this.#writeNow()
      return
    }
    write(this.#fd, this.#batch, (error, written) => {
      if (error === null) this.#took(written)
      else this.#failed(error)
    })
  }

  #writeNow(): void {
    try {
      this.#took(writeSync(this.#fd, this.#batch))
    } catch (error) {
      this.#failed(error)
    }
  }

  #took(bytes: number): void {
    this.#failure = undefined
    this.#batch = this.#batch.subarray(bytes)
    if (this.#batch.length > 0) {
      this.#write()
      return
    }
    this.#batchLines = 0
    this.#next()
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'EAGAIN') {
      // A pipe whose reader lags: not a failure until the queue is full.
      this.#retry = setTimeout(() => this.#write(), laggingMs)
      return
    }
    this.#failure = `the audit log cannot be written: ${code}`
    if (!this.#closed) this.#retry = setTimeout(() => this.#write(), this.#options.retryMs).unref()
    this.#settle()
  }

  async #toDisk(): Promise<void> {
    try {
      await syncFile(this.#fd)
    } catch (cause) {
      throw new ProxyError('ERR_AUDIT_UNAVAILABLE', 'the audit log cannot be synchronised to disk', { cause })
    }
  }

  async #settled(): Promise<void> {
    if (this.pending === 0 || this.#failure !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    await promise
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
