import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Grant, Policy } from '../../../src/accounts/account-store.ts'
import type { DatasetRouteConfig, RouteConfig } from '../../../src/config/config.ts'
import type { Authorized, Masked } from '../../../src/exchange.ts'
import type { Dataset } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { resolveMask, resolveRows } from '../../../src/stages/mask/resolve-mask.ts'
import { ledger } from '../../mask/masks.ts'
import { anonymous, authenticated, grant, policy, principal } from '../support.ts'

interface Given {
  readonly dataset?: Dataset
  readonly whenNone?: 'refuse' | 'empty'
  readonly action?: 'read' | 'modify'
  readonly audit?: boolean
  readonly failure?: string
}

function resolve(of: Policy, given: Given = {}): Masked {
  const { dataset = ledger(), whenNone = 'refuse', action = 'read', audit = false, failure } = given
  const rows = { dataset, whenNone, action } as DatasetRouteConfig // all that the stage reads
  const config = { audit } as RouteConfig // as above
  const who = principal(of)
  const asked = authenticated({ access: { kind: 'member' }, rows, config }, who)
  assert.ok(who.kind === 'principal')
  const authorized: Authorized = { ...asked, access: { kind: 'member', principal: who.principal } }
  return resolveMask(authorized, { auditFailure: () => failure, bases: new Map() })
}

const as = (...grants: Partial<Grant>[]) => policy({ grants: grants.map(grant) })

function canonical(masked: Masked): string | undefined {
  return masked.rows.kind === 'masked' ? masked.rows.header?.json : undefined
}

describe('resolveMask', () => {
  it('holds everyone to their own tenant, whatever they were granted', () => {
    const text = canonical(resolve(as({})))
    assert.match(text ?? '', /"tenant"/)
    assert.match(text ?? '', /"acme"/)
  })

  it('refuses who has no grant, or answers with nothing where the route says so', () => {
    for (const nobody of [as(), as({ dataset: 'other' }), as({ actions: ['modify'] }), as({ effect: 'restrict' })]) {
      assert.throws(() => resolve(nobody), { code: 'ERR_MASK_NONE' })
      const { rows } = resolve(nobody, { whenNone: 'empty' })
      assert.ok(rows.kind === 'masked')
      assert.equal(rows.mask.kind, 'none')
      assert.equal(rows.header, undefined)
    }
    assert.equal(resolve(as({})).rows.kind, 'masked')
  })

  it('takes a grant for the actions it names, and no other', () => {
    assert.throws(() => resolve(as({ actions: ['read'] }), { action: 'modify' }), { code: 'ERR_MASK_NONE' })
    assert.equal(resolve(as({ actions: ['modify'] }), { action: 'modify' }).rows.kind, 'masked')
  })

  it('refuses everything where one of the grants cannot be understood', () => {
    for (const rows of [{}, false, null, [], 'true', { nowhere: 1 }, { $not: {} }, { owner: { $regex: '.' } }]) {
      const grants = as({ id: 'g1' }, { id: 'g2', rows })
      for (const whenNone of ['refuse', 'empty'] as const) {
        assert.throws(() => resolve(grants, { whenNone }), { code: 'ERR_MASK_UNRESOLVED' }, JSON.stringify(rows))
      }
      assert.throws(() => resolve(as({ id: 'g1' }, { id: 'g2', rows, effect: 'restrict' })), {
        code: 'ERR_MASK_UNRESOLVED',
      })
    }
    assert.equal(resolve(as({ id: 'g1' }, { id: 'g2', rows: { owner: 'ann' } })).rows.kind, 'masked')
  })

  it('narrows by a restriction and widens by a permission', () => {
    const narrowed = canonical(resolve(as({}, { id: 'g2', effect: 'restrict', rows: { owner: 'ann' } })))
    assert.match(narrowed ?? '', /"owner"/)
    const widened = canonical(resolve(as({ rows: { owner: 'ann' } }, { id: 'g2' })))
    assert.doesNotMatch(widened ?? '', /"owner"/)
  })

  it('permits nothing by a test on an attribute that the caller does not have', () => {
    assert.throws(() => resolve(as({ rows: { owner: { $user: 'nothing' } } })), { code: 'ERR_MASK_NONE' })
    assert.match(canonical(resolve(as({ rows: { owner: { $user: 'login' } } }))) ?? '', /"ann"/)
  })

  it('withholds what any grant withholds, of any action and effect', () => {
    const grants = as(
      { withhold: ['amount'] },
      { id: 'g2', withhold: ['owner', 'amount'] },
      { id: 'g3', effect: 'restrict', withhold: ['day'] },
      { id: 'g4', actions: ['modify'], withhold: ['count'] },
      { id: 'g5', dataset: 'other', withhold: ['open'] },
    )
    for (const action of ['read', 'modify'] as const) {
      const { rows } = resolve(grants, { action })
      assert.deepEqual(rows.kind === 'masked' && rows.withhold, ['amount', 'count', 'day', 'owner'])
    }
  })

  it('refuses a grant that withholds a field nobody declared', () => {
    for (const name of ['amonut', 'Amount', '__proto__', '']) {
      assert.throws(() => resolve(as({ withhold: [name] })), { code: 'ERR_MASK_UNRESOLVED' }, name)
    }
    assert.equal(resolve(as({ withhold: ['amount'] })).rows.kind, 'masked')
  })

  it('gives every member the rows of a dataset that is open to the tenant', () => {
    const { rows } = resolve(as(), { dataset: ledger({ visibility: 'tenant' }) })
    assert.ok(rows.kind === 'masked')
    assert.equal(rows.mask.kind, 'conditional')
  })

  it('adds the base mask of the dataset for everyone', () => {
    const dataset = ledger({ base: { open: true } })
    const access = resolveRows(as({}), dataset, 'read', parseMask(dataset.base, dataset))
    assert.match(access.header?.json ?? '', /"open"/)
  })

  it('serves no rows on a public route', () => {
    const rows = { dataset: ledger(), whenNone: 'empty', action: 'read' } as DatasetRouteConfig // all that is read
    const access = { kind: 'public' } as const
    const authorized: Authorized = { ...authenticated({ access, rows }, anonymous), access }
    assert.throws(() => resolveMask(authorized, { auditFailure: () => undefined, bases: new Map() }), {
      code: 'ERR_MASK_UNRESOLVED',
    })
  })

  it('serves nothing that must be audited while the audit cannot be written', () => {
    const failure = 'disk full'
    assert.throws(() => resolve(as({}), { audit: true, failure }), { code: 'ERR_AUDIT_UNAVAILABLE', retryAfter: 5 })
    assert.equal(resolve(as({}), { audit: false, failure }).rows.kind, 'masked')
    assert.equal(resolve(as({}), { audit: true }).rows.kind, 'masked')
  })

  it('works out one caller’s rights once for each action and dataset, and anew for a new copy of them', () => {
    const of = as({ actions: ['read', 'modify'] })
    const dataset = ledger()
    const { rows } = resolve(of, { dataset })
    assert.equal(resolve(of, { dataset }).rows, rows)
    assert.notEqual(resolve(of, { dataset, action: 'modify' }).rows, rows)
    assert.notEqual(resolve({ ...of }, { dataset }).rows, rows)
  })

  it('works them out anew where the dataset is declared otherwise, though its name and the caller stay', () => {
    const of = as({})
    assert.doesNotMatch(canonical(resolve(of)) ?? '', /"open"/)
    assert.match(canonical(resolve(of, { dataset: ledger({ base: { open: true } }) })) ?? '', /"open":true/)
  })

  it('gives an operator of the installation, or who is called admin, no row by that', () => {
    const of = policy({ roles: ['admin', 'operator'] })
    const operator = { ...of, account: { ...of.account, operator: true } }
    for (const action of ['read', 'modify'] as const) {
      assert.throws(() => resolve(operator, { action }), { code: 'ERR_MASK_NONE' })
    }
    const granted = { ...operator, grants: [grant({})] }
    assert.match(canonical(resolve(granted)) ?? '', /"tenant":"acme"/)
  })

  it('holds a writer to the tenant, the base, every restriction on writing, and to nothing on reading', () => {
    const dataset = ledger({ base: { open: true } })
    const of = as(
      { id: 'p', actions: ['read', 'modify'] },
      { id: 'r', effect: 'restrict', actions: ['modify'], rows: { owner: 'ann' } },
      { id: 's', effect: 'restrict', actions: ['read'], rows: { count: 1 } },
    )
    const written = canonical(resolve(of, { dataset, action: 'modify' }))
    assert.equal(written, '{"open":true,"owner":"ann","tenant":"acme"}')
    assert.equal(canonical(resolve(of, { dataset })), '{"count":1,"open":true,"tenant":"acme"}')
  })
})
