import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, AccountStore, Grant, Membership, Tenant } from '../../src/accounts/account-store.ts'
import type { StoreOptions } from '../../src/accounts/store-engine.ts'
import { ProxyError } from '../../src/errors.ts'

/** An empty database. */
export interface Place {
  /** Opens another store on it each time it is called. */
  readonly open: (options?: StoreOptions) => Promise<AccountStore>
  /** SQL by hand, past every store. */
  readonly byHand: (text: string) => Promise<void>
  readonly end: () => Promise<void>
}

export const tenantOf = (id: string): Tenant => ({
  id,
  name: `Company ${id}`,
  accessTokenSeconds: undefined,
  refreshTokenSeconds: undefined,
  tokenSecrets: [],
  signIn: [],
})

export const accountOf = (id: string): Account => ({
  id,
  email: `${id}@example.com`,
  name: `Person ${id}`,
  state: 'enabled',
  operator: false,
  epoch: 1,
  passwordExpired: false,
})

export const membershipOf = (tenant: string, account: string): Membership => ({
  tenant,
  account,
  roles: ['viewer'],
  attributes: {},
  validFrom: undefined,
  validUntil: undefined,
})

export const grantOf = (tenant: string, id: string, subject: Grant['subject']): Grant => ({
  id,
  tenant,
  dataset: 'orders',
  subject,
  actions: ['read'],
  rows: 'all',
  effect: 'permit',
  withhold: [],
  validFrom: undefined,
  validUntil: undefined,
  sharedBy: undefined,
})

export const refusedWith = (code: string) => (error: unknown) => error instanceof ProxyError && error.code === code

export async function member(store: AccountStore, tenant: string, account: string): Promise<void> {
  await store.putTenant(tenantOf(tenant))
  await store.putAccount(accountOf(account))
  await store.putMembership(membershipOf(tenant, account))
}

/** What every account store does; each test uses tenants and accounts of its own. */
export function accountStoreContract(name: string, prepare: () => Promise<Place>) {
  describe(`the ${name} account store`, () => {
    const sent: string[] = []
    let place: Place
    let store: AccountStore

    before(async () => {
      place = await prepare()
      store = await place.open({ onQuery: (text) => sent.push(text) })
      await store.migrate()
    })

    after(async () => {
      await store.close()
      await place.end()
    })

    it('migrates once', async () => {
      assert.deepEqual(await store.migrate(), [])
      await store.ping()
    })

    it('gives back a tenant as it was put', async () => {
      const secrets = [
        { id: 'two', sealed: 'k1.bbb' },
        { id: 'one', sealed: 'k1.aaa' },
      ]
      const tenant = { ...tenantOf('t-back'), accessTokenSeconds: 60, refreshTokenSeconds: 600, tokenSecrets: secrets }
      await store.putTenant(tenantOf('t-back'))
      await store.putTenant(tenant)
      assert.deepEqual(await store.tenant('t-back'), tenant)
      assert.ok((await store.tenants()).some(({ id }) => id === 't-back'))
    })

    it('gives back an account as it was put', async () => {
      const account: Account = {
        ...accountOf('a-back'),
        name: 'Zoë Ünïcode 山田 😀',
        state: 'disabled',
        operator: true,
        passwordExpired: true,
        epoch: 2 ** 40,
      }
      await store.putAccount(accountOf('a-back'))
      await store.putAccount(account)
      assert.deepEqual(await store.account('a-back'), account)
      assert.deepEqual(await store.accountByEmail('a-back@example.com'), account)
    })

    it('answers undefined, false or nothing for ids it does not know', async () => {
      assert.equal(await store.account('nobody'), undefined)
      assert.equal(await store.accountByEmail('nobody@example.com'), undefined)
      assert.equal(await store.credentialsOf('nobody@example.com'), undefined)
      assert.equal(await store.tenant('nowhere'), undefined)
      assert.equal(await store.policy('nowhere', 'nobody'), undefined)
      assert.equal(await store.apiKeyByHash('none'), undefined)
      assert.deepEqual(await store.membershipsOf('nobody'), [])
      assert.deepEqual(await store.groups('nowhere'), [])
      assert.deepEqual(await store.grants('nowhere'), [])
      assert.deepEqual(await store.groupMembers('nowhere', 'none'), [])
      assert.deepEqual(await store.accounts({ tenant: 'nowhere' }), [])
      assert.deepEqual(await store.apiKeys({ tenant: 'nowhere' }), [])
      assert.equal(await store.removeTenant('nowhere'), false)
      assert.equal(await store.removeAccount('nobody'), false)
      assert.equal(await store.removeMembership('nowhere', 'nobody'), false)
      assert.equal(await store.removeGroup('nowhere', 'none'), false)
      assert.equal(await store.removeGrant('nowhere', 'none'), false)
      assert.equal(await store.removeApiKey('none'), false)
    })

    it('refuses a second account with the same e-mail address, and takes another address', async () => {
      await store.putAccount(accountOf('a-first'))
      const second = { ...accountOf('a-second'), email: 'a-first@example.com' }
      await assert.rejects(store.putAccount(second), refusedWith('ERR_STORE_REFUSED'))
      assert.equal(await store.account('a-second'), undefined)
      await store.putAccount(accountOf('a-second'))
    })

    it('refuses what hangs on nothing', async () => {
      await store.putTenant(tenantOf('t-hang'))
      await store.putAccount(accountOf('a-hang'))
      const refused = refusedWith('ERR_STORE_REFUSED')
      await assert.rejects(store.putMembership(membershipOf('nowhere', 'a-hang')), refused)
      await assert.rejects(store.putMembership(membershipOf('t-hang', 'nobody')), refused)
      await assert.rejects(store.setPasswordHash('nobody', 'hash', { expired: false }), refused)
      await assert.rejects(store.putGroup({ tenant: 'nowhere', id: 'g', name: 'G' }), refused)
      await assert.rejects(store.putGrant(grantOf('t-hang', 'g1', { kind: 'group', group: 'none' })), refused)
      await assert.rejects(store.putGrant(grantOf('t-hang', 'g1', { kind: 'account', account: 'a-hang' })), refused)
      await store.putMembership(membershipOf('t-hang', 'a-hang'))
      await store.putGrant(grantOf('t-hang', 'g1', { kind: 'account', account: 'a-hang' }))
    })

    it('keeps a password apart from its account and replaces it', async () => {
      await store.putAccount(accountOf('a-pass'))
      assert.equal((await store.credentialsOf('a-pass@example.com'))?.passwordHash, undefined)
      await store.setPasswordHash('a-pass', 'first', { expired: true })
      const first = await store.credentialsOf('a-pass@example.com')
      assert.equal(first?.passwordHash, 'first')
      assert.equal(first?.account.passwordExpired, true)
      await store.setPasswordHash('a-pass', 'second', { expired: false })
      const second = await store.credentialsOf('a-pass@example.com')
      assert.deepEqual(second, { account: accountOf('a-pass'), passwordHash: 'second' })
    })

    it('raises the epoch, and a stale write does not lower it again', async () => {
      await store.putAccount(accountOf('a-epoch'))
      const stale = await store.account('a-epoch')
      await store.bumpEpoch('a-epoch')
      await store.bumpEpoch('a-epoch')
      assert.ok(stale)
      await store.putAccount({ ...stale, name: 'Renamed' })
      const now = await store.account('a-epoch')
      assert.equal(now?.epoch, 3)
      assert.equal(now?.name, 'Renamed')
    })

    it('keeps roles sorted and distinct, attributes and validity as they were', async () => {
      await member(store, 't-member', 'a-member')
      const membership: Membership = {
        ...membershipOf('t-member', 'a-member'),
        roles: ['viewer', 'admin', 'viewer'],
        attributes: { region: ['north', 'süd'], level: 2.5, active: false, note: 'null' },
        validFrom: 0,
        validUntil: 4_102_444_800_000,
      }
      await store.putMembership(membership)
      assert.deepEqual(await store.membershipsOf('a-member'), [{ ...membership, roles: ['admin', 'viewer'] }])
      await store.putMembership({ ...membership, validFrom: undefined, validUntil: undefined })
      const [open] = await store.membershipsOf('a-member')
      assert.equal(open?.validFrom, undefined)
      assert.equal(open?.validUntil, undefined)
      assert.deepEqual(
        (await store.accounts({ tenant: 't-member' })).map(({ id }) => id),
        ['a-member'],
      )
    })

    it('keeps an attribute called __proto__ as data', async () => {
      await member(store, 't-proto', 'a-proto')
      const attributes = JSON.parse('{"__proto__": "x"}')
      await store.putMembership({ ...membershipOf('t-proto', 'a-proto'), attributes })
      const [membership] = await store.membershipsOf('a-proto')
      assert.deepEqual(Object.keys(membership?.attributes ?? {}), ['__proto__'])
    })

    it('replaces the groups of an account, whole or not at all', async () => {
      await member(store, 't-groups', 'a-groups')
      for (const id of ['b', 'a', 'c']) await store.putGroup({ tenant: 't-groups', id, name: id.toUpperCase() })
      await store.setGroupsOf('t-groups', 'a-groups', ['b', 'a', 'b'])
      assert.deepEqual((await store.policy('t-groups', 'a-groups'))?.groups, ['a', 'b'])
      const wrong = store.setGroupsOf('t-groups', 'a-groups', ['c', 'unknown'])
      await assert.rejects(wrong, refusedWith('ERR_STORE_REFUSED'))
      assert.deepEqual((await store.policy('t-groups', 'a-groups'))?.groups, ['a', 'b'])
      await store.setGroupsOf('t-groups', 'a-groups', ['c'])
      assert.deepEqual(await store.groupMembers('t-groups', 'a'), [])
      assert.deepEqual(await store.groupMembers('t-groups', 'c'), ['a-groups'])
      await store.setGroupsOf('t-groups', 'a-groups', [])
      assert.deepEqual((await store.policy('t-groups', 'a-groups'))?.groups, [])
      assert.deepEqual(
        (await store.groups('t-groups')).map(({ id }) => id),
        ['a', 'b', 'c'],
      )
    })

    it('reads a whole policy in one round trip', async () => {
      await member(store, 't-policy', 'a-policy')
      await store.putGroup({ tenant: 't-policy', id: 'in', name: 'In' })
      await store.putGroup({ tenant: 't-policy', id: 'out', name: 'Out' })
      await store.setGroupsOf('t-policy', 'a-policy', ['in'])
      const rows = { and: [{ field: 'amount', op: '<', value: 1.5 }, { not: { field: 'ö', op: '=', value: null } }] }
      const mine: Grant[] = [
        { ...grantOf('t-policy', '1', { kind: 'everyone' }), rows, effect: 'restrict', withhold: ['amount', 'owner'] },
        { ...grantOf('t-policy', '2', { kind: 'account', account: 'a-policy' }), actions: ['read', 'modify'] },
        { ...grantOf('t-policy', '3', { kind: 'group', group: 'in' }), validFrom: 1, validUntil: 4_102_444_800_000 },
      ]
      for (const grant of mine) await store.putGrant(grant)
      await store.putGrant(grantOf('t-policy', '4', { kind: 'group', group: 'out' }))
      sent.length = 0
      const policy = await store.policy('t-policy', 'a-policy')
      assert.equal(sent.length, 1)
      assert.deepEqual(policy, {
        account: accountOf('a-policy'),
        tenant: { id: 't-policy', name: 'Company t-policy', signIn: [] },
        membership: membershipOf('t-policy', 'a-policy'),
        groups: ['in'],
        grants: mine,
        sharers: [],
      })
      assert.deepEqual((await store.grants('t-policy')).slice(0, 3), mine)
    })

    it("never mixes another tenant's or another account's rights into a policy", async () => {
      await member(store, 't-mine', 'a-both')
      await member(store, 't-theirs', 'a-both')
      await member(store, 't-mine', 'a-other')
      for (const tenant of ['t-mine', 't-theirs']) await store.putGroup({ tenant, id: 'staff', name: 'Staff' })
      await store.setGroupsOf('t-theirs', 'a-both', ['staff'])
      await store.putGrant(grantOf('t-theirs', 'x', { kind: 'everyone' }))
      await store.putGrant(grantOf('t-theirs', 'y', { kind: 'account', account: 'a-both' }))
      await store.putGrant(grantOf('t-mine', 'staff', { kind: 'group', group: 'staff' }))
      await store.putGrant(grantOf('t-mine', 'other', { kind: 'account', account: 'a-other' }))
      await store.putGrant(grantOf('t-mine', 'all', { kind: 'everyone' }))
      const policy = await store.policy('t-mine', 'a-both')
      assert.deepEqual(policy?.groups, [])
      assert.deepEqual(
        policy?.grants.map(({ id }) => id),
        ['all'],
      )
    })

    it('knows no policy without a membership, whatever is granted to everyone', async () => {
      await member(store, 't-outside', 'a-inside')
      await store.putAccount(accountOf('a-outside'))
      await store.putGrant(grantOf('t-outside', 'all', { kind: 'everyone' }))
      assert.equal(await store.policy('t-outside', 'a-outside'), undefined)
      assert.equal((await store.policy('t-outside', 'a-inside'))?.grants.length, 1)
    })

    it('finds an API key by its hash only, and lists it by tenant and account', async () => {
      await member(store, 't-key', 'a-key')
      const key = {
        id: 'k-1',
        prefix: 'spk_abcdef',
        tenant: 't-key',
        account: 'a-key',
        name: 'nightly job',
        createdAt: 1_700_000_000_000,
        expiresAt: undefined,
      }
      await store.addApiKey(key, 'hash-of-k-1')
      await assert.rejects(store.addApiKey({ ...key, id: 'k-2' }, 'hash-of-k-1'), refusedWith('ERR_STORE_REFUSED'))
      await store.addApiKey({ ...key, id: 'k-2', expiresAt: 1_800_000_000_000 }, 'hash-of-k-2')
      assert.deepEqual(await store.apiKeyByHash('hash-of-k-1'), key)
      assert.equal(await store.apiKeyByHash('HASH-OF-K-1'), undefined)
      const ids = async (filter: Parameters<AccountStore['apiKeys']>[0]) =>
        (await store.apiKeys(filter)).map(({ id }) => id)
      assert.deepEqual(await ids({ tenant: 't-key' }), ['k-1', 'k-2'])
      assert.deepEqual(await ids({ tenant: 't-key', account: 'nobody' }), [])
      assert.deepEqual(await ids({ account: 'a-key' }), ['k-1', 'k-2'])
      assert.equal(await store.removeApiKey('k-1'), true)
      assert.equal(await store.apiKeyByHash('hash-of-k-1'), undefined)
    })

    it('takes every right away with the membership, and gives none back with a new one', async () => {
      await furnish(store, 't-fall', 'a-fall')
      assert.equal(await store.removeMembership('t-fall', 'a-fall'), true)
      await store.putMembership(membershipOf('t-fall', 'a-fall'))
      const policy = await store.policy('t-fall', 'a-fall')
      assert.deepEqual(policy?.groups, [])
      assert.deepEqual(policy?.grants, [])
      assert.deepEqual(await store.apiKeys({ tenant: 't-fall' }), [])
    })

    it('takes password, memberships and keys away with the account', async () => {
      await furnish(store, 't-gone', 'a-gone')
      await store.setPasswordHash('a-gone', 'hash', { expired: false })
      assert.equal(await store.removeAccount('a-gone'), true)
      assert.equal(await store.removeAccount('a-gone'), false)
      await store.putAccount(accountOf('a-gone'))
      assert.equal((await store.credentialsOf('a-gone@example.com'))?.passwordHash, undefined)
      assert.deepEqual(await store.membershipsOf('a-gone'), [])
      assert.deepEqual(await store.groupMembers('t-gone', 'staff'), [])
      assert.deepEqual(await store.apiKeys({ account: 'a-gone' }), [])
      assert.deepEqual(
        (await store.grants('t-gone')).map(({ id }) => id),
        ['by-group'],
      )
    })

    it('takes everything of a tenant away with it, and leaves the account', async () => {
      await furnish(store, 't-closed', 'a-closed')
      assert.equal(await store.removeTenant('t-closed'), true)
      await store.putTenant(tenantOf('t-closed'))
      assert.deepEqual(await store.grants('t-closed'), [])
      assert.deepEqual(await store.groups('t-closed'), [])
      assert.deepEqual(await store.apiKeys({ tenant: 't-closed' }), [])
      assert.deepEqual(await store.membershipsOf('a-closed'), [])
      assert.ok(await store.account('a-closed'))
    })

    it('takes the grants of a group away with it', async () => {
      await furnish(store, 't-group', 'a-group')
      assert.equal(await store.removeGroup('t-group', 'staff'), true)
      const policy = await store.policy('t-group', 'a-group')
      assert.deepEqual(policy?.groups, [])
      assert.deepEqual(
        policy?.grants.map(({ id }) => id),
        ['by-account'],
      )
    })

    it('treats text as text, whatever it looks like', async () => {
      const nasty = [`'; drop table accounts; --`, `" or ""="`, '$1', '?1', '%', '_', '\\', ':id', `x'00'`, '{"$ne":1}']
      for (const [index, text] of nasty.entries()) {
        await store.putAccount({ ...accountOf(`a-nasty-${index}`), name: text, email: text })
        assert.equal((await store.credentialsOf(text))?.account.id, `a-nasty-${index}`)
        await store.putTenant({ ...tenantOf(text), name: text })
        assert.equal((await store.tenant(text))?.name, text)
        assert.equal(await store.account(text), undefined)
      }
      assert.equal(await store.credentialsOf(`a-nasty-0' or '1'='1`), undefined)
    })

    it('refuses values that one of the databases would change', async () => {
      const refused = refusedWith('ERR_STORE_REFUSED')
      await assert.rejects(store.account('a\0b'), refused)
      await assert.rejects(store.putAccount({ ...accountOf('a-nul'), name: 'x\0y' }), refused)
      await assert.rejects(store.putAccount({ ...accountOf('a-nul'), name: 'x\ud800' }), refused)
      await assert.rejects(store.putAccount({ ...accountOf('a-nul'), epoch: 1.5 }), refused)
      await assert.rejects(store.putAccount({ ...accountOf('a-nul'), epoch: 2 ** 53 }), refused)
      assert.equal(await store.account('a-nul'), undefined)
      await store.putAccount({ ...accountOf('a-nul'), name: 'x\u0001y😀' })
    })

    it('keeps every change when many write at once', async () => {
      await store.putAccount(accountOf('a-many'))
      await Promise.all(Array.from({ length: 40 }, () => store.bumpEpoch('a-many')))
      assert.equal((await store.account('a-many'))?.epoch, 41)
    })
  })

  describe(`two ${name} account stores`, () => {
    it('migrate at once, each step once', async () => {
      const place = await prepare()
      const stores = await Promise.all([place.open(), place.open(), place.open()])
      const applied = await Promise.all(stores.map((store) => store.migrate()))
      assert.deepEqual(applied.flat(), ['001-accounts', '002-rights'])
      await Promise.all(stores.map((store, index) => store.putAccount(accountOf(`a-${index}`))))
      assert.equal((await stores[0]?.accounts({}))?.length, 3)
      await Promise.all(stores.map((store) => store.close()))
      await place.end()
    })

    it('refuse to answer before the schema is there', async () => {
      const place = await prepare()
      const store = await place.open()
      await store.ping()
      await assert.rejects(store.account('x'), refusedWith('ERR_STORE_UNAVAILABLE'))
      await store.close()
      await assert.rejects(store.ping(), refusedWith('ERR_STORE_UNAVAILABLE'))
      await place.end()
    })
  })
}

/** A member with a group, two grants and a key. */
async function furnish(store: AccountStore, tenant: string, account: string): Promise<void> {
  await member(store, tenant, account)
  await store.putGroup({ tenant, id: 'staff', name: 'Staff' })
  await store.setGroupsOf(tenant, account, ['staff'])
  await store.putGrant(grantOf(tenant, 'by-account', { kind: 'account', account }))
  await store.putGrant(grantOf(tenant, 'by-group', { kind: 'group', group: 'staff' }))
  const key = { id: `k-${account}`, prefix: 'spk_', tenant, account, name: 'key', createdAt: 1, expiresAt: undefined }
  await store.addApiKey(key, `hash-${account}`)
  const policy = await store.policy(tenant, account)
  assert.equal(policy?.grants.length, 2)
}
