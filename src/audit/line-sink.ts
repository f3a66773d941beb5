import { once } from 'node:events'
import { fsync } from 'node:fs'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { ProxyError } from '../errors.ts'

export interface LineSinkOptions {
  /** Each write is with the kernel when `push` returns (regular files); otherwise a thread writes (pipes). */
  readonly sync: boolean
  readonly maxLines: number
  readonly maxBytes: number
  readonly retryMs: number
}

const batchBytes = 256 * 1024
const closeWithinMs = 2000
const syncFile = promisify(fsync)

/**
 * Finished lines to a file descriptor, in order, through pino's own destination.
 * What the descriptor does not take stays queued, up to the bounds, and is tried again until it does.
 */
export class LineSink {
  readonly #fd: number
  readonly #options: LineSinkOptions
  readonly #destination: ReturnType<typeof pino.destination>
  #queue: string[] = []
  #queueBytes = 0
  #inFlightLines = 0
  #inFlightBytes = 0
  #failure: string | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false
  #waiting: (() => void)[] = []

  constructor(fd: number, options: LineSinkOptions) {
    this.#fd = fd
    this.#options = options
    // A write that would block is an error to us where we write synchronously: the event loop must not sleep.
    const retryEAGAIN = () => !options.sync
    this.#destination = pino.destination({ fd, sync: options.sync, retryEAGAIN })
    this.#destination.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    if (!options.sync) this.#destination.on('drain', () => this.#written())
  }

  get failure(): string | undefined {
    return this.#failure ?? (this.isFull ? 'more events are waiting than may be kept' : undefined)
  }

  /** Lines accepted and not yet written. */
  get pending(): number {
    return this.#queue.length + this.#inFlightLines
  }

  get isFull(): boolean {
    return this.pending >= this.#options.maxLines || this.#queueBytes + this.#inFlightBytes >= this.#options.maxBytes
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Takes one or more finished lines (each with its newline); the caller has asked `isFull`. */
  push(line: string): void {
    this.#queue.push(line)
    this.#queueBytes += Buffer.byteLength(line)
    this.#pump()
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
    const late = AbortSignal.timeout(closeWithinMs)
    if (this.#failure !== undefined) this.#again()
    await Promise.race([this.#settled(), aborted(late)])
    const left = this.pending
    const why = this.failure ?? 'the reader is too slow'
    if (left === 0 && this.#options.sync) await this.#toDisk()
    const ended = once(this.#destination, 'close')
    this.#destination.destroy()
    await Promise.race([ended, aborted(late)])
    if (left > 0) throw new ProxyError('ERR_AUDIT_UNAVAILABLE', `${left} events could not be written: ${why}`)
  }

  async #toDisk(): Promise<void> {
    try {
      await syncFile(this.#fd)
    } catch (cause) {
      throw new ProxyError('ERR_AUDIT_UNAVAILABLE', 'the audit log cannot be synchronised to disk', { cause })
    }
  }

  #pump(): void {
    while (this.#inFlightLines === 0 && this.#queue.length > 0) {
      this.#destinationTakes(this.#nextBatch())
      if (!this.#options.sync) return
    }
  }

  #nextBatch(): string {
    let count = 0
    let bytes = 0
    for (const line of this.#queue) {
      const size = Buffer.byteLength(line)
      if (count > 0 && bytes + size > batchBytes) break
      count += 1
      bytes += size
    }
    this.#inFlightLines = count
    this.#inFlightBytes = bytes
    this.#queueBytes -= bytes
    return this.#queue.splice(0, count).join('')
  }

  /** In synchronous mode an error is emitted before `write` returns, so its absence means written. */
  #destinationTakes(text: string): void {
    if (!this.#options.sync) {
      this.#destination.write(text)
      return
    }
    this.#failure = undefined
    this.#destination.write(text)
    if (this.#hasFailed()) return
    this.#inFlightLines = 0
    this.#inFlightBytes = 0
    this.#settle()
  }

  // A method, because the compiler does not see that `write` may set it.
  #hasFailed(): boolean {
    return this.#failure !== undefined
  }

  #written(): void {
    this.#failure = undefined
    this.#inFlightLines = 0
    this.#inFlightBytes = 0
    this.#pump()
    if (this.pending === 0) this.#settle()
  }

  /** The destination keeps what it could not write, to the byte, and goes on from there at the next write. */
  #failed(error: NodeJS.ErrnoException): void {
    this.#failure = `the audit log cannot be written: ${error.code ?? 'unknown error'}`
    clearTimeout(this.#retry)
    if (!this.#closed) this.#retry = setTimeout(() => this.#again(), this.#options.retryMs).unref()
    this.#settle()
  }

  #again(): void {
    if (this.#closed) this.#failure = undefined
    this.#destinationTakes('')
    this.#pump()
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

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
