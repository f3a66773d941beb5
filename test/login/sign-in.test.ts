import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AccountStore, Credentials, Membership } from '../../src/accounts/account-store.ts'
import { normaliseEmail } from '../../src/accounts/email.ts'
import type { SignInMethod } from '../../src/lib/sign-in-method.ts'
import { SignIn } from '../../src/login/sign-in.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import { policy } from '../stages/support.ts'

const member: Membership = policy().membership

interface Given {
  readonly memberships?: readonly Membership[]
  readonly state?: 'enabled' | 'disabled'
  readonly passwordHash?: string | undefined
  /** By tenant. */
  readonly demanded?: Readonly<Record<string, readonly SignInMethod[]>>
}

interface Bench {
  readonly attempt: (email: string, password: string, address?: string) => Promise<string>
  readonly pass: (ms: number) => void
  readonly signIn: SignIn
  readonly hashed: string[]
  readonly reported: [string, number][]
}

/** Sign-in over real counters; what a hash costs is no part of these tests, so that a password is its own hash. */
async function withSignIn(given: Given, test: (bench: Bench) => Promise<void>): Promise<void> {
  let now = 1_000_000
  const clock = { now: () => now }
  const state = openMemoryState(clock)
  const hashed: string[] = []
  const reported: [string, number][] = []
  const { account } = policy()
  const known: Credentials = {
    account: { ...account, email: 'ann@acme.example', state: given.state ?? 'enabled' },
    passwordHash: 'passwordHash' in given ? given.passwordHash : 'right',
  }
  const store = {
    credentialsOf: (email: string) => Promise.resolve(email === 'ann@acme.example' ? known : undefined),
    membershipsOf: () => Promise.resolve(given.memberships ?? [member]),
  } as unknown as AccountStore // all that sign-in asks of it
  const signIn = new SignIn(
    { maxAddressFailures: 8, addressWindowMs: 600_000 },
    {
      store,
      state,
      clock,
      normaliseEmail,
      verifyPassword: (hash, password) => {
        hashed.push(password)
        return Promise.resolve(hash === password)
      },
      dummyVerify: (password) => {
        hashed.push(password)
        return Promise.resolve(false)
      },
      policy(tenant) {
        const of = policy({ tenant })
        return { ...of, tenant: { ...of.tenant, signIn: given.demanded?.[tenant] ?? [] } }
      },
      addressKey: (address) => address,
      onAddressFailures: (address, count) => reported.push([address, count]),
    },
  )
  const attempt = async (email: string, password: string, address = '203.0.113.1') => {
    try {
      await signIn.verify({ email, password, address })
      return 'in'
    } catch (error) {
      return (error as { code: string }).code // a ProxyError, or the comparison fails
    }
  }
  try {
    await test({ attempt, pass: (ms) => void (now += ms), signIn, hashed, reported })
  } finally {
    await state.close()
  }
}

const of = (tenant: string, validUntil?: number) => ({ ...member, tenant, validUntil })

const refused = 'ERR_SIGN_IN_REFUSED'
const locked = 'ERR_LIMIT_EXCEEDED'

async function times(count: number, attempt: () => Promise<string>): Promise<string[]> {
  const seen: string[] = []
  for (let i = 0; i < count; i += 1) seen.push(await attempt())
  return seen
}

describe('local sign-in', () => {
  it('hashes once for everybody, known or not, and never while locked', async () => {
    await withSignIn({}, async ({ attempt, hashed }) => {
      for (const email of ['ann@acme.example', 'ghost@acme.example', 'no address']) await attempt(email, 'wrong')
      assert.equal(hashed.length, 3)
      await times(4, () => attempt('ann@acme.example', 'wrong'))
      assert.equal(hashed.length, 7)
      assert.equal(await attempt('ann@acme.example', 'right'), locked)
      assert.equal(hashed.length, 7)
    })
  })

  it('locks after five failures of one source on one account, for a quarter of an hour', async () => {
    for (const email of ['ann@acme.example', 'ghost@acme.example']) {
      await withSignIn({}, async ({ attempt, pass }) => {
        assert.deepEqual(await times(6, () => attempt(email, 'wrong')), [...Array<string>(5).fill(refused), locked])
        assert.equal(await attempt(email.toUpperCase(), 'wrong'), locked, 'another spelling of it')
        pass(15 * 60_000)
        assert.equal(await attempt(email, 'wrong'), refused)
      })
    }
  })

  it('locks nobody out who comes from elsewhere', async () => {
    await withSignIn({}, async ({ attempt }) => {
      await times(9, () => attempt('ann@acme.example', 'wrong'))
      assert.equal(await attempt('ann@acme.example', 'right', '203.0.113.2'), 'in')
      assert.equal(await attempt('ann@acme.example', 'right'), locked)
    })
  })

  it('forgets failures at a success', async () => {
    await withSignIn({}, async ({ attempt }) => {
      for (let round = 0; round < 3; round += 1) {
        await times(4, () => attempt('ann@acme.example', 'wrong'))
        assert.equal(await attempt('ann@acme.example', 'right'), 'in')
      }
    })
  })

  it('refuses a right password alike where the account is disabled, has none, or is member of nothing', async () => {
    const ended = { ...member, validUntil: 999_999 }
    const later = { ...member, validFrom: 1_000_001 }
    for (const given of [
      { state: 'disabled' } as const,
      { passwordHash: undefined },
      { memberships: [] },
      { memberships: [ended] },
      { memberships: [later, ended] },
    ]) {
      await withSignIn(given, async ({ attempt }) => {
        const seen = await times(6, () => attempt('ann@acme.example', 'right'))
        assert.deepEqual(seen, [...Array<string>(5).fill(refused), locked], JSON.stringify(given))
      })
    }
  })

  it('enters the first tenant in force, or the one that was asked for, and no other', async () => {
    await withSignIn({ memberships: [of('c'), of('b'), of('a', 1)] }, async ({ signIn }) => {
      const signedIn = await signIn.verify({ email: 'ann@acme.example', password: 'right', address: 'x' })
      assert.equal((await signIn.enter(signedIn, undefined, 'password')).tenant.id, 'b')
      assert.equal((await signIn.enter(signedIn, 'c', 'password')).tenant.id, 'c')
      for (const tenant of ['a', 'd', '']) {
        await assert.rejects(signIn.enter(signedIn, tenant, 'password'), { code: 'ERR_TENANT_FORBIDDEN' })
      }
    })
  })

  it('enters the first tenant that is content with the sign-in, and none that asks for another', async () => {
    const demanded = { b: ['saml'], c: ['oidc', 'password'], d: ['key'] } as const
    const memberships = [of('b'), of('c'), of('d')]
    await withSignIn({ memberships, demanded }, async ({ signIn }) => {
      const signedIn = await signIn.verify({ email: 'ann@acme.example', password: 'right', address: 'x' })
      assert.equal((await signIn.enter(signedIn, undefined, 'password')).tenant.id, 'c')
      assert.equal((await signIn.enter(signedIn, undefined, 'saml')).tenant.id, 'b')
      assert.equal((await signIn.enter(signedIn, 'd', 'key')).tenant.id, 'd')
      await assert.rejects(signIn.enter(signedIn, 'b', 'password'), { code: 'ERR_TENANT_DEMANDS', signIn: ['saml'] })
      await assert.rejects(signIn.enter(signedIn, 'c', 'saml'), { code: 'ERR_TENANT_DEMANDS' })
    })
    await withSignIn({ memberships: [of('b'), of('d')], demanded }, async ({ signIn }) => {
      const signedIn = await signIn.verify({ email: 'ann@acme.example', password: 'right', address: 'x' })
      await assert.rejects(signIn.enter(signedIn, undefined, 'password'), {
        code: 'ERR_TENANT_DEMANDS',
        signIn: ['saml'],
      })
    })
  })

  it('takes the account as it was when the password was proven', async () => {
    await withSignIn({}, async ({ signIn }) => {
      const signedIn = await signIn.verify({ email: 'ann@acme.example', password: 'right', address: 'x' })
      const old = { ...signedIn, account: { ...signedIn.account, epoch: 7 } }
      assert.equal((await signIn.enter(old, undefined, 'password')).account.epoch, 7)
    })
  })

  it('reports a source that fails too often, whatever accounts it tries', async () => {
    await withSignIn({}, async ({ attempt, reported }) => {
      for (let i = 0; i < 9; i += 1) await attempt(`ghost${i}@acme.example`, 'wrong')
      await attempt('ghost@acme.example', 'wrong', '203.0.113.2')
      assert.deepEqual(reported, [
        ['203.0.113.1', 8],
        ['203.0.113.1', 9],
      ])
    })
  })
})
