import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../src/errors.ts'
import type { Target } from '../../../src/exchange.ts'
import { parseRequestTarget } from '../../../src/stages/match/request-target.ts'

const accepted: readonly (readonly [text: string, path: string, query: string])[] = [
  ['/', '/', ''],
  ['/a', '/a', ''],
  ['/a/', '/a/', ''],
  ['/a/b.c', '/a/b.c', ''],
  ['/...', '/...', ''],
  ['/.a', '/.a', ''],
  ['/a..', '/a..', ''],
  ['/..a/b', '/..a/b', ''],
  ["/-._~!$&'()*+,=:@[]|", "/-._~!$&'()*+,=:@[]|", ''],
  ['/%61%62', '/ab', ''],
  ['/%7e%7E', '/~~', ''],
  ['/%2d%2D%5f', '/--_', ''],
  ['/%41%5A%30', '/AZ0', ''],
  ['/%3a', '/%3A', ''],
  ['/%3b', '/%3B', ''],
  ['/%20', '/%20', ''],
  ['/%3f%23', '/%3F%23', ''],
  ['/%c3%a9', '/%C3%A9', ''],
  ['/%f0%9f%98%80', '/%F0%9F%98%80', ''],
  ['/%25', '/%25', ''],
  ['/%25zz', '/%25zz', ''],
  ['/%25%20', '/%25%20', ''],
  ['/a%2ejs', '/a.js', ''],
  ['/a%2e%2e', '/a..', ''],
  ['/?', '/', '?'],
  ['/?a', '/', '?a'],
  ['/a?b=%2F&c=//../;?', '/a', '?b=%2F&c=//../;?'],
  ['/a?%zz', '/a', '?%zz'],
]

const refused = [
  '',
  '*',
  'a',
  'http://app.example/',
  'HTTP://app.example/',
  'app.example:443',
  '\\a',
  '/a\\b',
  '//',
  '//a',
  '/a//b',
  '/.',
  '/..',
  '/./a',
  '/a/..',
  '/a/../b',
  '/%2e',
  '/%2E%2e/a',
  '/.%2e',
  '/%2e./a',
  '/a%2fb',
  '/a%2Fb',
  '/a%5cb',
  '/%00',
  '/%0a',
  '/%1f',
  '/%7f',
  '/a;b',
  '/a;b=c/d',
  '/..;/a',
  '/%',
  '/%a',
  '/%ag',
  '/%%41',
  '/%252e',
  '/%252F',
  '/%25%32%65',
  '/%25%32e',
  '/%252%65',
  '/%25%36%31',
  '/%80',
  '/%c3',
  '/%c3a',
  '/%c0%ae',
  '/%ed%a0%80',
  '/%f5%80%80%80',
  '/a b',
  '/a\tb',
  '/a\u0000',
  '/\u00e9',
  '/\u2215',
  '/a#b',
  '/#',
  '/"',
  '/<a>',
  '/{a}',
  '/a^b',
  '/a`b',
  '/a?b#c',
  '/a?b c',
  '/a?\u00e9',
  '/a?\u0000',
  '/a?\u007f',
]

describe('a request-target', () => {
  for (const [text, path, query] of accepted) {
    it(`${text} is read as ${path} and ${query === '' ? 'no query' : query}`, () => {
      assert.deepEqual(parseRequestTarget(text), { path, query })
    })
  }

  for (const text of refused) {
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(() => parseRequestTarget(text), { code: 'ERR_TARGET_INVALID' })
    })
  }

  it('is refused above 8192 octets, and read at 8192', () => {
    assert.equal(parseRequestTarget(`/${'a'.repeat(8191)}`).path.length, 8192)
    assert.throws(() => parseRequestTarget(`/${'a'.repeat(8192)}`), { code: 'ERR_TARGET_TOO_LONG' })
    assert.throws(() => parseRequestTarget(`/?${'a'.repeat(8191)}`), { code: 'ERR_TARGET_TOO_LONG' })
  })
})

/** Pieces that readers of paths disagree on, put together at random. */
const piece = fc.oneof(
  fc.constantFrom('/', '.', '..', '%2e', '%2F', '%25', '%5c', '%', '%3b', ';', '\\', '?', '#', '//', ' ', '\t', '%00'),
  fc.constantFrom(
    'a',
    'Z',
    '0',
    '~',
    '%41',
    '%7e',
    '%c3%a9',
    '%C3',
    '%32',
    '%66',
    '2',
    'f',
    'e',
    '5',
    '@',
    ':',
    '|',
    '[',
  ),
  fc.integer({ min: 0, max: 255 }).map((octet) => `%${octet.toString(16).padStart(2, '0')}`),
  fc.string({ maxLength: 3, unit: 'binary' }),
)
const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
const wellFormed = fc
  .array(fc.oneof(fc.webSegment().map(encodeURI), fc.string({ maxLength: 6 }).map(encodeURIComponent)), {
    maxLength: 6,
  })
  .map((segments) => `/${segments.join('/')}`)

function tryParse(text: string): Target | undefined {
  try {
    return parseRequestTarget(text)
  } catch (error) {
    if (error instanceof ProxyError) return undefined
    throw error
  }
}

describe('whatever target is accepted', () => {
  for (const [name, arbitrary] of [
    ['of disputed pieces', target],
    ['of encoded segments', wellFormed],
  ] as const) {
    it(`${name} is read the same by everybody who reads its canonical form`, () => {
      let read = 0
      fc.assert(
        fc.property(arbitrary, (text) => {
          const parsed = tryParse(text)
          if (parsed === undefined) return
          read += 1
          const { path, query } = parsed
          assert.deepEqual(parseRequestTarget(`${path}${query}`), parsed, 'a fixed point')
          const url = new URL(`${path}${query}`, 'http://upstream.invalid')
          assert.equal(url.host, 'upstream.invalid')
          assert.equal(url.pathname, path, 'WHATWG reads no other path')
          const decoded = decodeURIComponent(path)
          assert.deepEqual(decoded.split('/').length, path.split('/').length, 'decoding makes no segments')
          assert.ok(!decoded.split('/').some((segment) => segment === '..' || segment === '.'))
          assert.ok(!/%[0-9A-Fa-f]{2}/.test(decoded), 'nothing is left to decode')
          // oxlint-disable-next-line no-control-regex -- the characters that must not be there
          assert.ok(!/[\u0000-\u001f\u007f\\]/.test(decoded))
        }),
        { numRuns: 4000 },
      )
      assert.ok(read > 100, `only ${read} were accepted`)
    })
  }
})
