import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import type { Grant } from '../../src/accounts/account-store.ts'
import { bearer, until } from './failure-support.ts'
import { type Fleet, startFleet } from './fleet-support.ts'

const edges = ['here', 'there'] as const

const toNobody = (changes: Partial<Grant>): Grant => ({
  id: 'to-nobody',
  tenant: 'acme',
  dataset: 'orders',
  subject: { kind: 'account', account: 'id-nobody' },
  actions: ['read'],
  rows: true,
  effect: 'permit',
  withhold: [],
  validFrom: undefined,
  validUntil: undefined,
  sharedBy: undefined,
  ...changes,
})

describe('rights on two edges over one PostgreSQL', () => {
  let fleet: Fleet
  let storeUrl: string

  before(async () => {
    const { freshDatabase } = await import('../support/postgres.ts')
    storeUrl = await freshDatabase()
    fleet = await startFleet({ store: { url: storeUrl } })
  })
  after(() => fleet?.stop())

  const statusOf = async (edge: (typeof edges)[number], token: string) => {
    const answer = await fetch(`${fleet[edge].url}/orders`, { headers: bearer(token) })
    await answer.body?.cancel()
    return answer.status
  }

  async function becomes(status: number, token: string): Promise<void> {
    for (const edge of edges)
      await until(`${edge} answers ${status}`, async () => (await statusOf(edge, token)) === status)
  }

  async function byHand(text: string): Promise<void> {
    const client = new Client({ connectionString: storeUrl })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }

  it('end on both with a grant that is taken away through one of them, and nobody else’s do', async () => {
    const [token, other] = [await fleet.here.token('nobody@acme.example'), await fleet.here.token('dave@acme.example')]
    await becomes(403, token)
    await fleet.here.store.putGrant(toNobody({}))
    await becomes(200, token)
    await fleet.there.store.removeGrant('acme', 'to-nobody')
    const started = performance.now()
    await becomes(403, token)
    fleet.measure('grant taken away on both edges', started)
    await becomes(200, other)
  })

  it('end on both with a grant that somebody takes away by hand', async () => {
    const token = await fleet.here.token('nobody@acme.example')
    await fleet.here.store.putGrant(toNobody({}))
    await becomes(200, token)
    await byHand(`delete from grants where id = 'to-nobody'`)
    const started = performance.now()
    await becomes(403, token)
    fleet.measure('grant deleted by hand on both edges', started)
    await fleet.here.store.putGrant(toNobody({}))
    await becomes(200, token)
    await byHand(`update memberships set valid_until = 1 where account = 'id-nobody'`)
    await becomes(401, token)
    await byHand(`update memberships set valid_until = null where account = 'id-nobody'`)
    await becomes(200, token)
    await byHand(`delete from grants where id = 'to-nobody'`)
  })

  it('end on both with the sharer’s: their grant, their account, their membership', async () => {
    const { store } = fleet.here
    const token = await fleet.here.token('nobody@acme.example')
    await store.putGrant(toNobody({ sharedBy: 'id-dave' }))
    await becomes(200, token)
    await store.setGroupsOf('acme', 'id-dave', [])
    await becomes(403, token)
    await store.setGroupsOf('acme', 'id-dave', ['all'])
    await becomes(200, token)
    const dave = await store.account('id-dave')
    assert.ok(dave)
    await store.putAccount({ ...dave, state: 'disabled' })
    await becomes(403, token)
    await store.putAccount(dave)
    await becomes(200, token)
    const [membership] = await store.membershipsOf('id-dave')
    assert.ok(membership)
    await store.putMembership({ ...membership, validUntil: Date.now() + 500 })
    await becomes(403, token)
    await store.putMembership(membership)
    await becomes(200, token)
    await store.removeMembership('acme', 'id-dave')
    await becomes(403, token)
    await store.putMembership(membership)
    await store.setGroupsOf('acme', 'id-dave', ['all'])
    await until('the share does not come back', async () => (await store.policy('acme', 'id-dave')) !== undefined)
    assert.deepEqual(
      (await store.grants('acme')).filter(({ id }) => id === 'to-nobody'),
      [],
    )
  })
})
