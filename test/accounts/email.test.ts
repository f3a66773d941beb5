import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { normaliseEmail } from '../../src/accounts/email.ts'

describe('an e-mail address', () => {
  const same = {
    'jo@example.com': 'jo@example.com',
    'Jo.Miller+X@Example.COM': 'jo.miller+x@example.com',
    'jo@bücher.example': 'jo@xn--bcher-kva.example',
    'jo@BÜCHER.example': 'jo@xn--bcher-kva.example',
    'jo@bu\u0308cher.example': 'jo@xn--bcher-kva.example',
    'jo@xn--bcher-kva.example': 'jo@xn--bcher-kva.example',
    'jo@ｅxample.com': 'jo@example.com',
    'admin@localhost': 'admin@localhost',
    [`${'a'.repeat(64)}@example.com`]: `${'a'.repeat(64)}@example.com`,
  }
  for (const [text, email] of Object.entries(same))
    it(`has one spelling: ${text}`, () => {
      assert.equal(normaliseEmail(text), email)
      assert.equal(normaliseEmail(email), email)
    })

  const none = [
    '',
    '@',
    'jo',
    'jo@',
    '@example.com',
    'jo@@example.com',
    'jo@example.com@evil.example',
    'jo@evil.example\0@example.com',
    ' jo@example.com',
    'jo@example.com ',
    'jo @example.com',
    'jo@example.com\n',
    'jo\u200b@example.com',
    'jo@exam\u200bple.com',
    'jo@exam\u00adple.com',
    'jo@exam\u2060ple.com',
    'jo\u202e@example.com',
    'jо@example.com', // a Cyrillic o
    '\u212aim@example.com', // Kelvin sign, lower-cased a plain k
    'jö@example.com',
    'jo@ex%61mple.com',
    'jo@example.com.',
    'jo@.example.com',
    'jo@example..com',
    'jo@-example.com',
    'jo@exam_ple.com',
    'jo@[127.0.0.1]',
    'jo@127.0.0.1',
    'jo@0x7f.1',
    'jo@example。com',
    'jo@xn--a',
    'jo@xn--bcher-kva8445foa', // stands for a name in brackets
    'jo@example.xn--',
    '"jo"@example.com',
    'jo,bo@example.com',
    '<jo@example.com>',
    `${'a'.repeat(65)}@example.com`,
    `jo@${'a'.repeat(64)}.com`,
    `jo@${'a.'.repeat(126)}com`,
    'a'.repeat(10_000_000),
  ]
  for (const text of none)
    it(`is refused: ${JSON.stringify(text).slice(0, 60)}`, () => {
      assert.equal(normaliseEmail(text), undefined)
    })
})
