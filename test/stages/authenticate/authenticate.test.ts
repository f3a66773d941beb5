import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProxyError } from '../../../src/errors.ts'
import type { Principal } from '../../../src/exchange.ts'
import type { SignInMethod } from '../../../src/lib/sign-in-method.ts'
import { authenticate, findPrincipal } from '../../../src/stages/authenticate/authenticate.ts'
import type { Authenticator } from '../../../src/stages/authenticate/authenticator.ts'
import { bearerCredential } from '../../../src/stages/authenticate/bearer.ts'
import { resolvePrincipal } from '../../../src/stages/authenticate/member.ts'
import { admitted, policy, principal, throttled } from '../support.ts'

function answers(kind: Principal['proof'], answer: 'nothing' | 'somebody' | 'bad', late = false): Authenticator {
  const who = principal(policy(), kind)
  assert.ok(who.kind === 'principal')
  const found = answer === 'somebody' ? who.principal : undefined
  return {
    kind,
    authenticate: () => {
      const error = new ProxyError('ERR_CREDENTIAL_INVALID', 'bad')
      if (answer === 'bad' && late) return Promise.reject(error)
      if (answer === 'bad') throw error
      return late ? Promise.resolve(found) : found
    },
  }
}

const member = { access: { kind: 'member' } } as const
const nothing = answers('key', 'nothing')

describe('authenticate', () => {
  it('knows nobody where nothing was shown', async () => {
    assert.equal((await authenticate(throttled(member), [nothing, nothing])).identity.kind, 'anonymous')
  })

  it('takes the one credential that was shown, wherever it stands in the order', async () => {
    for (const late of [false, true]) {
      for (const order of [
        [answers('token', 'somebody', late), nothing],
        [nothing, answers('token', 'somebody', late)],
      ]) {
        const { identity } = await authenticate(throttled(member), order)
        assert.equal(identity.kind === 'principal' && identity.principal.proof, 'token')
      }
    }
  })

  it('never takes a bad credential for none', async () => {
    for (const late of [false, true]) {
      const bad = answers('token', 'bad', late)
      for (const order of [
        [bad, nothing],
        [nothing, bad],
        [answers('session', 'somebody'), bad],
        [bad, answers('key', 'somebody')],
      ]) {
        await assert.rejects(async () => authenticate(throttled(member), order), { code: 'ERR_CREDENTIAL_INVALID' })
      }
    }
  })

  it('refuses two credentials, even of one and the same account', async () => {
    const both = [answers('session', 'somebody'), answers('token', 'somebody')]
    await assert.rejects(async () => authenticate(throttled(member), both), { code: 'ERR_CREDENTIAL_AMBIGUOUS' })
    await assert.rejects(async () => findPrincipal(admitted(), both), { code: 'ERR_CREDENTIAL_AMBIGUOUS' })
  })

  it('asks nobody on a public route, so that a stale cookie shuts nobody out', async () => {
    const asked = throttled({ access: { kind: 'public' } })
    assert.equal((await authenticate(asked, [answers('session', 'bad')])).identity.kind, 'anonymous')
  })
})

const of = (value: string) => bearerCredential(admitted([['authorization', value]]))

describe('a bearer credential', () => {
  it('is read as RFC 6750 section 2.1 writes it, the scheme in any case', () => {
    for (const value of ['Bearer abc', 'bearer abc', 'BEARER  abc']) assert.equal(of(value), 'abc')
    assert.equal(of('Bearer a.b-c_d~e+f/g=='), 'a.b-c_d~e+f/g==')
  })

  it('is not there under another scheme', () => {
    for (const value of ['Basic abc', 'Bearerabc', 'Digest Bearer', '']) assert.equal(of(value), undefined)
    assert.equal(bearerCredential(admitted()), undefined)
  })

  it('is refused where it is malformed', () => {
    for (const value of [
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Bearer a,b',
      'Bearer ä'.replace('ä', '"a"'),
      'Bearer a=b',
      `Bearer ${'a'.repeat(8193)}`,
    ]) {
      assert.throws(() => of(value), { code: 'ERR_CREDENTIAL_INVALID' }, value.slice(0, 20))
    }
  })

  it('is refused where the field comes twice', () => {
    const twice = admitted([
      ['authorization', 'Bearer a'],
      ['Authorization', 'Bearer a'],
    ])
    assert.throws(() => bearerCredential(twice), { code: 'ERR_HEADER_INVALID' })
  })
})

describe('a proven claim', () => {
  const claim = {
    proof: 'token',
    method: 'password',
    tenant: 'acme',
    account: 'id-ann',
    sid: 's',
    epoch: 0,
    expiresAt: 1,
  } as const

  it('becomes a principal while the account is what it says', async () => {
    const now = resolvePrincipal(claim, { policy: () => policy() })
    assert.ok(!(now instanceof Promise))
    assert.equal(now.policy.account.id, 'id-ann')
    const later = await resolvePrincipal(claim, { policy: () => Promise.resolve(policy()) })
    assert.equal(later.sid, 's')
  })

  it('is refused where the account is gone, disabled, or of another epoch', () => {
    const ann = policy()
    const moved = { ...ann, account: { ...ann.account, epoch: 1 } }
    const disabled = { ...ann, account: { ...ann.account, state: 'disabled' as const } }
    for (const found of [undefined, moved, disabled]) {
      assert.throws(() => resolvePrincipal(claim, { policy: () => found }), { code: 'ERR_SESSION_ENDED' })
    }
    const key = resolvePrincipal({ ...claim, proof: 'key', epoch: undefined }, { policy: () => moved })
    assert.ok(!(key instanceof Promise))
    assert.throws(() => resolvePrincipal({ ...claim, epoch: undefined }, { policy: () => disabled }), {
      code: 'ERR_SESSION_ENDED',
    })
  })

  it('is refused where the tenant asks for another sign-in, of which kind the proof may be', () => {
    const ann = policy()
    const demanding = (...signIn: SignInMethod[]) => ({ policy: () => ({ ...ann, tenant: { ...ann.tenant, signIn } }) })
    const refused = { code: 'ERR_TENANT_DEMANDS' }
    assert.ok(resolvePrincipal(claim, demanding('password')))
    assert.ok(resolvePrincipal(claim, demanding('saml', 'password')))
    assert.throws(() => resolvePrincipal(claim, demanding('saml')), refused)
    assert.throws(() => resolvePrincipal({ ...claim, method: undefined }, demanding('saml')), refused)
    assert.ok(resolvePrincipal({ ...claim, method: undefined }, demanding()))
    assert.throws(() => resolvePrincipal({ ...claim, proof: 'key', method: 'key' }, demanding('password')), refused)
    assert.ok(resolvePrincipal({ ...claim, proof: 'key', method: 'key' }, demanding('password', 'key')))
  })

  it('gives an operator nothing that the tenant does not', () => {
    const ann = policy({ roles: [] })
    const operator = { ...ann, account: { ...ann.account, operator: true } }
    const found = resolvePrincipal(claim, { policy: () => operator })
    assert.ok(!(found instanceof Promise))
    assert.deepEqual(found.policy.membership.roles, [])
    assert.throws(() => resolvePrincipal(claim, { policy: () => undefined }), { code: 'ERR_SESSION_ENDED' })
  })
})
