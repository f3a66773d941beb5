import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectBody } from '../../../src/stages/forward/inspect-request.ts'
import { masked } from './support.ts'

const inspect = (method: string, headers: readonly (readonly [string, string])[], httpVersion = '1.1') =>
  inspectBody(masked({ headers, arrival: { method, httpVersion } }))

describe('what the head says about the body', () => {
  it('is nothing without a length, and with a length of nought', () => {
    for (const method of ['GET', 'POST']) {
      assert.deepEqual(inspect(method, []), { kind: 'none' })
      assert.deepEqual(inspect(method, [['Content-Length', '0']]), { kind: 'none' })
    }
  })

  it('is its length, or that it comes in chunks, up to what the route allows', () => {
    assert.deepEqual(inspect('POST', [['Content-Length', '1024']]), { kind: 'body', length: 1024, maxBytes: 1024 })
    const chunked = { kind: 'body', length: undefined, maxBytes: 1024 }
    for (const coding of ['chunked', 'Chunked'])
      assert.deepEqual(inspect('POST', [['Transfer-Encoding', coding]]), chunked)
    for (const length of ['1025', '1e400', 'x'])
      assert.throws(() => inspect('POST', [['Content-Length', length]]), { code: 'ERR_BODY_TOO_LARGE' })
  })

  it('is refused on a method that has none', () => {
    assert.throws(() => inspect('GET', [['Content-Length', '1']]), { code: 'ERR_BODY_UNEXPECTED' })
    assert.throws(() => inspect('HEAD', [['Transfer-Encoding', 'chunked']]), { code: 'ERR_BODY_UNEXPECTED' })
  })

  it('is refused in any coding but chunked, in HTTP/1.0, and where it is said twice', () => {
    const malformed = { code: 'ERR_REQUEST_MALFORMED' }
    for (const coding of ['gzip', 'gzip, chunked', 'chunked, chunked', 'identity', '', 'chunked;x'])
      assert.throws(() => inspect('POST', [['Transfer-Encoding', coding]]), malformed, coding)
    assert.throws(() => inspect('POST', [['Transfer-Encoding', 'chunked']], '1.0'), malformed)
    const twice = [
      ['Content-Length', '1'],
      ['Content-Length', '1'],
    ] as const
    assert.throws(() => inspect('POST', twice), { code: 'ERR_HEADER_INVALID' })
  })
})
