import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProxyError } from '../../../src/errors.ts'
import { upstreamError } from '../../../src/stages/forward/upstream-error.ts'

const coded = (code: string, cause?: unknown) => Object.assign(new Error('as it was', { cause }), { code })

const table = [
  ['ECONNREFUSED', 'ERR_UPSTREAM_UNAVAILABLE', 503],
  ['ENOTFOUND', 'ERR_UPSTREAM_UNAVAILABLE', 503],
  ['UND_ERR_CONNECT_TIMEOUT', 'ERR_UPSTREAM_UNAVAILABLE', 503],
  ['UND_ERR_HEADERS_TIMEOUT', 'ERR_UPSTREAM_TIMEOUT', 504],
  ['UND_ERR_BODY_TIMEOUT', 'ERR_UPSTREAM_TIMEOUT', 504],
  ['UND_ERR_HEADERS_OVERFLOW', 'ERR_UPSTREAM_PROTOCOL', 502],
  ['HPE_INVALID_CONSTANT', 'ERR_UPSTREAM_PROTOCOL', 502],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_UPSTREAM_TLS', 502],
  ['CERT_HAS_EXPIRED', 'ERR_UPSTREAM_TLS', 502],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_UPSTREAM_TLS', 502],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_UPSTREAM_TLS', 502],
  ['ECONNRESET', 'ERR_UPSTREAM_FAILED', 502],
  ['UND_ERR_SOCKET', 'ERR_UPSTREAM_FAILED', 502],
  ['constructor', 'ERR_UPSTREAM_FAILED', 502],
] as const

describe('what went wrong with an upstream', () => {
  for (const [code, named, status] of table) {
    it(`as ${code} is ${named}, also as a cause`, () => {
      for (const error of [coded(code), new Error('outer', { cause: coded('FST_X', coded(code)) })]) {
        const refusal = upstreamError(error)
        assert.equal(refusal.code, named)
        assert.equal(refusal.status, status)
        assert.equal(refusal.cause, error)
        assert.equal(refusal.retryAfter, status === 503 ? 2 : undefined)
      }
    })
  }

  it('stays what it was where it was named already', () => {
    const named = new ProxyError('ERR_BODY_TOO_LARGE', 'x')
    assert.equal(upstreamError(named), named)
    assert.equal(upstreamError(new Error('outer', { cause: named })), named)
  })

  it('is a failure where it is no error at all, or its causes go round in a circle', () => {
    const circle = new Error('a')
    circle.cause = circle
    for (const thing of [undefined, null, 'text', 7, circle])
      assert.equal(upstreamError(thing).code, 'ERR_UPSTREAM_FAILED')
  })
})
