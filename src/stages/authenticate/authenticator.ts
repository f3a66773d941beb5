import type { Admitted, Principal } from '../../exchange.ts'

/**
 * One kind of credential. Undefined = no credential of this kind was shown; a bad one throws. The two are never the
 * same value. Answers without a promise where everything it needs is in memory.
 */
export interface Authenticator {
  readonly kind: Principal['proof']
  authenticate(request: Admitted): Principal | undefined | Promise<Principal | undefined>
}
