import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FrameFilter } from '../../../src/stages/filter/frames.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { codeOf, marker, planOf, runJson } from './support.ts'

const mine = '{"account":"acme","amount":5}'
const theirs = `{"account":"globex","note":"${marker}"}`
const list = (...rows: readonly string[]) => `{"items":[${rows.join(',')}]}`

function filter(changes: Partial<RowPlan> = {}) {
  const frames = new FrameFilter(planOf(changes))
  return {
    frames,
    message: (text: string | Buffer, binary = false) => {
      const out = frames.message(Buffer.from(text), binary)
      return out === undefined ? undefined : Buffer.from(out).toString()
    },
  }
}

describe('the messages of one WebSocket', () => {
  it('are each a document of their own', () => {
    const { frames, message } = filter()
    assert.equal(message(list(mine, theirs)), list(mine))
    assert.equal(message(list(theirs, mine, mine)), list(mine, mine))
    assert.equal(message('{"items":[]}'), '{"items":[]}')
    assert.equal(message('{"type":"hello"}'), '{"type":null}')
    assert.deepEqual(frames.report, { rows: 5, withheld: 2, fieldsWithheld: 0, violations: 0, rules: new Map() })
  })

  it('say what the reader of a JSON answer says', () => {
    for (const text of [list(mine, theirs), list(mine, mine), '{"a":1,"items":null}', ' {"items" : [ ] } ', '{}'])
      assert.equal(filter().message(text), runJson(planOf(), text).text)
  })

  const lost: readonly (readonly [string, string | Buffer, boolean, object])[] = [
    ['rows and none permitted', list(theirs, theirs), false, { rows: 2, withheld: 2, violations: 0 }],
    [
      'a row of two readings',
      list('{"account":"acme","account":"globex"}'),
      false,
      { rows: 1, withheld: 1, violations: 1 },
    ],
    ['no JSON', 'hello', false, { rows: 1, withheld: 1, violations: 1 }],
    ['no JSON behind two rows', `{"items":[${mine},${theirs}`, false, { rows: 2, withheld: 2, violations: 1 }],
    ['another shape', '{"items":1}', false, { rows: 1, withheld: 1, violations: 1 }],
    ['nothing', '', false, { rows: 1, withheld: 1, violations: 1 }],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), false, { rows: 1, withheld: 1, violations: 1 }],
    ['a binary label', list(mine), true, { rows: 1, withheld: 1, violations: 1 }],
  ]
  for (const [name, text, binary, counts] of lost) {
    it(`disappear under drop with ${name}, and those after them do not`, () => {
      const { frames, message } = filter()
      assert.equal(message(text, binary), undefined)
      assert.deepEqual(frames.report, { fieldsWithheld: 0, rules: new Map(), ...counts })
      assert.equal(message(list(mine)), list(mine))
    })

    it(`end under block with ${name}`, () => {
      const { message } = filter({ onViolation: 'block' })
      assert.equal(message(list(mine)), list(mine))
      assert.throws(
        () => message(text, binary),
        (error) => codeOf(error)?.startsWith('ERR_ANSWER_') === true,
      )
    })
  }

  it('disappear as the single object that is not permitted', () => {
    const { frames, message } = filter({ at: [[]] })
    assert.equal(message(theirs), undefined)
    assert.equal(message('null'), undefined)
    assert.deepEqual(frames.report, { rows: 2, withheld: 2, fieldsWithheld: 0, violations: 0, rules: new Map() })
    assert.equal(message(mine), mine)
    assert.throws(() => filter({ at: [[]], onViolation: 'block' }).message(theirs), { code: 'ERR_ITEM_NOT_FOUND' })
  })

  it('lose withheld fields, which are counted where a row went out', () => {
    const { frames, message } = filter({ withhold: [{ name: 'amount', path: ['amount'] }] })
    assert.equal(message(list(mine, theirs)), list('{"account":"acme"}'))
    assert.equal(message(list(theirs)), undefined)
    assert.equal(frames.report.fieldsWithheld, 1)
  })

  it('are read within the bounds of the route', () => {
    const limits = { ...planOf().limits, maxRowBytes: 40, maxBlockBytes: 200 }
    const { message } = filter({ limits })
    assert.equal(message(list(mine)), list(mine))
    assert.equal(message(list(`{"account":"acme","note":"${'x'.repeat(40)}"}`)), undefined)
    assert.equal(message(list(...Array.from({ length: 10 }, () => mine))), undefined)
  })
})
