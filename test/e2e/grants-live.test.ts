import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { bearer, head, until } from './failure-support.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

/** Begins rows without end. */
function respond(_: unknown, socket: Socket): void {
  const rows = ['acme', 'globex'].map((account) => `{"id":1,"account":"${account}","entity":"A"},`)
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[${rows.join('')}`)
}

describe('rows that are under way end', () => {
  let corridor: Corridor
  const clients: Socket[] = []

  before(async () => {
    const rows = { methods: ['GET'], path: '/rows', access: 'member', dataset: 'orders', rows: { at: ['/*'] } }
    corridor = await openCorridor({ routes: [rows] })
    corridor.upstream.respond(respond)
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await corridor.close()
  })

  /** A reader of rows without end, once they have begun. */
  async function read(email: string, tenant?: string): Promise<Socket> {
    const client = connect(corridor.edge.port, '127.0.0.1').on('error', () => undefined)
    clients.push(client)
    client.write(head('GET /rows', bearer(await corridor.edge.token(email, tenant))))
    let seen = ''
    client.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
    })
    await until('rows have begun', () => seen.startsWith('HTTP/1.1 200'))
    return client
  }

  it('where the company asks for another sign-in, and in no other company', async () => {
    const [ended, other] = [await read('dave@acme.example'), await read('bob@globex.example')]
    const acme = await corridor.edge.store.tenant('acme')
    assert.ok(acme)
    await corridor.edge.store.putTenant({ ...acme, signIn: ['saml'] })
    await until('they are broken off', () => ended.closed)
    assert.equal(other.closed, false)
    await corridor.edge.store.putTenant(acme)
    await until('it is as before', async () => (await corridor.edge.token('dave@acme.example').catch(() => '')) !== '')
  })

  it('where whoever shares them loses some, and nobody else’s', async () => {
    const { store } = corridor.edge
    const [all] = (await store.grants('globex')).filter(({ id }) => id === 'globex-all')
    assert.ok(all)
    const account = 'id-eve'
    const eve = { id: account, email: 'eve@globex.example', name: '', state: 'enabled', operator: false } as const
    await store.putAccount({ ...eve, epoch: 0, passwordExpired: false })
    const hash = (await store.credentialsOf('bob@globex.example'))?.passwordHash
    await store.setPasswordHash(account, hash ?? '', { expired: false })
    const [membership] = await store.membershipsOf('id-bob')
    assert.ok(membership)
    await store.putMembership({ ...membership, account })
    const share = { ...all, id: 'share', subject: { kind: 'account', account } as const, sharedBy: 'id-carol' }
    await store.putGrant({ ...share, rows: { entity: 'A' } })
    const [ended, other] = [await read(eve.email), await read('bob@globex.example')]
    await store.setGroupsOf('globex', 'id-carol', [])
    await until('they are broken off', () => ended.closed)
    assert.equal(other.closed, false)
  })
})
