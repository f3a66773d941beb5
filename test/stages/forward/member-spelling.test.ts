import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProxyError } from '../../../src/errors.ts'
import type { Dataset } from '../../../src/mask/language.ts'
import { parseJsonExact } from '../../../src/mask/row-values.ts'
import {
  requireOneSpelling,
  requirePointerSpelling,
  requireSpellings,
} from '../../../src/stages/forward/member-spelling.ts'

function datasetOf(...paths: readonly (readonly string[])[]): Dataset {
  const fields = paths.map((path) => ({ name: path.join('.'), type: 'string', path }) as const)
  const named = new Map(fields.map((field) => [field.name, field]))
  return { name: 'd', tenantField: 'account', fields: named, visibility: 'tenant', base: undefined }
}

const dataset = datasetOf(['account'], ['meta', 'owner'], ['meta', 'kind'])
const row = (text: string) => parseJsonExact(text, { maxLength: text.length })

const refused = (error: unknown) => error instanceof ProxyError && error.code === 'ERR_BODY_UNREADABLE'

describe('the spelling of declared members', () => {
  for (const text of [
    '{"Account":"a"}',
    '{"account":"a","ACCOUNT":"a"}',
    '{"Meta":{}}',
    '{"meta":{"Owner":"a"}}',
    '{"meta":{"owner":"a","KIND":"a"}}',
    '{"meta":{"\\u212aind":"a"}}',
    '{"meta.owner":"a"}',
    '{"META.Owner":"a"}',
    '{"meta.owner.x":"a"}',
    '{"account.x":1}',
    '{"meta":{"owner.x":1}}',
  ])
    it(`is not that of ${text}`, () => {
      assert.throws(() => requireSpellings(row(text), dataset), refused)
    })

  for (const text of [
    '{"account":"a","meta":{"owner":"a","kind":1},"Owner":1,"other":{"Account":"a"}}',
    '{"meta":null}',
    '{"meta.note":1,"other.account":1,"note.meta.owner":1,"owner.x":1,".":1}',
    '{"meta":{"meta.owner":1}}',
    '{"meta":[{"Owner":"a"}]}',
    '{"__proto__":{"Account":"a"}}',
    '[]',
    '7',
  ])
    it(`is that of ${text}`, () => {
      requireSpellings(row(text), dataset)
    })

  it('cannot be right where two declared names differ in case alone', () => {
    assert.throws(() => requireSpellings(row('{"a":1}'), datasetOf(['a'], ['A'])), refused)
  })

  it('may have a dot where the declaration has it', () => {
    const dotted = datasetOf(['meta.owner'], ['meta', 'kind'])
    requireSpellings(row('{"meta.owner":"a","meta":{}}'), dotted)
    requirePointerSpelling(['meta.owner', 'x'], dotted)
    assert.throws(() => requireSpellings(row('{"meta.kind":"a"}'), dotted), refused)
    assert.throws(() => requirePointerSpelling(['meta', 'owner'], dotted), refused)
  })

  it('is asked of a pointer, as far as it leads', () => {
    for (const pointer of [
      ['Account'],
      ['meta', 'OWNER'],
      ['META'],
      ['meta', 'Kind', 'x'],
      ['meta.owner'],
      ['account.x'],
    ])
      assert.throws(() => requirePointerSpelling(pointer, dataset), refused)
    for (const pointer of [[], ['account'], ['meta', 'owner', 'X'], ['Owner'], ['meta.x']])
      requirePointerSpelling(pointer, dataset)
  })

  it('is asked of one name alone where a row is looked for', () => {
    assert.throws(() => requireOneSpelling(row('{"items":[],"Items":[]}'), 'items'), refused)
    requireOneSpelling(row('{"items":[],"Account":1}'), 'items')
  })
})
