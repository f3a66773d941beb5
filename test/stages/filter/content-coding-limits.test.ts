import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ProxyError } from '../../../src/errors.ts'
import { decode, defaultDecodeLimits, parseContentCoding } from '../../../src/stages/filter/content-coding.ts'
import { codeOf } from './support.ts'

const refusedWith = (code: string) => (error: unknown) => codeOf(error) === code

async function lengthOf(bytes: number, maxRatio: number): Promise<number> {
  const source = Readable.from([gzipSync(Buffer.alloc(bytes, 0x20))])
  return Buffer.concat(await decode(source, 'gzip', { maxBytes: 1_000_000, maxRatio }).toArray()).length
}

describe('the limits of decoding', () => {
  it('are 1 GiB and 200 to 1 where nobody says otherwise', () => {
    assert.deepEqual(defaultDecodeLimits, { maxBytes: 1_073_741_824, maxRatio: 200 })
  })

  it('let 64 KiB through whatever the ratio, and not a byte more', async () => {
    assert.equal(await lengthOf(65_536, 0), 65_536)
    await assert.rejects(lengthOf(65_537, 0), refusedWith('ERR_ANSWER_TOO_LARGE'))
  })
})

describe('codings', () => {
  it('have the names that the standard gives them', () => {
    assert.equal(parseContentCoding(['deflate']), 'deflate')
    assert.equal(parseContentCoding(['br']), 'br')
  })
})

describe('a coded source', () => {
  it('that fails passes its own error on', async () => {
    const source = new PassThrough()
    const decoded = decode(source, 'gzip', defaultDecodeLimits)
    source.write(gzipSync('x').subarray(0, 5))
    source.destroy(new ProxyError('ERR_UPSTREAM_TIMEOUT', 'too slow'))
    await assert.rejects(decoded.toArray(), refusedWith('ERR_UPSTREAM_TIMEOUT'))
  })

  it('that ends without a word is a failure of the upstream', async () => {
    const source = new PassThrough()
    const decoded = decode(source, 'gzip', defaultDecodeLimits)
    source.write(gzipSync('x').subarray(0, 5))
    source.destroy()
    await assert.rejects(decoded.toArray(), refusedWith('ERR_UPSTREAM_FAILED'))
  })
})
