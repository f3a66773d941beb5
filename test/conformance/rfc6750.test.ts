import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { form, issue, openBench, postJson, type SignInBench, send } from '../login/support.ts'
import { password } from '../support/edge.ts'
import { rawExchange } from '../support/raw-http.ts'

describe('RFC 6750, bearer tokens', () => {
  let bench: SignInBench
  let token: string

  before(async () => {
    bench = await openBench()
    token = await bench.edge.token('dave@acme.example')
  })
  after(() => bench.close())

  const get = (headers: Readonly<Record<string, string>>, path = '/app/x') => send(bench.edge.port, path, { headers })

  it('section 2.1: takes the token in the Authorization field, the scheme in any case (RFC 9110 section 11.1)', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      assert.equal((await get({ authorization: `${scheme} ${token}` })).status, 200)
    }
  })

  it('section 2.2: does not look for a token in a form', async () => {
    const sent = form({ access_token: token })
    assert.equal((await send(bench.edge.port, '/app/x', sent)).status, 401)
    const both = { ...sent, headers: { ...sent.headers, authorization: `Bearer ${token}` } }
    assert.equal((await send(bench.edge.port, '/app/x', both)).status, 200)
  })

  it('section 2.3: does not look for a token in the query', async () => {
    assert.equal((await get({}, `/app/x?access_token=${token}`)).status, 401)
  })

  it('section 3: asks for a token without naming an error where none was shown', async () => {
    const answer = await get({})
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="sallyport"')
    assert.equal((await get({ authorization: 'Basic YTpi' })).headers['www-authenticate'], 'Bearer realm="sallyport"')
  })

  it('section 3.1: names invalid_token for one that is malformed, unknown, expired or revoked', async () => {
    const revoked = (await issue(bench.edge, 'dave@acme.example')).json
    await send(bench.edge.port, '/.sallyport/token/revoke', postJson({ token: revoked['refresh_token'] }))
    for (const bad of ['x', 'a.b.c', `${token}x`, 'spk_x', String(revoked['access_token'])]) {
      const answer = await get({ authorization: `Bearer ${bad}` })
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="sallyport", error="invalid_token"')
    }
  })

  it('section 3.1: answers 403 where the token is good and the right is missing', async () => {
    const answer = await send(bench.edge.port, '/orders', {
      method: 'POST',
      ...postJson({ account: 'acme' }, { authorization: `Bearer ${await bench.edge.token('ann@acme.example')}` }),
    })
    assert.equal(answer.status, 403)
    assert.equal(answer.json['code'], 'ERR_ROLE_MISSING')
    assert.equal(answer.headers['www-authenticate'], undefined)
  })

  it('refuses a request with two Authorization fields', async () => {
    const lines = [`GET /app/x HTTP/1.1`, 'Host: app.example', `Authorization: Bearer ${token}`]
    const options = { timeoutMs: 5000, expect: 1 }
    const one = await rawExchange(bench.edge.port, `${lines.join('\r\n')}\r\n\r\n`, options)
    assert.equal(one.responses[0]?.status, 200)
    const two = [...lines, `Authorization: Bearer ${token}`].join('\r\n')
    assert.equal((await rawExchange(bench.edge.port, `${two}\r\n\r\n`, options)).responses[0]?.status, 400)
  })

  it('section 5.3: sends tokens with Cache-Control: no-store and a lifetime', async () => {
    const answer = await send(bench.edge.port, '/.sallyport/token', form({ email: 'dave@acme.example', password }))
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.json['token_type'], 'Bearer')
    assert.ok(Number(answer.json['expires_in']) > 0)
  })

  it('section 5.2: does not hand the token on to the application', async () => {
    bench.upstream.requests.length = 0
    await get({ authorization: `Bearer ${token}` })
    const [seen] = bench.upstream.requests
    assert.deepEqual(seen?.values('authorization'), [])
    assert.ok(!seen?.head.toString('latin1').includes(token))
  })
})
