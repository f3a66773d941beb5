import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { filterBody, filterWhole, whenReleased } from '../../../src/stages/filter/filter-body.ts'
import { type FilterVerdict, planAnswer } from '../../../src/stages/filter/filter-response.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { codeOf, planOf, readersOf } from './support.ts'

const mine = '{"account":"acme"}'
const other = '{"account":"beta"}'
const refusedWith = (code: string) => (error: unknown) => codeOf(error) === code

function verdictOf(plan: RowPlan = planOf(), type = 'application/json'): FilterVerdict {
  const rules = { plan, readers: readersOf(plan), roles: [], pass: [], keepHeaders: [], decode: defaultDecodeLimits }
  const head = { status: 200, rawHeaders: ['content-type', type] }
  const verdict = planAnswer({ method: 'GET', rows: rules, head, ownCookies: [] })
  assert.ok(verdict.kind === 'filter')
  return verdict
}

const failing = planOf({
  predicate: {
    reads: [],
    test: () => {
      throw new RangeError('not this one')
    },
  },
})

describe('a filtered stream', () => {
  it('fails where its source ends without a word', async () => {
    const source = new PassThrough()
    const body = filterBody(source, verdictOf())
    source.write('{"items":[')
    source.destroy()
    await assert.rejects(body.toArray(), refusedWith('ERR_UPSTREAM_FAILED'))
  })

  it('lets single bytes through', async () => {
    const text = `[${mine},${mine}]`
    const pieces = Array.from(text, (letter) => Buffer.from(letter))
    const body = filterBody(Readable.from(pieces), verdictOf(planOf({ at: [['*']] })))
    assert.equal(Buffer.concat(await body.toArray()).toString(), text)
  })

  it('calls a fault of the filter ours, and no refusal', async () => {
    const body = filterBody(Readable.from([Buffer.from(`{"items":[${mine}]}`)]), verdictOf(failing))
    await assert.rejects(body.toArray(), refusedWith('ERR_INTERNAL'))
  })

  it('is released at once where it has ended, and rejects at once where it has failed', async () => {
    const good = filterBody(Readable.from([Buffer.from(`{"items":[${mine}]}`)]), verdictOf())
    await good.toArray()
    await whenReleased(good)
    const bad = filterBody(Readable.from([Buffer.from('<')]), verdictOf())
    await assert.rejects(bad.toArray(), refusedWith('ERR_ANSWER_UNREADABLE'))
    await assert.rejects(whenReleased(bad), refusedWith('ERR_ANSWER_UNREADABLE'))
  })
})

describe('a body filtered as a whole', () => {
  it('is what came before the end and what came with it', () => {
    const verdict = verdictOf(planOf(), 'application/jsonl')
    const text = (body: string): string => Buffer.from(filterWhole(Buffer.from(body), verdict).body).toString()
    assert.equal(text(`${mine}\n${mine}`), `${mine}\n${mine}`)
    assert.equal(text(mine), mine)
    assert.equal(text(`${mine}\n`), `${mine}\n`)
    assert.equal(text(`${other}\n`), '')
  })
})
