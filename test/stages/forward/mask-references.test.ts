import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { contentDigest } from '../../../src/lib/digest.ts'
import { MaskReferences } from '../../../src/stages/forward/mask-references.ts'

const kib = 1024

function open(maxBytes: number) {
  let now = 1_000_000
  const references = new MaskReferences({ now: () => now }, maxBytes)
  return { references, advance: (ms: number) => (now += ms) }
}

/** A mask of so many bytes, and its name. */
function maskOf(letter: string, bytes = kib) {
  const json = `{"entity":"${letter}"}`.padEnd(bytes)
  const name = createHash('sha256').update(json).digest('base64url')
  return { json, digest: contentDigest(json), name }
}

const [a, b, c] = [maskOf('a'), maskOf('b'), maskOf('c')]
/** For two of them, and what they cost besides. */
const forTwo = 3.5 * kib
const noRoom = { code: 'ERR_IDENTITY_TOO_LARGE' }

describe('a mask that went upstream as its digest', () => {
  it('is found by that digest, and no other is', () => {
    const { references } = open(forTwo)
    references.hold(a)
    assert.equal(references.find(a.name), a.json)
    for (const name of [b.name, '', a.digest, a.name.toLowerCase(), '__proto__'])
      assert.equal(references.find(name), undefined)
  })

  it('is held once, however often it is sent', () => {
    const { references } = open(forTwo)
    for (let i = 0; i < 100; i += 1) references.hold(a)
    references.hold(b)
    assert.deepEqual([references.find(a.name), references.find(b.name)], [a.json, b.json])
  })

  it('is kept for a minute after its last use: another one is refused, not let in its place', () => {
    const { references, advance } = open(forTwo)
    references.hold(a)
    references.hold(b)
    advance(59_999)
    assert.throws(() => references.hold(c), noRoom)
    assert.equal(references.find(c.name), undefined)
    assert.deepEqual([references.find(a.name), references.find(b.name)], [a.json, b.json])
  })

  it('makes room after that, the one that was not used for longest first', () => {
    for (const use of ['sent', 'fetched'] as const) {
      const { references, advance } = open(forTwo)
      references.hold(a)
      references.hold(b)
      advance(59_999)
      if (use === 'sent') references.hold(a)
      else references.find(a.name)
      advance(1)
      references.hold(c)
      assert.deepEqual(
        [references.find(a.name), references.find(b.name), references.find(c.name)],
        [a.json, undefined, c.json],
      )
      assert.throws(() => references.hold(b), noRoom)
    }
  })

  it('is refused where it alone is more than all may take, and costs the others nothing', () => {
    const { references, advance } = open(forTwo)
    references.hold(a)
    advance(100_000)
    assert.throws(() => references.hold(maskOf('d', 4 * kib)), noRoom)
    assert.equal(references.find(a.name), a.json)
  })

  it('counts what small ones cost besides their text', () => {
    const { references } = open(100 * kib)
    const small = Array.from({ length: 1000 }, (_, i) => maskOf(`${i}`, 0))
    assert.throws(() => small.forEach((mask) => references.hold(mask)), noRoom)
  })
})
