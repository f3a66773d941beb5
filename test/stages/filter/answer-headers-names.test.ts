import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  filteredHeaders,
  harmlessHeaders,
  headerValues,
  passedHeaders,
  problemHeaders,
  type RawHeaders,
} from '../../../src/stages/filter/answer-headers.ts'

const guards = ['cache-control', 'private, no-store', 'x-content-type-options', 'nosniff']

/** RFC 9110 section 7.6.1, and what tells a client to go round the edge. */
const ofTheConnection = [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Proxy-Authentication-Info',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Alt-Svc',
]

const ofTheBytes = [
  'Content-Length',
  'Content-Encoding',
  'Content-Range',
  'Content-MD5',
  'Content-Digest',
  'Repr-Digest',
  'Digest',
  'Accept-Ranges',
  'ETag',
  'Last-Modified',
  'Age',
  'Cache-Control',
  'Expires',
  'Pragma',
  'X-Content-Type-Options',
]

function withValues(names: readonly string[]): RawHeaders {
  return names.flatMap((name) => [name, 'x'])
}

describe('the lists of answer headers', () => {
  it('keep each allowed name of a filtered answer', () => {
    const raw = withValues([
      'Content-Type',
      'Content-Language',
      'Content-Disposition',
      'Retry-After',
      'Vary',
      'Allow',
      'Access-Control-Max-Age',
    ])
    assert.deepEqual(filteredHeaders(raw, [], []), [...raw, ...guards])
  })

  it('let no route keep what is about the connection or about the upstream’s bytes', () => {
    for (const name of [...ofTheConnection, ...ofTheBytes])
      assert.deepEqual(filteredHeaders([name, 'x'], [name, 'X-Kept'], []), guards, name)
    assert.deepEqual(filteredHeaders(['X-Kept', 'x'], ['X-Kept'], []), ['X-Kept', 'x', ...guards])
  })

  it('drop each name of the connection from an answer that is not filtered, and no other', () => {
    for (const name of ofTheConnection) assert.deepEqual(passedHeaders([name, 'x'], []), [], name)
    assert.deepEqual(passedHeaders(withValues(ofTheBytes), []), withValues(ofTheBytes))
  })

  it('let nothing on an unfiltered answer of a dataset’s route be stored or asked for again', () => {
    const validators = ['Cache-Control', 'Expires', 'Pragma', 'X-Content-Type-Options', 'ETag', 'Last-Modified', 'Age']
    for (const name of validators) assert.deepEqual(harmlessHeaders([name, 'x'], []), guards, name)
    assert.deepEqual(harmlessHeaders(['Content-Range', 'x'], []), ['Content-Range', 'x', ...guards])
  })

  it('leave our own problem when to come back, what it depends on, and who may read it, and nothing else', () => {
    const kept = withValues(['Retry-After', 'Vary', 'Allow', 'Access-Control-Allow-Origin'])
    const lost = withValues([...ofTheConnection, ...ofTheBytes, 'Content-Type', 'Link', 'X-Total-Count', 'Set-Cookie'])
    assert.deepEqual(problemHeaders([...lost, ...kept]), kept)
  })
})

describe('names that a Connection header lists', () => {
  it('are dropped though another Connection header is a usual one', () => {
    for (const usual of ['close', 'keep-alive']) {
      const raw = ['Connection', usual, 'Connection', 'X-Hop', 'X-Hop', '1', 'X-Other', '2']
      assert.deepEqual(passedHeaders(raw, []), ['X-Other', '2'])
      assert.deepEqual(filteredHeaders(raw, ['X-Hop', 'X-Other'], []), ['X-Other', '2', ...guards])
    }
  })

  it('are read as names alone, where they stand as values', () => {
    const raw = ['X-Name', 'Content-Type', 'Content-Type', 'text/html']
    assert.deepEqual(headerValues(raw, 'content-type'), ['text/html'])
    assert.deepEqual(headerValues(['X-Name', 'Content-Type'], 'content-type'), [])
  })
})
