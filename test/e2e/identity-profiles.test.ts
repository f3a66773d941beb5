import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { RecordedRequest } from '../support/echo-upstream.ts'
import { startEcho } from '../support/echo-upstream.ts'
import { startTestEdge } from '../support/edge.ts'
import { ask, bearer, type Corridor, head } from './threats-support.ts'

const profiles = ['sallyport', 'remote-user', 'grafana', 'oauth2-proxy', 'hasura', 'iap'] as const
/** One header of each profile, and what Ann's is. */
const examples = new Map([
  ['sallyport', ['x-sallyport-tenant', 'acme']],
  ['remote-user', ['remote-user', 'id-ann']],
  ['grafana', ['x-webauth-role', 'viewer']],
  ['oauth2-proxy', ['x-forwarded-preferred-username', 'ann@acme.example']],
  ['hasura', ['x-hasura-role', 'viewer']],
  ['iap', ['x-goog-authenticated-user-email', 'accounts.google.com:ann@acme.example']],
] as const)
const names = [...examples.values()].map(([name]) => name)
const more = [
  'x-hasura-admin-secret',
  'x-goog-iap-jwt-assertion',
  'x-goog-authenticated-user-id',
  'x-sallyport-assertion',
]
const spellings = (name: string) => [
  name,
  name.toUpperCase(),
  ...['_', '.', '~'].map((mark) => name.replaceAll('-', mark)),
]
const forged = [...names, ...more].flatMap(spellings).map((name) => `${name}: forged`)

describe('an app', () => {
  let corridor: Corridor
  let ann: string

  before(async () => {
    const upstream = await startEcho()
    const apps = profiles.map((profile) => ({
      id: profile,
      match: { hosts: ['app.example', '127.0.0.1'], path: `/${profile}` },
      upstreams: [upstream.url],
      identity: { profile },
      routes: [
        { methods: ['GET'], path: `/${profile}/public`, access: 'public' },
        { methods: ['GET'], path: `/${profile}/**`, access: 'member' },
      ],
    }))
    const edge = await startTestEdge({ upstream: upstream.url, config: { apps } })
    corridor = {
      edge,
      upstream,
      close: async () => {
        await edge.stop()
        await upstream.close()
      },
    }
    ann = await edge.token('ann@acme.example')
  })
  after(() => corridor.close())
  beforeEach(() => {
    corridor.upstream.requests.length = 0
  })

  async function forwarded(path: string, lines: readonly string[]): Promise<RecordedRequest> {
    const answer = await ask(corridor.edge, head(`GET ${path} HTTP/1.1`, lines))
    assert.equal(answer.status, 200, answer.body.toString())
    const [request] = corridor.upstream.requests.splice(0)
    assert.ok(request !== undefined)
    return request
  }

  for (const profile of profiles)
    it(`of the profile ${profile} hears of Ann from us alone, and nothing of any other profile`, async () => {
      const [own, value] = examples.get(profile) ?? []
      for (const [path, lines] of [
        [`/${profile}/x`, [...forged.slice(0, 25), bearer(ann), ...forged.slice(25)]],
        [`/${profile}/public`, forged],
      ] as const) {
        const request = await forwarded(path, lines)
        assert.ok(!request.head.includes('forged'), path)
        const said = names.flatMap((name) => request.values(name).map((each) => [name, each]))
        if (path.endsWith('x')) assert.deepEqual(said, [[own, value]])
        else assert.deepEqual(said, profile === 'hasura' ? [[own, 'anonymous']] : [])
      }
    })

  it('of the profile iap finds our assertion where it looks for one', async () => {
    const request = await forwarded('/iap/x', [bearer(ann)])
    const [token = ''] = request.values('x-goog-iap-jwt-assertion')
    const keys = createRemoteJWKSet(new URL(`${corridor.edge.url}/.sallyport/jwks.json`))
    const { payload } = await jwtVerify(token, keys, { audience: 'iap', issuer: 'http://127.0.0.1:8080' })
    assert.deepEqual([payload.sub, payload['email']], ['id-ann', 'ann@acme.example'])
    assert.deepEqual(request.values('x-sallyport-assertion'), [])
  })
})
