import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJsonBody, requireJsonBody } from '../../../src/stages/forward/json-body.ts'
import { admitted } from '../match/support.ts'

function refusal(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

const ask = (...fields: readonly (readonly [string, string])[]) =>
  refusal(() => requireJsonBody(admitted(fields).headers, (essence) => essence === 'application/json'))

describe('the label of a body that is looked into', () => {
  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json ; charset="UTF-8"',
    'application/json; profile="a;b=c"; charset=utf-8; x=y',
  ])
    it(`may be ${type}`, () => assert.equal(ask(['Content-Type', type]), undefined))

  // Of two charsets some readers take the first and some the last; UTF-7 spells quotes within quotes.
  for (const type of [
    '',
    'json',
    'text/plain',
    'application/json+x',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-7',
    'application/json; charset=utf-8; CHARSET=utf-8',
    'application/json; x="; charset=utf-8"; charset=utf-7',
    'application/json; x="\\"; charset=utf-8; y="',
    'application/json; charset = utf-8',
    'application/json; charset=',
    'application/json; charset',
    'application/json;',
  ])
    it(`may not be ${JSON.stringify(type)}`, () => assert.equal(ask(['Content-Type', type]), 'ERR_BODY_TYPE'))

  it('must be there, once', () => {
    assert.equal(ask(), 'ERR_BODY_TYPE')
    const twice = ask(['Content-Type', 'application/json'], ['content-type', 'application/json'])
    assert.equal(twice, 'ERR_HEADER_INVALID')
  })

  // Bytes can be JSON, and a compressed text of another meaning, at once (CWE-436).
  for (const coding of ['gzip', 'br', 'identity', ''])
    it(`may not come with the coding ${JSON.stringify(coding)}`, () =>
      assert.equal(ask(['Content-Type', 'application/json'], ['Content-Encoding', coding]), 'ERR_BODY_TYPE'))
})

describe('a body that is looked into', () => {
  it('is one JSON text with single keys', () => {
    assert.deepEqual(Object.entries(parseJsonBody(Buffer.from('{"a":"ż"}')) as object), [['a', 'ż']])
    const broken = ['', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{} {}', '\ufeff{}', '{"a":1,}', '[1', 'NaN']
    for (const text of broken)
      assert.equal(
        refusal(() => parseJsonBody(Buffer.from(text))),
        'ERR_BODY_UNREADABLE',
        text,
      )
    assert.equal(
      refusal(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))),
      'ERR_BODY_UNREADABLE',
    )
  })
})
