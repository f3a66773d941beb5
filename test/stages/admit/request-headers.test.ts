import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHeaders } from '../../../src/stages/admit/request-headers.ts'

test('finds headers by lower-case name, every value in the order sent', () => {
  const headers = readHeaders(['Host', 'a', 'X-One', '1', 'x-one', '2', 'constructor', 'c', '__proto__', 'p'], 10)
  assert.equal(headers.single('host'), 'a')
  assert.deepEqual(headers.all('x-one'), ['1', '2'])
  assert.equal(headers.single('absent'), undefined)
  assert.deepEqual(headers.all('toString'), [])
  assert.equal(headers.single('constructor'), 'c')
  assert.equal(headers.single('__proto__'), 'p')
})

test('refuses to choose among repeated values', () => {
  const headers = readHeaders(['Host', 'a', 'host', 'a'], 10)
  assert.throws(() => headers.single('host'), { code: 'ERR_HEADER_INVALID' })
})

test('takes as many headers as allowed and not one more', () => {
  readHeaders(lines(100), 100)
  assert.throws(() => readHeaders(lines(101), 100), { code: 'ERR_HEADER_COUNT' })
})

test('lets every visible character, blank and tab into a value', () => {
  const visible = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).join('')
  assert.equal(readHeaders(['x', `${visible}\t`], 1).single('x'), `${visible}\t`)
  assert.equal(readHeaders(['x', ''], 1).single('x'), '')
})

test('refuses control characters, line ends and obs-text in a value', () => {
  for (let code = 0; code < 0x20; code++) if (code !== 0x09) assertInvalid(['x', `a${String.fromCharCode(code)}b`])
  for (let code = 0x7f; code <= 0x100; code++) assertInvalid(['x', `a${String.fromCharCode(code)}b`])
  assertInvalid(['x', 'ok', 'y', '\u{1F600}'])
})

test('lets every token character into a name and refuses the others', () => {
  const token = "!#$%&'*+-.^_`|~0123456789abcxyzABCXYZ"
  assert.equal(readHeaders([token, '1'], 1).single(token.toLowerCase()), '1')
  for (const name of ['', 'a b', 'a:', 'a\n', 'a\0', '(a)', 'a/b', 'ä', 'a"', 'a\u0141', '[', '{a}', 'a,b', 'a@b']) {
    assertInvalid([name, '1'])
  }
})

test('finds the same in a short head as in a long one', () => {
  for (const more of [0, 27, 28, 29, 90]) {
    const raw = ['Host', 'a', 'X-One', '1', ...lines(more), 'x-one', '2', '__proto__', 'p', 'x-last', '']
    const headers = readHeaders(raw, 100)
    assert.equal(headers.single('host'), 'a', String(more))
    assert.deepEqual(headers.all('x-one'), ['1', '2'])
    assert.throws(() => headers.single('x-one'), { code: 'ERR_HEADER_INVALID' })
    assert.equal(headers.single('__proto__'), 'p')
    assert.equal(headers.single('x-last'), '')
    assert.equal(headers.single('1'), undefined)
    assert.deepEqual(headers.all('toString'), [])
  }
})

test('refuses a name without a value', () => assertInvalid(['host']))

function lines(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => [`x-${i}`, '1']).flat()
}

function assertInvalid(raw: readonly string[]): void {
  assert.throws(() => readHeaders(raw, 10), { code: 'ERR_HEADER_INVALID' }, JSON.stringify(raw))
}
