import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FieldDeclaration, JsonNumber, unreadable } from '../../src/mask/language.ts'
import { MaskError } from '../../src/mask/mask-error.ts'
import { JsonError } from '../../src/mask/parse-json-exact.ts'
import { parsePointer } from '../../src/mask/read-pointer.ts'
import { parseJsonExact, readRow } from '../../src/mask/row-values.ts'

const limits = { maxLength: 10_000 }

function field(pointer: string): FieldDeclaration {
  return { name: pointer, type: 'string', path: parsePointer(pointer) }
}

describe('readRow', () => {
  it('reads each field where its pointer says, in order', () => {
    const row = parseJsonExact('{"a":{"b/c":"x"},"n":1e2,"t":["p","q"],"z":null}', limits)
    const values = readRow(row, [field('/t'), field('/a/b~1c'), field('/n'), field('/z'), field('/none')])
    assert.deepEqual(values, [['p', 'q'], 'x', new JsonNumber('1e2'), null, undefined])
  })

  it('takes no inherited name for a field', () => {
    assert.deepEqual(readRow({}, [field('/toString'), field('/__proto__'), field('/constructor/name')]), [
      undefined,
      undefined,
      undefined,
    ])
  })

  it('cannot read objects, mixed lists, rounded numbers and rows of another shape', () => {
    const row = parseJsonExact('{"o":{},"m":["a",1],"l":[["a"]],"s":"x","c":[{"d":"x"}],"n":null}', limits)
    const pointers = ['/o', '/m', '/l', '/s/d', '/c/0/d', '/n/d']
    assert.deepEqual(readRow(row, pointers.map(field)), [
      unreadable,
      unreadable,
      unreadable,
      unreadable,
      unreadable,
      undefined,
    ])
    assert.deepEqual(readRow({ n: 1 }, [field('/n')]), [unreadable])
    assert.deepEqual(readRow(['x'], [field('/0')]), [unreadable])
    assert.deepEqual(readRow('x', [field('/length')]), [unreadable])
  })
})

describe('parseJsonExact', () => {
  it('keeps every number as it is spelt', () => {
    for (const text of ['0', '-0', '9007199254740993', '1.10', '1e400', '1E-2']) {
      assert.deepEqual(parseJsonExact(text, limits), new JsonNumber(text))
    }
  })

  it('reads what JSON.parse reads', () => {
    for (const text of [
      '"a\\u00e9\\n\\"\\/\\ud83d\\ude00"',
      ' [ true , false , null ] ',
      '{"a":{"b":[]},"":"x"}',
      '""',
      '"\u2028"',
    ]) {
      assert.deepEqual(JSON.stringify(parseJsonExact(text, limits)), JSON.stringify(JSON.parse(text)))
    }
  })

  it('refuses what JSON.parse refuses', () => {
    const texts = [
      '',
      ' ',
      '{',
      '[',
      '[1,]',
      '{"a":1,}',
      '{a:1}',
      "'a'",
      '"a',
      '"\n"',
      '"\\x"',
      '"\\u12g4"',
      '"\\u12',
      '01',
      '+1',
      '1.',
      '.5',
      '1e',
      '-',
      'NaN',
      'tru',
      'nulll',
      '1 2',
      '[1 2]',
      '{"a" 1}',
      '{"a":}',
      '{1:2}',
      '\ufeff1',
      '/**/1',
      '1,',
      ']',
      '"\\',
      '\u00a01',
      '{,}',
      '[,]',
    ]
    for (const text of texts) {
      assert.throws(() => JSON.parse(text), SyntaxError, text)
      assert.throws(() => parseJsonExact(text, limits), JsonError, text)
    }
  })

  it('refuses a key that occurs twice, also behind an escape, beside the same key in two objects', () => {
    assert.throws(() => parseJsonExact('{"a":1,"a":1}', limits), /occurs twice at 7/)
    assert.throws(() => parseJsonExact('{"a":1,"\\u0061":2}', limits), JsonError)
    assert.throws(() => parseJsonExact('{"__proto__":1,"__proto__":2}', limits), JsonError)
    assert.doesNotThrow(() => parseJsonExact('{"a":{"a":1},"A":2}', limits))
  })

  it('makes objects that inherit nothing', () => {
    const value = parseJsonExact('{"__proto__":{"admin":true}}', limits)
    assert.ok(typeof value === 'object' && value !== null)
    assert.equal(Object.getPrototypeOf(value), null)
    assert.deepEqual(Object.keys(value), ['__proto__'])
  })

  it('allows 64 levels and the stated length, and nothing more', () => {
    assert.doesNotThrow(() => parseJsonExact(nested(64), limits))
    assert.throws(() => parseJsonExact(nested(65), limits), /too deep/)
    assert.throws(() => parseJsonExact('['.repeat(10_000), limits), /too deep/)
    assert.doesNotThrow(() => parseJsonExact('"abc"', { maxLength: 5 }))
    assert.throws(() => parseJsonExact('"abcd"', { maxLength: 5 }), /too long/)
  })

  it('shows nothing of the document in its message', () => {
    assert.throws(
      () => parseJsonExact('{"secret":hunter2}', limits),
      (error) => error instanceof JsonError && !/secret|hunter/.test(error.message),
    )
  })
})

describe('parsePointer', () => {
  it('decodes reference tokens', () => {
    assert.deepEqual(parsePointer(''), [])
    assert.deepEqual(parsePointer('/'), [''])
    assert.deepEqual(parsePointer('/meta/owner'), ['meta', 'owner'])
    assert.deepEqual(parsePointer('/a~1b/m~0n/~01'), ['a/b', 'm~n', '~1'])
  })

  it('refuses what RFC 6901 does not know', () => {
    for (const text of ['a', 'a/b', '#/a', '/a~', '/a~2', '/\ud800', `/${'a'.repeat(1024)}`, '/a'.repeat(33)]) {
      assert.throws(() => parsePointer(text), MaskError, text)
    }
  })
})

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}
