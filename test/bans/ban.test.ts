import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Ban, decodeBan, encodeBan } from '../../src/bans/ban.ts'
import type { ReplicatedEntry } from '../../src/shared-state/shared-state.ts'
import { mustNetwork } from './support.ts'

const ban: Ban = {
  network: mustNetwork('2001:db8::/64'),
  until: 2_000,
  since: 1_000,
  origin: 'detector',
  reason: 'ten failed sign-ins',
  scenario: 'brute-force',
  by: undefined,
  forced: false,
}

test('a ban comes back from shared state as it was', () => {
  assert.deepEqual(decodeBan(encodeBan(ban)), ban)
  const full: Ban = { ...ban, by: 'ada@example.com', forced: true, origin: 'operator' }
  assert.deepEqual(decodeBan(encodeBan(full)), full)
})

test('ignores an entry that is not a ban in its only spelling', () => {
  const good = encodeBan(ban)
  const value = JSON.parse(good.value)
  const bad: readonly Partial<ReplicatedEntry>[] = [
    { member: '' },
    { member: '2001:db8::/64' },
    { member: '2001:db8::/64 detector x' },
    { member: '2001:DB8::/64 detector' },
    { member: '2001:db8::1/64 detector' },
    { member: '2001:db8:: detector' },
    { member: '::/0 detector' },
    { member: '0.0.0.0/0 operator' },
    { member: '2001:db8::/64 Detector' },
    { member: `2001:db8::/64 ${'x'.repeat(33)}` },
    { expiresAt: Number.NaN },
    { expiresAt: 1.5 },
    { value: '' },
    { value: '{' },
    { value: 'null' },
    { value: '[]' },
    { value: '{}' },
    { value: JSON.stringify({ ...value, since: '1' }) },
    { value: JSON.stringify({ ...value, reason: 7 }) },
    { value: JSON.stringify({ ...value, reason: 'x'.repeat(257) }) },
    { value: JSON.stringify({ ...value, scenario: null }) },
    { value: JSON.stringify({ ...value, by: {} }) },
    { value: JSON.stringify({ ...value, forced: 'yes' }) },
    { value: JSON.stringify({ ...value, more: 'x'.repeat(4_000) }) },
  ]
  for (const change of bad) assert.equal(decodeBan({ ...good, ...change }), undefined, JSON.stringify(change))
})

test('never throws on what it finds in shared state', () => {
  const entries = fc.record({ member: fc.string(), value: fc.oneof(fc.string(), fc.json()), expiresAt: fc.double() })
  fc.assert(fc.property(entries, (entry) => decodeBan(entry) === undefined))
})
