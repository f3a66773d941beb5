import { ProxyError } from '../../errors.ts'
import type { Admitted, Principal, RequestHeaders } from '../../exchange.ts'
import type { Clock } from '../../lib/clock.ts'
import { isOwnOrigin } from '../../lib/same-origin.ts'
import { signInMethodFrom } from '../../lib/sign-in-method.ts'
import type { SessionRecord } from '../../shared-state/shared-state.ts'
import type { Authenticator } from './authenticator.ts'
import { type PolicySource, resolvePrincipal } from './member.ts'

export interface SessionSource {
  readonly publicScheme: 'http' | 'https'
  /** What our cookie holds; undefined where there is none; throws on a malformed or a second one. */
  handleOf(headers: RequestHeaders): string | undefined
  /** Undefined = no such session (any more). */
  find(handle: string): SessionRecord | undefined | Promise<SessionRecord | undefined>
}

/** Browser sessions: an opaque handle in one cookie. */
export function sessionCookie(sessions: SessionSource, policies: PolicySource, clock: Clock): Authenticator {
  function toPrincipal(record: SessionRecord | undefined): Principal | Promise<Principal> {
    const now = clock.now()
    if (record === undefined || record.idleUntil <= now || record.absoluteUntil <= now) {
      throw new ProxyError('ERR_SESSION_ENDED', 'no such session')
    }
    const { account, tenant, sid, epoch } = record
    const expiresAt = Math.min(record.idleUntil, record.absoluteUntil)
    const method = signInMethodFrom(record.method)
    return resolvePrincipal({ proof: 'session', method, account, tenant, sid, epoch, expiresAt }, policies)
  }

  return {
    kind: 'session',
    authenticate(request: Admitted) {
      const handle = sessions.handleOf(request.headers)
      if (handle === undefined) return undefined
      if (!isOwnOrigin(request, sessions.publicScheme)) {
        throw new ProxyError('ERR_ORIGIN_FOREIGN', 'unsafe request from another origin')
      }
      const record = sessions.find(handle)
      return record instanceof Promise ? record.then(toPrincipal) : toPrincipal(record)
    },
  }
}
