import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  codingFor,
  createEncoder,
  encodedHeaders,
  encodeWhole,
  mayTransform,
} from '../../../src/stages/filter/encode.ts'

const undo = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync } as const
const codings = ['zstd', 'br', 'gzip'] as const
const text = Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, account: 'acme' }))))

describe('an answer that is compressed', () => {
  for (const coding of codings) {
    it(`by ${coding} reads the same, whole and in pieces`, async () => {
      assert.deepEqual(undo[coding](encodeWhole(text, coding)), text)
      const encoder = createEncoder(coding)
      encoder.write(text.subarray(0, 700))
      encoder.end(text.subarray(700))
      const pieces: Buffer[] = []
      for await (const piece of encoder) pieces.push(piece as Buffer)
      assert.deepEqual(undo[coding](Buffer.concat(pieces)), text)
      assert.ok(encodeWhole(text, coding).length < text.length / 4)
    })

    it(`by ${coding} brings each piece before the next one has come`, async () => {
      const encoder = createEncoder(coding)
      for (const piece of [text.subarray(0, 40), text.subarray(40, 80)]) {
        const out = Promise.withResolvers<void>()
        encoder.once('data', () => out.resolve())
        encoder.write(piece)
        await out.promise
      }
      encoder.destroy()
    })
  }

  it('is one of a KiB or more, unless the client takes nothing else', () => {
    const choice = { coding: 'br', takesPlain: true } as const
    assert.equal(codingFor(choice, 1_023), undefined)
    assert.equal(codingFor(choice, 1_024), 'br')
    assert.equal(codingFor(choice, undefined), 'br')
    assert.equal(codingFor({ ...choice, takesPlain: false }, 1), 'br')
    assert.equal(codingFor({ coding: undefined, takesPlain: false }, 5_000), undefined)
  })

  it('is not one that its app wants unchanged', () => {
    for (const value of ['no-transform', 'private, No-Transform', 'max-age=1,no-transform , x'])
      assert.equal(mayTransform(['Cache-Control', value]), false, value)
    for (const value of ['no-store', 'x-no-transform', 'no-transformation'])
      assert.equal(mayTransform(['cache-control', value]), true)
    assert.equal(mayTransform(['cache-control', 'no-store', 'Cache-Control', 'no-transform']), false)
    assert.equal(mayTransform([]), true)
  })

  it('says on what it depends, once', () => {
    assert.deepEqual(encodedHeaders(['a', 'b'], 'br'), ['a', 'b', 'vary', 'Accept-Encoding', 'content-encoding', 'br'])
    assert.deepEqual(encodedHeaders(['Vary', 'Origin'], undefined), ['Vary', 'Origin', 'vary', 'Accept-Encoding'])
    for (const known of ['*', 'accept-encoding', 'Origin, Accept-Encoding'])
      assert.deepEqual(encodedHeaders(['vary', known], undefined), ['vary', known])
  })
})
