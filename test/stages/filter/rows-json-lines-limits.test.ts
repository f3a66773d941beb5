import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultRowLimits, type RowFilter, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { JsonLinesFilter } from '../../../src/stages/filter/rows-json-lines.ts'
import { codeOf, planOf, runLines } from './support.ts'

const mine = '{"account":"acme","id":1}\n'
const other = '{"account":"beta","id":2}\n'

function pushed(filter: RowFilter, text: string): string {
  return Buffer.from(filter.push(Buffer.from(text)) ?? []).toString()
}

function limited(maxRowBytes: number, onViolation: RowPlan['onViolation'] = 'drop'): RowPlan {
  return planOf({ onViolation, limits: { ...defaultRowLimits, maxRowBytes } })
}

describe('lines of JSON', () => {
  it('go out as they come where a row that is not permitted is dropped', () => {
    const filter = new JsonLinesFilter(planOf())
    assert.equal(pushed(filter, mine + other), mine)
    assert.equal(pushed(filter, mine.slice(0, 9)), '')
    assert.equal(pushed(filter, mine.slice(9)), mine)
    assert.equal(filter.end(), undefined)
  })

  it('are held to the end where one that is not permitted blocks all, and where they are an error’s', () => {
    const blocking = new JsonLinesFilter(planOf({ onViolation: 'block' }))
    assert.equal(pushed(blocking, mine), '')
    assert.throws(
      () => blocking.push(Buffer.from(other)),
      (error) => codeOf(error) === 'ERR_ANSWER_VIOLATION',
    )
    for (const filter of [new JsonLinesFilter(planOf({ onViolation: 'block' })), new JsonLinesFilter(planOf(), true)]) {
      assert.equal(pushed(filter, mine), '')
      assert.equal(pushed(filter, mine), '')
      assert.equal(Buffer.from(filter.end() ?? []).toString(), mine + mine)
    }
  })

  it('that are blank stay, without their blanks', () => {
    assert.equal(runLines(planOf(), `\n \t\r\n${mine}\t\n`).text, `\n\n${mine}\n`)
    for (const blank of ['\u000b', '\u0008', '\u00a0']) assert.equal(runLines(planOf(), `${blank}\n${mine}`).text, mine)
  })

  it('are as long as a row may be, and no longer, wherever the chunks end', () => {
    const text = mine + mine + mine
    const length = mine.length - 1
    for (let cut = 0; cut <= text.length; cut++) {
      assert.equal(runLines(limited(length), text, [cut]).text, text, `cut at ${cut}`)
      const short = runLines(limited(length - 1), text, [cut])
      assert.equal(short.text, '', `cut at ${cut}`)
      assert.deepEqual(counts(short.counts), { rows: 3, withheld: 3, violations: 3 })
      assert.equal(runLines(limited(length - 1, 'block'), text, [cut]).code, 'ERR_ANSWER_VIOLATION', `cut at ${cut}`)
    }
  })
})

function counts(report: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object(report)).filter(([name]) => /^(?:rows|withheld|violations)$/u.test(name)),
  )
}
