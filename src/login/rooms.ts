import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccountStore } from '../accounts/account-store.ts'
import type { PolicyCache } from '../accounts/policy-cache.ts'
import type { AuditEvent } from '../audit/audit-event.ts'
import type { Admitted, Principal } from '../exchange.ts'
import type { Csrf } from './csrf.ts'
import type { SessionService } from './session-service.ts'
import type { SignIn } from './sign-in.ts'
import type { TokenService } from './token-service.ts'

/** What our own pages need. */
export interface LoginRooms {
  readonly store: AccountStore
  readonly policies: PolicyCache
  readonly signIn: SignIn
  readonly sessions: SessionService
  readonly tokens: TokenService
  readonly csrf: Csrf
  /** The request as the first stages left it. */
  readonly admitted: (request: FastifyRequest) => Admitted
  /** Whether a page of this origin made the request. */
  readonly isOwnOrigin: (request: Admitted) => boolean
  /** Undefined where no credential was shown; throws on a bad one, and on two. */
  readonly whoIs: (request: Admitted) => Promise<Principal | undefined>
  /** The credential of an API key, for the token endpoint. */
  readonly byApiKey: (key: string) => Promise<Principal>
  /** Throws ERR_LIMIT_EXCEEDED. */
  readonly countSignIn: (request: Admitted) => Promise<void>
  /** Throws ERR_AUDIT_UNAVAILABLE: nobody signs in unseen. */
  readonly record: (event: AuditEvent) => void
  readonly loginOutcome: (outcome: 'success' | 'failure' | 'refused') => void
  readonly jwks: () => unknown
  readonly sendPage: (reply: FastifyReply, status: number, page: string) => FastifyReply
}

/** The stamp of an event about a request of ours. */
export function stamp(request: Admitted): { readonly request: string; readonly address: string } {
  return { request: request.arrival.id, address: request.client }
}
