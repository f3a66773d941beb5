import type { Account, AccountStore, Membership, Policy } from '../accounts/account-store.ts'
import { ProxyError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/digest.ts'
import { meetsDemand, type SignInMethod } from '../lib/sign-in-method.ts'
import type { SharedState } from '../shared-state/shared-state.ts'
import { demands } from '../stages/authenticate/demands.ts'

export interface SignInAttempt {
  readonly email: string
  readonly password: string
  readonly address: string
}

export interface SignInRooms {
  readonly store: AccountStore
  readonly state: SharedState
  readonly normaliseEmail: (text: string) => string | undefined
  /** Both cost the same; the second is for addresses without a password. */
  readonly verifyPassword: (phc: string, password: string) => Promise<boolean>
  readonly dummyVerify: (password: string) => Promise<false>
  readonly policy: (tenant: string, account: string) => Policy | undefined | Promise<Policy | undefined>
  readonly clock: Clock
  /** What an address is counted by. */
  readonly addressKey: (address: string) => string
  /** Too many failures from one source. */
  readonly onAddressFailures: (address: string, count: number) => void
}

/** Failures one source may make on one account before it has to wait. */
const maxPairFailures = 5
const pairWindowMs = 15 * 60_000

export interface SignInSettings {
  /** Failures from one address, whatever the account, before `onAddressFailures`. */
  readonly maxAddressFailures: number
  readonly addressWindowMs: number
}

export interface SignedIn {
  readonly account: Account
  /** The ones in force, sorted by tenant; never empty. */
  readonly memberships: readonly Membership[]
}

/**
 * Local sign-in. Counters are looked at before hashing and kept per (account, source) and per source, so nobody can
 * lock the owner out from elsewhere; unknown, disabled and wrong cost the same time and get the same answer.
 */
export class SignIn {
  readonly #rooms: SignInRooms
  readonly #settings: SignInSettings

  constructor(settings: SignInSettings, rooms: SignInRooms) {
    this.#settings = settings
    this.#rooms = rooms
  }

  async verify(attempt: SignInAttempt): Promise<SignedIn> {
    const email = this.#rooms.normaliseEmail(attempt.email)
    const source = this.#rooms.addressKey(attempt.address)
    const pairKey = `sign-in:${sha256(`${email ?? ''} ${source}`)}`
    await this.#requireBelow(pairKey)
    const credentials = email === undefined ? undefined : await this.#rooms.store.credentialsOf(email)
    const proven = await this.#prove(credentials?.passwordHash, attempt.password)
    // Guesses sent all at once were all looked at before the first had failed: none of the late ones learns anything.
    await this.#requireBelow(pairKey)
    const answer = await this.#judge(credentials?.account, proven)
    if (typeof answer === 'string') {
      await this.#countFailure(pairKey, source, attempt.address)
      throw new ProxyError('ERR_SIGN_IN_REFUSED', answer)
    }
    await this.#rooms.state.reset(pairKey)
    return answer
  }

  /** Who has signed in, or why not: in the audit only, since a stranger is told the same in every case. */
  async #judge(account: Account | undefined, proven: boolean): Promise<SignedIn | string> {
    if (account === undefined) return 'unknown account'
    if (!proven) return 'wrong password'
    if (account.state !== 'enabled') return `account is ${account.state}`
    const now = this.#rooms.clock.now()
    const all = await this.#rooms.store.membershipsOf(account.id)
    const memberships = all.filter((one) => (one.validFrom ?? 0) <= now && now < (one.validUntil ?? Infinity))
    if (memberships.length === 0) return 'member of no tenant'
    return { account, memberships: memberships.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1)) }
  }

  /**
   * The policy of the tenant to act in; `wanted` undefined = the first one that is in force and content with `method`. The
   * account in it is the one that was proven: a password changed since has raised the epoch, and what is issued now ends
   * with it.
   */
  async enter(signedIn: SignedIn, wanted: string | undefined, method: SignInMethod): Promise<Policy> {
    let discontent: Policy['tenant'] | undefined
    for (const { tenant } of signedIn.memberships) {
      if (wanted !== undefined && tenant !== wanted) continue
      const policy = await this.#rooms.policy(tenant, signedIn.account.id)
      if (policy === undefined) continue
      if (meetsDemand(policy.tenant.signIn, method)) return { ...policy, account: signedIn.account }
      discontent ??= policy.tenant
    }
    throw discontent === undefined
      ? new ProxyError('ERR_TENANT_FORBIDDEN', 'no membership in force')
      : demands(discontent)
  }

  async #prove(passwordHash: string | undefined, password: string): Promise<boolean> {
    if (passwordHash !== undefined) return this.#rooms.verifyPassword(passwordHash, password)
    await this.#rooms.dummyVerify(password)
    return false
  }

  async #requireBelow(pairKey: string): Promise<void> {
    const { count, ttlMs } = await this.#rooms.state.peek(pairKey)
    if (count < maxPairFailures) return
    throw new ProxyError('ERR_LIMIT_EXCEEDED', 'too many failures on this account from this source', {
      retryAfter: Math.max(1, Math.ceil(ttlMs / 1000)),
    })
  }

  async #countFailure(pairKey: string, source: string, address: string): Promise<void> {
    await this.#rooms.state.hit(pairKey, pairWindowMs)
    const { count } = await this.#rooms.state.hit(`sign-in-from:${source}`, this.#settings.addressWindowMs)
    if (count >= this.#settings.maxAddressFailures) this.#rooms.onAddressFailures(address, count)
  }
}
