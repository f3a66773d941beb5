import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyTable, twin } from '../../../src/stages/filter/key-table.ts'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { planOf, run, runCore, runJson, runLines } from './support.ts'

function tableOf(...names: readonly string[]): KeyTable<string> {
  const table = new KeyTable<string>()
  for (const name of names) table.add(name, name)
  return table
}

/** `spelling` as it stands between the quotes of the document. */
function match(table: KeyTable<string>, spelling: string): string | typeof twin | undefined {
  const bytes = Buffer.from(`{"${spelling}":`)
  const plain = /^[\x20-\x5b\x5d-\x7e]*$/u.test(spelling)
  return table.match(bytes, 2, bytes.length - 2, plain)
}

function escape(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}

describe('a key', () => {
  it('is the ruled one in any spelling of JSON', () => {
    const table = tableOf('account', 'größe', '')
    for (const name of ['account', 'größe', '']) {
      assert.equal(match(table, name), name)
      assert.equal(match(table, escape(name)), name)
    }
  })

  it('is a twin in other letters of the alphabet, and in no other characters', () => {
    const table = tableOf('az@[`{k', 'x')
    for (const spelling of ['Az@[`{k', 'aZ@[`{k', 'AZ@[`{K', 'X', '\\u0058'])
      assert.equal(match(table, spelling), twin, spelling)
    for (const spelling of ['az`[`{k', 'az@{`{k', 'az@[@{k', 'az@[`[k', 'y', 'xx', 'w', '8', ''])
      assert.equal(match(table, spelling), undefined, spelling)
  })

  it('is not the ruled one, nor a twin, where it goes on behind it', () => {
    const table = tableOf('account')
    for (const name of ['account', 'ACCOUNT'])
      for (const more of [31, 63]) assert.equal(match(table, `${name}${'.'.repeat(more)}t`), undefined)
  })

  it('is a twin where some reader folds it to the ruled one', () => {
    const pairs = [
      ['secret', 'ſecret'],
      ['key', '\u212aey'],
      ['id', '\u0130d'],
      ['größe', 'GRÖSSE'],
      ['größe', 'grÖße'],
      ['straße', 'strasse'],
      ['straße', 'STRASSE'],
      ['ſecret', 'secret'],
      // Letter by letter, as Java compares without case: neither reading of the whole text says so.
      ['is', '\u0130ſ'],
    ] as const
    for (const [name, spelling] of pairs) {
      assert.equal(match(tableOf(name), spelling), twin, spelling)
      assert.equal(match(tableOf(name), escape(spelling)), twin, spelling)
    }
    assert.equal(match(tableOf('secret'), 'sécret'), undefined)
  })

  it('is a twin although it takes eighteen bytes for each letter of the ruled one', () => {
    const name = '\u0390'.repeat(8)
    const spelling = escape('\u03b9\u0308\u0301'.repeat(8))
    assert.equal(spelling.length, 18 * name.length)
    assert.equal(match(tableOf(name), spelling), twin)
  })

  it('that no reader folds to the ruled one keeps its row', () => {
    const plan = planOf({ at: [['*']], withhold: [{ name: 'at', path: ['a@z'] }] })
    for (const run of [runJson, runCore]) {
      assert.equal(run(plan, '[{"account":"acme","a`z":1}]').text, '[{"account":"acme","a`z":1}]')
      assert.equal(run(plan, '[{"account":"acme","A@Z":1}]').text, '[]')
    }
    assert.equal(runLines(plan, '{"account":"acme","a`z":1}').text, '{"account":"acme","a`z":1}')
    assert.equal(runLines(plan, '{"account":"acme","A@Z":1}').text, '')
  })

  it('in plain letters is a twin of one that is not, in documents and in lines', () => {
    const plan = planOf({ at: [['*']], withhold: [{ name: 'street', path: ['straße'] }] })
    const rows: readonly (readonly [string, string])[] = [
      ['{"account":"acme","strasse":1}', ''],
      ['{"account":"acme","STRASSE":1}', ''],
      ['{"account":"acme","straße":1}', '{"account":"acme"}'],
      ['{"account":"acme","strase":1}', '{"account":"acme","strase":1}'],
    ]
    for (const [row, out] of rows) {
      for (const filter of [new JsonRowFilter(plan), openJson(plan)])
        assert.equal(run(filter, `[${row}]`, [3]).text, `[${out}]`, row)
      assert.equal(runLines(plan, row).text, out, row)
    }
  })
})
