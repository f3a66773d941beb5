import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ComposedMask, composeMask, type RuleMask } from '../../src/mask/compose.ts'
import { compilePredicate, explainRow } from '../../src/mask/evaluate.ts'
import { type Dataset, type FieldValue, JsonNumber } from '../../src/mask/language.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { ledger } from './masks.ts'

function rule(name: string, written: unknown, dataset: Dataset = ledger()): RuleMask {
  return { rule: name, mask: parseMask(written, dataset) }
}

const nothing = { permits: [], restricts: [], attributes: new Map<string, unknown>() }

function canonicalOf(mask: ComposedMask): string {
  return mask.kind === 'conditional' ? mask.canonical : mask.kind
}

describe('composeMask', () => {
  it('permits nothing without a permit grant', () => {
    assert.equal(composeMask({ ...nothing, dataset: ledger(), tenant: 'acme' }).kind, 'none')
  })

  it('permits the tenant, and no more, with a permit of true', () => {
    const mask = composeMask({ ...nothing, dataset: ledger(), tenant: 'acme', permits: [rule('g', true)] })
    assert.equal(canonicalOf(mask), '{"tenant":"acme"}')
  })

  it('asks for no permit, and is not narrowed by one, where the dataset is visible to the tenant', () => {
    const dataset = ledger({ visibility: 'tenant' })
    const permits = [rule('g', { owner: 'a' })]
    assert.equal(canonicalOf(composeMask({ ...nothing, dataset, tenant: 'acme' })), '{"tenant":"acme"}')
    assert.equal(canonicalOf(composeMask({ ...nothing, dataset, tenant: 'acme', permits })), '{"tenant":"acme"}')
  })

  it('joins permits by or and everything else by and', () => {
    const mask = composeMask({
      dataset: ledger(),
      tenant: 'acme',
      base: parseMask({ open: true }, ledger()),
      permits: [rule('p', { owner: 'a' }), rule('q', { owner: { $user: 'self' } })],
      restricts: [rule('r', { count: { $lt: 9 } })],
      attributes: new Map([['self', 'b']]),
    })
    assert.equal(
      canonicalOf(mask),
      '{"$or":[{"owner":"a"},{"owner":"b"}],"count":{"$lt":9},"open":true,"tenant":"acme"}',
    )
    assert.deepEqual(
      mask.parts.map(({ rule, role }) => `${role} ${rule}`),
      ['tenant tenant', 'base base', 'restrict r', 'permit p', 'permit q'],
    )
  })

  it('holds everyone to the base of the dataset even where the caller forgot it', () => {
    const dataset = ledger({ base: { open: true }, visibility: 'tenant' })
    assert.equal(canonicalOf(composeMask({ ...nothing, dataset, tenant: 'acme' })), '{"open":true,"tenant":"acme"}')
  })

  it('permits nothing where a restrict refers to an attribute that is not there', () => {
    const restricts = [rule('r', { owner: { $user: 'self' } })]
    const dataset = ledger({ visibility: 'tenant' })
    assert.equal(composeMask({ ...nothing, dataset, tenant: 'acme', restricts }).kind, 'none')
    const attributes = new Map([['self', 'a']])
    assert.equal(composeMask({ ...nothing, dataset, tenant: 'acme', restricts, attributes }).kind, 'conditional')
  })

  it('lets no grant name another tenant', () => {
    const permits = [rule('p', { $or: [{ tenant: 'other' }, true] })]
    const mask = composeMask({ ...nothing, dataset: ledger(), tenant: 'acme', permits })
    assert.equal(canonicalOf(mask), '{"tenant":"acme"}')
    const foreign = composeMask({
      ...nothing,
      dataset: ledger(),
      tenant: 'acme',
      permits: [rule('p', { tenant: 'other' })],
    })
    assert.ok(foreign.kind === 'conditional')
    assert.equal(compilePredicate(foreign.mask).test(['other']), false)
    assert.equal(compilePredicate(foreign.mask).test(['acme']), false)
  })

  it('takes a tenant field of type id, and none of another type', () => {
    assert.equal(
      canonicalOf(
        composeMask({ ...nothing, dataset: ledger({ tenantField: 'key' }), tenant: '7', permits: [rule('g', true)] }),
      ),
      '{"key":"7"}',
    )
    for (const tenantField of ['count', 'tags', 'nobody']) {
      assert.throws(() => composeMask({ ...nothing, dataset: ledger({ tenantField }), tenant: '7' }), TypeError)
    }
  })

  it('makes no mask outside a tenant', () => {
    for (const tenant of ['', '\ud800', 'a'.repeat(1025)]) {
      assert.throws(() => composeMask({ ...nothing, dataset: ledger(), tenant }), TypeError)
    }
  })

  it('takes no mask of another dataset', () => {
    const permits = [rule('p', true, ledger({ name: 'other' }))]
    assert.throws(() => composeMask({ ...nothing, dataset: ledger(), tenant: 'acme', permits }), TypeError)
  })
})

describe('explainRow', () => {
  const composed = composeMask({
    dataset: ledger(),
    tenant: 'acme',
    permits: [rule('mine', { owner: { $user: 'self' } }), rule('open', { open: true })],
    restricts: [rule('small', { count: { $lt: 9 } })],
    attributes: new Map(),
  })

  it('has nothing to say about a row that is permitted', () => {
    const row = new Map<string, FieldValue>([
      ['tenant', 'acme'],
      ['open', true],
      ['count', new JsonNumber('1')],
    ])
    assert.deepEqual(explainRow(composed, row), { permitted: true, failed: [] })
    const visible = composeMask({ ...nothing, dataset: ledger({ visibility: 'tenant' }), tenant: 'acme' })
    assert.deepEqual(explainRow(visible, row), { permitted: true, failed: [] })
  })

  it('names each rule that keeps a row back, with field and operator', () => {
    assert.deepEqual(explainRow(composed, new Map([['tenant', 'other']])), {
      permitted: false,
      failed: [
        { rule: 'tenant', role: 'tenant', field: 'tenant', operator: '$eq' },
        { rule: 'small', role: 'restrict', field: 'count', operator: '$lt' },
        { rule: 'mine', role: 'permit', field: 'owner', operator: '$eq' },
        { rule: 'open', role: 'permit', field: 'open', operator: '$eq' },
      ],
    })
  })

  it('says that there is no permit', () => {
    const none = composeMask({ ...nothing, dataset: ledger(), tenant: 'acme' })
    assert.deepEqual(explainRow(none, new Map([['tenant', 'acme']])), {
      permitted: false,
      failed: [{ rule: 'no permit', role: 'permit' }],
    })
  })
})
