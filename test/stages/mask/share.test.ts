import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { Action, Grant, Policy, Sharer } from '../../../src/accounts/account-store.ts'
import type { MaskedRows } from '../../../src/exchange.ts'
import type { Json } from '../../../src/lib/json.ts'
import { compilePredicate } from '../../../src/mask/evaluate.ts'
import type { Dataset } from '../../../src/mask/language.ts'
import { readRow } from '../../../src/mask/row-values.ts'
import { resolveRows } from '../../../src/stages/mask/resolve-mask.ts'
import { attributes, row, writtenMask } from '../../mask/arbitraries.ts'
import { json, ledger } from '../../mask/masks.ts'
import { judge } from '../../mask/reference.ts'
import { runs } from '../../support/runs.ts'
import { grant, policy } from '../support.ts'

/** Bob, who shares; `login` is another word for him than for Ann. */
function bob(grants: readonly Partial<Grant>[], changes: Partial<Sharer> = {}): Sharer {
  const { account, membership } = policy({ id: 'id-bob' })
  const held = grants.map((each, i) => grant({ id: `bob${i}`, ...each }))
  return {
    account,
    membership: { ...membership, attributes: { login: 'bob' } },
    groups: ['staff'],
    grants: held,
    ...changes,
  }
}

/** Ann, with whom something is shared, and nothing else. */
function ann(share: Partial<Grant>, sharers: readonly Sharer[]): Policy {
  const subject = { kind: 'account', account: 'id-ann' } as const
  return { ...policy({ grants: [grant({ id: 'share', subject, sharedBy: 'id-bob', ...share })] }), sharers }
}

function maskOf(of: Policy, action: Action = 'read', dataset: Dataset = ledger()): string {
  const { mask } = resolveRows(of, dataset, action, undefined)
  return mask.kind === 'conditional' ? mask.canonical : mask.kind
}

function withheld(of: Policy): readonly string[] {
  return resolveRows(of, ledger(), 'read', undefined).withhold
}

describe('a share', () => {
  it('gives the rows that it names, of those that its sharer has', () => {
    const sharer = bob([{ rows: { owner: 'x' } }, { rows: { open: true } }])
    assert.equal(maskOf(ann({ rows: true }, [sharer])), '{"$or":[{"open":true},{"owner":"x"}],"tenant":"acme"}')
    assert.equal(
      maskOf(ann({ rows: { count: 1 } }, [sharer])),
      '{"$or":[{"open":true},{"owner":"x"}],"count":1,"tenant":"acme"}',
    )
  })

  it('is held to every restriction of its sharer, and to those of whoever it is for', () => {
    const sharer = bob([{}, { effect: 'restrict', rows: { open: true } }])
    assert.equal(maskOf(ann({}, [sharer])), '{"open":true,"tenant":"acme"}')
    const restricted = ann({}, [sharer])
    const own = grant({ id: 'own', effect: 'restrict', rows: { owner: 'x' } })
    assert.equal(
      maskOf({ ...restricted, grants: [...restricted.grants, own] }),
      '{"open":true,"owner":"x","tenant":"acme"}',
    )
  })

  it('stands beside what somebody was granted otherwise', () => {
    const shared = ann({}, [bob([{ rows: { owner: 'x' } }])])
    const grants = [...shared.grants, grant({ id: 'own', rows: { open: true } })]
    assert.equal(maskOf({ ...shared, grants }), '{"$or":[{"open":true},{"owner":"x"}],"tenant":"acme"}')
  })

  it('says of its sharer what the sharer was granted, and of whoever it is for what it says itself', () => {
    const login = { owner: { $user: 'login' } }
    assert.equal(maskOf(ann({}, [bob([{ rows: login }])])), '{"owner":"bob","tenant":"acme"}')
    assert.equal(maskOf(ann({ rows: login }, [bob([{}])])), '{"owner":"ann","tenant":"acme"}')
    const account = { owner: { $user: 'account' } }
    assert.equal(maskOf(ann({}, [bob([{ rows: account }])])), '{"owner":"id-bob","tenant":"acme"}')
    const missing = bob([{ rows: { owner: { $user: 'region' } } }])
    const regional = ann({}, [missing])
    const withRegion = { ...regional, membership: { ...regional.membership, attributes: { region: 'north' } } }
    assert.equal(maskOf(withRegion), 'none')
  })

  it('gives an action only where both it and its sharer have it', () => {
    const reader = bob([{ actions: ['read'] }])
    const both: Partial<Grant> = { actions: ['read', 'modify'] }
    assert.equal(maskOf(ann(both, [reader]), 'read'), '{"tenant":"acme"}')
    assert.equal(maskOf(ann(both, [reader]), 'modify'), 'none')
    assert.equal(maskOf(ann(both, [bob([both])]), 'modify'), '{"tenant":"acme"}')
    assert.equal(maskOf(ann({ actions: ['read'] }, [bob([both])]), 'modify'), 'none')
    const narrow = bob([both, { effect: 'restrict', actions: ['modify'], rows: { open: true } }])
    assert.equal(maskOf(ann(both, [narrow]), 'read'), '{"tenant":"acme"}')
    assert.equal(maskOf(ann(both, [narrow]), 'modify'), '{"open":true,"tenant":"acme"}')
  })

  it('gives nothing where its sharer cannot act, has no permission, or is somebody else', () => {
    const { account } = bob([{}])
    const sharers: readonly (readonly Sharer[])[] = [
      [],
      [bob([])],
      [bob([{ dataset: 'other' }])],
      [bob([{ effect: 'restrict' }])],
      [bob([{}], { account: { ...account, state: 'disabled' } })],
      [bob([{}], { account: { ...account, id: 'id-eve' } })],
    ]
    for (const each of sharers) assert.equal(maskOf(ann({}, each)), 'none')
    assert.equal(maskOf(ann({}, [bob([{}])])), '{"tenant":"acme"}')
  })

  it('is not passed on', () => {
    const sharer = bob([{ sharedBy: 'id-eve' }, { rows: { open: true } }])
    assert.equal(maskOf(ann({}, [sharer])), '{"open":true,"tenant":"acme"}')
    assert.equal(maskOf(ann({}, [bob([{ sharedBy: 'id-eve' }])])), 'none')
    const circle = bob([{ sharedBy: 'id-ann' }])
    assert.equal(maskOf(ann({}, [circle])), 'none')
  })

  it('needs no permission of its sharer where the dataset is open to the tenant', () => {
    const dataset = ledger({ visibility: 'tenant' })
    assert.equal(maskOf(ann({}, [bob([])]), 'read', dataset), '{"tenant":"acme"}')
  })

  it('withholds what is withheld from its sharer, besides what it withholds itself', () => {
    const sharer = bob([
      { withhold: ['amount'] },
      { effect: 'restrict', withhold: ['day'] },
      { actions: ['modify'], withhold: ['count'] },
      { dataset: 'other', withhold: ['open'] },
      { sharedBy: 'id-eve', withhold: ['at'] },
    ])
    assert.deepEqual(withheld(ann({ withhold: ['owner'] }, [sharer])), ['amount', 'count', 'day', 'owner'])
    assert.deepEqual(withheld(ann({ sharedBy: undefined }, [sharer])), [])
  })

  it('refuses where a grant of its sharer cannot be understood', () => {
    for (const broken of [{ rows: { nowhere: 1 } }, { withhold: ['nowhere'] }]) {
      assert.throws(() => maskOf(ann({}, [bob([{}, broken])])), { code: 'ERR_MASK_UNRESOLVED' })
    }
    assert.equal(maskOf(ann({}, [bob([{}, { dataset: 'other', rows: { nowhere: 1 } }])])), '{"tenant":"acme"}')
  })

  it('is told apart by name, with whom it is for and whose it is', () => {
    const { mask } = resolveRows(ann({}, [bob([{}])]), ledger(), 'read', undefined)
    const part = mask.parts.find(({ rule }) => rule === 'grant:share')
    assert.equal(part?.role, 'permit')
    assert.deepEqual(part?.subject, { kind: 'account', id: 'id-ann', sharedBy: 'id-bob' })
  })

  it('never shows a row that its sharer does not see or that it does not name', () => {
    const rights = fc.array(fc.record({ rows: writtenMask, effect: fc.constantFrom('permit', 'restrict') }), {
      maxLength: 4,
    })
    const rowOfTenant = row.map((values) => ({ ...values, tenant: 'acme' }))
    fc.assert(
      fc.property(rights, writtenMask, attributes, attributes, rowOfTenant, (held, named, hers, his, values) => {
        const written = held.map(({ rows, effect }) => ({ rows: rows as Json, effect })) // masks are JSON
        const sharer = bob(written)
        const hisMembership = { ...sharer.membership, attributes: his as Sharer['membership']['attributes'] } // as stores hold them
        const shared = ann({ rows: named as Json }, [{ ...sharer, membership: hisMembership }])
        const viewer = {
          ...shared,
          membership: { ...shared.membership, attributes: hers as typeof hisMembership.attributes },
        }
        const owner: Policy = {
          ...policy(),
          account: sharer.account,
          membership: hisMembership,
          groups: ['staff'],
          grants: sharer.grants,
        }
        const expected = shows(owner, values) && judge(named, values, hers) === 'true'
        assert.equal(shows(viewer, values), expected)
      }),
      { numRuns: runs(1500) },
    )
  })
})

function shows(of: Policy, values: Readonly<Record<string, unknown>>): boolean {
  const { mask }: MaskedRows = resolveRows(of, ledger(), 'read', undefined)
  if (mask.kind !== 'conditional') return mask.kind === 'all'
  const predicate = compilePredicate(mask.mask)
  return predicate.test(readRow(json(JSON.stringify(values)), predicate.reads))
}

/** The owner is what everybody has under `name`. */
const builtin = (name: string, operator = '$eq') => ({ owner: { [operator]: { $user: name } } })

describe('what everybody has', () => {
  it('is the tenant, the account, the e-mail address, the roles and the groups', () => {
    const of = { ...policy({ roles: ['b', 'a'], grants: [] }), groups: ['g'] }
    const held = (rows: Json) => maskOf({ ...of, grants: [grant({ rows })] })
    assert.equal(held(builtin('tenant')), '{"owner":"acme","tenant":"acme"}')
    assert.equal(held(builtin('account')), '{"owner":"id-ann","tenant":"acme"}')
    assert.equal(held(builtin('email')), '{"owner":"id-ann@acme.example","tenant":"acme"}')
    assert.equal(held(builtin('roles', '$in')), '{"owner":{"$in":["a","b"]},"tenant":"acme"}')
    assert.equal(held({ tags: { $hasAny: { $user: 'groups' } } }), '{"tags":{"$hasAny":["g"]},"tenant":"acme"}')
  })

  it('wins over what the membership says under the same name', () => {
    const of = policy({ grants: [grant({ rows: builtin('tenant') })] })
    const lying = { ...of.membership, attributes: { tenant: 'globex', account: 'x', email: 'x', roles: ['x'] } }
    assert.equal(maskOf({ ...of, membership: lying }), '{"owner":"acme","tenant":"acme"}')
  })

  it('is unknown where there is none of it', () => {
    const of = policy({ grants: [grant({ rows: builtin('groups', '$in') })] })
    assert.equal(maskOf(of), 'none')
    const negated = policy({ grants: [grant({ rows: builtin('groups', '$nin') })] })
    assert.equal(maskOf(negated), 'none')
  })
})
