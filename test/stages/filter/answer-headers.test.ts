import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  filteredHeaders,
  harmlessHeaders,
  headerValues,
  passedHeaders,
} from '../../../src/stages/filter/answer-headers.ts'

const own = ['__Host-sallyport']
const guards = ['cache-control', 'private, no-store', 'x-content-type-options', 'nosniff']

describe('headers of a filtered answer', () => {
  it('are those on the list', () => {
    const raw = [
      'Content-Type',
      'application/json',
      'Vary',
      'accept',
      'Access-Control-Allow-Origin',
      '*',
      'Retry-After',
      '3',
    ]
    assert.deepEqual(filteredHeaders(raw, [], own), [...raw, ...guards])
  })

  it('hold nothing that speaks of the upstream’s bytes or rows', () => {
    const names = [
      'ETag',
      'Last-Modified',
      'Age',
      'Content-Length',
      'Content-Encoding',
      'Digest',
      'Accept-Ranges',
      'Cache-Control',
    ]
    const more = [
      'Link',
      'Location',
      'X-Total-Count',
      'Set-Cookie',
      'Server',
      'Transfer-Encoding',
      'Trailer',
      'Expires',
    ]
    for (const keep of [[], names]) {
      const raw = [...names, ...(keep.length === 0 ? more : [])].flatMap((name) => [name, 'x'])
      assert.deepEqual(filteredHeaders(raw, keep, own), guards)
    }
  })

  it('hold what the route names', () => {
    assert.deepEqual(filteredHeaders(['LINK', '</x>', 'X-Other', '1'], ['Link'], own), ['LINK', '</x>', ...guards])
    assert.deepEqual(
      filteredHeaders(['Set-Cookie', 'app=1', 'Set-Cookie', '__Host-sallyport=x'], ['set-cookie'], own),
      ['Set-Cookie', 'app=1', ...guards],
    )
  })
})

describe('headers of an answer that is not filtered', () => {
  it('lose what belongs to the connection', () => {
    const raw = [
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      '5',
      'Trailer',
      'x',
      'ETag',
      '"a"',
      'Alt-Svc',
      'h3=":1"',
    ]
    assert.deepEqual(passedHeaders(raw, own), ['ETag', '"a"'])
  })

  it('never set a cookie of ours', () => {
    const raw = [
      '__Host-sallyport=x; Path=/',
      ' __HOST-SALLYPORT =x',
      '=__Host-sallyport=x',
      '__Host-sallyport',
      'app=__Host-sallyport',
    ]
    const cookies = raw.flatMap((value) => ['Set-Cookie', value])
    assert.deepEqual(passedHeaders(cookies, own), ['Set-Cookie', 'app=__Host-sallyport'])
  })

  it('are not stored where the route has a dataset', () => {
    const raw = ['Content-Type', 'image/png', 'Cache-Control', 'public', 'ETag', '"a"', 'Content-Length', '3']
    assert.deepEqual(harmlessHeaders(raw, own), ['Content-Type', 'image/png', 'Content-Length', '3', ...guards])
  })

  it('are found in any case, in order', () => {
    assert.deepEqual(headerValues(['A', '1', 'b', '2', 'a', '3'], 'a'), ['1', '3'])
  })
})
