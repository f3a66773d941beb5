import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerBytes } from '../support/echo-upstream.ts'
import { bearer, head, until } from './failure-support.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const body = '{"id":1,"account":"acme","entity":"A"}'

/** Longer than a copy of anybody's rights may be used. */
const copyMs = 1100

describe('a write whose body comes slowly', () => {
  let corridor: Corridor
  const clients: Socket[] = []

  before(async () => {
    corridor = await openCorridor()
  })
  after(() => corridor.close())
  beforeEach(async () => {
    // No copy of what the test before did to the writer's rights may be left.
    await sleep(copyMs)
    corridor.upstream.requests.length = 0
    corridor.upstream.respond((_request, socket) => {
      socket.write(answerBytes(200, [['content-type', 'application/json']], body))
    })
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })

  /** Sends all but the last byte; `finish` sends it and gives the status that comes back. */
  async function begin(email: string) {
    const headers = {
      ...bearer(await corridor.edge.token(email)),
      'content-type': 'application/json',
      'content-length': String(body.length),
    }
    const client = connect(corridor.edge.port, '127.0.0.1').on('error', () => undefined)
    clients.push(client)
    let seen = ''
    client.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
    })
    client.write(head('POST /orders', headers) + body.slice(0, -1))
    await sleep(50)
    return {
      finish: async () => {
        client.write(body.slice(-1))
        await until('an answer has come', () => seen.includes('\r\n\r\n') || client.destroyed)
        return Number(seen.split(' ')[1])
      },
    }
  }

  it('is forwarded while its writer may write', async () => {
    const { finish } = await begin('dave@acme.example')
    await sleep(copyMs)
    assert.equal(await finish(), 200)
    assert.equal(corridor.upstream.requests.length, 1)
  })

  it('is refused where the right was taken away meanwhile', async () => {
    const { finish } = await begin('dave@acme.example')
    await corridor.edge.store.setGroupsOf('acme', 'id-dave', [])
    await sleep(copyMs)
    assert.equal(await finish(), 403)
    await corridor.edge.store.setGroupsOf('acme', 'id-dave', ['all'])
    assert.deepEqual(corridor.upstream.requests, [])
  })

  it('is refused where the account was ended meanwhile', async () => {
    const { finish } = await begin('dave@acme.example')
    await corridor.edge.store.bumpEpoch('id-dave')
    await sleep(copyMs)
    assert.equal(await finish(), 401)
    assert.deepEqual(corridor.upstream.requests, [])
  })
})
