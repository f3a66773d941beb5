import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerBytes, type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

const rows = [
  { id: 1, account: 'acme', entity: 'A', amount: 10, margin: 1, meta: { owner: 'dave' } },
  { id: 2, account: 'acme', entity: 'B', amount: 20, margin: 2, meta: { owner: 'ann' } },
  { id: 3, account: 'acme', entity: 'B', amount: 30, margin: 3, meta: { owner: 'dave' } },
  { id: 4, account: 'globex', entity: 'A', amount: 40, margin: 4, meta: { owner: 'ann' } },
  { id: 5, entity: 'A', amount: 50 },
]

describe('the corridor', () => {
  let upstream: EchoUpstream
  let edge: TestEdge

  before(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({ upstream: upstream.url })
  })
  after(async () => {
    await edge.stop()
    await upstream.close()
  })

  function answerRows(body: unknown): void {
    upstream.respond((_request, socket) => {
      socket.write(
        answerBytes(
          200,
          [
            ['Content-Type', 'application/json'],
            ['ETag', '"x"'],
          ],
          JSON.stringify(body),
        ),
      )
    })
  }

  async function get(path: string, token?: string): Promise<Response> {
    return fetch(`${edge.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  }

  it('gives each company its own rows, and each group its own', async () => {
    answerRows(rows)
    const expected: [string, number[]][] = [
      ['ann@acme.example', [1, 2]],
      ['dave@acme.example', [1, 2, 3]],
      ['bob@globex.example', [4]],
    ]
    for (const [email, ids] of expected) {
      const answer = await get('/orders', await edge.token(email))
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('cache-control'), 'private, no-store')
      assert.equal(answer.headers.get('etag'), null)
      const got = (await answer.json()) as { id: number; margin?: number }[]
      assert.deepEqual(
        got.map((row) => row.id),
        ids,
      )
      assert.equal(
        got.every((row) => row.margin === undefined),
        email.startsWith('ann'),
      )
    }
  })

  it('refuses who shows nothing, and who has no grant', async () => {
    assert.equal((await get('/orders')).status, 401)
    const answer = await get('/orders', await edge.token('nobody@acme.example'))
    assert.equal(answer.status, 403)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(((await answer.json()) as { code: string }).code, 'ERR_MASK_NONE')
  })

  it('answers a single foreign object as if it did not exist', async () => {
    const ann = await edge.token('ann@acme.example')
    answerRows(rows[3])
    assert.equal((await get('/orders/4', ann)).status, 404)
    answerRows(rows[0])
    assert.equal((await get('/orders/1', ann)).status, 200)
  })

  it('tells the upstream who asks, and nothing of our credentials', async () => {
    answerRows([])
    upstream.requests.length = 0
    await get('/orders', await edge.token('ann@acme.example'))
    const [request] = upstream.requests
    assert.deepEqual(request?.values('x-sallyport-tenant'), ['acme'])
    assert.deepEqual(request?.values('x-sallyport-account'), ['id-ann'])
    assert.equal(request?.values('x-sallyport-assertion').length, 1)
    assert.deepEqual(request?.values('authorization'), [])
    assert.match(request?.values('x-sallyport-row-mask')[0] ?? '', /"acme"/)
  })
})
