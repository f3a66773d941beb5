import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bindMask } from '../../src/mask/bind.ts'
import { composeMask, type RuleMask } from '../../src/mask/compose.ts'
import { explainRow } from '../../src/mask/evaluate.ts'
import { foldMask } from '../../src/mask/fold.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { ledger } from './masks.ts'

const none = new Map<string, unknown>()

function teams(count: number): ReadonlyMap<string, unknown> {
  return new Map([['teams', Array.from({ length: count }, (_, at) => `t${at}`)]])
}

function rule(name: string, written: unknown): RuleMask {
  return { rule: name, mask: parseMask(written, ledger()) }
}

describe('a bound mask', () => {
  it('stays as it is when it is bound or folded again', () => {
    for (const written of [
      true,
      { owner: 'a' },
      { owner: { $user: 'self' } },
      { $or: [{ owner: { $user: 'self' } }] },
    ]) {
      const bound = bindMask(parseMask(written, ledger()), none)
      const folded = foldMask(bound)
      assert.deepEqual(bindMask(bound, none), bound)
      assert.deepEqual(bindMask(folded, none), folded)
      assert.deepEqual(foldMask(folded), folded)
    }
  })

  it('takes a list of 1000 from an attribute, and none of 1001', () => {
    const mask = parseMask({ owner: { $in: { $user: 'teams' } } }, ledger())
    assert.equal(bindMask(mask, teams(1000)).root.kind, 'test')
    assert.equal(bindMask(mask, teams(1001)).root.kind, 'unknown')
  })
})

describe('the parts of a composed mask', () => {
  it('hold no permits where none is asked for', () => {
    const dataset = ledger({ visibility: 'tenant' })
    const permits = [rule('p', { owner: 'a' })]
    const { parts, permitRequired } = composeMask({ dataset, tenant: 'acme', permits, restricts: [], attributes: none })
    assert.deepEqual([permitRequired, parts.map(({ rule }) => rule)], [false, ['tenant']])
  })

  it('name the base that the dataset declares', () => {
    const dataset = ledger({ visibility: 'tenant', base: { open: true } })
    const composed = composeMask({ dataset, tenant: 'acme', permits: [], restricts: [], attributes: none })
    const { failed } = explainRow(composed, new Map([['tenant', 'acme']]))
    assert.deepEqual(failed, [{ rule: 'base', role: 'base', field: 'open', operator: '$eq' }])
  })

  it('explain nothing about a rule that permits every row', () => {
    const composed = composeMask({
      dataset: ledger(),
      tenant: 'acme',
      permits: [rule('all', true)],
      restricts: [rule('any', true)],
      attributes: none,
    })
    assert.deepEqual(explainRow(composed, new Map([['tenant', 'acme']])), { permitted: true, failed: [] })
    assert.deepEqual(explainRow(composed, new Map([['tenant', 'other']])), {
      permitted: false,
      failed: [{ rule: 'tenant', role: 'tenant', field: 'tenant', operator: '$eq' }],
    })
  })
})
