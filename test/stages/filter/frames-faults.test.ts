import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FrameFilter } from '../../../src/stages/filter/frames.ts'
import { planOf } from './support.ts'

function fails(): boolean {
  throw new RangeError('not this one')
}

describe('a message of a WebSocket', () => {
  it('that the filter itself fails on is not taken for one that is not permitted', () => {
    const frames = new FrameFilter(planOf({ predicate: { reads: [], test: fails } }))
    assert.throws(() => frames.message(Buffer.from('{"items":[{}]}'), false), RangeError)
  })
})
