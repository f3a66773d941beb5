import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectBody, type Profile, profiles, rule, rulesOf, tellBody } from './support.ts'

const label = 'application/x-www-form-urlencoded'
const ask = (body: string | Uint8Array, profile: Profile = 'strict') => rule(inspectBody(label, body, rulesOf(profile)))

describe('a form under strict', () => {
  for (const [body, verdict] of [
    ['a=1&b[]=2&b[]=3', 'let through'],
    ['a=J%C3%BCrgen+M', 'let through'],
    ['a=Jürgen M', 'let through'],
    ['a=1&a=2', 'let through'],
    ['_method=put&_csrf=x', 'method-override'],
    ['method=put&_csrf=x&payment_method=card', 'let through'],
    ['a[$ne]=1', 'operator'],
    ['%EF%BC%84where=1', 'operator'],
    ['a[__proto__]=1', 'prototype'],
    ['a=1\r\n', 'unreadable'],
    ['a=1\0', 'unreadable'],
    ['a=1;b=2', 'unreadable'],
    ['a=%zz', 'unreadable'],
    ['a=%C0%80', 'charset'],
    ['_charset_=iso-8859-1', 'charset'],
    ['filter={}', 'json-in-parameter'],
    ['account=globex', 'tenant'],
    ['account=acme', 'let through'],
    ['account=acme&ACCOUNT[]=x', 'tenant'],
  ] as const)
    it(`${verdict}: ${JSON.stringify(body)}`, () => assert.equal(ask(body), verdict))

  it('is UTF-8 without a byte order mark', () => {
    assert.equal(ask(Buffer.from([0x61, 0x3d, 0xfc])), 'charset')
    assert.equal(ask('\ufeffa=1'), 'charset')
  })

  it('has 1,000 parameters at most', () => {
    assert.equal(ask(Array.from({ length: 1000 }, (_, n) => `a${n}=1`).join('&')), 'let through')
    assert.equal(ask(Array.from({ length: 1001 }, (_, n) => `a${n}=1`).join('&')), 'too-many')
  })

  it('says where and with which code', () => {
    assert.equal(tellBody(label, '$a=1'), 'operator in form: ERR_REQUEST_UNSAFE')
    assert.equal(tellBody(label, 'a=%'), 'unreadable in form: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(label, 'a=%FF'), 'charset in form: ERR_BODY_UNREADABLE')
  })
})

describe('a form under the other profiles', () => {
  it('has the operators of a query string', () => {
    assert.equal(ask('$filter=a', 'odata'), 'let through')
    assert.equal(ask('$where=a', 'odata'), 'operator')
    assert.equal(ask('$ref=a', 'jsonschema'), 'operator')
    assert.equal(ask('a[$gt]=1', 'query-api'), 'let through')
    assert.equal(ask('a[$where]=1', 'query-api'), 'operator')
    assert.equal(ask('$where=1&a=\n', 'raw'), 'let through')
  })

  it('names no foreign tenant', () => {
    for (const profile of profiles) {
      assert.equal(ask('x=1&account=globex', profile), 'tenant')
      assert.equal(ask('x=1&account=acme', profile), 'let through')
    }
  })
})
