import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { normaliseEmail } from '../../../src/accounts/email.ts'
import type { IdentityProfile } from '../../../src/config/config.ts'
import type { Principal } from '../../../src/exchange.ts'
import { HeaderNames } from '../../../src/stages/forward/header-names.ts'
import { saidOfNobody, writeIdentity } from '../../../src/stages/forward/identity-pairs.ts'
import { identityNames } from '../../../src/stages/forward/identity-profiles.ts'
import { runs } from '../../support/runs.ts'
import { principal } from './support.ts'

const profiles = ['sallyport', 'remote-user', 'grafana', 'oauth2-proxy', 'hasura', 'iap'] as const
const facts = ['account', 'email', 'name', 'tenant', 'role', 'roles', 'groups', 'row-mask', 'row-mask-digest'] as const
const custom = new Map(facts.map((fact) => [fact, `x-${fact}`] as const))
const mask = { json: '{"entity":"A"}', digest: 'sha-256=:AAAA:' }

function told(profile: IdentityProfile, caller: Principal = principal()): Readonly<Record<string, string>> {
  const { caller: pairs, mask: masks, digest } = writeIdentity(identityNames(profile, custom), caller, mask)
  const all = [...pairs, ...masks, ...digest]
  return Object.fromEntries(all.flatMap((name, i) => (i % 2 === 0 ? [[name, all[i + 1] ?? '']] : [])))
}

const withAccount = (changes: { id?: string; email?: string; name?: string }) =>
  principal({ account: { ...principal().policy.account, ...changes } })
const withRoles = (...roles: readonly string[]) =>
  principal({ membership: { ...principal().policy.membership, roles } })

describe('an identity profile', () => {
  it('says what its applications understand', () => {
    assert.deepEqual(told('sallyport'), {
      'x-sallyport-account': 'id-ann',
      'x-sallyport-email': 'ann@acme.example',
      'x-sallyport-name': 'Ann%20%C3%96',
      'x-sallyport-tenant': 'acme',
      'x-sallyport-roles': 'editor,viewer',
      'x-sallyport-groups': 'a,b',
      'x-sallyport-row-mask': mask.json,
      'x-sallyport-row-mask-digest': mask.digest,
    })
    assert.deepEqual(told('remote-user'), {
      'remote-user': 'id-ann',
      'remote-email': 'ann@acme.example',
      'remote-name': 'Ann %C3%96',
      'remote-groups': 'a,b',
    })
    assert.deepEqual(told('grafana'), {
      'x-webauth-user': 'ann@acme.example',
      'x-webauth-email': 'ann@acme.example',
      'x-webauth-name': 'Ann =C3=96',
      'x-webauth-role': 'editor',
      'x-webauth-groups': 'a,b',
    })
    assert.deepEqual(told('oauth2-proxy'), {
      'x-forwarded-user': 'id-ann',
      'x-auth-request-user': 'id-ann',
      'x-forwarded-email': 'ann@acme.example',
      'x-auth-request-email': 'ann@acme.example',
      'x-forwarded-preferred-username': 'ann@acme.example',
      'x-auth-request-preferred-username': 'ann@acme.example',
      'x-forwarded-groups': 'a,b',
      'x-auth-request-groups': 'a,b',
    })
    assert.deepEqual(told('hasura'), {
      'x-hasura-user-id': 'id-ann',
      'x-hasura-user-email': 'ann@acme.example',
      'x-hasura-tenant-id': 'acme',
      'x-hasura-role': 'editor',
      'x-hasura-allowed-roles': '{editor,viewer}',
      'x-hasura-groups': '{a,b}',
    })
    assert.deepEqual(told('iap'), {
      'x-goog-authenticated-user-email': 'accounts.google.com:ann@acme.example',
      'x-goog-authenticated-user-id': 'accounts.google.com:id-ann',
    })
    assert.deepEqual(told('custom'), {
      'x-account': 'id-ann',
      'x-email': 'ann@acme.example',
      'x-name': 'Ann%20%C3%96',
      'x-tenant': 'acme',
      'x-role': 'editor',
      'x-roles': 'editor,viewer',
      'x-groups': 'a,b',
      'x-row-mask': mask.json,
      'x-row-mask-digest': mask.digest,
    })
  })

  it('knows the assertion under the name that its applications read', () => {
    for (const profile of profiles)
      assert.equal(
        identityNames(profile, custom).assertion,
        profile === 'iap' ? 'x-goog-iap-jwt-assertion' : 'x-sallyport-assertion',
      )
    assert.equal(identityNames('custom', custom).assertion, 'x-sallyport-assertion')
  })

  it('uses no name that a client could send, whichever profile the app has', () => {
    const plain = new HeaderNames([])
    for (const profile of profiles) {
      const { headers, assertion } = identityNames(profile, custom)
      for (const name of [...headers.map((header) => header.name), assertion])
        for (const spelling of [name, name.replaceAll('-', '_'), name.replaceAll('-', '.')])
          assert.equal(plain.mayPass(spelling), false, spelling)
    }
  })

  it('leaves Hasura a role that may do nothing by itself, where there is none or it is its superuser', () => {
    for (const roles of [[], ['admin']]) {
      const said = told('hasura', withRoles(...roles))
      assert.equal(said['x-hasura-role'], 'anonymous')
      assert.equal(said['x-hasura-allowed-roles'], undefined)
    }
    const said = told('hasura', withRoles('admin', 'viewer'))
    assert.deepEqual([said['x-hasura-role'], said['x-hasura-allowed-roles']], ['viewer', '{viewer}'])
    assert.deepEqual(saidOfNobody(identityNames('hasura', custom)), ['x-hasura-role', 'anonymous'])
  })

  it('says a role named admin to everybody else, and nothing of nobody', () => {
    assert.equal(told('grafana', withRoles('admin'))['x-webauth-role'], 'admin')
    for (const profile of profiles)
      if (profile !== 'hasura') assert.deepEqual(saidOfNobody(identityNames(profile, custom)), [], profile)
  })

  it('never lets one address be read as another, decoded or not', () => {
    const said = told('grafana', withAccount({ email: '=61nn@acme.example' }))
    assert.equal(said['x-webauth-user'], '=3D61nn@acme.example')
  })

  it('leaves out a name that is empty', () => {
    const caller = withAccount({ name: '' })
    assert.equal(told('sallyport', caller)['x-sallyport-name'], undefined)
    assert.equal(told('remote-user', caller)['remote-name'], undefined)
  })

  const unsayable: readonly (readonly [string, Principal])[] = [
    ['an account with a comma', withAccount({ id: 'a,b' })],
    ['an account with a line', withAccount({ id: 'a\r\nx-sallyport-tenant: globex' })],
    ['an account of 65 characters', withAccount({ id: 'a'.repeat(65) })],
    ['an empty account', withAccount({ id: '' })],
    ['an address in Unicode', withAccount({ email: 'ann@bücher.example' })],
    ['an address in capitals', withAccount({ email: 'Ann@acme.example' })],
    ['an address that is two', withAccount({ email: 'ann@acme.example,eve@acme.example' })],
    ['a role that is two', withRoles('viewer,admin')],
    ['a role that is empty', withRoles('')],
    ['a group with a blank', principal({ groups: ['a', 'b c'] })],
    ['a group that ends an array', principal({ groups: ['a}'] })],
  ]
  for (const [what, caller] of unsayable)
    it(`refuses what the store should never hold: ${what}`, () => {
      assert.throws(() => told('custom', caller), { code: 'ERR_INTERNAL' })
      told('custom')
    })

  it('says an address as it is kept: in lower case and ASCII', () => {
    const email = normaliseEmail('Jörg@Bücher.Example') ?? normaliseEmail('Joerg@Bücher.Example')
    assert.equal(email, 'joerg@xn--bcher-kva.example')
    assert.equal(told('sallyport', withAccount({ email }))['x-sallyport-email'], email)
  })
})

describe('a value of an identity header', () => {
  const names = fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1 }),
      fc.constantFrom('\r', '\n', '\0', '%', '=', ' ', '\ud800', '\x7f', 'é'),
    ),
  })

  it('is printable ASCII, whatever somebody is called', () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...profiles, 'custom' as const), (name, profile) => {
        for (const value of Object.values(told(profile, withAccount({ name }))))
          assert.match(value, /^[!-~](?:[ -~]*[!-~])?$/)
      }),
      { numRuns: runs(500) },
    )
  })

  it('gives the name back to who decodes it', () => {
    fc.assert(
      fc.property(names, (name) => {
        const caller = withAccount({ name })
        const said = [told('sallyport', caller)['x-sallyport-name'], told('remote-user', caller)['remote-name']]
        for (const value of said) assert.equal(decodeURIComponent(value ?? ''), name.toWellFormed())
        const quoted = (told('grafana', caller)['x-webauth-name'] ?? '').replaceAll('%', '%25').replaceAll('=', '%')
        assert.equal(decodeURIComponent(quoted), name.toWellFormed())
      }),
      { numRuns: runs(500) },
    )
  })

  it('is the address of whoever has one', () => {
    const parts = fc.string({
      unit: fc.oneof(fc.constantFrom('a', 'Z', '.', '-', 'ü', 'ß', '+', '='), fc.string({ maxLength: 1 })),
    })
    fc.assert(
      fc.property(parts, parts, (local, domain) => {
        const email = normaliseEmail(`a${local}@b${domain}.example`)
        if (email === undefined) return
        const caller = withAccount({ email })
        assert.equal(told('sallyport', caller)['x-sallyport-email'], email)
        assert.equal(told('iap', caller)['x-goog-authenticated-user-email'], `accounts.google.com:${email}`)
        assert.equal(told('grafana', caller)['x-webauth-user'], email.replaceAll('=', '=3D'))
      }),
      { numRuns: runs(500) },
    )
  })

  it('is said or refused, never changed, whatever an id is', () => {
    const ids = fc.string({
      unit: fc.oneof(fc.constantFrom('a', ',', '\r\n', ' ', '}', 'é', '\0', ':'), fc.string({ maxLength: 1 })),
    })
    fc.assert(
      fc.property(ids, (id) => {
        const caller = principal({ groups: [id], account: { ...principal().policy.account, id } })
        if (!/^[A-Za-z0-9._:-]{1,64}$/.test(id)) {
          assert.throws(() => told('custom', caller), { code: 'ERR_INTERNAL' })
          return
        }
        const said = told('custom', caller)
        assert.deepEqual([said['x-account'], said['x-groups']], [id, id])
      }),
      { numRuns: runs(500) },
    )
  })
})
