import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { WebSocket } from 'ws'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

const rows = { access: 'member', dataset: 'orders', rows: { at: ['/'] } }
const routes = [
  { methods: ['GET', 'HEAD'], path: '/orders/*', ...rows },
  { methods: ['PUT'], path: '/orders/*', ...rows, action: 'modify', check: { body: ['/'] } },
  {
    methods: ['GET'],
    path: '/set/**',
    access: 'member',
    inject: [{ kind: 'query', set: { company: 'acme' } }],
    websocket: true,
  },
]

describe('a bound assertion speaks of the request that is really sent', () => {
  /** Each request as `METHOD target`, and whether its assertion is about it. */
  const seen: (readonly [line: string, isBound: boolean])[] = []
  let edge: TestEdge
  let authorization: string

  function note({ method = '', url = '', headers }: IncomingMessage): void {
    const { htm, htp, htq } = decodeJwt(String(headers['x-sallyport-assertion']))
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(url) ?? []
    seen.push([`${method} ${url}`, htm === method && htp === digest(path) && htq === digest(query)])
  }

  const app = createServer((request, response) => {
    note(request)
    response.setHeader('content-type', 'application/json').end('{"id":1,"account":"acme","entity":"A"}')
  }).on('upgrade', (request, socket) => {
    note(request)
    socket.destroy()
  })

  before(async () => {
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    const upstream = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
    edge = await startTestEdge({ upstream, routes, app: { identity: { assertion: 'bound' } } })
    authorization = `Bearer ${await edge.token('dave@acme.example')}`
  })
  after(async () => {
    await edge?.stop()
    app.close()
    app.closeAllConnections()
  })
  beforeEach(() => {
    seen.length = 0
  })

  it('where the item is looked at before a write', async () => {
    const body = JSON.stringify({ id: 1, account: 'acme', entity: 'A' })
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${edge.url}/orders/1?x=1`, { method: 'PUT', headers, body })
    assert.equal(answer.status, 200, await answer.text())
    assert.deepEqual(seen, [
      ['GET /orders/1', true],
      ['GET /orders/1?x=1', true],
      ['PUT /orders/1?x=1', true],
    ])
  })

  it('where rows are asked for by HEAD', async () => {
    assert.equal((await fetch(`${edge.url}/orders/1`, { method: 'HEAD', headers: { authorization } })).status, 200)
    assert.deepEqual(seen, [['GET /orders/1', true]])
  })

  it('where the route puts something into the query', async () => {
    await fetch(`${edge.url}/set/a?b=1`, { headers: { authorization } })
    const socket = new WebSocket(`${edge.url.replace('http:', 'ws:')}/set/a?b=1`, { headers: { authorization } })
    socket.on('error', () => undefined)
    await once(socket, 'close')
    assert.equal(seen.length, 2)
    for (const [line, isBound] of seen) {
      assert.match(line, /^GET \/set\/a\?.*company=acme/)
      assert.ok(isBound, line)
    }
  })
})
