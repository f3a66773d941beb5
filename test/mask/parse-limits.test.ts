import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MaskError, type MaskProblem } from '../../src/mask/mask-error.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { ledger } from './masks.ts'

function problemsOf(written: unknown, dataset = ledger()): readonly MaskProblem[] {
  try {
    parseMask(written, dataset)
  } catch (error) {
    if (error instanceof MaskError) return error.problems
    throw error
  }
  return []
}

function many<T>(item: (at: number) => T): readonly T[] {
  return Array.from({ length: 150 }, (_, at) => item(at))
}

describe('the names in a mask', () => {
  it('of attributes have at most 256 bytes', () => {
    for (const name of ['a'.repeat(256), 'é'.repeat(128)]) assert.deepEqual(problemsOf({ owner: { $user: name } }), [])
    for (const name of ['a'.repeat(257), `${'é'.repeat(128)}a`])
      assert.equal(problemsOf({ owner: { $user: name } }).length, 1)
  })

  it('of attributes and fields are none that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      assert.match(problemsOf({ owner: { $user: name } })[0]?.message ?? '', /name of an attribute/)
      const fields = new Map(ledger().fields).set(name, { name, type: 'string', path: [name] })
      const [problem] = problemsOf(JSON.parse(`{"${name}":"a"}`), ledger({ fields }))
      assert.match(problem?.message ?? '', /declares no such field/)
    }
  })
})

describe('the problems of a mask', () => {
  it('are a hundred at most, wherever they stand', () => {
    const masks: readonly unknown[] = [
      { $or: many(() => ({ owner: 1 })) },
      { $or: many(() => false) },
      Object.fromEntries(many((at) => [`none${at}`, 1])),
      { owner: Object.fromEntries(many((at) => [`$none${at}`, 1])) },
      { owner: { $in: many(() => 1) } },
    ]
    for (const mask of masks) assert.equal(problemsOf(mask).length, 100)
  })

  it('are one where there are too many tests', () => {
    for (const count of [257, 400]) {
      const mask = { $or: Array.from({ length: count }, (_, at) => ({ owner: `a${at}` })) }
      assert.match(
        problemsOf(mask)
          .map(({ message }) => message)
          .join(),
        /^more than 256 nodes$/,
      )
    }
    assert.deepEqual(problemsOf({ $or: Array.from({ length: 255 }, (_, at) => ({ owner: `a${at}` })) }), [])
  })
})
