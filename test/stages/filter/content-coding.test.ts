import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  type ContentCoding,
  decode,
  defaultDecodeLimits,
  parseContentCoding,
} from '../../../src/stages/filter/content-coding.ts'
import { codeOf } from './support.ts'

const encoders: readonly [ContentCoding, (bytes: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
]

async function decoded(
  bytes: Uint8Array,
  coding: ContentCoding,
  limits = defaultDecodeLimits,
  step = 7,
): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
    bytes.subarray(at * step, (at + 1) * step),
  )
  return Buffer.concat(await decode(Readable.from(pieces), coding, limits).toArray()).toString()
}

const refusedWith = (code: string) => (error: unknown) => codeOf(error) === code

describe('content codings', () => {
  it('are known by name, one at a time', () => {
    assert.equal(parseContentCoding([]), undefined)
    assert.equal(parseContentCoding(['identity']), undefined)
    assert.equal(parseContentCoding([' GZip ']), 'gzip')
    assert.equal(parseContentCoding(['x-gzip']), 'gzip')
    assert.equal(parseContentCoding(['zstd']), 'zstd')
    for (const values of [
      ['gzip, br'],
      ['gzip', 'gzip'],
      ['compress'],
      ['aws-chunked'],
      [''],
      ['gzip;q=1'],
      ['identity, gzip'],
    ])
      assert.throws(() => parseContentCoding(values), refusedWith('ERR_ANSWER_CODING'), values.join('|'))
  })

  for (const [coding, encode] of encoders) {
    const text = JSON.stringify(Array.from({ length: 300 }, (_, at) => ({ at, text: `row ${at * 7919}` })))
    const bytes = encode(Buffer.from(text))

    it(`undo ${coding}`, async () => {
      assert.equal(await decoded(bytes, coding), text)
    })

    it(`refuse ${coding} that is none, is cut, or goes on behind its end`, async () => {
      await assert.rejects(decoded(Buffer.from(text), coding), refusedWith('ERR_ANSWER_CODING'))
      await assert.rejects(decoded(bytes.subarray(0, bytes.length - 5), coding), refusedWith('ERR_ANSWER_CODING'))
      for (const step of [7, 100_000])
        await assert.rejects(
          decoded(Buffer.concat([bytes, Buffer.from('[{"account":"beta"}]')]), coding, defaultDecodeLimits, step),
          refusedWith('ERR_ANSWER_CODING'),
        )
    })

    it(`refuse a bomb in ${coding} by its ratio, and by its size`, async () => {
      const bomb = encode(Buffer.alloc(8_000_000, 0x20))
      await assert.rejects(decoded(bomb, coding), refusedWith('ERR_ANSWER_TOO_LARGE'))
      const bySize = { maxRatio: 1_000_000_000, maxBytes: 7_999_999 }
      await assert.rejects(decoded(bomb, coding, bySize, 100_000), refusedWith('ERR_ANSWER_TOO_LARGE'))
      const enough = { maxRatio: 1_000_000_000, maxBytes: 8_000_000 }
      assert.equal((await decoded(bomb, coding, enough, 100_000)).length, 8_000_000)
    })
  }

  it('refuse raw deflate', async () => {
    await assert.rejects(decoded(deflateRawSync(Buffer.from('[]')), 'deflate'), refusedWith('ERR_ANSWER_CODING'))
  })
})
