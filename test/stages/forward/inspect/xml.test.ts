import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectBody, type Profile, profiles, rule, rulesOf, tellBody } from './support.ts'

const through = 'let through'
const ask = (text: string | Uint8Array, profile: Profile = 'strict') =>
  rule(inspectBody('application/xml', text, rulesOf(profile)))

const elements = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
const attributes = (count: number) => `<a ${Array.from({ length: count }, (_, n) => `a${n}="x"`).join(' ')}/>`

describe('an XML body under strict', () => {
  for (const [text, verdict] of [
    ['<a/>', through],
    ['<?xml version="1.0"?><a b="c">d<e/><!-- f --></a>', through],
    ["<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<a/>\n", through],
    ['<a>&lt;&#65;&#x1F600;&amp;&quot;&apos;&gt;</a>', through],
    ['<a><![CDATA[<b>]]></a>', through],
    ['<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>', through],
    ['<!DOCTYPE a><a/>', 'doctype'],
    ['<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 'doctype'],
    ['<!doctype a><a/>', 'doctype'],
    ['<a><![CDATA[<!DOCTYPE html>]]></a>', 'doctype'],
    ['<!-- <a --><!DOCTYPE a><a/>', 'doctype'],
    ['<a>&nbsp;</a>', 'unreadable'],
    ['<a>&b;</a>', 'unreadable'],
    ['<a b="&c;"/>', 'unreadable'],
    ['<a>&#0;</a>', 'unreadable'],
    ['<a/><b/>', 'unreadable'],
    ['<a></b>', 'unreadable'],
    ['<a', 'unreadable'],
    ['', through],
    [' ', 'unreadable'],
    ['a', 'unreadable'],
    ['<a b=c/>', 'unreadable'],
    ['<a b="1" b="2"/>', 'unreadable'],
    ['<a/>x', 'unreadable'],
    [' <?xml version="1.0"?><a/>', 'unreadable'],
    ['<a $b="1"/>', 'unreadable'],
    ['<$a/>', 'unreadable'],
    ['<?xml version="1.1"?><a/>', 'charset'],
    ['<?xml version="1.0" encoding="utf-16"?><a/>', 'charset'],
    ['<?xml version="1.0" encoding="UTF-7"?><a/>', 'charset'],
    ['<?xml version="1.0" encoding="iso-8859-1"?><a/>', 'charset'],
    ['<?xml encoding="utf-8"?><a/>', 'charset'],
    ['\ufeff<a/>', 'charset'],
    ['<?xml-stylesheet href="x"?><a/>', 'processing-instruction'],
    ['<a><?php echo 1 ?></a>', 'processing-instruction'],
    ['<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x"/></a>', 'xinclude'],
    ['<a xmlns:b="http://www.w3.org/2001/XIncl&#117;de"/>', 'xinclude'],
    ['<__proto__><admin/></__proto__>', 'prototype'],
    ['<a><constructor/></a>', 'prototype'],
    ['<a prototype="x"/>', 'prototype'],
    ['<a><proto constructs="x"/></a>', through],
  ] as const)
    it(`${verdict}: ${text.slice(0, 70)}`, () => assert.equal(ask(text), verdict))

  it('has 64 levels and 256 attributes at most', () => {
    assert.equal(ask(elements(64)), through)
    assert.equal(ask(elements(65)), 'too-deep')
    assert.equal(ask(`<a>${elements(60)}${elements(60)}</a>`), through)
    assert.equal(ask(attributes(256)), through)
    assert.equal(ask(attributes(257)), 'too-many')
  })

  it('is UTF-8', () => {
    assert.equal(ask(Buffer.from('<a>\xfc</a>', 'latin1')), 'charset')
    assert.equal(ask(Buffer.from('<a/>', 'utf16le')), 'unreadable')
  })

  it('says where and with which code', () => {
    assert.equal(tellBody('text/xml', '<!DOCTYPE a><a/>'), 'doctype in xml: ERR_REQUEST_UNSAFE')
    assert.equal(tellBody('text/xml', '<a'), 'unreadable in xml: ERR_BODY_UNREADABLE')
    assert.equal(tellBody('text/xml', '<account/>'), 'tenant in xml: ERR_TENANT_FOREIGN')
  })
})

describe('an XML body under raw', () => {
  it('may hold what is no tenant, and must be readable', () => {
    assert.equal(ask('<a xmlns:xi="http://www.w3.org/2001/XInclude"><?x y?><__proto__/></a>', 'raw'), through)
    assert.equal(ask(attributes(300), 'raw'), through)
    assert.equal(ask('<!DOCTYPE a [<!ENTITY t "globex">]><account>&t;</account>', 'raw'), 'doctype')
    assert.equal(ask('<a', 'raw'), 'unreadable')
  })
})

describe('a tenant parameter in an XML body', () => {
  for (const profile of profiles) {
    for (const text of [
      '<account>globex</account>',
      '<a><b><account>globex</account></b></a>',
      '<account/>',
      '<account></account>',
      '<account> acme</account>',
      '<account>Acme</account>',
      '<x:Account xmlns:x="u">globex</x:Account>',
      '<tenantId>globex</tenantId>',
      '<a account="globex"/>',
      '<a x:account="globex" xmlns:x="u"/>',
      '<account id="globex">acme</account>',
      '<account><id>globex</id></account>',
      '<account><id>acme</id>globex</account>',
      '<account>globex<id>acme</id></account>',
      '<account>ac<!-- -->me</account>',
      '<account><!--globex-->acme</account>',
      '<account>ac<![CDATA[me]]></account>',
      '<account><![CDATA[globex]]></account>',
      '<account>&#103;lobex</account>',
      '<a><account>acme</account><account>globex</account></a>',
      '<account><id>acme</id><id/></account>',
    ])
      it(`is foreign in ${text} under ${profile}`, () => assert.equal(ask(text, profile), 'tenant'))

    for (const text of [
      '<account>acme</account>',
      '<account>&#97;cme</account>',
      '<account><![CDATA[acme]]></account>',
      '<a account="acme"/>',
      '<account xmlns="u" xsi:type="xs:string" xml:lang="en">acme</account>',
      '<account>\n  <id>acme</id>\n  <ids><id>acme</id></ids>\n</account>',
      '<accounts>globex</accounts>',
      '<a xmlns:account="u">globex</a>',
      '<a><account>acme</account>globex</a>',
    ])
      it(`is no foreign one in ${text} under ${profile}`, () => assert.equal(ask(text, profile), through))

    it(`may not be there for a caller without a tenant under ${profile}`, () => {
      const rules = rulesOf(profile, { tenant: undefined })
      assert.equal(rule(inspectBody('text/xml', '<account>acme</account>', rules)), 'tenant')
      assert.equal(rule(inspectBody('text/xml', '<a account=""/>', rules)), 'tenant')
      assert.equal(inspectBody('text/xml', '<a>acme</a>', rules), undefined)
    })
  }
})
