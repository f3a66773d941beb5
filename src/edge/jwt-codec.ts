import { sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { KeyRing } from '../accounts/key-ring.ts'
import { accessTokenType } from '../login/access-token.ts'
import type { TokenCodec } from '../login/token-service.ts'
import type { AssertionSigner } from '../stages/forward/assertion.ts'

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

/** ES256 with the assertion key that is in use at the time (RFC 7515 compact serialization). */
export function assertionSigner(keys: KeyRing): AssertionSigner {
  let header = { id: '', text: '' }
  const headerOf = (id: string) => {
    if (header.id !== id) header = { id, text: encode({ alg: 'ES256', typ: 'sallyport+jwt', kid: id }) }
    return header.text
  }
  return {
    keyId: () => keys.assertionKey.id,
    sign(claims) {
      const { id, key } = keys.assertionKey
      const input = `${headerOf(id)}.${encode(claims)}`
      // RFC 7518 section 3.4: both halves at their full length, not DER.
      return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
  }
}

function encode(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
