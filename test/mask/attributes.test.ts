import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAttributeOf } from '../../src/mask/attributes.ts'
import type { AttributeType } from '../../src/mask/language.ts'
import { MaskError } from '../../src/mask/mask-error.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { ledger } from './masks.ts'

const declared = new Map<string, AttributeType>([
  ['login', 'string'],
  ['level', 'integer'],
  ['units', 'string[]'],
  ['since', 'date'],
  ['boss', 'boolean'],
])

function faultOf(mask: unknown, attributes: ReadonlyMap<string, AttributeType> | undefined): string {
  try {
    parseMask(mask, { ...ledger(), attributes })
    return ''
  } catch (error) {
    assert.ok(error instanceof MaskError)
    return error.message
  }
}

const cases: readonly (readonly [unknown, string])[] = [
  [{ owner: { $user: 'login' } }, ''],
  [{ owner: { $in: { $user: 'units' } } }, ''],
  [{ owner: { $user: 'email' } }, ''],
  [{ owner: { $user: 'tenant' } }, ''],
  [{ key: { $user: 'level' } }, ''],
  [{ key: { $in: { $user: 'groups' } } }, ''],
  [{ amount: { $lt: { $user: 'level' } } }, ''],
  [{ tags: { $hasAny: { $user: 'roles' } } }, ''],
  [{ tags: { $user: 'login' } }, ''],
  [{ owner: { $user: 'logn' } }, 'owner: $user "logn": no attribute is called that'],
  [{ owner: { $user: 'units' } }, 'owner: $user "units": the attribute is a list (string[])'],
  [{ owner: { $in: { $user: 'login' } } }, 'owner: $user "login": $in needs an attribute that is a list'],
  [{ owner: { $user: 'level' } }, 'owner: $user "level": the attribute is integer, the field string'],
  [{ amount: { $user: 'login' } }, 'amount: $user "login": the attribute is string, the field number'],
  [{ key: { $user: 'boss' } }, 'key: $user "boss": the attribute is boolean, the field id'],
  [{ owner: { $in: { $user: 'tenant' } } }, 'owner: $user "tenant": $in needs an attribute that is a list'],
]

describe('attributes with a declared type', () => {
  for (const [mask, fault] of cases) {
    it(`${fault === '' ? 'lets' : 'refuses'} ${JSON.stringify(mask)}${fault === '' ? ' be' : ''}`, () => {
      assert.equal(faultOf(mask, declared), fault)
    })
  }

  it('takes any name where nothing is declared, but knows what everybody has', () => {
    assert.equal(faultOf({ owner: { $user: 'anything' } }, undefined), '')
    assert.match(faultOf({ owner: { $user: 'groups' } }, undefined), /is a list/)
  })

  it('knows a value of its type', () => {
    const held: readonly (readonly [AttributeType, unknown, boolean])[] = [
      ['string', 'a', true],
      ['string', 1, false],
      ['integer', 1, true],
      ['integer', 1.5, false],
      ['id', 7, true],
      ['date', '2024-02-29', true],
      ['date', '2023-02-29', false],
      ['string[]', ['a', 'b'], true],
      ['string[]', ['a', 1], false],
      ['string[]', 'a', false],
      ['integer[]', [1, 2], true],
      ['boolean', 'true', false],
    ]
    for (const [type, value, fits] of held) assert.equal(isAttributeOf(type, value), fits, `${type} ${String(value)}`)
  })
})
