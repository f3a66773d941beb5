import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProxyError } from '../../../src/errors.ts'
import { type Limits, limitHeaders, throttle, throttleMember } from '../../../src/stages/throttle/throttle.ts'
import { openBench, type SignInBench, send } from '../../login/support.ts'
import { commonRoutes } from '../../support/edge.ts'
import { admitted, anonymous, authenticated, policy, principal, throttled } from '../support.ts'

/** Limits that count in a map, as shared state does. */
function limits(changes: Partial<Record<'address' | 'account' | 'tenant', number>> = {}): Limits {
  const counts = new Map<string, number>()
  const wide = (name: 'address' | 'account' | 'tenant') => ({ name, max: changes[name] ?? 1000, windowMs: 60_000 })
  return {
    count: (limit, key) => {
      const count = (counts.get(`${limit.name} ${key}`) ?? 0) + 1
      counts.set(`${limit.name} ${key}`, count)
      const remaining = Math.max(0, limit.max - count)
      return Promise.resolve({ exceeded: count > limit.max, remaining, ttlMs: 12_345 })
    },
    addressKey: (client) => client,
    address: wide('address'),
    account: wide('account'),
    tenant: wide('tenant'),
  }
}

const route = (max: number) => ({ limit: { name: 'route', max, windowMs: 60_000 } })

describe('throttle', () => {
  it('refuses the request after the last one of an address, with the fields that say so, and no other address', async () => {
    const rooms = limits({ address: 2 })
    const from = (client: string) => throttle(throttled({}, admitted([], { client })), rooms)
    await from('203.0.113.1')
    await from('203.0.113.1')
    await assert.rejects(from('203.0.113.1'), (error) => {
      assert.ok(error instanceof ProxyError)
      assert.equal(error.code, 'ERR_LIMIT_EXCEEDED')
      assert.equal(error.retryAfter, 13)
      assert.deepEqual(error.headers, {
        'ratelimit-policy': '"address";q=2;w=60',
        ratelimit: '"address";r=0;t=13',
      })
      return true
    })
    assert.equal((await from('203.0.113.2')).limit?.remaining, 1)
  })

  it('counts a route’s own limit by address, beside the one of the address', async () => {
    const rooms = limits()
    const ask = (client: string, id: string) =>
      throttle(throttled({ id, ...route(1) }, admitted([], { client })), rooms)
    assert.equal((await ask('203.0.113.1', 'GET /a')).limit?.name, 'route')
    await assert.rejects(ask('203.0.113.1', 'GET /a'), { code: 'ERR_LIMIT_EXCEEDED' })
    await ask('203.0.113.1', 'GET /b')
    await ask('203.0.113.2', 'GET /a')
  })

  it('counts accounts and tenants once it is known who asks', async () => {
    for (const name of ['account', 'tenant'] as const) {
      const rooms = limits({ [name]: 1 })
      const ask = (id: string, tenant: string) =>
        throttleMember(authenticated({}, principal(policy({ id, tenant }))), rooms)
      await ask('ann', 'acme')
      await assert.rejects(ask('ann', 'acme'), { code: 'ERR_LIMIT_EXCEEDED' }, name)
      if (name === 'account') await ask('dave', 'acme')
      else await assert.rejects(ask('dave', 'acme'), { code: 'ERR_LIMIT_EXCEEDED' })
      await ask('ann', 'globex')
    }
    const closed = limits({ account: 0, tenant: 0 })
    assert.equal((await throttleMember(authenticated({}, anonymous), closed)).limit, undefined)
  })

  it('tells of the limit that is nearest', async () => {
    const rooms = limits({ address: 1000, account: 10, tenant: 20 })
    const asked = await throttleMember(authenticated({}, principal()), rooms)
    assert.equal(asked.limit?.name, 'account')
    const before = { name: 'route', max: 100, remaining: 1, resetSeconds: 1, windowSeconds: 60 }
    const nearer = await throttleMember({ ...authenticated({}, principal()), limit: before }, rooms)
    assert.equal(nearer.limit?.name, 'route')
  })

  it('refuses where nobody can count', async () => {
    const rooms: Limits = { ...limits(), count: () => Promise.reject(new ProxyError('ERR_STATE_UNAVAILABLE', 'away')) }
    await assert.rejects(throttle(throttled({}), rooms), { code: 'ERR_STATE_UNAVAILABLE' })
  })

  it('writes fields that a parser of structured fields can read', () => {
    const fields = limitHeaders({ name: 'tenant', max: 5, remaining: 4, resetSeconds: 3, windowSeconds: 60 })
    assert.deepEqual(fields, { 'ratelimit-policy': '"tenant";q=5;w=60', ratelimit: '"tenant";r=4;t=3' })
  })
})

const forwardedFor = (address: string) => ({ 'x-forwarded-for': address })

async function withLimits(
  given: { limits?: Record<string, unknown>; routes?: readonly unknown[] },
  test: (bench: SignInBench) => Promise<void>,
): Promise<void> {
  const wide = { signIn: { max: 1000, window: '1m' } }
  const listen = { port: 0, trustedProxies: ['127.0.0.1'] }
  const config = { listen, limits: { ...wide, ...given.limits } }
  const bench = await openBench({ config, ...(given.routes === undefined ? {} : { routes: given.routes }) })
  try {
    await test(bench)
  } finally {
    await bench.close()
  }
}

async function statuses(times: number, ask: () => ReturnType<typeof send>): Promise<number[]> {
  const seen: number[] = []
  for (let i = 0; i < times; i += 1) seen.push((await ask()).status)
  return seen
}

describe('limits of a real edge', () => {
  it('hold an address, on the pages that are ours too', async () => {
    await withLimits({ limits: { address: { max: 2, window: '1m' } } }, async ({ edge }) => {
      const ask = (address: string, path = '/public/x') => send(edge.port, path, { headers: forwardedFor(address) })
      assert.deepEqual(await statuses(3, () => ask('203.0.113.1')), [200, 200, 429])
      const refused = await ask('203.0.113.1')
      assert.equal(refused.json['code'], 'ERR_LIMIT_EXCEEDED')
      assert.match(String(refused.headers['retry-after']), /^([1-9]|[1-5]\d|60)$/)
      assert.equal(refused.headers['ratelimit-policy'], '"address";q=2;w=60')
      assert.match(String(refused.headers['ratelimit']), /^"address";r=0;t=\d+$/)
      assert.equal((await ask('203.0.113.1', '/.sallyport/login')).status, 429)
      assert.equal((await ask('203.0.113.2', '/.sallyport/login')).status, 200)
    })
  })

  it('are told with every answer of an app', async () => {
    await withLimits({ limits: { address: { max: 9, window: '1m' } } }, async ({ edge }) => {
      for (const left of [8, 7]) {
        const { headers } = await send(edge.port, '/public/x', { headers: forwardedFor('203.0.113.1') })
        assert.equal(headers['ratelimit-policy'], '"address";q=9;w=60')
        assert.match(String(headers['ratelimit']), new RegExp(`^"address";r=${left};t=\\d+$`))
      }
    })
  })

  it('hold a route and leave the next one alone', async () => {
    const limited = { methods: ['GET'], path: '/public/slow', access: 'public', limit: { max: 1, window: '1m' } }
    await withLimits({ routes: [limited, ...commonRoutes] }, async ({ edge }) => {
      assert.deepEqual(await statuses(2, () => send(edge.port, '/public/slow')), [200, 429])
      assert.equal((await send(edge.port, '/public/fast')).status, 200)
      assert.equal((await send(edge.port, '/public/slow', { headers: forwardedFor('203.0.113.9') })).status, 200)
    })
  })

  it('hold an account and leave its neighbour alone', async () => {
    await withLimits({ limits: { account: { max: 1, window: '1m' } } }, async ({ edge }) => {
      const [ann, dave] = [await edge.token('ann@acme.example'), await edge.token('dave@acme.example')]
      const ask = (token: string) => send(edge.port, '/app/x', { headers: { authorization: `Bearer ${token}` } })
      assert.deepEqual(await statuses(2, () => ask(ann)), [200, 429])
      assert.equal((await ask(ann)).headers['ratelimit-policy'], '"account";q=1;w=60')
      assert.equal((await ask(dave)).status, 200)
    })
  })

  it('hold a tenant and leave the other alone', async () => {
    await withLimits({ limits: { tenant: { max: 1, window: '1m' } } }, async ({ edge }) => {
      const [ann, dave] = [await edge.token('ann@acme.example'), await edge.token('dave@acme.example')]
      const bob = await edge.token('bob@globex.example')
      const ask = (token: string) => send(edge.port, '/app/x', { headers: { authorization: `Bearer ${token}` } })
      assert.equal((await ask(ann)).status, 200)
      assert.equal((await ask(dave)).headers['ratelimit-policy'], '"tenant";q=1;w=60')
      assert.equal((await ask(bob)).status, 200)
    })
  })

  it('hold the sign-ins of a source', async () => {
    await withLimits({ limits: { signIn: { max: 2, window: '1m' } } }, async ({ edge }) => {
      const ask = (address: string) => {
        const headers = { 'content-type': 'application/json', ...forwardedFor(address) }
        return send(edge.port, '/.sallyport/token', { headers, body: '{"email":"a@b.example","password":"x"}' })
      }
      assert.deepEqual(await statuses(3, () => ask('203.0.113.1')), [401, 401, 429])
      assert.equal((await ask('203.0.113.2')).status, 401)
    })
  })
})
