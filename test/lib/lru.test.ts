import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BoundedMap } from '../../src/lib/lru.ts'

test('forgets the least recently used entry, not the oldest one', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  assert.equal(map.get('a'), 1)
  map.set('c', 3)
  assert.equal(map.get('b'), undefined)
  assert.equal(map.get('a'), 1)
  assert.equal(map.get('c'), 3)
})

test('an entry lives up to its expiry and not a millisecond longer', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1, 1000)
  assert.equal(map.get('a', 999), 1)
  assert.equal(map.get('a', 1000), undefined)
  assert.equal(map.size, 0)
})

test('setting again replaces value and expiry', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1, 1000)
  map.set('a', 2)
  assert.equal(map.get('a', 5000), 2)
  assert.equal(map.size, 1)
})

test('deleting and clearing forget', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  assert.equal(map.delete('a'), true)
  assert.equal(map.delete('a'), false)
  map.set('b', 1)
  map.clear()
  assert.equal(map.get('b'), undefined)
})

test('never holds more than its bound and always keeps the last key set', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 50 }),
      (max, keys) => {
        const map = new BoundedMap<number, number>(max)
        for (const key of keys) {
          map.set(key, key)
          assert.ok(map.size <= max)
          assert.equal(map.get(key), key)
        }
      },
    ),
  )
})

test('a bound that is no positive integer is our own mistake', () => {
  assert.throws(() => new BoundedMap(0), TypeError)
  assert.throws(() => new BoundedMap(1.5), TypeError)
})
