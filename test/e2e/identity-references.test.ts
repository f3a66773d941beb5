import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { startTestEdge, type TestEdge } from '../support/edge.ts'

const route = (path: string, oversize: string) => ({
  methods: ['GET'],
  path,
  access: 'member',
  dataset: 'orders',
  rows: { at: ['/*'] },
  inject: [{ kind: 'header', oversize }],
})
const routes = ['block', 'reference', 'omit'].map((oversize) => route(`/${oversize}`, oversize))
const entities = Array.from({ length: 300 }, (_, i) => `entity-${i}`)

describe('a mask that is too large for a header', () => {
  let edge: TestEdge
  let headers: Readonly<Record<string, string>>
  let adminUrl = ''
  /** What the app found at the admin listener while its request was under way. */
  const found: {
    readonly status: number
    readonly cache: string | null
    readonly type: string | null
    readonly text: string
  }[] = []
  const seen: (readonly (string | string[] | undefined)[])[] = []

  const fetchMask = async (digest: string) => {
    const name = digest.slice('sha-256=:'.length, -1).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const answer = await fetch(`${adminUrl}/api/v1/masks/${name}`)
    const [type, cache] = [answer.headers.get('content-type'), answer.headers.get('cache-control')]
    return { status: answer.status, type, cache, text: await answer.text() }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mask = request.headers['x-sallyport-row-mask']
    const digest = request.headers['x-sallyport-row-mask-digest']
    seen.push([mask, digest])
    if (typeof digest === 'string') found.push(await fetchMask(digest))
    response.setHeader('content-type', 'application/json').end('[]')
  }
  const app = createServer((request, response) => void serve(request, response))

  before(async () => {
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    edge = await startTestEdge({ upstream: `http://127.0.0.1:${(app.address() as AddressInfo).port}`, routes })
    adminUrl = edge.adminUrl
    const [grant] = (await edge.store.grants('acme')).filter(({ id }) => id === 'acme-a')
    assert.ok(grant !== undefined)
    await edge.store.putGrant({ ...grant, rows: { entity: { $in: entities } } })
    headers = { authorization: `Bearer ${await edge.token('ann@acme.example')}` }
  })
  after(async () => {
    await edge?.stop()
    app.close()
    app.closeAllConnections()
  })

  async function ask(path: string): Promise<number> {
    found.length = 0
    seen.length = 0
    const answer = await fetch(`${edge.url}${path}`, { headers })
    await answer.text()
    return answer.status
  }

  it('blocks the request where the route says so', async () => {
    assert.equal(await ask('/block'), 502)
    assert.equal(seen.length, 0)
  })

  it('can be fetched by its digest from the first moment', async () => {
    assert.equal(await ask('/reference'), 200)
    const [[mask, digest] = []] = seen
    assert.equal(mask, undefined)
    const [answer] = found
    assert.equal(answer?.status, 200)
    assert.equal(answer?.type, 'application/json')
    assert.match(answer?.cache ?? '', /^private, max-age=\d+/)
    assert.equal(
      digest,
      `sha-256=:${createHash('sha256')
        .update(answer?.text ?? '')
        .digest('base64')}:`,
    )
    assert.match(answer?.text ?? '', /"entity":\{"\$in":\["entity-0",/)
  })

  it('is not told of at all where the route says so', async () => {
    assert.equal(await ask('/omit'), 200)
    assert.deepEqual(seen, [[undefined, undefined]])
  })

  it('is nowhere else: not under another name, and not on the public listener', async () => {
    await ask('/reference')
    const digest = String(seen[0]?.[1])
    const other = `sha-256=:${createHash('sha256').update('{}').digest('base64')}:`
    assert.equal((await fetchMask(digest)).status, 200)
    for (const wrong of [other, 'sha-256=::', `${digest.slice(0, -6)}:`]) {
      const answer = await fetchMask(wrong)
      assert.deepEqual([answer.status, answer.type], [404, 'application/problem+json'])
    }
    const name = Buffer.from(digest.slice(9, -1), 'base64').toString('base64url')
    for (const authorization of [headers['authorization'] ?? '', ''])
      assert.equal((await fetch(`${edge.url}/api/v1/masks/${name}`, { headers: { authorization } })).status, 404)
  })
})
