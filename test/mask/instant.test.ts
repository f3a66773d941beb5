import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instantFromEpoch, instantFromText, isDate } from '../../src/mask/instant.ts'

describe('a date', () => {
  it('is a day that its month has', () => {
    const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for (const [at, last] of days.entries()) {
      const month = `2023-${String(at + 1).padStart(2, '0')}`
      assert.equal(isDate(`${month}-01`), true, month)
      assert.equal(isDate(`${month}-${last}`), true, month)
      assert.equal(isDate(`${month}-${last + 1}`), false, month)
      assert.equal(isDate(`${month}-00`), false, month)
    }
  })

  it('is in February’s 29th day in leap years alone', () => {
    for (const year of ['0004', '0400', '1600', '2000', '2024', '2400'])
      assert.equal(isDate(`${year}-02-29`), true, year)
    for (const year of ['0001', '0100', '1900', '2023', '2100', '2200'])
      assert.equal(isDate(`${year}-02-29`), false, year)
  })

  it('is of the years 0001 to 9999 and of the months 01 to 12', () => {
    for (const text of ['0001-01-01', '9999-12-31']) assert.equal(isDate(text), true, text)
    for (const text of [
      '0000-01-01',
      '2023-00-01',
      '2023-13-01',
      '12023-01-01',
      '2023-1-01',
      '2023-01-01 ',
      '2023-01-01\n',
    ])
      assert.equal(isDate(text), false, text)
  })
})

describe('an instant', () => {
  it('is spelled in UTC without trailing zeros', () => {
    const spellings: readonly (readonly [string, string])[] = [
      ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00'],
      ['2024-01-01t00:00:00.0500z', '2024-01-01T00:00:00.05'],
      ['2024-01-01T01:30:00.1+01:30', '2024-01-01T00:00:00.1'],
      ['2023-12-31T22:29:59-01:31', '2024-01-01T00:00:59'],
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00'],
      ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999'],
    ]
    for (const [text, instant] of spellings) assert.equal(instantFromText(text), instant, text)
  })

  it('is none outside the years 0001 to 9999 once it is in UTC', () => {
    for (const text of ['0001-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01', '2023-02-29T00:00:00Z'])
      assert.equal(instantFromText(text), undefined, text)
  })

  it('is read from whole milliseconds, on both sides of the epoch', () => {
    const spellings: readonly (readonly [string, string | undefined])[] = [
      ['0', '1970-01-01T00:00:00'],
      ['5', '1970-01-01T00:00:00.005'],
      ['1050', '1970-01-01T00:00:01.05'],
      ['-1', '1969-12-31T23:59:59.999'],
      ['-62135596800000', '0001-01-01T00:00:00'],
      ['-62135596800001', undefined],
      ['253402300799999', '9999-12-31T23:59:59.999'],
      ['253402300800000', undefined],
      ['1e300', undefined],
      ['0.5', undefined],
      ['', undefined],
    ]
    for (const [text, instant] of spellings) assert.equal(instantFromEpoch(text), instant, text)
  })
})
