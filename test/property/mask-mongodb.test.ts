import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonNumber } from '../../src/mask/language.ts'
import { renderMongodb } from '../../src/mask/render/mongodb.ts'
import { BsonDate, type NumberReader, type NumberStorage, toDocument } from '../support/evaluators/bson.ts'
import { jsonText } from '../support/evaluators/json-text.ts'
import { mingoTester, type PlainObject, siftTester } from '../support/evaluators/libraries.ts'
import { matchesMongodb } from '../support/evaluators/mongodb.ts'
import { cleanPools, dirtyValues, ledgerAt, type RowMix, samples, shapes } from '../support/evaluators/pairs.ts'
import { runs } from '../support/runs.ts'

const storages: readonly NumberStorage[] = ['longs', 'doubles', 'decimals']
const readers: readonly NumberReader[] = ['longs', 'doubles']

interface Verdict {
  readonly permitted: boolean
  readonly matched: boolean
  readonly about: string
}

/** Every mask over its rows, as a program reads the filter that reads numbers so, from rows that are kept so. */
function* verdicts(above: readonly string[], kept: readonly NumberStorage[], mix: RowMix): Generator<Verdict> {
  for (const { seed, mask, rows } of samples(runs(300), ledgerAt(above), mix)) {
    const filter = renderMongodb(mask)
    for (const [at, { row, permitted }] of rows.entries()) {
      const storage = kept[at % kept.length] ?? 'longs'
      const document = toDocument(row, storage)
      const matched = matchesMongodb(filter, document, readers[seed % readers.length])
      yield { permitted, matched, about: `seed ${seed}, ${storage}: ${jsonText(filter)} on ${jsonText(row)}` }
    }
  }
}

for (const [place, above] of Object.entries(shapes))
  describe(`a MongoDB filter on fields ${place}`, () => {
    it('matches the rows that the predicate permits, where values are spelled as usual', () => {
      const tally = { true: 0, false: 0 }
      for (const { permitted, matched, about } of verdicts(above, ['longs', 'doubles'], {})) {
        assert.equal(matched, permitted, about)
        tally[`${permitted}`] += 1
      }
      assert.ok(Math.min(tally.true, tally.false) > runs(1000), JSON.stringify(tally))
    })

    it('matches every row that the predicate permits, whatever its values are', () => {
      const tally = { permitted: 0, matched: 0 }
      for (const { permitted, matched, about } of verdicts(above, storages, { odd: dirtyValues })) {
        assert.ok(matched || !permitted, about)
        if (permitted) tally.permitted += 1
        if (matched) tally.matched += 1
      }
      assert.ok(tally.permitted > runs(500), JSON.stringify(tally))
      // A hint that lets everything through is none.
      assert.ok(tally.matched < tally.permitted * 2, JSON.stringify(tally))
    })

    it('matches every row that the predicate permits, where times are BSON dates', () => {
      const shown = cleanPools.datetime.filter((value) => typeof value === 'string' && /\.[0-9]{3}Z$/.test(value))
      for (const { seed, mask, rows } of samples(runs(60), ledgerAt(above), {
        pools: { ...cleanPools, datetime: shown },
      })) {
        const filter = renderMongodb(mask)
        for (const { row, permitted } of rows) {
          const document = toDocument(withDates(row), 'doubles')
          assert.ok(
            matchesMongodb(filter, document) || !permitted,
            `seed ${seed}: ${jsonText(filter)} on ${jsonText(row)}`,
          )
        }
      }
    })
  })

function withDates(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(value).map(([key, held]): [string, unknown] => {
    if (typeof held === 'string' && /T.*Z$/.test(held)) return [key, new BsonDate(Date.parse(held))]
    return [key, isRecord(held) ? withDates(held) : held]
  })
  return Object.fromEntries(entries)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

/** As JavaScript has it. */
function plain(value: Readonly<Record<string, unknown>>): PlainObject {
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, plainValue(held)]))
}

function plainValue(value: unknown): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plainValue)
  return isRecord(value) ? plain(value) : value
}

/** What JavaScript has no number for, or orders otherwise, so that no other library can be asked about it. */
function isForeign(value: unknown): boolean {
  return /0\.10000000000000001|9007199254740993|\uffff/.test(jsonText(value))
}

describe('the evaluator that follows the MongoDB manual', () => {
  const odd = dirtyValues.filter((value) => !isForeign(value))

  it('says what mingo says, where nothing hangs on BSON decimals, large integers or the order of U+FFFF', () => {
    let asked = 0
    for (const above of Object.values(shapes)) {
      for (const { seed, mask, rows } of samples(runs(150), ledgerAt(above), { odd })) {
        const filter = renderMongodb(mask)
        if (isForeign(filter) || jsonText(filter).includes('"decimal"')) continue
        const matches = mingoTester(plain(filter))
        for (const { row } of rows) {
          if (isForeign(row)) continue
          const ours = matchesMongodb(filter, toDocument(row, 'doubles'), 'doubles')
          assert.equal(ours, matches(plain(row)), `seed ${seed}: ${jsonText(filter)} on ${jsonText(row)}`)
          asked += 1
        }
      }
    }
    assert.ok(asked > runs(5000), `${asked}`)
  })

  it('says what sift says, where sift knows the operators and nothing is null', () => {
    let asked = 0
    for (const { seed, mask, rows } of samples(runs(300), ledgerAt([]), {})) {
      const filter = renderMongodb(mask)
      // sift takes one type for `$type`, knows few, and takes "object" for null.
      if (/"\$type":(?:\[|"(?:decimal|date|object)")/.test(jsonText(filter))) continue
      const matches = siftTester(plain(filter))
      for (const { row } of rows) {
        if (isForeign(row) || Object.values(row).includes(null)) continue
        const ours = matchesMongodb(filter, toDocument(row, 'doubles'), 'doubles')
        assert.equal(ours, matches(plain(row)), `seed ${seed}: ${jsonText(filter)} on ${jsonText(row)}`)
        asked += 1
      }
    }
    assert.ok(asked > runs(100), `${asked}`)
  })
})
