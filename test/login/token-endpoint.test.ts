import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { mintApiKey } from '../../src/accounts/api-key.ts'
import { type Answer, auditLines, issue, openBench, postJson, type SignInBench, send } from './support.ts'

const code = (answer: Answer) => answer.json['code']

describe('the token endpoint', () => {
  let bench: SignInBench

  before(async () => {
    bench = await openBench()
  })
  after(() => bench.close())

  const post = (path: string, body: unknown) => send(bench.edge.port, `/.sallyport/token${path}`, postJson(body))
  const refresh = (token: unknown) => post('/refresh', { refresh_token: token })
  const use = (token: unknown) =>
    send(bench.edge.port, '/app/x', { headers: { authorization: `Bearer ${String(token)}` } })

  async function addKey(expiresAt?: number): Promise<{ readonly id: string; readonly key: string }> {
    const { key, prefix, hash } = mintApiKey()
    const id = `key-${hash.slice(0, 8).replaceAll(/[^A-Za-z0-9]/g, 'x')}`
    const facts = { id, prefix, tenant: 'acme', account: 'id-dave', name: 'ci', createdAt: Date.now(), expiresAt }
    await bench.edge.store.addApiKey(facts, hash)
    return { id, key }
  }

  it('issues a token with an end, and says when', async () => {
    const answer = await issue(bench.edge, 'ann@acme.example')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { access_token: access, expires_in: seconds, token_type: type, tenant } = answer.json
    assert.deepEqual({ seconds, type, tenant }, { seconds: 900, type: 'Bearer', tenant: 'acme' })
    const claims = JSON.parse(Buffer.from(String(access).split('.')[1] ?? '', 'base64url').toString()) as {
      iat: number
      exp: number
    }
    assert.equal(claims.exp - claims.iat, 900)
    assert.ok(auditLines(bench.edge).some(({ event, account }) => event === 'token.issued' && account === 'id-ann'))
  })

  it('asks who belongs to several companies for which one', async () => {
    assert.equal((await issue(bench.edge, 'carol@consult.example')).json['code'], 'ERR_TENANT_REQUIRED')
    const globex = await issue(bench.edge, 'carol@consult.example', { tenant: 'globex' })
    assert.equal(globex.json['tenant'], 'globex')
    assert.equal(
      (await issue(bench.edge, 'ann@acme.example', { tenant: 'globex' })).json['code'],
      'ERR_TENANT_FORBIDDEN',
    )
  })

  it('counts only memberships in force', async () => {
    const { store } = bench.edge
    const account = { id: 'id-eve', email: 'eve@consult.example', name: '', state: 'enabled' } as const
    await store.putAccount({ ...account, operator: false, epoch: 0, passwordExpired: false })
    const hash = (await store.credentialsOf('ann@acme.example'))?.passwordHash
    await store.setPasswordHash(account.id, hash ?? '', { expired: false })
    const member = { account: account.id, roles: ['viewer'], attributes: {}, validFrom: undefined }
    await store.putMembership({ ...member, tenant: 'acme', validUntil: Date.now() - 1 })
    assert.equal((await issue(bench.edge, account.email)).json['code'], 'ERR_SIGN_IN_REFUSED')
    await store.putMembership({ ...member, tenant: 'globex', validUntil: undefined })
    assert.equal((await issue(bench.edge, account.email)).json['tenant'], 'globex')
  })

  it('trades a refresh token once, and ends everything of its family when it comes again', async () => {
    const first = (await issue(bench.edge, 'ann@acme.example')).json
    const second = (await refresh(first['refresh_token'])).json
    assert.notEqual(second['refresh_token'], first['refresh_token'])
    assert.equal(second['sid'], first['sid'])
    for (const tokens of [first, second]) assert.equal((await use(tokens['access_token'])).status, 200)
    const reused = await refresh(first['refresh_token'])
    assert.equal(reused.status, 401)
    assert.equal(reused.json['code'], 'ERR_CREDENTIAL_INVALID')
    for (const tokens of [first, second]) {
      assert.equal((await use(tokens['access_token'])).json['code'], 'ERR_SESSION_ENDED')
    }
    assert.equal((await refresh(second['refresh_token'])).status, 401)
    assert.ok(auditLines(bench.edge).some(({ event }) => event === 'token.refused'))
    const other = (await issue(bench.edge, 'ann@acme.example')).json
    assert.equal((await use(other['access_token'])).status, 200)
  })

  it('gives two uses of one refresh token at the same time at most one answer, and then ends the family', async () => {
    const { refresh_token: token, access_token: access } = (await issue(bench.edge, 'ann@acme.example')).json
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(token)))
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1)
    assert.equal((await use(access)).json['code'], 'ERR_SESSION_ENDED')
  })

  it('takes no access token, nothing and no other family’s end for a refresh token', async () => {
    const { access_token: access } = (await issue(bench.edge, 'ann@acme.example')).json
    for (const token of ['x', 'A'.repeat(43)]) assert.equal((await refresh(token)).status, 401)
    for (const token of [access, '', 1, ['x'], 'x'.repeat(200)]) assert.equal((await refresh(token)).status, 400)
  })

  it('takes no refresh token for a bearer token', async () => {
    const { refresh_token: token } = (await issue(bench.edge, 'ann@acme.example')).json
    assert.equal((await use(token)).status, 401)
  })

  it('ends a family by either of its tokens', async () => {
    for (const name of ['access_token', 'refresh_token']) {
      const tokens = (await issue(bench.edge, 'ann@acme.example')).json
      assert.equal((await post('/revoke', { token: tokens[name] })).status, 204)
      assert.equal((await use(tokens['access_token'])).json['code'], 'ERR_SESSION_ENDED')
      assert.equal((await refresh(tokens['refresh_token'])).status, 401)
      assert.equal((await post('/revoke', { token: tokens[name] })).status, 204, 'a second time')
    }
  })

  it('says nothing about a token it does not know (RFC 7009 section 2.2)', async () => {
    const { access_token: access } = (await issue(bench.edge, 'ann@acme.example')).json
    for (const token of ['x', 'a.b.c', `${String(access)}x`]) {
      assert.equal((await post('/revoke', { token })).status, 204)
    }
    assert.equal((await use(access)).status, 200)
  })

  it('does not let a family outlive the setting of its tenant, nor a token its family', async () => {
    const acme = await bench.edge.store.tenant('acme')
    assert.ok(acme !== undefined)
    await bench.edge.store.putTenant({ ...acme, id: 'short', accessTokenSeconds: 3600, refreshTokenSeconds: 60 })
    // No secret of this tenant can be opened: each is sealed for the tenant it was made for.
    const member = { account: 'id-ann', roles: [], attributes: {}, validFrom: undefined, validUntil: undefined }
    await bench.edge.store.putMembership({ ...member, tenant: 'short' })
    assert.equal((await issue(bench.edge, 'ann@acme.example', { tenant: 'short' })).json['code'], 'ERR_KEYS_UNUSABLE')
    await bench.edge.store.removeMembership('short', 'id-ann')
    await bench.edge.store.putTenant({ ...acme, accessTokenSeconds: 3600, refreshTokenSeconds: 60 })
    try {
      await wait(1050) // as long as a copy of a tenant is used
      const { expires_in: seconds } = (await issue(bench.edge, 'ann@acme.example')).json
      assert.ok(Number(seconds) > 50 && Number(seconds) <= 60, String(seconds))
    } finally {
      await bench.edge.store.putTenant(acme)
      await wait(1050)
    }
  })

  describe('API keys', () => {
    it('are taken as a bearer credential until they are removed', async () => {
      const { id, key } = await addKey()
      assert.equal((await use(key)).status, 200)
      assert.equal(code(await use(`${key}x`)), 'ERR_CREDENTIAL_INVALID')
      assert.equal(code(await use('spk_')), 'ERR_CREDENTIAL_INVALID')
      const who = await send(bench.edge.port, '/.sallyport/session', { headers: { authorization: `Bearer ${key}` } })
      assert.deepEqual([who.json['account'], who.json['proof'], who.json['expires']], ['id-dave', 'key', null])
      await bench.edge.store.removeApiKey(id)
      assert.equal(code(await use(key)), 'ERR_CREDENTIAL_INVALID')
    })

    it('end when they say', async () => {
      assert.equal((await use((await addKey(Date.now() + 60_000)).key)).status, 200)
      const { key } = await addKey(Date.now() - 1)
      assert.equal(code(await use(key)), 'ERR_CREDENTIAL_INVALID')
      assert.equal(code(await post('', { api_key: key })), 'ERR_CREDENTIAL_INVALID')
    })

    it('give tokens that do not outlive them', async () => {
      const { id, key } = await addKey(Date.now() + 60_000)
      const tokens = (await post('', { api_key: key })).json
      assert.ok(Number(tokens['expires_in']) <= 60)
      const next = (await refresh(tokens['refresh_token'])).json
      assert.equal((await use(next['access_token'])).status, 200)
      await bench.edge.store.removeApiKey(id)
      assert.equal(code(await refresh(next['refresh_token'])), 'ERR_SESSION_ENDED')
    })
  })
})
