import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDuration, parseSize } from '../../src/config/units.ts'

describe('parses durations', () => {
  const durations = { '500ms': 500, '15s': 15_000, '15m': 900_000, '8h': 28_800_000, '30d': 2_592_000_000, '0s': 0 }
  for (const [text, expected] of Object.entries(durations)) {
    it(`reads ${text}`, () => assert.equal(parseDuration(text), expected))
  }
  it('reads the number 0', () => assert.equal(parseDuration(0), 0))

  for (const text of [
    '',
    '15',
    '1.5h',
    '-1s',
    '015s',
    '15 m',
    '15M',
    '1w',
    '1h30m',
    '1e3s',
    ' 1s',
    '1s\n',
    '9999999999s',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), undefined))
  }
})

describe('parses sizes', () => {
  const sizes = { '1024': 1024, '0': 0, '7B': 7, '64KiB': 65_536, '10MiB': 10_485_760, '2GiB': 2_147_483_648 }
  for (const [text, expected] of Object.entries(sizes)) {
    it(`reads ${text}`, () => assert.equal(parseSize(text), expected))
  }
  it('reads a number', () => assert.equal(parseSize(1024), 1024))

  for (const text of ['', '10MB', '10M', '1.5MiB', '-1', '01', '1 KiB', '0x10', '1KiB\n', '1e3', -1, 1.5, Number.NaN]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseSize(text), undefined))
  }
})
