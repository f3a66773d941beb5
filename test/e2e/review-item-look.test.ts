import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { answerBytes, type RecordedRequest } from '../support/echo-upstream.ts'
import { type Corridor, openCorridor } from './threats-support.ts'

const rows = { at: ['/'] }
const write = { tenantParameters: [], access: 'member', action: 'modify', dataset: 'orders', rows }
const routes = [
  { ...write, methods: ['PUT', 'PATCH', 'DELETE'], path: '/orders/*', check: { body: ['/'] } },
  {
    ...write,
    methods: ['DELETE'],
    path: '/set/*',
    inject: [{ kind: 'query', set: { company: { $user: 'tenant' } } }],
  },
]

const mine = '{"id":1,"account":"acme","entity":"A"}'
const foreign = '{"id":3,"account":"globex","entity":"A"}'
const isForeign = (target: string): boolean => target.includes('id=3') || target.startsWith('/orders/3')
const owned = (entity: string) => `{"id":1,"account":"acme","entity":"${entity}","meta":{"owner":"ann"}}`
const json = [['content-type', 'application/json']] as const

describe('the look at an item before it is written', () => {
  let corridor: Corridor
  let token: string

  before(async () => {
    corridor = await openCorridor({ routes })
  })
  after(() => corridor.close())
  beforeEach(async () => {
    token = await corridor.edge.token('dave@acme.example')
    corridor.upstream.requests.length = 0
    answerWith(() => mine)
  })

  function answerWith(body: (request: RecordedRequest) => string | Promise<string>): void {
    corridor.upstream.respond(async (request, socket) => {
      const text = await body(request)
      socket.write(answerBytes(200, json, text))
    })
  }

  async function send(method: string, path: string, body?: unknown): Promise<number> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { authorization: `Bearer ${token}`, ...type }
    const answer = await fetch(`${corridor.edge.url}${path}`, { method, headers, ...content })
    await answer.arrayBuffer()
    return answer.status
  }

  const asked = () => corridor.upstream.requests.map(({ method, target }) => `${method} ${target}`)

  it('sees the item that a parameter names, and the one that the path does', async () => {
    answerWith(({ target }) => (isForeign(target) ? foreign : mine))
    for (const path of ['/orders/current?id=3', '/orders/3?x=1']) {
      corridor.upstream.requests.length = 0
      assert.equal(await send('DELETE', path), 404, path)
      assert.equal(await send('PATCH', path, { amount: 1 }), 404, path)
      assert.ok(asked().every((each) => each.startsWith('GET ')))
    }
    corridor.upstream.requests.length = 0
    assert.equal(await send('DELETE', '/orders/current?id=1'), 200)
    assert.deepEqual(asked(), ['GET /orders/current', 'GET /orders/current?id=1', 'DELETE /orders/current?id=1'])
  })

  it('does not take an item for the caller’s because a parameter says how to show it', async () => {
    answerWith(({ target }) => (target.endsWith('?id=1') ? mine : foreign))
    assert.equal(await send('DELETE', '/orders/3?id=1'), 404)
  })

  it('holds a patch to both of them', async () => {
    answerWith(({ target }) => owned(target.includes('?') ? 'B' : 'A'))
    token = await corridor.edge.token('ann@acme.example')
    assert.equal(await send('PATCH', '/orders/1?id=2', { meta: { owner: 'bob' } }), 403)
    assert.equal(await send('PATCH', '/orders/1', { meta: { owner: 'bob' } }), 200)
    assert.equal(await send('PATCH', '/orders/1?id=2', { amount: 1 }), 200)
  })

  it('asks with what the route sets, and once where nothing else is asked', async () => {
    assert.equal(await send('DELETE', '/set/1?company=globex'), 200)
    assert.deepEqual(asked(), ['GET /set/1?company=acme', 'DELETE /set/1?company=acme'])
  })

  it('gives up where the item is a list without end', async () => {
    const closed = Promise.withResolvers<void>()
    corridor.upstream.respond(async (_request: RecordedRequest, socket: Socket) => {
      socket.once('close', () => closed.resolve())
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n')
      while (!socket.destroyed) {
        socket.write(`${mine}\n`.repeat(100))
        await wait(5)
      }
    })
    assert.equal(await send('DELETE', '/orders/1'), 404)
    await closed.promise
  })

  it('counts for nothing where the right to the item is lost meanwhile', async () => {
    const { store } = corridor.edge
    const grant = {
      id: 'acme-look',
      tenant: 'acme',
      dataset: 'orders',
      subject: { kind: 'account', account: 'id-nobody' },
      actions: ['modify'],
      rows: true,
      effect: 'permit',
      withhold: [],
      validFrom: undefined,
      validUntil: undefined,
      sharedBy: undefined,
    } as const
    await store.putGrant(grant)
    token = await corridor.edge.token('nobody@acme.example')
    assert.equal(await send('DELETE', '/orders/1'), 200)
    answerWith(async ({ method }) => {
      if (method === 'GET') {
        await store.putGrant({ ...grant, rows: { entity: 'B' } })
        // Rights are asked for anew every second.
        await wait(1500)
      }
      return mine
    })
    corridor.upstream.requests.length = 0
    assert.equal(await send('DELETE', '/orders/1'), 403)
    assert.deepEqual(asked(), ['GET /orders/1'])
  })
})
