import type { Transform } from 'node:stream'
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import type { AnswerCoding, CodingChoice } from './accept-coding.ts'
import { headerValues, type RawHeaders } from './answer-headers.ts'

/**
 * Shorter bodies go out as they are: with their head they fill one packet either way. Measured on rows of JSON (Node 26),
 * microseconds and bytes for 2,218 and for 65,648 bytes:
 *
 *     zstd 1   14 to    499     81 to  7,367      zstd 3   23 to    495     97 to  7,384
 *     br 1     12 to    547    120 to  8,456      br 4     35 to    473    507 to  7,074
 *     gzip 1   25 to    526    140 to  8,450      gzip 6   23 to    502    806 to  7,372
 *
 * So the lowest levels: the higher ones save little and would hold up every other answer.
 */
const minEncodedBytes = 1_024

const zstd = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const brotli = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
}
const gzip = { level: 1 }

/** Too short to be worth a coding. */
export function isShort(length: number): boolean {
  return length < minEncodedBytes
}

/** The coding for a body of this length; `undefined` = it is not known yet. */
export function codingFor({ coding, takesPlain }: CodingChoice, length: number | undefined): AnswerCoding | undefined {
  return length === undefined || !isShort(length) || !takesPlain ? coding : undefined
}

/** A body that is there as a whole: in one call, which for small ones is less than it takes to ask another thread. */
export function encodeWhole(bytes: Uint8Array, coding: AnswerCoding): Buffer {
  switch (coding) {
    case 'zstd':
      return zstdCompressSync(bytes, zstd)
    case 'br':
      return brotliCompressSync(bytes, {
        params: { ...brotli.params, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      })
    case 'gzip':
      return gzipSync(bytes, gzip)
  }
}

/** For a body that comes in pieces. Each can be decoded as soon as it is out, so that no row waits for those after it. */
export function createEncoder(coding: AnswerCoding): Transform {
  switch (coding) {
    case 'zstd':
      return createZstdCompress({ ...zstd, flush: constants.ZSTD_e_flush })
    case 'br':
      return createBrotliCompress({ ...brotli, flush: constants.BROTLI_OPERATION_FLUSH })
    case 'gzip':
      return createGzip({ ...gzip, flush: constants.Z_SYNC_FLUSH })
  }
}

/** Whether an answer may go out in another coding than its own (RFC 9111 section 5.2.2.6). */
export function mayTransform(raw: RawHeaders): boolean {
  return !headerValues(raw, 'cache-control').some((value) => /(?:^|,)[ \t]*no-transform[ \t]*(?:$|[,=])/i.test(value))
}

/** The head of an answer that depends on what the client accepts. */
export function encodedHeaders(raw: RawHeaders, coding: AnswerCoding | undefined): RawHeaders {
  const vary = headerValues(raw, 'vary').flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()))
  const known = vary.includes('*') || vary.includes('accept-encoding')
  return [
    ...raw,
    ...(known ? [] : ['vary', 'Accept-Encoding']),
    ...(coding === undefined ? [] : ['content-encoding', coding]),
  ]
}
