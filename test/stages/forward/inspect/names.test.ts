import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NameSet, nameFault, visible } from '../../../../src/stages/forward/inspect/names.ts'
import { parameterOperators } from '../../../../src/stages/forward/inspect/operators.ts'

const strict = parameterOperators('strict')

describe('a name that begins with a dollar sign', () => {
  for (const name of [
    '$where',
    '$',
    ' $where',
    '\t\r\n$where',
    '\u00a0$where',
    '\u200b$where',
    '\u200e\u2060$where',
    '\ufeff$where',
    '\u00ad$where',
    '\u115f$where',
    '\u3164$where',
    '\u2800$where',
    '\u0301$where',
    '\u{e0001}$where',
    '\ue000$where',
    '＄where',
    '﹩where',
    '\u200b＄where',
    'filter[$ne]',
    'filter[\u200b$ne]',
    'filter[ $ne]',
    'filter[＄ne]',
    'filter［$ne］',
    'filter.$where',
    'filter．$where',
    'a[b].c[$gt]',
  ])
    it(`is found in ${JSON.stringify(name)}`, () => assert.equal(nameFault(name, strict), 'operator'))

  for (const name of [
    'price',
    'a$b',
    'US$',
    'price (US$)',
    'a[b$]',
    '€',
    '￥price',
    'größe',
    'наименование',
    '@odata.id',
  ])
    it(`is not found in ${name}`, () => assert.equal(nameFault(name, strict), undefined))

  it('is found whichever character becomes it', () => {
    const dollars = Array.from({ length: 0x110000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code))
      .filter((character) => character.normalize('NFKC').includes('$'))
    assert.deepEqual(dollars, ['$', '﹩', '＄'])
    for (const dollar of dollars) assert.equal(nameFault(`${dollar}ne`, strict), 'operator')
  })

  it('is found behind every character that nobody sees', () => {
    for (const invisible of /[\p{C}\p{M}\p{Z}\p{Default_Ignorable_Code_Point}]/gu[Symbol.matchAll](
      Array.from({ length: 0x3200 }, (_, code) => String.fromCharCode(code)).join(''),
    ))
      assert.notEqual(nameFault(`${invisible[0]}$ne`, strict), undefined)
  })
})

describe('a name of the prototype chain', () => {
  for (const name of [
    '__proto__',
    'constructor',
    'prototype',
    'a[__proto__][b]',
    'a.constructor.prototype.b',
    '__proto__.admin',
    ' __proto__ ',
    '__pro\u200bto__',
    '\uff3f\uff3fproto\uff3f\uff3f',
  ])
    it(`is found in ${JSON.stringify(name)}`, () => assert.equal(nameFault(name, strict), 'prototype'))

  for (const name of ['proto', 'prototypes', 'constructors', 'is_prototype', '_proto_', 'toString'])
    it(`is not ${name}`, () => assert.equal(nameFault(name, strict), undefined))
})

describe('a name without one reading', () => {
  it('is refused: a NUL ends it for some, half a surrogate pair is replaced by some', () => {
    assert.equal(nameFault('a\0b', strict), 'name')
    assert.equal(nameFault('a\ud800', strict), 'name')
    assert.equal(nameFault('a\u{1f600}', strict), undefined)
  })
})

describe('a set of names', () => {
  const names = new NameSet(['account', 'tenant_id', 'Straße'])

  for (const name of [
    'account',
    'Account',
    'ACCOUNT',
    'ac-count',
    ' account',
    '\u200baccount',
    'ａｃｃｏｕｎｔ',
    'áccount',
    'a\u0301ccount',
    'account[]',
    'account[$ne]',
    'account[0][id]',
    'a[b][account]',
    'a.account',
    'account.in',
    'user__account__in',
    'meta->>account',
    'account:exact',
    'ns:account',
    '/account',
    'account\0x',
    'x[account',
    'account!',
    '-account',
    'tenant_id',
    'tenant.id',
    'tenant id',
    'tenant[id',
    'tenantId',
    'TENANT-ID',
    'a[tenant.id]',
    'strasse',
    'STRASSE',
    'straſſe',
  ])
    it(`has ${JSON.stringify(name)}`, () => assert.equal(names.has(name), true))

  for (const name of [
    '',
    'accounts',
    'accoun',
    'accountId',
    'id',
    'tenant',
    'a[b]',
    'tenant_ids',
    'my_account',
    '__',
    '[]',
  ])
    it(`does not have ${JSON.stringify(name)}`, () => assert.equal(names.has(name), false))

  it('of none has nothing', () => {
    assert.equal(new NameSet([]).has(''), false)
    assert.equal(new NameSet([]).isEmpty, true)
    assert.equal(names.isEmpty, false)
  })

  it('keeps names without letters apart from lists', () => {
    const marks = new NameSet(['_'])
    assert.equal(marks.has('_'), true)
    assert.equal(marks.has('a[]'), false)
  })
})

describe('what is visible of a text', () => {
  it('is compatible forms made one, without what nobody sees', () => {
    assert.equal(visible('\ufeff＄a\u200b[\u0301b]'), '$a[b]')
    assert.equal(visible('plain'), 'plain')
  })
})
