import assert from 'node:assert/strict'
import { test } from 'node:test'
import { register } from 'prom-client'
import { Metrics } from '../../src/metrics/metrics.ts'

/** The value of one series; undefined where it does not exist. */
async function series(metrics: Metrics, name: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length))
}

test('counts finished requests by app, route, method and class of status, and times them', async () => {
  const metrics = new Metrics()
  const request = { app: 'orders', route: 'r1', method: 'GET', status: 200, seconds: 0.004 }
  metrics.requestFinished(request)
  metrics.requestFinished({ ...request, status: 204 })
  metrics.requestFinished({ ...request, status: 503 })
  const labels = 'app="orders",route="r1",method="GET"'
  assert.equal(await series(metrics, `sallyport_requests_total{${labels},status_class="2xx"}`), 2)
  assert.equal(await series(metrics, `sallyport_requests_total{${labels},status_class="5xx"}`), 1)
  assert.equal(
    await series(metrics, 'sallyport_request_duration_seconds_bucket{le="0.005",app="orders",route="r1"}'),
    3,
  )
  assert.equal(await series(metrics, 'sallyport_request_duration_seconds_count{app="orders",route="r1"}'), 3)
})

test('strangers cannot make series: unknown methods and unmatched requests share one', async () => {
  const metrics = new Metrics()
  for (let index = 0; index < 50; index += 1) {
    metrics.requestFinished({ app: undefined, route: undefined, method: `M${index}`, status: 405, seconds: 0 })
  }
  const text = await metrics.text()
  assert.equal(text.match(/^sallyport_requests_total\{/gm)?.length, 1)
  assert.match(text, /^sallyport_requests_total\{app="none",route="none",method="other",status_class="4xx"\} 50$/m)
})

test('counts what the second door kept back', async () => {
  const metrics = new Metrics()
  metrics.answerFiltered({ app: 'orders', route: 'r1', rowsSeen: 10, rowsWithheld: 4, fieldsWithheld: 6 })
  metrics.answerFiltered({ app: 'orders', route: 'r1', rowsSeen: 1, rowsWithheld: 0, fieldsWithheld: 0 })
  metrics.responseBlocked('orders', 'r1', 'ERR_ANSWER_VIOLATION')
  metrics.leakDetected('orders', 'r1', 'tenant')
  const labels = 'app="orders",route="r1"'
  assert.equal(await series(metrics, `sallyport_rows_seen_total{${labels}}`), 11)
  assert.equal(await series(metrics, `sallyport_rows_withheld_total{${labels}}`), 4)
  assert.equal(await series(metrics, `sallyport_fields_withheld_total{${labels}}`), 6)
  assert.equal(await series(metrics, `sallyport_responses_blocked_total{${labels},code="ERR_ANSWER_VIOLATION"}`), 1)
  assert.equal(await series(metrics, `sallyport_leaks_detected_total{${labels},kind="tenant"}`), 1)
})

test('counts what the first door refused', async () => {
  const metrics = new Metrics()
  metrics.refused('ERR_ADDRESS_BANNED')
  metrics.banEnforced()
  metrics.bansCounted(7)
  metrics.limitExceeded('address')
  metrics.loginFinished('failure')
  assert.equal(await series(metrics, 'sallyport_refusals_total{code="ERR_ADDRESS_BANNED"}'), 1)
  assert.equal(await series(metrics, 'sallyport_bans_enforced_total'), 1)
  assert.equal(await series(metrics, 'sallyport_bans_active'), 7)
  assert.equal(await series(metrics, 'sallyport_limits_exceeded_total{limit="address"}'), 1)
  assert.equal(await series(metrics, 'sallyport_logins_total{outcome="failure"}'), 1)
})

test('shows the state of upstreams, audit and configuration', async () => {
  const metrics = new Metrics()
  metrics.upstreamChanged('orders', 'http://10.0.0.5:3000', true)
  metrics.upstreamPending('orders', 'http://10.0.0.5:3000', 3)
  const labels = 'app="orders",upstream="http://10.0.0.5:3000"'
  assert.equal(await series(metrics, `sallyport_upstream_healthy{${labels}}`), 1)
  assert.equal(await series(metrics, `sallyport_upstream_pending{${labels}}`), 3)
  metrics.upstreamChanged('orders', 'http://10.0.0.5:3000', false)
  assert.equal(await series(metrics, `sallyport_upstream_healthy{${labels}}`), 0)
  metrics.auditObserved(true, 12)
  assert.equal(await series(metrics, 'sallyport_audit_failing'), 1)
  assert.equal(await series(metrics, 'sallyport_audit_queue'), 12)
  metrics.auditObserved(false, 0)
  assert.equal(await series(metrics, 'sallyport_audit_failing'), 0)
  metrics.configLoaded(2)
  assert.equal(await series(metrics, 'sallyport_config_generation'), 2)
})

test('measures the process and its event loop', async () => {
  const text = await new Metrics().text()
  assert.match(text, /^process_resident_memory_bytes \d/m)
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
})

test('keeps to its own registry, and says what it speaks', async () => {
  const [one, other] = [new Metrics(), new Metrics()]
  one.refused('ERR_LIMIT_EXCEEDED')
  assert.equal(await series(other, 'sallyport_refusals_total{code="ERR_LIMIT_EXCEEDED"}'), undefined)
  assert.deepEqual(register.getMetricsAsArray(), [])
  assert.match(one.contentType, /^text\/plain; version=0\.0\.4/)
})
