import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AccountStore, type Grant, type Membership, maxSupportMs } from '../../src/accounts/account-store.ts'
import { accountOf, grantOf, member, membershipOf, type Place, refusedWith, tenantOf } from './contract.ts'

const refused = refusedWith('ERR_STORE_REFUSED')
const by = (account: string): Grant['subject'] => ({ kind: 'account', account })

/** What both databases do about versions, sharing, support access and demands; tenants and accounts of their own. */
export function rightsContract(name: string, prepare: () => Promise<Place>) {
  describe(`rights in the ${name} account store`, () => {
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

    const versionOf = async (tenant: string) => (await store.policyVersions([tenant])).get(tenant) ?? 0

    /** Whether `change` raises the version of `tenant`, and of no other that is named. */
    async function raises(tenant: string, others: readonly string[], change: () => Promise<unknown>): Promise<void> {
      const before = await store.policyVersions([tenant, ...others])
      await change()
      const now = await store.policyVersions([tenant, ...others])
      assert.ok((now.get(tenant) ?? 0) > (before.get(tenant) ?? 0), String(change))
      for (const other of others) assert.equal(now.get(other), before.get(other), `${other}: ${String(change)}`)
    }

    it('raises the version of a tenant with every change of its rights, and no other tenant’s', async () => {
      await member(store, 'v-other', 'v-other')
      const steps: readonly (() => Promise<unknown>)[] = [
        () => store.putTenant(tenantOf('v')),
        () => store.putTenant({ ...tenantOf('v'), name: 'Renamed' }),
        () => store.putAccount(accountOf('v-a')).then(() => store.putMembership(membershipOf('v', 'v-a'))),
        () => store.putMembership({ ...membershipOf('v', 'v-a'), roles: ['admin'] }),
        () => store.putAccount({ ...accountOf('v-a'), state: 'disabled' }),
        () => store.bumpEpoch('v-a'),
        () => store.putGroup({ tenant: 'v', id: 'g', name: 'G' }),
        () => store.putGroup({ tenant: 'v', id: 'g', name: 'H' }),
        () => store.setGroupsOf('v', 'v-a', ['g']),
        () => store.putGrant(grantOf('v', 'one', { kind: 'group', group: 'g' })),
        () => store.putGrant({ ...grantOf('v', 'one', { kind: 'group', group: 'g' }), rows: { a: 1 } }),
        () => store.removeGrant('v', 'one'),
        () => store.setGroupsOf('v', 'v-a', []),
        () => store.removeGroup('v', 'g'),
        () => store.removeMembership('v', 'v-a'),
        () => store.removeTenant('v'),
        () => store.putTenant(tenantOf('v')),
      ]
      for (const step of steps) await raises('v', ['v-other'], step)
    })

    it('raises every tenant of an account that changes or goes', async () => {
      await member(store, 'v-one', 'v-both')
      await member(store, 'v-two', 'v-both')
      await member(store, 'v-three', 'v-else')
      await raises('v-one', ['v-three'], () => store.putAccount({ ...accountOf('v-both'), name: 'New' }))
      await raises('v-two', ['v-three'], () => store.bumpEpoch('v-both'))
      await raises('v-one', ['v-three'], () => store.removeAccount('v-both'))
      await member(store, 'v-two', 'v-both')
      await raises('v-two', ['v-one', 'v-three'], () => store.removeAccount('v-both'))
    })

    it('raises it for whoever writes past us, several rows at once too', async () => {
      await member(store, 'v-hand', 'v-hand')
      await member(store, 'v-hand', 'v-hand2')
      await store.putGrant(grantOf('v-hand', 'one', by('v-hand')))
      await store.putGrant(grantOf('v-hand', 'two', by('v-hand')))
      await member(store, 'v-spared', 'v-spared')
      const where = `where tenant = 'v-hand'`
      const statements = [
        `update grants set rows = 'true' ${where}`,
        `update memberships set roles = '[]' ${where}`,
        `update accounts set state = 'disabled' where id in ('v-hand', 'v-hand2')`,
        `update tenants set sign_in = '["saml"]' where id = 'v-hand'`,
        `insert into groups (tenant, id, name) values ('v-hand', 'a', 'A'), ('v-hand', 'b', 'B')`,
        `insert into group_members (tenant, account, group_id) values ('v-hand', 'v-hand', 'a'), ('v-hand', 'v-hand', 'b')`,
        `delete from group_members ${where}`,
        `delete from groups ${where}`,
        `delete from grants ${where}`,
        `delete from memberships ${where} and account = 'v-hand'`,
        `delete from accounts where id = 'v-hand2'`,
      ]
      for (const text of statements) await raises('v-hand', ['v-spared'], () => place.byHand(text))
    })

    it('raises both tenants where something moves from one to the other', async () => {
      await store.putTenant(tenantOf('v-from'))
      await store.putTenant(tenantOf('v-to'))
      await store.putGrant(grantOf('v-from', 'moved', { kind: 'everyone' }))
      const [from, to] = [await versionOf('v-from'), await versionOf('v-to')]
      await place.byHand(`update grants set tenant = 'v-to' where tenant = 'v-from'`)
      assert.ok((await versionOf('v-from')) > from)
      assert.ok((await versionOf('v-to')) > to)
    })

    it('does not begin anew with a tenant that was there before', async () => {
      await member(store, 'v-again', 'v-again')
      const last = await versionOf('v-again')
      await store.removeTenant('v-again')
      await store.putTenant(tenantOf('v-again'))
      assert.ok((await versionOf('v-again')) > last)
    })

    it('leaves the version where nothing was changed in the end, and by passwords and keys', async () => {
      await member(store, 'v-same', 'v-same')
      const before = await versionOf('v-same')
      await assert.rejects(store.setGroupsOf('v-same', 'v-same', ['nowhere']), refused)
      const key = { id: 'v-key', prefix: 'spk_', tenant: 'v-same', account: 'v-same', name: '', createdAt: 1 }
      await store.addApiKey({ ...key, expiresAt: undefined }, 'v-key')
      assert.equal(await versionOf('v-same'), before)
      await store.putTenant(tenantOf('v-same'))
      assert.ok((await versionOf('v-same')) > before)
    })

    it('reads versions in one statement, of the tenants that are asked for', async () => {
      await member(store, 'v-ask', 'v-ask')
      sent.length = 0
      const versions = await store.policyVersions(['v-ask', 'v-never'])
      assert.equal(sent.length, 1)
      assert.deepEqual([...versions.keys()], ['v-ask'])
      assert.deepEqual(await store.policyVersions([]), new Map())
      assert.equal(sent.length, 1)
    })

    it('reads a policy and the version it belongs to in one statement', async () => {
      await member(store, 'v-read', 'v-read')
      sent.length = 0
      const { version, policy } = await store.readPolicy('v-read', 'v-read')
      assert.equal(sent.length, 1)
      assert.equal(policy?.account.id, 'v-read')
      assert.equal(version, await versionOf('v-read'))
      const nobody = await store.readPolicy('v-read', 'nobody')
      assert.deepEqual(nobody, { version, policy: undefined })
      assert.deepEqual(await store.readPolicy('v-nowhere', 'v-read'), { version: 0, policy: undefined })
    })

    it('never gives two policies one version while others write', async () => {
      await member(store, 'v-race', 'v-race')
      const seen = new Map<number, string>()
      const writing = new AbortController()
      const write = async (id: string) => {
        for (let i = 0; i < 15; i += 1)
          await store.putGrant({ ...grantOf('v-race', id, by('v-race')), rows: { turn: i } })
      }
      const read = async () => {
        while (!writing.signal.aborted) {
          const { version, policy } = await store.readPolicy('v-race', 'v-race')
          const text = JSON.stringify(policy?.grants)
          assert.equal(seen.get(version) ?? text, text, `version ${version}`)
          seen.set(version, text)
        }
      }
      const readers = Promise.all([read(), read()])
      await Promise.all([write('one'), write('two')])
      writing.abort()
      await readers
      assert.ok(seen.size > 1)
    })

    it('keeps what a tenant demands of a sign-in', async () => {
      await member(store, 'd', 'd')
      assert.deepEqual((await store.policy('d', 'd'))?.tenant.signIn, [])
      await store.putTenant({ ...tenantOf('d'), signIn: ['saml', 'oidc', 'key', 'saml'] })
      assert.deepEqual((await store.tenant('d'))?.signIn, ['key', 'oidc', 'saml'])
      assert.deepEqual((await store.policy('d', 'd'))?.tenant.signIn, ['key', 'oidc', 'saml'])
      await place.byHand(`update tenants set sign_in = '["palm"]' where id = 'd'`)
      await assert.rejects(store.policy('d', 'd'), refusedWith('ERR_STORE_UNAVAILABLE'))
      await place.byHand(`update tenants set sign_in = '[]' where id = 'd'`)
      assert.ok(await store.policy('d', 'd'))
    })

    describe('a grant that is shared', () => {
      before(async () => {
        for (const account of ['s-ann', 's-bob', 's-eve']) await member(store, 's', account)
        await member(store, 's-foreign', 's-bob')
        for (const group of ['team', 'staff']) await store.putGroup({ tenant: 's', id: group, name: group })
        await store.setGroupsOf('s', 's-ann', ['team'])
        await store.setGroupsOf('s', 's-bob', ['staff'])
        const shared = { sharedBy: 's-bob' }
        await store.putGrant({ ...grantOf('s', 'share', { kind: 'group', group: 'team' }), ...shared })
        await store.putGrant(grantOf('s', 'bobs-own', by('s-bob')))
        await store.putGrant(grantOf('s', 'bobs-group', { kind: 'group', group: 'staff' }))
        await store.putGrant(grantOf('s', 'for-all', { kind: 'everyone' }))
        await store.putGrant({ ...grantOf('s', 'bobs-other', by('s-bob')), dataset: 'elsewhere' })
        await store.putGrant({ ...grantOf('s', 'eves-share', by('s-bob')), sharedBy: 's-eve' })
        await store.putGrant(grantOf('s', 'eves-own', by('s-eve')))
        await store.putGrant(grantOf('s-foreign', 'bobs-foreign', by('s-bob')))
      })

      it('comes with what its sharer may do in the same tenant, directly and on the dataset, in one statement', async () => {
        sent.length = 0
        const policy = await store.policy('s', 's-ann')
        assert.equal(sent.length, 1)
        assert.deepEqual(
          policy?.grants.map(({ id, sharedBy }) => [id, sharedBy]),
          [
            ['for-all', undefined],
            ['share', 's-bob'],
          ],
        )
        const [bob, ...others] = policy?.sharers ?? []
        assert.deepEqual(others, [])
        assert.deepEqual(bob?.account, accountOf('s-bob'))
        assert.deepEqual(bob?.membership, membershipOf('s', 's-bob'))
        assert.deepEqual(bob?.groups, ['staff'])
        assert.deepEqual(
          bob?.grants.map(({ id }) => id),
          ['bobs-group', 'bobs-own', 'for-all'],
        )
      })

      it('gives whoever is not shared with nobody’s rights', async () => {
        assert.deepEqual((await store.policy('s', 's-eve'))?.sharers, [])
        const bob = await store.policy('s', 's-bob')
        assert.deepEqual(
          bob?.sharers.map(({ account, grants }) => [account.id, grants.map(({ id }) => id)]),
          [['s-eve', ['eves-own', 'for-all']]],
        )
      })

      it('is refused as a restriction, for everyone, and from no member', async () => {
        await member(store, 's-check', 's-check')
        const wrong: readonly Partial<Grant>[] = [
          { effect: 'restrict' },
          { subject: { kind: 'everyone' } },
          { sharedBy: 'nobody' },
          { sharedBy: 's-ann' },
        ]
        const right = { ...grantOf('s-check', 'g', by('s-check')), sharedBy: 's-check' }
        for (const changes of wrong) {
          await assert.rejects(store.putGrant({ ...right, ...changes }), refused, JSON.stringify(changes))
        }
        await store.putGrant(right)
        for (const changes of wrong) await assert.rejects(store.putGrant({ ...right, ...changes }), refused)
        assert.deepEqual(await store.grants('s-check'), [right])
      })

      it('falls with the membership of its sharer, and does not come back with a new one', async () => {
        await member(store, 's-fall', 's-giver')
        await member(store, 's-fall', 's-taker')
        await store.putGrant({ ...grantOf('s-fall', 'g', by('s-taker')), sharedBy: 's-giver' })
        await raises('s-fall', [], () => store.removeMembership('s-fall', 's-giver'))
        await store.putMembership(membershipOf('s-fall', 's-giver'))
        assert.deepEqual(await store.grants('s-fall'), [])
      })
    })

    describe('support access', () => {
      const start = 1_700_000_000_000
      const opening = (tenant: string, account: string, changes: Partial<Membership> = {}) => {
        const until = start + 60_000
        const support = { reason: 'ticket 4711', by: 'root', until }
        const span = { validFrom: start, validUntil: until }
        const membership: Membership = { ...membershipOf(tenant, account), ...span, support, ...changes }
        const grant = { ...grantOf(tenant, `support-${account}`, by(account)), ...span }
        return { membership, groups: ['staff'], grants: [grant] }
      }

      before(async () => {
        await store.putTenant(tenantOf('u'))
        await store.putGroup({ tenant: 'u', id: 'staff', name: 'Staff' })
        for (const account of ['u-a', 'u-b', 'u-c', 'u-d']) await store.putAccount(accountOf(account))
      })

      it('is a membership with its groups and grants, and leaves nothing behind', async () => {
        assert.equal(await store.openSupport(opening('u', 'u-a')), true)
        const policy = await store.policy('u', 'u-a')
        assert.deepEqual(policy?.membership.support, { reason: 'ticket 4711', by: 'root', until: start + 60_000 })
        assert.deepEqual(policy?.groups, ['staff'])
        assert.deepEqual(
          policy?.grants.map(({ id }) => id),
          ['support-u-a'],
        )
        const open = (await store.supportMemberships()).filter(({ account }) => account === 'u-a')
        assert.deepEqual(open, [policy?.membership])
        await raises('u', [], () => store.closeSupport(membershipOf('u', 'u-a')))
        assert.equal(await store.policy('u', 'u-a'), undefined)
        assert.ok((await store.grants('u')).every(({ id }) => id !== 'support-u-a'))
        assert.equal(await store.closeSupport(membershipOf('u', 'u-a')), false)
      })

      it('is not opened over a membership, and closes none', async () => {
        await store.putMembership(membershipOf('u', 'u-b'))
        assert.equal(await store.openSupport(opening('u', 'u-b')), false)
        assert.equal(await store.closeSupport(membershipOf('u', 'u-b')), false)
        assert.deepEqual(await store.membershipsOf('u-b'), [membershipOf('u', 'u-b')])
      })

      it('is opened whole or not at all', async () => {
        await assert.rejects(store.openSupport({ ...opening('u', 'u-c'), groups: ['nowhere'] }), refused)
        assert.deepEqual(await store.membershipsOf('u-c'), [])
        assert.equal(await store.openSupport(opening('u', 'u-c')), true)
      })

      it('lasts an hour at most, for a reason of 8 to 500 characters', async () => {
        const support = { reason: 'ticket 4711', by: 'root', until: start + maxSupportMs }
        const late = start + maxSupportMs + 1
        const wrong: readonly Partial<Membership>[] = [
          { validUntil: late, support: { ...support, until: late } },
          { validUntil: start, support: { ...support, until: start } },
          { validFrom: undefined },
          { validUntil: undefined },
          { support: undefined },
          { support: { ...support, until: start + 1 } },
          { support: { ...support, reason: 'no more' } },
          { support: { ...support, reason: 'x'.repeat(501) } },
        ]
        const right = { validUntil: start + maxSupportMs, support }
        for (const changes of wrong) {
          const attempt = store.openSupport(opening('u', 'u-d', { ...right, ...changes }))
          await assert.rejects(attempt, refused, JSON.stringify(changes))
        }
        assert.equal(await store.openSupport(opening('u', 'u-d', right)), true)
        const hour = `where tenant = 'u' and account = 'u-d'`
        for (const text of [
          `update memberships set valid_until = valid_until + 1 ${hour}`,
          `update memberships set valid_until = null ${hour}`,
          `update memberships set valid_from = null ${hour}`,
          `update memberships set support_by = null ${hour}`,
          `update memberships set support_reason = null ${hour}`,
          `update memberships set support_reason = 'no more' ${hour}`,
        ])
          await assert.rejects(place.byHand(text), /constraint/i, text)
        await place.byHand(`update memberships set valid_until = valid_until - 1 ${hour}`)
      })
    })
  })
}
