import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonNumber, unreadable } from '../../../src/mask/language.ts'
import { textValue } from '../../../src/stages/filter/text-value.ts'

describe('what a text says', () => {
  it('is the text itself for a field that holds text', () => {
    for (const type of ['string', 'id', 'date', 'datetime'] as const)
      for (const text of ['', ' x ', '5', 'true', '2024-01-01']) assert.equal(textValue(type, text), text)
  })

  it('is a number in the spelling of JSON alone', () => {
    for (const type of ['integer', 'number'] as const) {
      for (const text of ['0', '-0', '10', '-1.50', '1e5', '1E-05', '0.5e+2', '9'.repeat(1024)])
        assert.deepEqual(textValue(type, text), new JsonNumber(text), text)
      for (const text of [
        '',
        ' 5',
        '5 ',
        '5\n',
        '05',
        '-',
        '+5',
        '.5',
        '5.',
        '1e',
        '1e+',
        '0x1',
        '1,5',
        'NaN',
        '9'.repeat(1025),
      ])
        assert.equal(textValue(type, text), unreadable, text)
    }
  })

  it('is true or false by its word alone', () => {
    assert.equal(textValue('boolean', 'true'), true)
    assert.equal(textValue('boolean', 'false'), false)
    for (const text of ['', 'True', 'FALSE', '1', '0', ' true', 'yes'])
      assert.equal(textValue('boolean', text), unreadable)
  })

  it('is never a list', () => {
    for (const text of ['', '[]', '["a"]', 'a']) assert.equal(textValue('string[]', text), unreadable)
  })
})
