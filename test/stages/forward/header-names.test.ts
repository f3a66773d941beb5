import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { foldName, HeaderNames } from '../../../src/stages/forward/header-names.ts'

const names = new HeaderNames(['x-tenant', 'X.Custom_Groups'])

const dropped = [
  ['ours', 'x-sallyport-tenant', 'x-sallyport-assertion', 'x-sallyport-whatever', 'x-sallyport'],
  ['ours in another spelling', 'x_sallyport_tenant', 'x.sallyport.tenant', 'x~sallyport!tenant', 'x-sallyport_email'],
  ['of every profile', 'remote-user', 'remote_user', 'x-webauth-user', 'x-auth-request-email', 'x-forwarded-groups'],
  ['of Hasura', 'x-hasura-role', 'x_hasura_user_id', 'x.hasura.admin-secret', 'x-hasura-anything'],
  [
    'of IAP',
    'x-goog-authenticated-user-email',
    'x_goog_authenticated_user_id',
    'x-goog-iap-jwt-assertion',
    'x~goog~iap',
  ],
  ['of a custom profile', 'x-tenant', 'x_tenant', 'x~tenant', 'x-custom-groups', 'x.custom_groups', "x'custom'groups"],
  ['about where a request came from', 'x-forwarded-for', 'forwarded', 'x-real-ip', 'true-client-ip', 'x_real_ip'],
  ['about another target', 'x-original-url', 'x-rewrite-url', 'x_original_url', 'x-forwarded-uri', 'x-host'],
  ['about another method', 'x-http-method-override', 'x_http_method_override', 'x-method-override'],
  ['about this connection', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ['about this connection in another spelling', 'transfer_encoding', 'proxy.connection', 'http2_settings'],
  ['that frame, but for their own spelling', 'content_length', 'content.type', 'if_none_match', 'accept~encoding'],
  ['an attack on CGI', 'proxy'],
  ['all digits', '0', '17', '999999999999'],
] as const

describe('a header the client sent', () => {
  for (const [what, ...list] of dropped) {
    it(`is dropped: ${what}`, () => {
      for (const name of list) assert.equal(names.mayPass(name), false, name)
    })
  }

  it('passes: everything else', () => {
    const others = ['accept', 'accept-encoding', 'content-length', 'content-type', 'if-none-match', 'range', 'origin']
    others.push(
      'x-goog-api-key',
      'hasura',
      'x-has',
      'user-agent',
      'x-tenants',
      'tenant',
      'x-sally',
      'remote',
      'forwarded-for',
      'x_colour',
      'a1',
    )
    others.push('constructor', '__proto__')
    for (const name of others) assert.equal(names.mayPass(name), true, name)
  })

  it('is decided on the same, however many names were asked for before', () => {
    for (let i = 0; i < 10_000; i += 1) names.mayPass(`n-${i}`)
    assert.equal(names.mayPass('x_tenant'), false)
    assert.equal(names.mayPass('accept'), true)
  })

  it('never passes in any spelling that folds to one of ours', () => {
    const marks = fc.constantFrom('-', '_', '.', '~', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|')
    const ours = fc.constantFrom('x sallyport tenant', 'x sallyport row mask', 'remote user', 'x tenant')
    fc.assert(
      fc.property(ours, fc.array(marks, { minLength: 4, maxLength: 4 }), (words, separators) => {
        let at = 0
        const name = words.replaceAll(' ', () => separators[at++] ?? '-')
        assert.equal(names.mayPass(name), false, name)
        assert.equal(foldName(name), words.replaceAll(' ', '-'))
      }),
    )
  })
})
