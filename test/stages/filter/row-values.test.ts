import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonNumber } from '../../../src/mask/language.ts'
import { StringCache } from '../../../src/stages/filter/string-cache.ts'
import { field, planOf, runJson } from './support.ts'

/** What the predicate is handed for `value` in a row. */
function read(value: string): unknown {
  let seen: unknown
  const predicate = {
    reads: [field('v')],
    test: ([first]: readonly unknown[]): boolean => {
      seen = first
      return true
    },
  }
  runJson(planOf({ at: [['*']], predicate }), `[{"v":${value}}]`)
  return seen
}

describe('values of a row', () => {
  it('are numbers as the document spells them', () => {
    const spelled = [
      '0',
      '-0',
      '10',
      '1e2',
      '1.50',
      '-12',
      '0.1',
      '1E+2',
      '123456789',
      '1234567890',
      '9007199254740993',
      '99999999999999999',
      '1'.repeat(40),
    ]
    for (const text of spelled) {
      const value = read(text)
      assert.ok(value instanceof JsonNumber)
      assert.equal(value.text, text)
    }
  })

  it('are strings as JSON.parse reads them', () => {
    for (const text of [
      '""',
      '"a"',
      '"é"',
      '"\\u00e9"',
      '"\\ud83d\\ude00 é"',
      '"\\ud800"',
      '"a\\/b"',
      `"${'x'.repeat(5_000)}"`,
    ])
      assert.equal(read(text), JSON.parse(text))
  })

  it('are not mixed up where short strings share a place in the cache', () => {
    const cache = new StringCache()
    for (let round = 0; round < 2; round++)
      for (let at = 0; at < 20_000; at++) {
        const text = `k${at.toString(36).padStart(4, '_')}`
        const bytes = Buffer.from(`"${text}"`)
        assert.equal(cache.read(bytes, 1, bytes.length - 1), text)
      }
    assert.equal(cache.read(Buffer.alloc(0), 0, 0), '')
  })
})
