import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayHoldParameters, withoutParameters } from '../../../../src/stages/forward/inject/set-body.ts'
import { headersOf } from '../inspect/support.ts'
import { outcome, set } from './support.ts'

const injections = [set({ account: 'acme', version: '2' })]
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data; boundary=b'
const parts = (...heads: readonly string[]) =>
  `${heads.map((head) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\nx\r\n`).join('')}--b--\r\n`

/** What goes on, or why nothing does. */
const through = (type: string, body: string, ...more: readonly (readonly [string, string])[]) =>
  outcome(() =>
    withoutParameters(
      headersOf(['Content-Type', type], ...more),
      Buffer.from(body),
      injections,
      () => false,
    ).toString(),
  )

/** The same where the member that says what is set may stand. */
const vouched = (body: string) =>
  outcome(() =>
    withoutParameters(
      headersOf(['Content-Type', json]),
      Buffer.from(body),
      injections,
      (name, value) => name === 'account' && value === 'acme',
    ).toString(),
  )

const tell = (...types: readonly string[]) =>
  mayHoldParameters(headersOf(...types.map((type) => ['Content-Type', type] as const)))

const unsafe: readonly (readonly [string, string])[] = [
  [json, '{"account":"globex"}'],
  [json, '{"account":"acme"}'],
  [json, '{"a":1,"ACCOUNT":null}'],
  [json, '{"acc\\u006funt":1}'],
  [json, '{"account[]":1}'],
  [json, '{"account[x]":1}'],
  [json, '{"account.x":1}'],
  [json, '{" account":1}'],
  [json, '{"account\\u0000":1}'],
  [json, '{"\\uff41ccount":1}'],
  [json, '{"account":{"$ne":1}}'],
  [json, '{"100%":1}'],
  [json, '{"\\ud800":1}'],
  ['application/vnd.api+json', '{"account":"globex"}'],
  ['text/json; charset=utf-8', '{"account":"globex"}'],
  [multipart, parts('name="account"')],
  [multipart, parts('name="note"', 'name="Version"')],
  [multipart, parts('name=account')],
  [multipart, parts('name="account[]"')],
  [multipart, parts('name="account"; filename="x"')],
  [multipart, parts('name="acc%6funt"')],
  ['multipart/mixed; boundary=b', parts('name="account"')],
]

const unreadable: readonly (readonly [string, string, string])[] = [
  [json, '{"account":"acme"', 'ERR_BODY_UNREADABLE'],
  [json, '{"a":1,"a":2}', 'ERR_BODY_UNREADABLE'],
  [json, '\ufeff{}', 'ERR_BODY_UNREADABLE'],
  ['application/json; charset=utf-16', '{}', 'ERR_BODY_TYPE'],
  ['text/plain; x=a/json', '{}', 'ERR_BODY_TYPE'],
  ['multipart/form-data', parts('name="note"'), 'ERR_BODY_UNREADABLE'],
  ['multipart/form-data; boundary=c', parts('name="note"'), 'ERR_BODY_UNREADABLE'],
  [multipart, parts('name="note"; name="account"'), 'ERR_BODY_UNREADABLE'],
]

const kept: readonly (readonly [string, string])[] = [
  [json, '{"accounts":1,"my_account":2,"x":{"account":"globex"},"y":"account"}'],
  [json, '[{"account":"globex"}]'],
  [json, '"account"'],
  [json, 'null'],
  [json, ''],
  [multipart, parts('name="accounts"', 'name="x"; filename="account"')],
  [form, 'a=1&b=account'],
  ['text/plain', '{"account":"globex"}'],
  ['application/octet-stream', '{"account":"globex"}'],
]

describe('a body beside parameters that the route sets', () => {
  for (const [type, body] of unsafe)
    it(`is refused as ${type} ${JSON.stringify(body)}`, () => {
      assert.equal(through(type, body), 'ERR_REQUEST_UNSAFE')
    })

  for (const [type, body, code] of unreadable)
    it(`is refused with ${code} as ${type} ${JSON.stringify(body)}`, () => {
      assert.equal(through(type, body), code)
    })

  for (const [type, body] of kept)
    it(`goes on as ${type} ${JSON.stringify(body)}`, () => {
      assert.equal(through(type, body), body)
    })

  it('loses the fields of a form that could be one', () => {
    assert.equal(through(form, 'a=1&account=globex&ACCOUNT%5B%5D=x&b=2'), 'a=1&b=2')
  })

  it('is refused where it is coded, and nobody could look into it', () => {
    for (const type of [json, form, multipart])
      assert.equal(through(type, 'a=1', ['Content-Encoding', 'gzip']), 'ERR_BODY_TYPE')
    assert.equal(through('text/plain', 'a=1', ['Content-Encoding', 'gzip']), 'a=1')
  })

  it('may hold a member that somebody vouches for', () => {
    assert.equal(vouched('{"account":"acme"}'), '{"account":"acme"}')
    for (const body of ['{"account":"globex"}', '{"Account":"acme"}', '{"account":"acme","version":"2"}'])
      assert.equal(vouched(body), 'ERR_REQUEST_UNSAFE')
  })

  it('has to be read whole where a server could look for parameters in it', () => {
    for (const type of [json, form, multipart, 'Application/JSON', 'a/b+json', 'text/plain; x=multipart/form-data'])
      assert.equal(tell(type), true, type)
    assert.equal(tell('text/plain', form), true)
    for (const type of ['text/plain', 'application/xml', 'application/octet-stream'])
      assert.equal(tell(type), false, type)
    assert.equal(tell(), false)
  })
})
