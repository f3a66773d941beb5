import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultRowLimits } from '../../../src/stages/filter/row-plan.ts'
import { marker, planOf, runLines } from './support.ts'

const mine = '{"account":"acme","id":1}'
const other = `{"account":"beta","note":"${marker}"}`

describe('JSON lines', () => {
  it('keep the lines whose row is permitted', () => {
    assert.equal(runLines(planOf(), `${mine}\n${other}\n${mine}\n`).text, `${mine}\n${mine}\n`)
    assert.equal(runLines(planOf(), `${other}\n${mine}`).text, mine)
    assert.equal(runLines(planOf(), '').text, '')
  })

  it('go on after a line that is broken, and count it', () => {
    const bad = [
      `{"account":"acme"`,
      `${mine} ${other}`,
      `\ufeff${mine}`,
      '\u0001',
      'null',
      '7',
      `[${mine}]`,
      `data: ${mine}`,
    ]
    const outcome = runLines(planOf(), `${mine}\n${bad.join('\n')}\n${mine}\n`)
    assert.equal(outcome.text, `${mine}\n${mine}\n`)
    assert.deepEqual(outcome.counts, { rows: 10, withheld: 8, fieldsWithheld: 0, violations: 5 })
  })

  it('drop a line beyond the bound and go on', () => {
    const plan = planOf({ limits: { ...defaultRowLimits, maxRowBytes: 50 } })
    const long = `{"account":"acme","pad":"${'x'.repeat(100)}"}`
    for (const cuts of [[], [30], [60, 90], Array.from({ length: 150 }, (_, at) => at)])
      assert.equal(runLines(plan, `${mine}\n${long}\n${mine}\n`, cuts).text, `${mine}\n${mine}\n`)
  })

  it('keep heartbeats', () => {
    assert.equal(runLines(planOf(), `\n${mine}\n \r\n${other}\n\n`).text, `\n${mine}\n\n\n`)
  })

  it('lose their withheld fields', () => {
    const plan = planOf({ withhold: [{ name: 'id', path: ['id'] }] })
    assert.equal(runLines(plan, `${mine}\r\n`).text, '{"account":"acme"}\n')
  })

  it('are refused as a whole under block', () => {
    const plan = planOf({ onViolation: 'block' })
    assert.equal(runLines(plan, `${mine}\n${mine}\n`).text, `${mine}\n${mine}\n`)
    for (const bad of [other, 'x', `${mine}${mine}`]) {
      const outcome = runLines(plan, `${mine}\n${bad}\n`)
      assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
      assert.equal(outcome.released, '')
    }
  })

  it('give the same wherever the chunks end', () => {
    const plan = planOf({ withhold: [{ name: 'id', path: ['id'] }] })
    const body = Buffer.from(`${mine}\n${other}\r\n{"account":\n\n{"é":"€", "acc\\u006funt":"acme","id":2}\n${mine}`)
    const whole = runLines(plan, body)
    for (let first = 0; first <= body.length; first++)
      for (let second = first; second <= body.length; second += 2)
        assert.deepEqual(runLines(plan, body, [first, second]), whole)
    assert.deepEqual(runLines(plan, body, Array.from(body.keys())), whole)
  })
})
