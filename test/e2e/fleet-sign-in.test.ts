import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bearer, until } from './failure-support.ts'
import { Browser, type Fleet, startFleet } from './fleet-support.ts'

const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const { status, body } = await answer
  await body?.cancel()
  return status
}

describe('two edges on one PostgreSQL and one Redis', () => {
  let fleet: Fleet
  const withToken = (edge: 'here' | 'there', token: string, path = '/app/a') =>
    statusOf(fetch(`${fleet[edge].url}${path}`, { headers: bearer(token) }))

  before(async () => {
    fleet = await startFleet()
  })
  after(async () => {
    await fleet?.stop()
  })

  it('take each other’s tokens', async () => {
    const token = await fleet.here.token('dave@acme.example')
    assert.equal(await withToken('there', token), 200)
    assert.equal(await withToken('there', `${token.slice(0, -4)}AAAA`), 401)
  })

  it('take each other’s sessions, and end them together', async () => {
    const browser = new Browser()
    const signedIn = await browser.signIn(fleet.here.url, 'ann@acme.example')
    assert.deepEqual([signedIn.status, signedIn.headers.get('location')], [303, '/'])
    const other = { headers: { cookie: browser.cookieHeader() } }
    for (const { url } of [fleet.here, fleet.there]) assert.equal(await statusOf(fetch(`${url}/app/a`, other)), 200)
    const who = await fetch(`${fleet.there.url}/.sallyport/session`, other)
    assert.equal(((await who.json()) as { account: string }).account, 'id-ann')
    assert.equal((await browser.signOut(fleet.there.url)).status, 303)
    const started = performance.now()
    for (const { url } of [fleet.there, fleet.here]) {
      await until('the session has ended', async () => (await statusOf(fetch(`${url}/app/a`, other))) === 401)
    }
    fleet.measure('sign-out refused on both edges', started)
  })

  it('revoke a token for both', async () => {
    const [token, spare] = [await fleet.here.token('dave@acme.example'), await fleet.here.token('dave@acme.example')]
    assert.equal(await withToken('there', token), 200)
    const revoked = fetch(`${fleet.there.url}/.sallyport/token/revoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    assert.equal(await statusOf(revoked), 204)
    const started = performance.now()
    for (const edge of ['there', 'here'] as const) {
      await until('the token is refused', async () => (await withToken(edge, token)) === 401)
    }
    fleet.measure('token revoked on both edges', started)
    assert.equal(await withToken('here', spare), 200)
  })

  it('end every token and session of an account whose epoch is raised, and nobody else’s', async () => {
    const browser = new Browser()
    await browser.signIn(fleet.here.url, 'bob@globex.example')
    const token = await fleet.here.token('bob@globex.example')
    const others = await fleet.here.token('dave@acme.example')
    const cookie = { headers: { cookie: browser.cookieHeader() } }
    const edges = ['here', 'there'] as const
    for (const edge of edges) {
      assert.equal(await withToken(edge, token), 200)
      assert.equal(await statusOf(fetch(`${fleet[edge].url}/app/a`, cookie)), 200)
    }
    await fleet.here.store.bumpEpoch('id-bob')
    const started = performance.now()
    for (const edge of edges) {
      await until('the token has ended', async () => (await withToken(edge, token)) === 401)
      await until('the session has ended', async () => {
        return (await statusOf(fetch(`${fleet[edge].url}/app/a`, cookie))) === 401
      })
      assert.equal(await withToken(edge, others), 200)
    }
    fleet.measure('epoch noticed on both edges', started)
    assert.equal(await withToken('here', await fleet.there.token('bob@globex.example')), 200)
  })

  it('notice a revoked grant on both, and a membership that is gone', async () => {
    const token = await fleet.here.token('dave@acme.example')
    const carol = await fleet.here.token('carol@consult.example', 'globex')
    for (const edge of ['here', 'there'] as const) assert.equal(await withToken(edge, token, '/orders'), 200)
    assert.equal(await withToken('there', carol), 200)
    const grant = (await fleet.here.store.grants('acme')).find(({ id }) => id === 'acme-all')
    assert.ok(grant !== undefined)
    await fleet.here.store.removeGrant('acme', 'acme-all')
    await fleet.here.store.removeMembership('globex', 'id-carol')
    const started = performance.now()
    for (const edge of ['here', 'there'] as const) {
      await until('the grant is gone', async () => (await withToken(edge, token, '/orders')) === 403)
      await until('the membership is gone', async () => (await withToken(edge, carol)) === 401)
      assert.equal(await withToken(edge, token), 200)
    }
    fleet.measure('grant and membership noticed on both edges', started)
    await fleet.here.store.putGrant(grant)
    await until('the grant is back', async () => (await withToken('there', token, '/orders')) === 200)
  })

  it('count limits together', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i += 1) {
      statuses.push(await statusOf(fetch(`${(i % 2 === 0 ? fleet.here : fleet.there).url}/counted`)))
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 200), 429, 429])
  })
})
