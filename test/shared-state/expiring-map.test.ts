import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExpiringMap } from '../../src/shared-state/expiring-map.ts'

test('a full map that refuses takes no new key but still changes a known one', () => {
  const map = new ExpiringMap<number>({ now: () => 0 }, 2, 'refuse')
  assert.ok(map.set('a', 1, 10) && map.set('b', 1, 10))
  assert.equal(map.set('c', 1, 10), false)
  assert.equal(map.set('a', 2, 10), true)
  assert.equal(map.get('a'), 2)
})

test('a full map that evicts forgets the oldest key', () => {
  const map = new ExpiringMap<number>({ now: () => 0 }, 2, 'evict')
  for (const key of ['a', 'b', 'c']) assert.ok(map.set(key, 1, 10))
  assert.equal(map.size, 2)
  assert.equal(map.get('a'), undefined)
  assert.equal(map.get('c'), 1)
})

test('a full map makes room from what has ended before it refuses', () => {
  let time = 0
  const map = new ExpiringMap<number>({ now: () => time }, 2, 'refuse')
  map.set('a', 1, 5)
  map.set('b', 1, 50)
  time = 5
  assert.equal(map.get('a'), undefined)
  assert.equal(map.set('c', 1, 50), true)
  assert.equal(map.get('b'), 1)
})

test('a sweep frees what has ended, slice by slice', () => {
  let time = 0
  const map = new ExpiringMap<number>({ now: () => time }, 100, 'refuse')
  for (let i = 0; i < 10; i++) map.set(`${i}`, i, i < 5 ? 5 : 50)
  time = 10
  map.sweep(3)
  assert.equal(map.size, 7)
  map.sweep(8)
  assert.equal(map.size, 5)
})
