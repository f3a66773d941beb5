import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { field, planOf, runCore, runJson } from '../support.ts'

const isOurs = { reads: [field('account')], test: ([account]: readonly unknown[]) => account === 'acme' }
const any = planOf({ at: [['*']], predicate: { reads: [], test: () => true } })

/** `byte` at the same place in a document that is read in blocks, byte by byte, and in two pieces. */
function sameOf(before: string, byte: number, after: string): void {
  for (const pad of [0, 45, 64, 130]) {
    const body = Buffer.concat([Buffer.from(`[${' '.repeat(pad)}${before}`), Buffer.of(byte), Buffer.from(after)])
    for (const tail of ['', ' '.repeat(100)])
      for (const cuts of [[], [pad + before.length + 1], [pad + before.length + 2]]) {
        const bytes = Buffer.concat([body, Buffer.from(tail)])
        const [plain, core] = [runJson(any, bytes, cuts), runCore(any, bytes, cuts)]
        assert.deepEqual([core.text, core.code], [plain.text, plain.code], `${byte} behind ${before}, ${pad}`)
      }
  }
}

describe('every byte, by the core as without it', () => {
  const places: readonly (readonly [string, string])[] = [
    ['', '{}]'],
    ['{', '}]'],
    ['{"a":1', '}]'],
    ['{"a":', '1}]'],
    ['{"a"', ':1}]'],
    ['{"a":"', '"}]'],
    ['{"a":"\\', '"}]'],
    ['{"a":"\\u00', '0"}]'],
    ['{"a":"\u00e9', '"}]'],
    ['{"a":1.', '5}]'],
    ['{"a":tru', '}]'],
    ['{"a":nul', '}]'],
    ['{"a":fals', '}]'],
    ['{"a":true', '}]'],
    ['{"a":null', '}]'],
    ['{"a":false', '}]'],
    ['{"a":n', 'll}]'],
    ['{}', ']'],
    ['{}]', ''],
  ]
  for (const [before, after] of places)
    it(`is read alike between ${JSON.stringify(before)} and ${JSON.stringify(after)}`, () => {
      for (let byte = 0; byte < 256; byte++) sameOf(before, byte, after)
    })
})

function rowWith(key: string): string {
  return `{"account":"acme","${key}":1}`
}

describe('a ruled key, by the core', () => {
  it('is told from every other of its length', () => {
    for (let length = 1; length <= 40; length++) {
      const name = Array.from({ length }, (_, at) => String.fromCharCode(0x61 + (at % 26))).join('')
      const plan = planOf({ at: [['*']], predicate: isOurs, withhold: [{ name: 'secret', path: [name] }] })
      assert.equal(runCore(plan, `[${rowWith(name)}]`).text, '[{"account":"acme"}]', name)
      for (let at = 0; at < length; at++) {
        const other = `${name.slice(0, at)}-${name.slice(at + 1)}`
        for (const cuts of [[], [22]])
          assert.equal(runCore(plan, `[${rowWith(other)}]`, cuts).text, `[${rowWith(other)}]`, other)
      }
    }
  })
})
