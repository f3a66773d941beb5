import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOwnOrigin } from '../../../src/lib/same-origin.ts'
import { admitted } from '../support.ts'

interface Facts {
  readonly method?: string
  readonly upgrade?: boolean
  readonly origin?: string
  readonly site?: string
  readonly scheme?: 'http' | 'https'
}

function own({ method = 'POST', upgrade = false, origin, site, scheme = 'https' }: Facts): boolean {
  const headers: [string, string][] = [['host', 'app.example']]
  if (origin !== undefined) headers.push(['origin', origin])
  if (site !== undefined) headers.push(['sec-fetch-site', site])
  return isOwnOrigin(admitted(headers, { method, upgrade }), scheme)
}

describe('the origin of a request that a cookie vouches for', () => {
  it('does not matter for a safe method', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.ok(own({ method, origin: 'https://evil.example' }))
  })

  it('is ours by Origin, in any case, on our scheme', () => {
    assert.ok(own({ origin: 'https://app.example' }))
    assert.ok(own({ origin: 'HTTPS://App.Example', site: 'same-origin' }))
    assert.ok(own({ origin: 'http://app.example', scheme: 'http' }))
    for (const origin of [
      'http://app.example',
      'https://app.example:8443',
      'https://app.example.evil.example',
      'https://evil.example',
      '',
    ]) {
      assert.ok(!own({ origin }), origin)
      assert.ok(!own({ origin, site: 'same-origin' }), origin)
    }
  })

  it('is ours by Sec-Fetch-Site where no Origin is sent', () => {
    for (const site of ['same-origin', 'none']) assert.ok(own({ site }))
    for (const site of ['same-site', 'cross-site', 'Same-Origin', '']) {
      assert.ok(!own({ site }), site)
      assert.ok(!own({ site, origin: 'https://app.example' }), site)
    }
  })

  it('is nobody’s where neither is sent', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'PROPFIND']) assert.ok(!own({ method }), method)
  })

  it('may be hidden by the page’s referrer policy, if the browser says that it is ours', () => {
    assert.ok(own({ origin: 'null', site: 'same-origin' }))
    assert.ok(!own({ origin: 'null' }))
    for (const site of ['none', 'cross-site', 'same-site']) assert.ok(!own({ origin: 'null', site }), site)
  })

  it('must be told by Origin for an upgrade, which is a GET', () => {
    const handshake = { method: 'GET', upgrade: true }
    assert.ok(own({ ...handshake, origin: 'https://app.example' }))
    assert.ok(!own({ ...handshake }))
    assert.ok(!own({ ...handshake, site: 'same-origin' }))
    assert.ok(!own({ ...handshake, origin: 'null', site: 'same-origin' }))
    assert.ok(!own({ ...handshake, origin: 'https://evil.example' }))
  })
})
