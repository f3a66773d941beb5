import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareDecimals, decimalText, parseDecimal, shortNumber } from '../../src/mask/decimal.ts'

function textOf(text: string): string | undefined {
  const decimal = parseDecimal(text)
  return decimal === undefined ? undefined : decimalText(decimal)
}

describe('a decimal', () => {
  it('is one as far as a double reaches, and no further', () => {
    for (const text of ['1e308', '9.9e308', '0.01e310', '1e-324', '0.1e-323'])
      assert.ok(parseDecimal(text) !== undefined, text)
    for (const text of ['1e309', '10e308', '1e-325', '0.1e-324']) assert.equal(parseDecimal(text), undefined, text)
    assert.equal(textOf('0e999'), '0')
  })

  it('is one up to 128 characters, whatever it says', () => {
    assert.equal(textOf(`1.${'0'.repeat(126)}`), '1')
    assert.equal(textOf(`1.${'0'.repeat(127)}`), undefined)
  })

  it('has one spelling: plain up to 40 digits and down to 20 zeros, by powers of ten beyond', () => {
    const spellings: readonly (readonly [string, string])[] = [
      ['1e39', `1${'0'.repeat(39)}`],
      ['1e40', '1e40'],
      ['12e39', '1.2e40'],
      [`${'12345678'.repeat(5)}9`, `1.${'12345678'.repeat(5).slice(1)}9e40`],
      [`${'12345678'.repeat(5)}.5`, `${'12345678'.repeat(5)}.5`],
      ['1e-20', `0.${'0'.repeat(19)}1`],
      ['1e-21', '1e-21'],
      ['-12e-22', '-1.2e-21'],
      ['-0.0', '0'],
      ['100', '100'],
      ['1.50', '1.5'],
    ]
    for (const [from, to] of spellings) assert.equal(textOf(from), to, from)
  })

  it('is ordered by what it is worth, zero between the signs', () => {
    const ordered = [
      '-1e300',
      '-12345678901234567890.5',
      '-1e-300',
      '0',
      '1e-300',
      '0.00000000000000000001',
      '12345678901234567890.4',
      '12345678901234567890.5',
      '1e300',
    ].map((text) => parseDecimal(text))
    for (const [at, left] of ordered.entries())
      for (const [other, right] of ordered.entries()) {
        assert.ok(left !== undefined && right !== undefined)
        assert.ok(Math.sign(compareDecimals(left, right)) === Math.sign(at - other), `${at} and ${other}`)
      }
  })
})

describe('a short number', () => {
  it('is a plain one of at most 15 characters', () => {
    for (const text of ['0', '-0', '9', '19', '-9.09', '0.5', '999999999999999', '0.0000000000003', '1234567.9876543'])
      assert.equal(shortNumber(text), Number(text), text)
    for (const text of [
      '1e5',
      '1000000000000000',
      '01',
      '-01',
      '5.',
      '.5',
      '-',
      '',
      '+1',
      '1-5',
      '0x1',
      '1.2.3',
      '1..2',
    ])
      assert.ok(Number.isNaN(shortNumber(text)), text)
  })
})
