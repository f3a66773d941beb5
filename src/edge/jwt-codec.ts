import type { FastifyInstance } from 'fastify'
import type { KeyRing } from '../accounts/key-ring.ts'
import { accessTokenType } from '../login/access-token.ts'
import type { TokenCodec } from '../login/token-service.ts'
import type { SignAssertion } from '../stages/forward/assertion.ts'

/** The codec of access tokens: HS256 and nothing else, every time with the key that the caller names. */
export function accessTokenCodec(app: FastifyInstance, issuer: string): TokenCodec {
  return {
    sign: (payload, secret, kid) =>
      app.jwt.sign(
        { ...payload },
        { key: secret, algorithm: 'HS256', kid, header: { typ: accessTokenType, alg: 'HS256' } },
      ),
    verify: (token, secret) =>
      app.jwt.verify(token, {
        key: secret,
        algorithms: ['HS256'],
        allowedIss: issuer,
        allowedAud: issuer,
        requiredClaims: ['iss', 'aud', 'sub', 'tenant', 'sid', 'jti', 'epoch', 'iat', 'exp'],
        cache: false,
      }),
  }
}

/** ES256 with the assertion key in use. */
export function assertionSigner(app: FastifyInstance, keys: KeyRing): SignAssertion {
  const { id, key } = keys.assertionKey
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  return (claims) =>
    app.jwt.sign(
      { ...claims },
      { key: pem, algorithm: 'ES256', kid: id, header: { typ: 'sallyport+jwt', alg: 'ES256' } },
    )
}
