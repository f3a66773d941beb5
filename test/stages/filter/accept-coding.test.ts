import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AnswerCoding, chooseCoding } from '../../../src/stages/filter/accept-coding.ts'

const table: readonly (readonly [readonly string[], AnswerCoding | undefined, boolean])[] = [
  [[], undefined, true],
  [[''], undefined, true],
  [['identity'], undefined, true],
  [['gzip'], 'gzip', true],
  [['X-GZIP'], 'gzip', true],
  [['deflate'], undefined, true],
  [['gzip, deflate, br, zstd'], 'zstd', true],
  [['gzip, deflate, br'], 'br', true],
  [['gzip', 'br'], 'br', true],
  [['*'], 'zstd', true],
  [['gzip;q=1, *;q=0'], 'gzip', false],
  [['gzip;q=0.5, br;q=0.9, zstd;q=0.8'], 'br', true],
  [['gzip; Q=1.000 ,br;q=0.999'], 'gzip', true],
  [['*;q=0.5, zstd;q=0, br;q=0.1'], 'gzip', true],
  [['gzip;q=0'], undefined, true],
  [['gzip;q=0.000, br;q=0.0'], undefined, true],
  [['gzip;q=0, *'], 'zstd', true],
  [['gzip;q=0.001'], 'gzip', true],
  [['identity;q=1, gzip;q=0.5'], undefined, true],
  [['identity;q=0.5, gzip;q=0.5'], 'gzip', true],
  [['identity;q=0.5, gzip;q=0.8'], 'gzip', true],
  [['identity;q=0'], undefined, false],
  [['identity;q=0, gzip;q=0.1'], 'gzip', false],
  [['*;q=0'], undefined, false],
  [['*;q=0, identity'], undefined, true],
  [['gzip;q=1, gzip;q=0'], undefined, true],
  [['gzip,,br, '], 'br', true],
  // Nothing that cannot be read asks for anything.
  [['gzip;q=2'], undefined, true],
  [['gzip;q=-1'], undefined, true],
  [['gzip;q=0.1234'], undefined, true],
  [['gzip;level=9'], undefined, true],
  [['gzip br'], undefined, true],
  [['"gzip"'], undefined, true],
  [[`gzip,${' '.repeat(2_000)}br`], undefined, true],
]

describe('what a client accepts', () => {
  for (const [values, coding, takesPlain] of table)
    it(`is ${coding ?? 'no coding'}${takesPlain ? '' : ', and nothing plain,'} by ${JSON.stringify(values).slice(0, 60)}`, () => {
      assert.deepEqual(chooseCoding(values), { coding, takesPlain })
    })
})
