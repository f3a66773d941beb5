import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePattern } from '../../../src/stages/match/path-pattern.ts'

const table: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ['/', ['/'], ['/a', '//']],
  ['/a', ['/a'], ['/', '/a/', '/ab', '/A', '/a/b']],
  ['/a/', ['/a/'], ['/a', '/a/b']],
  ['/a/*', ['/a/b', '/a/*', '/a/b.c'], ['/a', '/a/', '/a/b/', '/a/b/c', '/b/b']],
  ['/a/*/c', ['/a/b/c'], ['/a//c', '/a/c', '/a/b/c/', '/a/b/d', '/a/b/b/c']],
  ['/*', ['/a'], ['/', '/a/b']],
  ['/a/**', ['/a', '/a/', '/a/b', '/a/b/c/'], ['/', '/ab', '/A/b', '/b/a']],
  ['/**', ['/', '/a', '/a/b/'], []],
  ['/*/b/**', ['/a/b', '/a/b/', '/a/b/c/d'], ['/b', '/a', '/a/c', '/a/bc', '//b']],
  ['/t/{tenant}/b', ['/t/acme/b', '/t/x/b'], ['/t/b', '/t//b', '/t/acme/c']],
  ['/t/{tenant}/**', ['/t/acme', '/t/acme/b/c'], ['/t', '/t/']],
  ['/a/*/**', ['/a/b', '/a/b/c'], ['/a', '/a/', '/b/b']],
]

describe('a path pattern', () => {
  it('says what stands where a path names a tenant', () => {
    assert.equal(compilePattern('/t/{tenant}/**').tenantIn('/t/acme/b'), 'acme')
    assert.equal(compilePattern('/t/*/**').tenantIn('/t/acme/b'), undefined)
  })

  for (const [source, matching, other] of table) {
    it(`${source} matches ${matching.join(' ')} and not ${other.join(' ')}`, () => {
      const pattern = compilePattern(source)
      assert.equal(pattern.source, source)
      for (const path of matching) assert.equal(pattern.matches(path), true, path)
      for (const path of other) assert.equal(pattern.matches(path), false, path)
    })
  }
})
