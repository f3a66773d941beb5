import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { safeReturnTarget } from '../../src/login/return-target.ts'

const ours = 'https://edge.example'

describe('a return target', () => {
  it('is kept where it is a path of ours', () => {
    for (const path of [
      '/',
      '/a',
      '/a/b?c=d&e=%2F',
      '/@x',
      '/a:b',
      '/~',
      '/?x=//evil.example',
      '/.sallyport-docs/',
      '/.sallyport/',
    ]) {
      assert.equal(safeReturnTarget(path), path)
    }
    assert.equal(safeReturnTarget('/a#b'), '/a')
    assert.equal(safeReturnTarget('/a/../b'), '/b')
  })

  it('is the start where it is missing, too long, or one of our other pages', () => {
    for (const text of [
      undefined,
      '',
      `/${'a'.repeat(2048)}`,
      '/.sallyport',
      '/.sallyport/login',
      '/.SALLYPORT/x',
      '/%2Esallyport/x',
      '/a/../.sallyport/logout',
    ]) {
      assert.equal(safeReturnTarget(text), '/')
    }
  })

  it('is a path of this origin for a browser, whatever it was made of', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5c',
      '%2e',
      '%09',
      '\t',
      '\n',
      '\r',
      ' ',
      '@',
      ':',
      '?',
      '#',
      'evil.example',
      'https:',
      'javascript:',
      '\u0000',
      '\u2028',
      '。',
      'a',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, rooted) => {
        const target = safeReturnTarget(`${rooted ? '/' : ''}${pieces.join('')}`)
        assert.match(target, /^\/(?![/\\])[\x21-\x7e]*$/)
        const url = new URL(target, ours)
        assert.equal(url.origin, ours)
        assert.equal(`${url.pathname}${url.search}`, target)
      }),
      { numRuns: 2000 },
    )
  })
})
