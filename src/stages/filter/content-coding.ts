import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { ProxyError } from '../../errors.ts'

/** The codings that can be undone; `deflate` is the zlib format (RFC 9110 section 8.4.1.2), never raw deflate. */
export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd'

export interface DecodeLimits {
  /** Bytes after decoding. */
  readonly maxBytes: number
  /** Bytes after decoding for each byte before it; the first 64 KiB are free. */
  readonly maxRatio: number
}

export const defaultDecodeLimits: DecodeLimits = { maxBytes: 1_073_741_824, maxRatio: 200 }

const freeBytes = 65_536

const codings: ReadonlyMap<string, ContentCoding | undefined> = new Map<string, ContentCoding | undefined>([
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
])

const makers = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const satisfies Record<ContentCoding, () => Transform>

/** The one coding of these Content-Encoding values; undefined = none. Stacked and unknown ones are ERR_ANSWER_CODING. */
export function parseContentCoding(values: readonly string[]): ContentCoding | undefined {
  const [text] = values
  if (text === undefined) return undefined
  const name = text.trim().toLowerCase()
  if (values.length === 1 && codings.has(name)) return codings.get(name)
  throw new ProxyError('ERR_ANSWER_CODING', 'a content coding that is stacked or unknown')
}

/** `source` decoded; what is wrong with the coding comes out as an `error` with ERR_ANSWER_CODING. */
export function decode(source: Readable, coding: ContentCoding, limits: DecodeLimits): Readable {
  const decoder = makers[coding]({ chunkSize: 65_536 })
  const meter = new InputMeter()
  const bound = new DecodeBound(limits, meter, () => decoder.bytesWritten)
  source.once('error', (cause) => bound.destroy(upstreamFailure(cause)))
  source.once('close', () => {
    if (!source.readableEnded) bound.destroy(upstreamFailure(undefined))
  })
  decoder.once('error', (cause) => {
    bound.destroy(new ProxyError('ERR_ANSWER_CODING', `no ${coding}`, { cause }))
  })
  bound.once('close', () => {
    source.destroy()
    meter.destroy()
    decoder.destroy()
  })
  source.pipe(meter).pipe(decoder).pipe(bound)
  return bound
}

/** What goes on when the upstream's own stream fails. */
export function upstreamFailure(cause: unknown): ProxyError {
  return cause instanceof ProxyError ? cause : new ProxyError('ERR_UPSTREAM_FAILED', 'the answer broke off', { cause })
}

/** Counts what goes into the decoder. */
class InputMeter extends Transform {
  bytes = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length
    done(null, chunk)
  }
}

class DecodeBound extends Transform {
  readonly #limits: DecodeLimits
  readonly #input: InputMeter
  readonly #consumed: () => number
  #bytes = 0

  constructor(limits: DecodeLimits, input: InputMeter, consumed: () => number) {
    super()
    this.#limits = limits
    this.#input = input
    this.#consumed = consumed
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#limits.maxBytes)
      return done(new ProxyError('ERR_ANSWER_TOO_LARGE', `more than ${this.#limits.maxBytes} bytes decoded`))
    if (this.#bytes > freeBytes + this.#limits.maxRatio * this.#input.bytes)
      return done(
        new ProxyError('ERR_ANSWER_TOO_LARGE', `decoded to more than ${this.#limits.maxRatio} times its size`),
      )
    done(null, chunk)
  }

  /** A decoder stops at the end of its stream and says nothing of what follows. */
  override _flush(done: TransformCallback): void {
    if (this.#consumed() === this.#input.bytes) return done()
    done(new ProxyError('ERR_ANSWER_CODING', 'bytes after the end of the coded body'))
  }
}
