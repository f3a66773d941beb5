import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Upstreams } from '../../../src/stages/forward/upstreams.ts'

const origins = ['http://a.test', 'http://b.test:81', 'http://[::1]:82']

const pending = (upstreams: Upstreams) => upstreams.all.map((each) => each.pending)

describe('the upstreams of an app', () => {
  it('take turns while they are equally busy', () => {
    const upstreams = new Upstreams(origins)
    const order = Array.from({ length: 6 }, () => {
      const { upstream, release } = upstreams.acquire()
      release()
      return upstream.authority
    })
    assert.deepEqual(order, ['a.test', 'b.test:81', '[::1]:82', 'a.test', 'b.test:81', '[::1]:82'])
  })

  it('are asked where the fewest requests are under way', () => {
    const upstreams = new Upstreams(origins)
    const held = Array.from({ length: 7 }, () => upstreams.acquire())
    assert.deepEqual(pending(upstreams), [3, 2, 2])
    for (const { upstream, release } of held) if (upstream.authority === 'b.test:81') release()
    assert.equal(upstreams.acquire().upstream.authority, 'b.test:81')
    assert.equal(upstreams.acquire().upstream.authority, 'b.test:81')
  })

  it('count a release once, however often it is called', () => {
    const upstreams = new Upstreams(origins)
    const { release } = upstreams.acquire()
    release()
    release()
    assert.deepEqual(pending(upstreams), [0, 0, 0])
  })

  it('are not asked while they are unhealthy, and again once they are well', () => {
    const upstreams = new Upstreams(origins)
    assert.equal(upstreams.markHealth('http://a.test', false), true)
    assert.equal(upstreams.markHealth('http://a.test', false), false, 'no news')
    assert.equal(upstreams.markHealth('http://nobody.test', false), false)
    const asked = new Set(Array.from({ length: 9 }, () => upstreams.acquire().upstream.authority))
    assert.deepEqual([...asked].toSorted(), ['[::1]:82', 'b.test:81'])
    assert.equal(upstreams.markHealth('http://a.test', true), true)
    assert.equal(upstreams.acquire().upstream.authority, 'a.test')
  })

  it('refuse where none is healthy, with a time to come back', () => {
    const upstreams = new Upstreams(origins)
    for (const origin of origins) upstreams.markHealth(origin, false)
    assert.throws(() => upstreams.acquire(), { code: 'ERR_UPSTREAM_UNAVAILABLE', retryAfter: 2 })
  })
})
