import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type EchoUpstream, startEcho } from '../support/echo-upstream.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { until } from './failure-support.ts'

describe('the admin listener', () => {
  let upstream: EchoUpstream
  let edge: TestEdge

  beforeEach(async () => {
    upstream = await startEcho()
    edge = await startTestEdge({ upstream: upstream.url })
  })
  afterEach(async () => {
    await edge?.stop()
    await upstream.close()
  })

  const admin = (path: string) => fetch(`http://127.0.0.1:${edge.adminPort}${path}`)

  /** Answers are counted where they end, which is a moment after the client has them. */
  async function requestsByStatus(): Promise<Record<string, number>> {
    const text = await (await admin('/metrics')).text()
    const sums = new Map<string, number>()
    for (const { groups } of text.matchAll(
      /^sallyport_requests_total\{.*status_class="(?<status>\dxx)"\} (?<count>\d+)$/gm,
    )) {
      const status = groups?.['status'] ?? ''
      sums.set(status, (sums.get(status) ?? 0) + Number(groups?.['count']))
    }
    return { '2xx': sums.get('2xx') ?? 0, '4xx': sums.get('4xx') ?? 0, '5xx': sums.get('5xx') ?? 0 }
  }

  it('says that the edge lives and is ready', async () => {
    assert.deepEqual(await (await admin('/healthz')).json(), { status: 'ok' })
    assert.deepEqual(await (await admin('/readyz')).json(), { status: 'ready' })
  })

  it('counts every request once, whatever became of it', async () => {
    const token = await edge.token('dave@acme.example')
    const authorization = `Bearer ${token}`
    for (const path of ['/app/x', '/public/a', '/nope', '/orders', '/.sallyport/login', '/.sallyport/session']) {
      const headers = path.startsWith('/app') ? { authorization } : {}
      await (await fetch(`${edge.url}${path}`, { headers })).text()
    }
    // The token, /app/x, /public/a and the sign-in page; the path nobody knows, the rows and the session without a credential.
    const wanted = JSON.stringify({ '2xx': 4, '4xx': 3, '5xx': 0 })
    await until('every request is counted once', async () => JSON.stringify(await requestsByStatus()) === wanted)
    const text = await (await admin('/metrics')).text()
    assert.match(text, /^sallyport_refusals_total\{code="ERR_CREDENTIAL_MISSING"\} 2$/m)
    assert.match(text, /^sallyport_upstream_healthy\{app="orders",upstream="http:\/\/127\.0\.0\.1:\d+"\} 1$/m)
  })

  it('counts refusals for a limit under the name of the limit', async () => {
    const narrow = await startTestEdge({
      upstream: upstream.url,
      config: { limits: { address: { max: 2, window: '1m' } } },
    })
    try {
      for (const status of [200, 200, 429]) assert.equal((await fetch(`${narrow.url}/public/a`)).status, status)
      const text = await (await fetch(`http://127.0.0.1:${narrow.adminPort}/metrics`)).text()
      assert.match(text, /^sallyport_limits_exceeded_total\{limit="address"\} 1$/m)
    } finally {
      await narrow.stop()
    }
  })

  it('is not to be had on the public listener', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      assert.equal((await fetch(`${edge.url}${path}`)).status, 404)
  })
})
