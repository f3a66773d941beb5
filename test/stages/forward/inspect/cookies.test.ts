import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspectCookies } from '../../../../src/stages/forward/inspect/cookies.ts'
import { profiles, rulesOf, told } from './support.ts'

const foreign = 'tenant in cookie: ERR_TENANT_FOREIGN'

describe('a tenant parameter in a cookie', () => {
  for (const profile of profiles) {
    const ask = (...fields: readonly string[]) => told(inspectCookies(fields, rulesOf(profile)))

    for (const field of [
      'account=globex',
      'a=1; account=globex',
      'a=1;account=globex',
      'a=1, account=globex',
      'account=acme; account=globex',
      'account=acme,globex',
      'account="acme"',
      'account=',
      'account',
      'Account=globex',
      'account[]=globex',
      'tenant.id=globex',
      '%61ccount=globex',
      'acc%6Funt=globex',
      '=account=globex',
      'account=Acme',
      'account=ac%6De',
    ])
      it(`may not be ${field} under ${profile}`, () => assert.equal(ask(field), foreign))

    for (const field of [
      'account=acme',
      'a=globex; account = acme ',
      'accounts=x',
      '$where=1; __proto__=1',
      'a=%zz',
      '',
      '%=1',
    ])
      it(`may be ${JSON.stringify(field)} under ${profile}`, () => assert.equal(ask(field), 'let through'))

    it(`is found in every field under ${profile}`, () => {
      assert.equal(ask('a=1', 'account=globex'), foreign)
      assert.equal(ask(), 'let through')
    })
  }

  it('is the tenant as it is or percent-encoded', () => {
    const rules = rulesOf('strict', { tenant: 'zażółć' })
    assert.equal(inspectCookies([`account=${encodeURIComponent('zażółć')}`], rules), undefined)
    assert.equal(told(inspectCookies(['account=za%C5'], rules)), foreign)
  })

  it('may not be there for a caller without a tenant', () => {
    const rules = rulesOf('raw', { tenant: undefined })
    assert.equal(told(inspectCookies(['account=undefined'], rules)), foreign)
    assert.equal(told(inspectCookies(['account='], rules)), foreign)
    assert.equal(inspectCookies(['other=1'], rules), undefined)
  })

  it('is not looked for where none is declared', () => {
    assert.equal(inspectCookies(['account=globex'], rulesOf('strict', { tenantParameters: [] })), undefined)
  })
})
