import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { WebSocket } from 'ws'
import type { RecordedRequest } from '../support/echo-upstream.ts'
import { ask, bearer, type Corridor, head, openCorridor } from './threats-support.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

/** What an app that fetches the keys makes of the one request it got. */
async function verified({ edge, upstream }: Corridor): Promise<JWTPayload & { readonly request: RecordedRequest }> {
  const [request, ...more] = upstream.requests
  assert.ok(request !== undefined && more.length === 0)
  const [token, ...others] = request.values('x-sallyport-assertion')
  assert.equal(others.length, 0)
  const keys = createRemoteJWKSet(new URL(`${edge.url}/.sallyport/jwks.json`))
  const expected = { issuer: 'http://127.0.0.1:8080', audience: 'orders', algorithms: ['ES256'], typ: 'sallyport+jwt' }
  const { payload } = await jwtVerify(token ?? '', keys, { ...expected, maxTokenAge: 60 })
  return { ...payload, request }
}

describe('the assertion of an app', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    corridor = await openCorridor()
    ann = await corridor.edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  const send = (path: string) => ask(corridor.edge, head(`GET ${path} HTTP/1.1`, [bearer(ann)]))

  it('verifies under the published keys, and says who asks', async () => {
    await send('/app/x')
    const { sub, tenant, roles, groups, sid, jti, email, mask, htm } = await verified(corridor)
    assert.deepEqual(
      [sub, tenant, roles, groups, email],
      ['id-ann', 'acme', ['viewer'], ['entity-a', 'mine'], 'ann@acme.example'],
    )
    assert.ok(typeof sid === 'string' && typeof jti === 'string')
    assert.deepEqual([mask, htm], [undefined, undefined])
  })

  it('names the mask by the digest that stands beside it', async () => {
    await send('/orders')
    const { mask, request } = await verified(corridor)
    assert.deepEqual([mask], request.values('x-sallyport-row-mask-digest'))
    const [json = ''] = request.values('x-sallyport-row-mask')
    assert.equal(mask, `sha-256=:${createHash('sha256').update(json).digest('base64')}:`)
  })

  it('is one for the requests of half a minute', async () => {
    await send('/app/x')
    await send('/app/y?z')
    const tokens = corridor.upstream.requests.map((request) => request.values('x-sallyport-assertion')[0])
    assert.equal(tokens[0], tokens[1])
  })
})

for (const lane of ['dispatch', 'reply-from'] as const)
  describe(`a bound assertion, by ${lane}`, () => {
    let corridor: Corridor
    let ann: string

    before(async () => {
      corridor = await openCorridor({ lane, app: { identity: { assertion: 'bound' } } })
      ann = await corridor.edge.token('ann@acme.example')
    })
    after(() => corridor.close())
    beforeEach(() => {
      corridor.upstream.requests.length = 0
    })

    /** That the assertion speaks of the very request it came with. */
    async function assertBound(): Promise<RecordedRequest> {
      const { htm, htp, htq, request } = await verified(corridor)
      const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(request.target) ?? []
      assert.deepEqual([htm, htp, htq], [request.method, digest(path), digest(query)])
      return request
    }

    for (const line of [
      'GET /app/x',
      'GET /app/x?a=1&b=%C3%96',
      'DELETE /app/a%20b/',
      'HEAD /app/x',
      'OPTIONS /app/x?',
    ])
      it(`speaks of ${line}`, async () => {
        await ask(corridor.edge, head(`${line} HTTP/1.1`, [bearer(ann)]), { head: line.startsWith('HEAD') })
        const request = await assertBound()
        assert.equal(`${request.method} ${request.target}`.replace(/\?$/, ''), line.replace(/\?$/, ''))
      })

    it('speaks of what is forwarded where the client wrote it in another way', async () => {
      await ask(corridor.edge, head('GET /app/%61%2d?x=%61 HTTP/1.1', [bearer(ann)]))
      assert.equal((await assertBound()).target, '/app/a-?x=%61')
    })

    it('speaks of a body’s request, and does not fit the next one', async () => {
      for (const path of ['/app/x', '/app/y'])
        await ask(corridor.edge, `${head(`POST ${path} HTTP/1.1`, [bearer(ann), 'Content-Length: 2'])}{}`)
      const tokens = corridor.upstream.requests.map((request) => request.values('x-sallyport-assertion')[0])
      assert.notEqual(tokens[0], tokens[1])
      corridor.upstream.requests.shift()
      await assertBound()
    })

    it('goes with the handshake of a WebSocket', async () => {
      const socket = new WebSocket(`${corridor.edge.url.replace('http:', 'ws:')}/app/socket?room=1`, {
        headers: { authorization: `Bearer ${ann}` },
      })
      // The echo says 200 to a handshake, which opens nothing.
      socket.on('error', () => undefined)
      await once(socket, 'close')
      const request = await assertBound()
      assert.equal(`${request.method} ${request.target}`, 'GET /app/socket?room=1')
    })
  })
