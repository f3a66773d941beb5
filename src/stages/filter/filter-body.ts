import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { ProxyError } from '../../errors.ts'
import { decode, upstreamFailure } from './content-coding.ts'
import type { FilterVerdict } from './filter-response.ts'
import { openFilter } from './open-filter.ts'
import type { RowFilter, RowReport } from './row-plan.ts'

/**
 * The filtered body of `source`, with back pressure both ways. Every refusal is an `error` with a ProxyError; wait for
 * `whenReleased` before the head goes out, so that a refusal before the first byte can still be a 502.
 */
export function filterBody(source: Readable, verdict: FilterVerdict): FilterStream {
  const body = new FilterStream(verdict)
  const plain = verdict.coding === undefined ? source : decode(source, verdict.coding, verdict.rules.decode)
  plain.once('error', (cause) => body.destroy(upstreamFailure(cause)))
  plain.once('close', () => {
    if (!plain.readableEnded) body.destroy(upstreamFailure(undefined))
  })
  body.once('close', () => plain.destroy())
  // Between a refusal and the moment somebody listens nobody else would; `errored` and `whenReleased` still tell.
  body.on('error', () => undefined)
  plain.pipe(body)
  return body
}

/**
 * The same for a body that is there as a whole and has no coding. Where it is refused, `lost` is told what was counted
 * until then.
 */
export function filterWhole(
  bytes: Uint8Array,
  verdict: FilterVerdict,
  lost?: (report: RowReport) => void,
): { body: Uint8Array; report: RowReport } {
  if (verdict.coding !== undefined) throw new TypeError('a coded body must be decoded first')
  const filter = openFilter(verdict)
  try {
    const first = filter.push(bytes)
    const last = filter.end()
    const { report } = filter
    requireRows(verdict, report)
    if (first === undefined || last === undefined) return { body: first ?? last ?? Buffer.alloc(0), report }
    return { body: Buffer.concat([first, last]), report }
  } catch (error) {
    lost?.(filter.report)
    throw error
  }
}

export class FilterStream extends Transform {
  readonly #filter: RowFilter
  readonly #verdict: FilterVerdict
  #released = false

  constructor(verdict: FilterVerdict) {
    super()
    this.#verdict = verdict
    this.#filter = openFilter(verdict)
  }

  /** Whether any byte has passed; after an error, what was not read yet never will be. */
  get released(): boolean {
    return this.#released
  }

  /** Complete once the stream has ended. */
  get report(): RowReport {
    return this.#filter.report
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#step(() => this.#filter.push(chunk), done)
  }

  override _flush(done: TransformCallback): void {
    this.#step(() => {
      const last = this.#filter.end()
      requireRows(this.#verdict, this.#filter.report)
      return last
    }, done)
  }

  #step(take: () => Uint8Array | undefined, done: TransformCallback): void {
    let piece: Uint8Array | undefined
    try {
      piece = take()
    } catch (cause) {
      const error = cause instanceof ProxyError ? cause : new ProxyError('ERR_INTERNAL', 'the filter failed', { cause })
      return done(error)
    }
    if (piece !== undefined && piece.length > 0) {
      this.#released = true
      this.push(ofItsOwn(piece))
    }
    done()
  }
}

/** What waits for a slow reader is counted by its bytes: a small piece must not hold the memory of a large one. */
function ofItsOwn(piece: Uint8Array): Uint8Array {
  return piece.length * 8 < piece.buffer.byteLength ? Buffer.from(piece) : piece
}

/** Resolves when the first byte or the end is there to be read; rejects with the refusal that came before it. */
export async function whenReleased(body: FilterStream): Promise<void> {
  if (body.errored !== null) throw body.errored
  if (body.readableLength > 0 || body.readableEnded) return
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error): void => {
      body.off('readable', settle)
      body.off('error', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    body.once('readable', settle)
    body.once('error', settle)
  })
}

/** An error answer without rows says what it says in words that nobody checked. */
function requireRows(verdict: FilterVerdict, report: RowReport): void {
  if (verdict.isProblem && report.rows === report.withheld)
    throw new ProxyError('ERR_ANSWER_STATUS', 'an error answer without permitted rows')
}
