import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import { parseAccessHeader } from '../../src/login/access-token.ts'
import { type Answer, issue, openBench, type SignInBench, send, toldAbout } from './support.ts'

type Claims = Readonly<Record<string, unknown>>

const b64 = (text: string | Buffer) => Buffer.from(text).toString('base64url')

function hs256(header: string, payload: string, key: string | Buffer): string {
  const input = `${b64(header)}.${b64(payload)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

const of = (head: Claims) => parseAccessHeader(`${b64(JSON.stringify(head))}.${b64('{}')}.${b64('signature')}`)

describe('the header of an access token', () => {
  it('is judged before any library sees the token', () => {
    const head = { alg: 'HS256', typ: 'at+jwt', kid: 'acme/s1' }
    assert.deepEqual(of(head), { tenant: 'acme', secretId: 's1' })
    for (const alg of ['none', 'None', 'hs256', 'HS384', 'RS256', 'ES256', 'EdDSA', '', null, ['HS256'], undefined]) {
      assert.throws(() => of({ ...head, alg }), { code: 'ERR_CREDENTIAL_INVALID' }, String(alg))
    }
  })
})

describe('access tokens', () => {
  let bench: SignInBench
  let claims: Claims
  let publicPem: string
  const secrets = new Map<string, string>()
  const header = { alg: 'HS256', typ: 'at+jwt', kid: 'acme/s1' }

  before(async () => {
    bench = await openBench()
    const { edge } = bench
    const keys = await openKeyFile(`${edge.folder}/keys.json`, { create: false })
    for (const id of ['acme', 'globex']) {
      const tenant = await edge.store.tenant(id)
      secrets.set(id, keys.unseal(tenant?.tokenSecrets[0]?.sealed ?? '', `token-secret:${id}:s1`))
    }
    const token = await edge.token('dave@acme.example')
    claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims
    const jwks = (await send(edge.port, '/.sallyport/jwks.json')).json
    publicPem = JSON.stringify(jwks)
  })
  after(() => bench.close())

  const secret = (tenant = 'acme') => secrets.get(tenant) ?? ''
  const sign256 = (h: string, p: string) => hs256(h, p, secret())
  const make = (changed: Claims = {}, head: Claims = header, key: string | Buffer = secret()) =>
    hs256(JSON.stringify(head), JSON.stringify({ ...claims, ...changed }), key)

  function use(token: string): Promise<Answer> {
    return send(bench.edge.port, '/app/x', { headers: { authorization: `Bearer ${token}` } })
  }

  async function assertRefused(name: string, token: string): Promise<void> {
    const answer = await use(token)
    assert.equal(answer.status, 401, name)
    assert.equal(answer.json['code'], 'ERR_CREDENTIAL_INVALID', name)
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="sallyport", error="invalid_token"')
    const [told] = toldAbout(bench.edge, answer)
    assert.equal(told?.event, 'access.denied', name)
    assert.ok(!JSON.stringify(told).includes(token.slice(0, 30)), name)
  }

  it('are taken as we mint them', async () => {
    assert.equal((await use(make())).status, 200)
    assert.equal((await use(await bench.edge.token('dave@acme.example'))).status, 200)
  })

  it('are refused under any algorithm or key but the tenant’s own HS256', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const rsaPem = pair.publicKey.export({ type: 'spki', format: 'pem' })
    const part = (alg: string) => `${b64(JSON.stringify({ ...header, alg }))}.${b64(JSON.stringify(claims))}`
    const hs512 = (input: string) => `${input}.${createHmac('sha512', secret()).update(input).digest('base64url')}`
    const table: Record<string, string> = {
      none: `${part('none')}.`,
      'none with a signature': `${part('none')}.${make().split('.')[2] ?? ''}`,
      None: `${part('None')}.`,
      'HS256 in lower case': make({}, { ...header, alg: 'hs256' }),
      'another tenant’s secret': make({}, header, secret('globex')),
      'another tenant’s secret under its key id': make({}, { ...header, kid: 'globex/s1' }, secret('globex')),
      'our secret under another tenant’s key id': make({}, { ...header, kid: 'globex/s1' }),
      'a public key as secret': make({}, header, rsaPem),
      'our published keys as secret': make({}, header, publicPem),
      'an empty key': make({}, header, ''),
      'the wrapped secret as secret': make({}, header, 'token-secret:acme:s1'),
      RS256: `${part('RS256')}.${sign('sha256', Buffer.from(part('RS256')), pair.privateKey).toString('base64url')}`,
      ES256: `${part('ES256')}.${sign('sha256', Buffer.from(part('ES256')), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`,
      HS512: hs512(part('HS512')),
      'no signature': make().replace(/[^.]+$/, ''),
      'a signature of zeros': make().replace(/[^.]+$/, 'A'.repeat(43)),
    }
    for (const [name, token] of Object.entries(table)) await assertRefused(name, token)
  })

  it('are refused where the header says more or less than ours', async () => {
    const table: Record<string, Claims> = {
      'no key id': { alg: 'HS256', typ: 'at+jwt' },
      'unknown tenant': { ...header, kid: 'nowhere/s1' },
      'unknown secret': { ...header, kid: 'acme/s2' },
      'key id without a slash': { ...header, kid: 'acme' },
      'key id with two': { ...header, kid: 'acme/s1/x' },
      'key id of nothing': { ...header, kid: '/s1' },
      'key id with a NUL': { ...header, kid: 'ac\u0000me/s1' },
      'a path as key id': { ...header, kid: '../../dev/null' },
      'SQL as key id': { ...header, kid: "acme' or 1=1 --/s1" },
      'a list as key id': { ...header, kid: ['acme/s1'] },
      'another type': { ...header, typ: 'JWT' },
      'the type of our assertions': { ...header, typ: 'sallyport+jwt' },
      'no type': { alg: 'HS256', kid: 'acme/s1' },
      crit: { ...header, crit: ['exp'] },
      'an unencoded payload': { ...header, b64: false, crit: ['b64'] },
      jku: { ...header, jku: 'http://127.0.0.1:1/jwks' },
      jwk: { ...header, jwk: { kty: 'oct', k: '' } },
      x5c: { ...header, x5c: [] },
      cty: { ...header, cty: 'JWT' },
    }
    for (const [name, head] of Object.entries(table)) await assertRefused(name, make({}, head))
  })

  it('are refused where a claim is missing, of another type, or another’s', async () => {
    const now = Math.floor(Date.now() / 1000)
    const table: Record<string, Claims> = {
      expired: { exp: now - 1 },
      'ending now': { exp: now },
      'exp as text': { exp: String(now + 900) },
      'exp with a fraction': { exp: now + 900.5 },
      'exp negative': { exp: -1 },
      'exp beyond every number': { exp: 1e300 },
      'issued tomorrow': { iat: now + 86_400 },
      'iss in a list': { iss: [claims['iss']] },
      'another iss': { iss: 'https://evil.example' },
      'aud in a list': { aud: [claims['aud']] },
      'another aud': { aud: 'https://evil.example' },
      'the tenant of another key': { tenant: 'globex' },
      'tenant in a list': { tenant: ['acme'] },
      'sub as a number': { sub: 1 },
      'sub empty': { sub: '' },
      'epoch as text': { epoch: '0' },
    }
    for (const [name, changed] of Object.entries(table)) await assertRefused(name, make(changed))
    for (const name of ['iss', 'aud', 'sub', 'tenant', 'sid', 'jti', 'epoch', 'iat', 'exp']) {
      await assertRefused(`without ${name}`, make({ [name]: undefined }))
      await assertRefused(`${name} null`, make({ [name]: null }))
    }
  })

  it('are refused where two parsers could read them differently', async () => {
    const head = JSON.stringify(header)
    const payload = JSON.stringify(claims)
    const good = make()
    const [h = '', p = '', s = ''] = good.split('.')
    const twin = s.slice(0, -1) + String.fromCharCode(s.charCodeAt(s.length - 1) + 1)
    const table: Record<string, string> = {
      'alg twice': sign256(head.replace('{', '{"alg":"none",'), payload),
      'alg twice, escaped': sign256(head.replace('{', '{"\\u0061lg":"none",'), payload),
      'kid twice': sign256(head.replace('}', ',"kid":"globex/s1"}'), payload),
      'tenant twice': sign256(head, payload.replace('{', '{"tenant":"globex",')),
      'sub twice': sign256(head, payload.replace('}', ',"sub":"id-ann"}')),
      'a list as payload': sign256(head, `[${payload}]`),
      'a text as payload': sign256(head, JSON.stringify(payload)),
      'null as payload': sign256(head, 'null'),
      'no JSON as payload': sign256(head, payload.slice(1)),
      'data after the payload': sign256(head, `${payload}{}`),
      'data after the header': sign256(`${head} {}`, payload),
      'a payload too deep': sign256(head, payload.replace('}', `,"x":${'['.repeat(9)}${']'.repeat(9)}}`)),
      'a payload too long': sign256(head, payload.replace('}', `,"x":"${'x'.repeat(2100)}"}`)),
      'another spelling of the signature': `${h}.${p}.${twin}`,
      padding: `${good}=`,
      'four parts': `${good}.x`,
      'two parts': `${h}.${p}`,
      'five parts': `${h}.x.${p}.x.${s}`,
      'dots around': `.${good}`,
      'the other alphabet': `${h}.${p}.${s.replaceAll('-', '+').replaceAll('_', '/')}+`,
    }
    for (const [name, token] of Object.entries(table)) await assertRefused(name, token)
    assert.equal((await use(good)).status, 200)
  })

  it('are refused for an account that is not a member of their tenant', async () => {
    const answer = await use(make({ sub: 'id-bob' }))
    assert.equal(answer.json['code'], 'ERR_SESSION_ENDED')
  })

  it('end with the epoch of their account', async () => {
    const token = String((await issue(bench.edge, 'nobody@acme.example')).json['access_token'])
    const asked = () => use(token)
    assert.equal((await asked()).status, 200)
    await bench.edge.store.bumpEpoch('id-nobody')
    await wait(1050) // as long as a copy of what an account may do is used
    assert.equal((await asked()).json['code'], 'ERR_SESSION_ENDED')
  })
})
