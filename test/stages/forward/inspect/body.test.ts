import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectBodyHead, inspectWholeBody, needsWholeBody } from '../../../../src/stages/forward/inspect/body.ts'
import { headersOf, inspectBody, profiles, rulesOf, tellBody, told } from './support.ts'

const through = 'let through'
const guarded = ['strict', 'odata', 'jsonschema', 'query-api'] as const
const unlabelled = 'content-type in head: ERR_BODY_TYPE'
const idle = rulesOf('raw', { tenantParameters: [] })

type Fields = readonly (readonly [string, string])[]

function ask(fields: Fields, body: string, profile: (typeof profiles)[number] = 'strict'): string {
  return told(inspectWholeBody(headersOf(...fields), Buffer.from(body), rulesOf(profile)))
}

const tellOdata = (text: string) => tellBody('text/plain', text, 'odata')
const tellRaw = (label: string, body: string) => tellBody(label, body, 'raw')
const tellUnlabelled = (body: Uint8Array) => told(inspectWholeBody(headersOf(), body, rulesOf('raw')))
const tellHead = (...fields: Fields) => told(inspectBodyHead(headersOf(...fields), rulesOf('strict')))
const needs = (...fields: Fields) => needsWholeBody(headersOf(...fields), rulesOf('raw'))

const type = (text: string): Fields => [['Content-Type', text]]

describe('the label of a body', () => {
  for (const profile of guarded) {
    for (const [label, body] of [
      ['application/json', '{}'],
      ['Application/JSON; charset=UTF-8', '{}'],
      ['application/json;charset="utf-8"', '{}'],
      ['application/json;odata.metadata=minimal;IEEE754Compatible=true', '{}'],
      ['application/problem+json', '{}'],
      ['text/json', '{}'],
      ['application/x-www-form-urlencoded', 'a=1'],
      ['application/x-www-form-urlencoded; charset=utf-8', 'a=1'],
      ['multipart/form-data; boundary=x', '--x--'],
      ['application/xml', '<a/>'],
      ['text/xml; charset=utf-8', '<a/>'],
      ['application/soap+xml', '<a/>'],
      ['text/plain', 'hello'],
    ] as const)
      it(`may be ${label} under ${profile}`, () => assert.equal(ask(type(label), body, profile), through))

    for (const label of [
      '',
      'json',
      'application/octet-stream',
      'text/html',
      'text/csv',
      'application/x-ndjson',
      'application/json-seq',
      'application/javascript',
      'multipart/mixed; boundary=x',
      'multipart/related; boundary=x',
      'application/graphql',
      'application/json, text/plain',
      'application/json;',
      'application/json; charset',
      'application/json; charset=utf-8; charset=utf-8',
      'application/json; charset=utf-8; Charset=utf-7',
      'application/json; x="\\""',
      'application/x-www-form-urlencoded, x',
    ])
      it(`may not be ${JSON.stringify(label)} under ${profile}`, () =>
        assert.equal(ask(type(label), '{}', profile), unlabelled))

    it(`must be there under ${profile}`, () => assert.equal(ask([], '{}', profile), unlabelled))

    it(`may not say another charset under ${profile}`, () => {
      for (const charset of ['utf-16', 'utf-7', 'iso-8859-1', 'us-ascii', 'utf8', ''])
        assert.equal(
          ask(type(`application/json; charset="${charset}"`), '{}', profile),
          'charset in head: ERR_BODY_TYPE',
        )
    })

    it(`must be the body's under ${profile}`, () => {
      for (const body of ['{}', ' {"a":1}', '[1]', '\r\n\t[', '<a/>', ' <']) {
        assert.equal(ask(type('text/plain'), body, profile), unlabelled)
        assert.equal(ask(type('application/x-www-form-urlencoded'), body, profile), unlabelled)
      }
      for (const body of ['hello {}', 'a=[1]', 'x < y']) {
        assert.equal(ask(type('text/plain'), body, profile), through)
      }
      assert.equal(ask(type('application/x-www-form-urlencoded'), 'a={}', profile), through)
    })
  }

  it('may stand there once', () => {
    for (const profile of profiles) {
      const twice = [...type('application/json'), ...type('application/json')]
      assert.equal(ask(twice, '{}', profile), unlabelled)
    }
  })

  for (const coding of ['gzip', 'br', 'identity', ''])
    it(`may not come with the coding ${JSON.stringify(coding)}`, () => {
      const fields: Fields = [...type('application/json'), ['Content-Encoding', coding]]
      for (const profile of profiles)
        assert.equal(ask(fields, '{}', profile), 'content-encoding in head: ERR_BODY_TYPE')
    })
})

describe('a body that is plain text', () => {
  it('is UTF-8 without a byte order mark', () => {
    for (const body of [Buffer.from([0xff]), Buffer.from('\ufeffa'), Buffer.from([0xc0, 0xa4])])
      assert.equal(told(inspectBody('text/plain', body, rulesOf('strict'))), 'charset in head: ERR_BODY_TYPE')
    assert.equal(ask(type('text/plain'), 'zażółć 100%;\0'), through)
  })

  it('may be query options of OData, which name no foreign tenant', () => {
    assert.equal(tellOdata('$filter=a eq 1&$top=5'), through)
    assert.equal(tellOdata('50% off'), through)
    assert.equal(tellOdata('$top=5&account=globex'), 'tenant in form: ERR_TENANT_FOREIGN')
    assert.equal(tellOdata('$top=5&account=acme'), through)
    assert.equal(ask(type('text/plain'), 'account=globex'), through)
  })
})

describe('an empty body', () => {
  it('is let through whatever its label', () => {
    for (const profile of profiles) assert.equal(ask(type('application/octet-stream'), '', profile), through)
  })
})

describe('a body under raw', () => {
  it('is looked into for tenants where the label can be read', () => {
    assert.equal(tellRaw('application/json', '{"account":"globex"}'), 'tenant in json: ERR_TENANT_FOREIGN')
    assert.equal(tellRaw('application/x-www-form-urlencoded', 'account=globex'), 'tenant in form: ERR_TENANT_FOREIGN')
    assert.equal(tellRaw('text/xml', '<account>globex</account>'), 'tenant in xml: ERR_TENANT_FOREIGN')
    assert.equal(tellRaw('application/octet-stream', '{"account":"globex"}'), through)
    assert.equal(tellRaw('application/json; charset=utf-16', '{}'), 'charset in head: ERR_BODY_TYPE')
    assert.equal(tellRaw('json', '{}'), unlabelled)
  })

  it('is taken for JSON where it is JSON, whatever the label says', () => {
    for (const label of ['text/plain', 'application/x-www-form-urlencoded']) {
      assert.equal(ask(type(label), ' {"account":"globex"}', 'raw'), 'tenant in json: ERR_TENANT_FOREIGN')
      assert.equal(ask(type(label), ' {"a":"acme"}', 'raw'), through)
      assert.equal(ask(type(label), '{a: globex', 'raw'), through)
    }
    assert.equal(ask(type('text/plain'), ' {"account":"acme"}', 'raw'), through)
    // One text, two readings: a form may stand in a document.
    const form = 'application/x-www-form-urlencoded'
    assert.equal(ask(type(form), '{"a":"&account=globex&"}', 'raw'), 'tenant in form: ERR_TENANT_FOREIGN')
    assert.equal(ask([], '{"account":"globex"}', 'raw'), 'tenant in json: ERR_TENANT_FOREIGN')
    assert.equal(ask([], '{"account":"acme","account":"globex"}', 'raw'), 'duplicate-key in json: ERR_REQUEST_UNSAFE')
    assert.equal(ask([], 'account', 'raw'), through)
  })

  it('is refused where it looks like JSON of another charset', () => {
    assert.equal(
      tellUnlabelled(Buffer.concat([Buffer.from('{"account":"globex","a":"'), Buffer.of(0xff)])),
      'charset in head: ERR_BODY_TYPE',
    )
    assert.equal(tellUnlabelled(Buffer.from('\ufeff{"account":"globex"}')), 'charset in head: ERR_BODY_TYPE')
    assert.equal(tellUnlabelled(Buffer.of(0xff, 0xd8, 0xff)), through)
  })

  it('is let through without a look where no tenant parameter is declared', () => {
    const fields = [...type('application/json'), ...type('x'), ['Content-Encoding', 'gzip'] as const]
    assert.equal(inspectWholeBody(headersOf(...fields), Buffer.from('{"a":1,"a":2'), idle), undefined)
    assert.equal(inspectBodyHead(headersOf(...fields), idle), undefined)
    assert.equal(needsWholeBody(headersOf(...fields), idle), false)
  })
})

describe('a body that has not been read', () => {
  it('is refused by its head', () => {
    assert.equal(tellHead(), unlabelled)
    assert.equal(tellHead(['Content-Type', 'application/octet-stream']), unlabelled)
    assert.equal(
      tellHead(['Content-Type', 'application/json'], ['Content-Encoding', 'gzip']),
      'content-encoding in head: ERR_BODY_TYPE',
    )
    assert.equal(tellHead(['Content-Type', 'application/json']), through)
  })

  it('has to be read whole unless nothing in it is looked into', () => {
    for (const profile of guarded) {
      for (const label of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'image/png'])
        assert.equal(needsWholeBody(headersOf(['Content-Type', label]), rulesOf(profile)), true)
    }
    assert.equal(needs(['Content-Type', 'application/json']), true)
    assert.equal(needs(), true)
    assert.equal(needs(['Content-Type', 'json']), true)
    assert.equal(needs(['Content-Type', 'image/png']), false)
    assert.equal(needs(['Content-Type', 'image/png'], ['Content-Encoding', 'gzip']), false)
  })
})
