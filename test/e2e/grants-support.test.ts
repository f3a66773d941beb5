import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Membership } from '../../src/accounts/account-store.ts'
import { member } from '../cli/support.ts'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { auditLines, bearer, until } from './failure-support.ts'

const rows = [
  { id: '1', account: 'acme', entity: 'A', amount: 5 },
  { id: '2', account: 'globex', entity: 'A', amount: 5 },
]

describe('support access', () => {
  let edge: TestEdge
  let upstream: EchoUpstream

  before(async () => {
    upstream = await startEcho({
      respond: (_, socket) =>
        void socket.write(answerBytes(200, [['content-type', 'application/json']], JSON.stringify(rows))),
    })
    edge = await startTestEdge({ upstream: upstream.url })
  })
  after(async () => {
    await edge?.stop()
    await upstream?.close()
  })

  /** Bob of Globex is let into Acme. */
  async function open(ms: number, options: { readonly rows: boolean }): Promise<Membership> {
    const validFrom = Date.now()
    const validUntil = validFrom + ms
    const membership: Membership = {
      tenant: 'acme',
      account: 'id-bob',
      roles: ['viewer'],
      attributes: {},
      validFrom,
      validUntil,
      support: { reason: 'ticket 4711', by: 'root', until: validUntil },
    }
    const grant = {
      id: 'support-1',
      tenant: 'acme',
      dataset: 'orders',
      subject: { kind: 'account', account: 'id-bob' },
      actions: ['read'],
      rows: true,
      effect: 'permit',
      withhold: [],
      sharedBy: undefined,
      validFrom,
      validUntil,
    } as const
    assert.equal(await edge.store.openSupport({ membership, groups: [], grants: options.rows ? [grant] : [] }), true)
    return membership
  }

  /** The edge may still know that there is no such membership. */
  async function tokenForBob(): Promise<string> {
    let token = ''
    await until('he is let in', async () => {
      token = await edge.token('bob@globex.example', 'acme').catch(() => '')
      return token !== ''
    })
    return token
  }

  const ask = async (token: string) => {
    const answer = await fetch(`${edge.url}/orders`, { headers: bearer(token) })
    const body: unknown = await answer.json()
    return { status: answer.status, body }
  }

  it('shows the rows of that tenant alone, and what was read for support is told apart', async () => {
    const membership = await open(60_000, { rows: true })
    const token = await tokenForBob()
    await until('he sees them', async () => (await ask(token)).status === 200)
    assert.deepEqual((await ask(token)).body, [rows[0]])
    assert.equal((await ask(await edge.token('dave@acme.example'))).status, 200)
    const reads = () => auditLines(edge).filter(({ event }) => event === 'data.read')
    await until('both are told', () => reads().length >= 3)
    assert.deepEqual(
      reads()
        .slice(-2)
        .map((line) => [member(line, 'account'), member(line, 'tenant'), member(line, 'detail', 'support')]),
      [
        ['id-bob', 'acme', true],
        ['id-dave', 'acme', undefined],
      ],
    )
    assert.equal(await edge.store.closeSupport(membership), true)
    await until('it has ended', async () => (await ask(token)).status === 401)
  })

  it('shows no row that nobody granted', async () => {
    const membership = await open(60_000, { rows: false })
    assert.equal((await ask(await tokenForBob())).status, 403)
    await edge.store.closeSupport(membership)
  })

  it('ends by itself, and leaves who was let in where they belong', async () => {
    const membership = await open(3000, { rows: true })
    const token = await tokenForBob()
    await until('he sees them', async () => (await ask(token)).status === 200)
    await until('it has ended', async () => (await ask(token)).status === 401)
    assert.ok(Date.now() >= (membership.validUntil ?? 0))
    assert.equal((await ask(await edge.token('bob@globex.example'))).status, 200)
    await edge.store.closeSupport(membership)
  })
})
