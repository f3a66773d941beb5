import { randomBytes, randomUUID } from 'node:crypto'
import type { Policy } from '../accounts/account-store.ts'
import { ProxyError } from '../errors.ts'
import type { RequestHeaders } from '../exchange.ts'
import type { Clock } from '../lib/clock.ts'
import { readCookies } from '../lib/cookies.ts'
import { sha256 } from '../lib/digest.ts'
import { BoundedMap } from '../lib/lru.ts'
import type { SessionRecord, SharedState } from '../shared-state/shared-state.ts'

/** A copy may answer this long before shared state is asked again. */
const freshMs = 1000
/** How long a copy may answer while shared state does not. */
const staleMs = 5 * 60_000
/** The idle deadline is moved at most this often. */
const touchMs = 60_000
const maxCopies = 50_000
const handlePattern = /^[A-Za-z0-9_-]{43}$/

export interface SessionSettings {
  readonly cookieName: string
  readonly publicScheme: 'http' | 'https'
  readonly idleMs: number
  readonly absoluteMs: number
}

export interface SessionRooms {
  readonly state: SharedState
  readonly clock: Clock
  readonly isRevoked: (key: string) => boolean
  readonly report: (error: unknown) => void
}

interface Copy {
  readonly record: SessionRecord
  readonly readAt: number
}

/** Browser sessions: opaque 256-bit handles, stored by their hash. */
export class SessionService {
  readonly cookieName: string
  readonly publicScheme: 'http' | 'https'
  readonly #settings: SessionSettings
  readonly #rooms: SessionRooms
  readonly #copies = new BoundedMap<string, Copy>(maxCopies)

  constructor(settings: SessionSettings, rooms: SessionRooms) {
    this.#settings = settings
    this.#rooms = rooms
    this.cookieName = settings.cookieName
    this.publicScheme = settings.publicScheme
  }

  /** Starts a session; always a new handle (session fixation, CWE-384). */
  async start(
    policy: Policy,
    seen: { readonly method: string; readonly address: string; readonly userAgent: string },
    absoluteUntil?: number,
  ): Promise<{ readonly handle: string; readonly record: SessionRecord }> {
    const handle = randomBytes(32).toString('base64url')
    const now = this.#rooms.clock.now()
    const record: SessionRecord = {
      account: policy.account.id,
      tenant: policy.tenant.id,
      sid: randomUUID(),
      epoch: policy.account.epoch,
      createdAt: now,
      idleUntil: now + this.#settings.idleMs,
      absoluteUntil: absoluteUntil ?? now + this.#settings.absoluteMs,
      method: seen.method,
      address: seen.address,
      userAgent: seen.userAgent.slice(0, 256),
    }
    await this.#rooms.state.putSession(sha256(handle), record)
    this.#copies.set(sha256(handle), { record, readAt: now })
    return { handle, record }
  }

  /** Two cookies of our name are a planted one (cookie tossing): both are refused. */
  handleOf(headers: RequestHeaders): string | undefined {
    const fields = headers.all('cookie')
    if (fields.length === 0) return undefined
    const values = readCookies(fields).filter((pair) => pair.name === this.cookieName)
    if (values.length > 1) throw new ProxyError('ERR_CREDENTIAL_AMBIGUOUS', 'two session cookies')
    const handle = values[0]?.value
    if (handle === undefined || handle === '') return undefined
    if (!handlePattern.test(handle)) throw new ProxyError('ERR_SESSION_ENDED', 'malformed session cookie')
    return handle
  }

  /** The live session a handle stands for; answers at once from a fresh copy. */
  find(handle: string): SessionRecord | undefined | Promise<SessionRecord | undefined> {
    const id = sha256(handle)
    const now = this.#rooms.clock.now()
    const copy = this.#copies.get(id)
    if (copy !== undefined && this.#rooms.isRevoked(`sid:${copy.record.sid}`)) return undefined
    if (copy !== undefined && copy.readAt + freshMs > now) return this.#alive(id, copy, now)
    return this.#read(id, copy, now)
  }

  async #read(id: string, copy: Copy | undefined, now: number): Promise<SessionRecord | undefined> {
    let record: SessionRecord | undefined
    try {
      record = await this.#rooms.state.session(id)
    } catch (error) {
      const away = error instanceof ProxyError && error.code === 'ERR_STATE_UNAVAILABLE'
      if (!away || copy === undefined || copy.readAt + staleMs < now) throw error
      return this.#alive(id, copy, now)
    }
    if (record === undefined || this.#rooms.isRevoked(`sid:${record.sid}`)) {
      this.#copies.delete(id)
      return undefined
    }
    const read = { record, readAt: now }
    this.#copies.set(id, read)
    return this.#alive(id, read, now)
  }

  #alive(id: string, copy: Copy, now: number): SessionRecord | undefined {
    const { record } = copy
    if (record.idleUntil <= now || record.absoluteUntil <= now) return undefined
    const idleUntil = Math.min(now + this.#settings.idleMs, record.absoluteUntil)
    if (idleUntil - record.idleUntil >= Math.min(touchMs, this.#settings.idleMs / 4)) this.#touch(id, copy, idleUntil)
    return record
  }

  /** The copy gets no younger by it: how long it may stand in for shared state does not depend on its use. */
  #touch(id: string, { record, readAt }: Copy, idleUntil: number): void {
    this.#copies.set(id, { record: { ...record, idleUntil }, readAt })
    void this.#rooms.state.touchSession(id, idleUntil).catch(this.#rooms.report)
  }

  /** Ends the session here and, within a second, on every edge. */
  async end(handle: string): Promise<void> {
    const id = sha256(handle)
    await this.#rooms.state.endSession(id)
    this.#copies.delete(id)
  }

  /** `Set-Cookie` for a handle. */
  cookie(handle: string): string {
    const secure = this.publicScheme === 'https' ? '; Secure' : ''
    return `${this.cookieName}=${handle}; Path=/; HttpOnly; SameSite=Lax${secure}`
  }

  /** `Set-Cookie` that makes the browser forget. */
  clearedCookie(): string {
    return `${this.cookie('')}; Max-Age=0`
  }
}
