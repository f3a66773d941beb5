import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectQuery } from '../../../../src/stages/forward/inspect/query.ts'
import { type Profile, profiles, rule, rulesOf, told } from './support.ts'

const ask = (query: string, profile: Profile = 'strict') => rule(inspectQuery(query, rulesOf(profile)))

type Row = readonly [query: string, verdict: string]

function holds(profile: Profile, rows: readonly Row[]): void {
  for (const [query, verdict] of rows)
    it(`${verdict}: ${query.slice(0, 80)}`, () => assert.equal(ask(query, profile), verdict))
}

const through = 'let through'

describe('a query string under strict', () => {
  holds('strict', [
    ['', through],
    ['?', through],
    ['?page=2&size=50', through],
    ['?status=open&status=closed', through],
    ['?a[]=1&a[]=2&b[c][d]=3', through],
    ['?items[0].name=x&items[0].tags[1]=y', through],
    ['?a=1&', through],
    ['?&a=1&&b=2', through],
    ['?filter=a&filter=b', through],
    ['?flag', through],
    ['?name=J%C3%BCrgen+M&q=%24100', through],
    ['?price=$100', through],
    ['?$where=1', 'operator'],
    ['?%24where=1', 'operator'],
    ['?filter[$ne]=1', 'operator'],
    ['?a[%24gt]=1', 'operator'],
    ['?filter.$where=1', 'operator'],
    ['?a[%EF%BC%84ne]=1', 'operator'],
    ['?a[%E2%80%8B%24ne]=1', 'operator'],
    ['?__proto__[x]=1', 'prototype'],
    ['?a[constructor][prototype][x]=1', 'prototype'],
    ['?constructive=1', through],
    ['?%00a=1', 'name'],
    ['?a%00=1', 'name'],
    ['?a%0Ab=1', 'name'],
    ['?=1', 'name'],
    ['?+a=1', 'name'],
    ['?%C2%A0a=1', 'name'],
    ['?a%2541=1', 'name'],
    ['?100%25=1', through],
    ['?a[b=1', 'name'],
    ['?a]b=1', 'name'],
    ['?[a]=1', 'name'],
    ['?a[b]c=1', 'name'],
    ['?a[b[c]]=1', 'name'],
    ['?_charset_=utf-16', 'charset'],
    ['?a=%zz', 'unreadable'],
    ['?a=%', 'unreadable'],
    ['?%u0024where=1', 'unreadable'],
    ['?a=%u0024', 'unreadable'],
    ['?a=%C0%A4', 'charset'],
    ['?a=%ED%A0%80', 'charset'],
    ['?a=%FF', 'charset'],
    ['?a=1;b=2', 'unreadable'],
    ['?a=1%3Bb=2', through],
    ['?filter={}', 'json-in-parameter'],
    ['?filter=%7B%22a%22:1%7D', 'json-in-parameter'],
    ['?where=%20%5B1%5D', 'json-in-parameter'],
    ['?q=%EF%BB%BF{', 'json-in-parameter'],
    ['?Filters[x]={a:1}', 'json-in-parameter'],
    ['?filter=open', through],
    ['?filter=', through],
    ['?filter=a{b}', through],
    ['?note={"a":1}', through],
    ['?note={"$where":1}', through],
  ])

  it('refuses the 1,001st parameter and lets 1,000 through', () => {
    assert.equal(ask(`?${'a=1&'.repeat(1000)}`), through)
    assert.equal(ask(`?${'a=1&'.repeat(1001)}`), 'too-many')
    assert.equal(ask(`?${'a=1&'.repeat(1001)}`, 'raw'), through)
  })

  it('refuses names of more than 64 levels', () => {
    assert.equal(ask(`?a${'[b]'.repeat(64)}=1`), through)
    assert.equal(ask(`?a${'[b]'.repeat(65)}=1`), 'too-deep')
  })

  it('takes what is invisible for the beginning of anything', () => {
    assert.equal(ask(`?filter=${'+'.repeat(300)}{`), 'json-in-parameter')
    assert.equal(ask(`?filter=${'+'.repeat(200)}x`), through)
    assert.equal(ask('?filter=+'), through)
  })

  it('says where and with which code', () => {
    const found = inspectQuery('?$a=1', rulesOf('strict'))
    assert.equal(told(found), 'operator in query: ERR_REQUEST_UNSAFE')
    assert.equal(told(inspectQuery('?a=%FF', rulesOf('strict'))), 'charset in query: ERR_REQUEST_UNSAFE')
    assert.equal(told(inspectQuery('?account=x', rulesOf('strict'))), 'tenant in query: ERR_TENANT_FOREIGN')
  })
})

describe('a query string under odata', () => {
  const options = 'filter select top skip orderby count expand search format levels apply compute index id'
  for (const option of [...options.split(' '), 'deltatoken', 'skiptoken'])
    it(`may have $${option}`, () => assert.equal(ask(`?$${option}=x`, 'odata'), through))

  holds('odata', [
    ["?$filter=name%20eq%20'x'&$top=5&@p=1", through],
    ['?$filter=id%20eq%20@p&@p=%5B1,2%5D', through],
    ['?$expand=A($select=b;$top=1;$levels=2)', through],
    ['?$expand=A($select=b;$custom=1)', through],
    ['?$where=1', 'operator'],
    ['?$Filter=1', 'operator'],
    ['?$filter[$ne]=1', 'operator'],
    ['?x[$filter]=1', 'operator'],
    ['?%E2%80%8B$filter=1', 'operator'],
    ['?$filter={"a":1}', 'json-in-parameter'],
    ['?$filter=a&$filter=b', 'duplicate-key'],
    ['?$filter=a&%24filter=b', 'duplicate-key'],
    ['?$filter=a&filter=b', 'duplicate-key'],
    ['?$filter=a&Filter=b', 'duplicate-key'],
    ['?$filter=a&$top=1', through],
    ['?tag=a&tag=b', through],
    ['?$expand=A($select=b;account=globex)', 'tenant'],
    ['?a=1;account=globex', 'tenant'],
    ['?a=1;account=acme', through],
    ['?__proto__=1', 'prototype'],
  ])
})

describe('a query string under jsonschema', () => {
  holds('jsonschema', [
    ['?page=1', through],
    ['?$ref=1', 'operator'],
    ['?a[$id]=1', 'operator'],
    ['?filter={}', 'json-in-parameter'],
  ])
})

describe('a query string under query-api', () => {
  holds('query-api', [
    ['?price[$gte]=1&$limit=10&$sort[name]=1', through],
    ['?filters[$and][0][name][$eq]=x', through],
    ['?price[$regex]=1', 'operator'],
    ['?$where=1', 'operator'],
    ['?a[$expr]=1', 'operator'],
    ['?a[ $gte]=1', 'operator'],
    ['?a[%20$gte]=1', 'operator'],
    ['?a[＄gte]=1', 'operator'],
    ['?filter={"price":{"$gte":1}}', through],
    ['?filter=[{"price":1}]', through],
    ['?filter={"$where":"1"}', 'operator'],
    ['?filter={"a":{"$function":{}}}', 'operator'],
    ['?filter={"a":1,"a":2}', 'duplicate-key'],
    ['?filter={a:1}', 'unreadable'],
    ['?filter=%EF%BB%BF{"a":1}', 'unreadable'],
    ['?filter={"account":"globex"}', 'tenant'],
    ['?filter={"account":"acme"}', through],
    ['?filter={"account":{"$ne":"globex"}}', 'tenant'],
    ['?a=1;b=2', 'unreadable'],
  ])
})

describe('a query string under raw', () => {
  holds('raw', [
    ['?$where=1&__proto__=1&a[b=1&a=%zz&b=%FF&filter={}', through],
    ['?a=1;b=2', through],
    ['?a=1;account=globex', 'tenant'],
    ['?account=%FF', 'tenant'],
    ['?account=%zz', 'tenant'],
    // Nobody knows what this name is to the upstream.
    ['?acc%zzount=1', 'unreadable'],
    ['?acc%FFount=1', 'charset'],
    ['?filter={"account":"globex"}', 'tenant'],
    ['?filter={"account":"acme","$where":1}', through],
    ['?filter={broken', through],
  ])

  it('is let through whatever it is where no tenant parameter is declared', () => {
    const rules = rulesOf('raw', { tenantParameters: [] })
    assert.equal(inspectQuery('?%zz&account=globex&$where=1', rules), undefined)
  })
})

describe('a tenant parameter in a query string', () => {
  const foreign = [
    '?account=globex',
    '?account=',
    '?account',
    '?account=acme&account=globex',
    '?account=globex&account=acme',
    '?account[]=acme&account[]=globex',
    '?account=acme,globex',
    '?account=Acme',
    '?account=acme%20',
    '?account=ac%CC%81me',
    '?ACCOUNT=globex',
    '?%61ccount=globex',
    '?account%5B%5D=globex',
    '?account[$ne]=globex',
    '?account[0]=globex',
    '?account.in=globex',
    '?account__in=globex',
    '?a[b][account]=globex',
    '?+account=globex',
    '?account%00x=globex',
    '?tenant.id=globex',
    '?tenant+id=globex',
    '?tenantId=globex',
    '?data={"account":"globex"}',
    '?data={"a":[{"account":"globex"}]}',
    '?data={"a":1,"a":2,"account":"globex"}',
  ]
  for (const profile of profiles) {
    for (const query of foreign)
      it(`refuses ${query} under ${profile}`, () => assert.notEqual(ask(query, profile), through))
    for (const query of [
      '?account=acme',
      '?account=acme&account=acme',
      '?account[]=acme',
      '?Tenant.Id=acme',
      '?accounts=x',
    ])
      it(`lets ${query} through under ${profile}`, () => assert.equal(ask(query, profile), through))
    it(`may not be there at all for a caller without a tenant under ${profile}`, () => {
      const rules = rulesOf(profile, { tenant: undefined })
      assert.equal(rule(inspectQuery('?account=acme', rules)), 'tenant')
      assert.equal(rule(inspectQuery('?account=', rules)), 'tenant')
      assert.equal(rule(inspectQuery('?account=undefined', rules)), 'tenant')
      assert.equal(inspectQuery('?page=1', rules), undefined)
    })
  }
})
