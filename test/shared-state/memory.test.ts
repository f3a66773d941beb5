import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import { describeSharedState } from './contract.ts'

describeSharedState('shared state in memory', async () => {
  let time = Date.UTC(2026, 0, 1)
  const now = (): number => time
  const state = openMemoryState({ now })
  return {
    first: state,
    second: state,
    now,
    moment: 1_000,
    advance: async (ms) => void (time += ms),
    close: () => state.close(),
  }
})

test('memory state refuses every call after it was closed', async () => {
  const state = openMemoryState({ now: () => 1 })
  await state.close()
  await assert.rejects(state.ping(), { code: 'ERR_STATE_UNAVAILABLE' })
  await assert.rejects(state.bans.list(), { code: 'ERR_STATE_UNAVAILABLE' })
  await assert.rejects(state.bans.subscribe({ onSnapshot() {}, onChange() {} }), { code: 'ERR_STATE_UNAVAILABLE' })
})
