import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { type AnswerRules, planAnswer, type Verdict } from '../../../src/stages/filter/filter-response.ts'
import { planOf, readersOf } from './support.ts'

const json = ['content-type', 'application/json']
const image = ['content-type', 'image/png']

function plan(status: number, rawHeaders: readonly string[], method = 'GET', changes?: Partial<AnswerRules>): Verdict {
  const rules: AnswerRules = {
    plan: planOf(),
    readers: readersOf(planOf()),
    roles: [],
    pass: ['image/png'],
    keepHeaders: [],
    decode: defaultDecodeLimits,
    ...changes,
  }
  return planAnswer({ method, rows: rules, head: { status, rawHeaders }, ownCookies: [] })
}

function outcome(verdict: Verdict): string {
  if (verdict.kind === 'refuse') return verdict.error.code
  return verdict.kind === 'replace' ? `replace ${verdict.error.code}` : verdict.kind
}

describe('the way of an answer at the borders between statuses', () => {
  const table: readonly (readonly [number, readonly string[], string])[] = [
    [199, json, 'ERR_ANSWER_STATUS'],
    [200, json, 'filter'],
    [200, image, 'pass'],
    [299, image, 'pass'],
    [300, json, 'empty'],
    [399, json, 'empty'],
    [400, json, 'filter'],
    [400, image, 'replace ERR_ANSWER_KIND'],
    [599, json, 'filter'],
    [599, image, 'replace ERR_ANSWER_KIND'],
    [600, json, 'ERR_ANSWER_STATUS'],
    [600, image, 'ERR_ANSWER_STATUS'],
  ]
  for (const [status, headers, expected] of table)
    it(`is ${expected} for ${status} with ${headers.join(': ')}`, () => {
      assert.equal(outcome(plan(status, headers)), expected)
    })

  it('is that of an error answer from 400 on', () => {
    const [below, at] = [plan(299, json), plan(400, json)]
    assert.ok(below.kind === 'filter' && at.kind === 'filter')
    assert.deepEqual([below.isProblem, at.isProblem], [false, true])
  })
})

describe('an answer without a body', () => {
  it('says nothing of a type', () => {
    for (const status of [204, 205, 302]) {
      const verdict = plan(status, [...json, 'vary', 'accept'])
      assert.ok(verdict.kind === 'empty')
      assert.deepEqual(verdict.rawHeaders.slice(0, 2), ['vary', 'accept'])
      assert.ok(!verdict.rawHeaders.includes('content-type'))
    }
  })

  it('needs no type where only its head was asked for', () => {
    assert.equal(outcome(plan(200, [], 'HEAD')), 'empty')
    assert.equal(outcome(plan(200, [], 'GET')), 'ERR_ANSWER_KIND')
  })
})

describe('JSON that no rows are declared for', () => {
  it('does not pass, though the route lets its type pass', () => {
    const none = planOf({ at: [] })
    for (const type of ['application/json', 'application/jsonl']) {
      const changes = { plan: none, readers: readersOf(none), pass: [type] }
      assert.equal(outcome(plan(200, ['content-type', type], 'GET', changes)), 'ERR_ANSWER_KIND')
    }
  })
})
