import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answerBytes } from '../support/echo-upstream.ts'
import { ask, bearer, type Corridor, field, head, openCorridor } from './threats-support.ts'

const rows = JSON.stringify([{ id: 1, account: 'acme', entity: 'A', amount: 1 }])
const validators = [
  ['ETag', '"1"'],
  ['Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ['Age', '7'],
  ['Accept-Ranges', 'bytes'],
  ['Digest', 'sha-256=AAAA'],
  ['Content-Digest', 'sha-256=:AAAA:'],
  ['Repr-Digest', 'sha-256=:AAAA:'],
  ['Content-MD5', 'AAAA'],
  ['Cache-Control', 'public, max-age=3600'],
  ['Expires', 'Wed, 21 Oct 2065 07:28:00 GMT'],
  ['Pragma', 'cache'],
  ['Surrogate-Control', 'max-age=3600'],
  ['CDN-Cache-Control', 'max-age=3600'],
] as const
const conditions = [
  'Range: bytes=0-10',
  'If-Range: "1"',
  'If-None-Match: "1"',
  'If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT',
]

describe('caching', () => {
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

  const answerWith = (status: number, body: string) =>
    corridor.upstream.respond((request, socket) => {
      const bytes = answerBytes(status, [['Content-Type', 'application/json'], ...validators], body)
      socket.write(request.method === 'HEAD' ? bytes.subarray(0, bytes.length - body.length) : bytes)
    })

  it('of a filtered answer is forbidden, and nothing of the upstream says otherwise', async () => {
    answerWith(200, rows)
    const answer = await ask(corridor.edge, head('GET /orders HTTP/1.1', [bearer(ann)]))
    assert.equal(answer.status, 200)
    const caching = answer.headers.filter(([name]) => name.toLowerCase() === 'cache-control')
    assert.deepEqual(
      caching.map(([, value]) => value),
      ['private, no-store'],
    )
    for (const [name] of validators)
      if (name !== 'Cache-Control') assert.equal(field(answer, name.toLowerCase()), undefined, name)
  })

  it('of the head of a filtered answer is forbidden too, and it tells no length', async () => {
    answerWith(200, rows)
    const answer = await ask(corridor.edge, head('HEAD /orders HTTP/1.1', [bearer(ann)]), { head: true })
    assert.equal(field(answer, 'cache-control'), 'private, no-store')
    for (const name of ['etag', 'last-modified', 'content-length', 'digest'])
      assert.equal(field(answer, name), undefined, name)
  })

  it('of a refusal is forbidden', async () => {
    const answer = await ask(corridor.edge, head('GET /orders HTTP/1.1'))
    assert.equal(answer.status, 401)
    assert.match(field(answer, 'cache-control') ?? '', /no-store/)
  })

  it('conditions and ranges do not reach the upstream of filtered rows, in any spelling', async () => {
    answerWith(200, rows)
    const spelled = ['If_None_Match: "1"', 'If.Range: "1"', 'If_Modified_Since: x', 'Accept_Encoding: gzip']
    const lines = [bearer(ann), ...conditions, 'Accept-Encoding: gzip, br', ...spelled]
    const answer = await ask(corridor.edge, head('GET /orders HTTP/1.1', lines))
    assert.equal(answer.status, 200)
    const [request] = corridor.upstream.requests
    const left = request?.headers.filter(([name]) => /^(if|range|accept.encoding)/i.test(name))
    assert.deepEqual(left, [['accept-encoding', 'identity']])
  })

  it('conditions and ranges do reach the upstream of a route without rows', async () => {
    answerWith(200, rows)
    const answer = await ask(corridor.edge, head('GET /app/x HTTP/1.1', [bearer(ann), ...conditions]))
    const [request] = corridor.upstream.requests
    for (const name of ['range', 'if-range', 'if-none-match', 'if-modified-since'])
      assert.equal(request?.values(name).length, 1, name)
    assert.equal(field(answer, 'etag'), '"1"')
  })

  it('a part that the upstream sends unasked does not pass for the rows', async () => {
    answerWith(206, rows)
    const answer = await ask(corridor.edge, head('GET /orders HTTP/1.1', [bearer(ann)]))
    assert.equal(answer.status, 502)
    assert.ok(!answer.body.includes('entity'))
  })
})
