import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { mintApiKey } from '../../src/accounts/api-key.ts'
import type { SignInMethod } from '../../src/lib/sign-in-method.ts'
import { until } from '../e2e/failure-support.ts'
import {
  type Answer,
  auditLines,
  Browser,
  issue,
  openBench,
  postJson,
  type SignInBench,
  send,
  tokenIn,
} from './support.ts'

const carol = 'carol@consult.example'
const code = (answer: Answer) => answer.json['code']

describe('a tenant that asks for a way to sign in', () => {
  let bench: SignInBench

  before(async () => {
    bench = await openBench()
  })
  after(() => bench.close())
  beforeEach(async () => {
    await demand('acme')
    await demand('globex')
  })

  /** Waits until the edge has noticed, as far as passwords are concerned. */
  async function demand(id: string, ...signIn: SignInMethod[]): Promise<void> {
    const { store } = bench.edge
    const tenant = await store.tenant(id)
    assert.ok(tenant !== undefined)
    await store.putTenant({ ...tenant, signIn })
    const email = id === 'acme' ? 'dave@acme.example' : 'bob@globex.example'
    const wanted = signIn.length === 0 || signIn.includes('password') ? 200 : 403
    await until('the demand is noticed', async () => (await issue(bench.edge, email)).status === wanted)
  }

  const use = (token: unknown) =>
    send(bench.edge.port, '/app/x', { headers: { authorization: `Bearer ${String(token)}` } })
  const post = (path: string, body: unknown) => send(bench.edge.port, `/.sallyport/token${path}`, postJson(body))

  async function addKey(): Promise<string> {
    const { key, prefix, hash } = mintApiKey()
    const id = `key-${hash.slice(0, 8).replaceAll(/[^A-Za-z0-9]/g, 'x')}`
    const facts = { id, prefix, tenant: 'acme', account: 'id-dave', name: 'ci', createdAt: 1, expiresAt: undefined }
    await bench.edge.store.addApiKey(facts, hash)
    return key
  }

  it('lets nobody in by another one, and says so only to who knew the password', async () => {
    await demand('acme', 'saml')
    const browser = new Browser(bench.edge)
    const refused = await browser.signIn('dave@acme.example')
    assert.equal(refused.status, 403)
    assert.match(refused.text, /Your company asks for another way to sign in: single sign-on \(SAML\)\./)
    assert.ok(refused.cookies.every((cookie) => !cookie.startsWith('sallyport=')))
    const wrong = await browser.signIn('dave@acme.example', { password: 'wrong' })
    assert.equal(wrong.status, 401)
    assert.doesNotMatch(wrong.text, /SAML/)
    const told = auditLines(bench.edge).filter(({ event }) => event === 'login.failed')
    assert.ok(told.some(({ reason }) => reason?.startsWith('ERR_TENANT_DEMANDS') === true))
    await demand('acme', 'saml', 'password')
    assert.equal((await new Browser(bench.edge).signIn('dave@acme.example')).status, 303)
  })

  it('is passed over by a sign-in that another company of the same person takes', async () => {
    await demand('acme', 'saml')
    const browser = new Browser(bench.edge)
    assert.equal((await browser.signIn(carol)).status, 303)
    const who = (await browser.get('/.sallyport/session')).json
    assert.deepEqual([who['tenant'], who['method']], ['globex', 'password'])
  })

  it('is not switched to by a session of another kind, which goes on where it was', async () => {
    const browser = new Browser(bench.edge)
    await browser.signIn(carol)
    await demand('globex', 'oidc')
    const page = await browser.get('/.sallyport/')
    assert.match(page.text, /Globex Corp \(asks for single sign-on \(OpenID Connect\)\)/)
    const fields = { csrf: tokenIn(page), tenant: 'globex', return: '/' }
    const refused = await browser.post('/.sallyport/tenant', fields)
    assert.equal(refused.status, 403)
    assert.match(refused.text, /This company asks you to sign in with single sign-on \(OpenID Connect\)\./)
    assert.deepEqual(refused.cookies, [])
    assert.equal((await browser.get('/.sallyport/session')).json['tenant'], 'acme')
    const told = auditLines(bench.edge).filter(
      ({ event, account }) => event === 'access.denied' && account === 'id-carol',
    )
    assert.ok(told.some(({ reason }) => reason === 'ERR_TENANT_DEMANDS'))
    const problem = await browser.post('/.sallyport/tenant', fields, { accept: 'application/json' })
    assert.deepEqual([problem.status, code(problem)], [403, 'ERR_TENANT_DEMANDS'])
    await demand('globex', 'oidc', 'password')
    assert.equal((await browser.post('/.sallyport/tenant', fields)).status, 303)
    assert.equal((await browser.get('/.sallyport/session')).json['tenant'], 'globex')
  })

  it('gives no token for another one, and no new one once it asks for more', async () => {
    await demand('acme', 'saml')
    assert.equal(code(await issue(bench.edge, carol, { tenant: 'acme' })), 'ERR_TENANT_DEMANDS')
    const { refresh_token: refresh } = (await issue(bench.edge, carol, { tenant: 'globex' })).json
    await demand('globex', 'saml')
    assert.equal(code(await post('/refresh', { refresh_token: refresh })), 'ERR_TENANT_DEMANDS')
    await demand('globex')
    assert.equal((await post('/refresh', { refresh_token: refresh })).status, 200, 'it was not spent')
  })

  it('takes API keys, and the tokens that they are traded for, only where it says so', async () => {
    const key = await addKey()
    await demand('acme', 'password')
    await until('the key is refused', async () => code(await use(key)) === 'ERR_TENANT_DEMANDS')
    assert.equal(code(await post('', { api_key: key })), 'ERR_TENANT_DEMANDS')
    await demand('acme', 'key')
    assert.equal((await use(key)).status, 200)
    const { access_token: access, refresh_token: refresh } = (await post('', { api_key: key })).json
    assert.equal((await use(access)).status, 200)
    const renewed = await post('/refresh', { refresh_token: refresh })
    assert.equal((await use(renewed.json['access_token'])).status, 200)
    assert.equal(code(await issue(bench.edge, 'dave@acme.example')), 'ERR_TENANT_DEMANDS')
    await demand('acme')
    assert.equal((await use(key)).status, 200)
  })

  it('refuses what began before it asked, session, token and key alike', async () => {
    const browser = new Browser(bench.edge)
    await browser.signIn('dave@acme.example')
    const { access_token: access } = (await issue(bench.edge, 'dave@acme.example')).json
    const key = await addKey()
    assert.equal((await browser.get('/app/x')).status, 200)
    for (const credential of [access, key]) assert.equal((await use(credential)).status, 200)
    await demand('acme', 'saml')
    const page = await browser.get('/app/x')
    assert.equal(page.status, 403)
    assert.match(page.text, /asks you to sign in with single sign-on \(SAML\)/)
    for (const credential of [access, key]) assert.equal(code(await use(credential)), 'ERR_TENANT_DEMANDS')
    await demand('acme')
    assert.equal((await browser.get('/app/x')).status, 200)
    for (const credential of [access, key]) assert.equal((await use(credential)).status, 200)
  })
})
