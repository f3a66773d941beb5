import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { JsonNumber } from '../../src/mask/language.ts'
import { parseJsonExact } from '../../src/mask/parse-json-exact.ts'
import { writeJsonExact } from '../../src/mask/write-json-exact.ts'

const read = (text: string) => parseJsonExact(text, { maxLength: 1_000_000 })
const nested = (depth: number) => {
  let value: unknown = []
  for (let i = 1; i < depth; i++) value = [value]
  return value
}

describe('writeJsonExact', () => {
  const unchanged = [
    '{"a":[1,2,{"b":null}],"c":true,"d":"x","e":false}',
    '[123456789012345678901234567890,1.10,1e400,-0,0.1e-5]',
    '"\\ud800"',
    '{"\\udfff":"\\n\\"\\\\"}',
    '{"__proto__":{"constructor":1}}',
    '{"2":"two","b":1}',
    '"é😀"',
    '[]',
    '{}',
  ]
  for (const text of unchanged)
    it(`writes ${text} as it was read`, () => {
      assert.equal(writeJsonExact(read(text)), text)
    })

  it('writes any JSON as a text that is read as the same value', () => {
    const everything = fc.json({ stringUnit: 'binary', maxDepth: 6 })
    fc.assert(
      fc.property(everything, (text) => {
        const value = read(text)
        assert.deepEqual(read(writeJsonExact(value)), value)
        assert.deepEqual(JSON.parse(writeJsonExact(value)), JSON.parse(text))
      }),
      { numRuns: 200 },
    )
  })

  it('writes objects with and without a prototype', () => {
    const bare: Record<string, unknown> = { __proto__: null, a: new JsonNumber('1') }
    assert.equal(writeJsonExact([bare, { a: 'b' }]), '[{"a":1},{"a":"b"}]')
  })

  it('leaves out what an object inherits', () => {
    assert.throws(() => writeJsonExact(Object.create({ a: 'b' })), TypeError)
  })

  const foreign: readonly (readonly [string, unknown])[] = [
    ['a JavaScript number with a fraction', 1.5],
    ['a JavaScript number beyond 2^53', 2 ** 53],
    ['undefined', undefined],
    ['an absent member', { a: undefined }],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a date', new Date(0)],
    ['a map', new Map()],
  ]
  for (const [what, value] of foreign)
    it(`refuses ${what}`, () => {
      assert.throws(() => writeJsonExact(value), TypeError)
    })

  it('writes 128 levels and refuses 129', () => {
    assert.equal(writeJsonExact(nested(128)).length, 256)
    assert.throws(() => writeJsonExact(nested(129)), TypeError)
  })
})
