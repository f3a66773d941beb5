import { createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { type JWTPayload, SignJWT } from 'jose'
import { openKeyFile } from '../../src/accounts/key-file.ts'
import type { TestEdge } from '../support/edge.ts'

/** The key an edge signs with, and what everybody may know of it. */
export interface AssertionKeys {
  readonly kid: string
  readonly key: KeyObject
  /** As the key set has it. */
  readonly published: string
  /** In PEM. */
  readonly spki: string
}

export async function assertionKeysOf({ folder }: TestEdge): Promise<AssertionKeys> {
  const ring = await openKeyFile(join(folder, 'keys.json'), { create: false })
  const { id: kid, key } = ring.assertionKey
  const published = JSON.stringify(ring.assertionJwks.find((each) => 'kid' in each && each.kid === kid))
  const spki = createPublicKey(key).export({ type: 'spki', format: 'pem' })
  return { kid, key, published, spki }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** What the edge would say of Dave to the app `id`, about a GET of `path`. */
export function claimsFor(id: string, path: string): JWTPayload {
  const caller = { sub: 'id-dave', tenant: 'acme', roles: ['editor'], groups: [], email: 'dave@acme.example' }
  const binding = { htm: 'GET', htp: digest(path), htq: digest('') }
  const about = { iss: 'http://127.0.0.1:8080', aud: id, sid: 's', jti: 'j', iat: now(), exp: now() + 60 }
  return { ...caller, ...binding, ...about }
}

/** As the edge signs. */
export function sign(
  claims: JWTPayload,
  { kid, key }: Pick<AssertionKeys, 'kid' | 'key'>,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'sallyport+jwt', kid, ...header }).sign(key)
}

function signHs256(claims: JWTPayload, kid: string, secret: string): string {
  const input = `${encode({ alg: 'HS256', typ: 'sallyport+jwt', kid })}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** What the edge would never say instead of `claims`, each wrong in one way; undefined is a request without any. */
export async function forgeries(
  claims: JWTPayload,
  keys: AssertionKeys,
): Promise<readonly (readonly [what: string, token: string | undefined])[]> {
  return [
    ['no assertion', undefined],
    ['an empty one', ''],
    ['something else', 'Bearer x'],
    ...(await wronglySaid(claims, keys)),
    ...(await wronglySigned(claims, keys)),
  ]
}

async function wronglySaid(claims: JWTPayload, keys: AssertionKeys) {
  const { exp: _, ...endless } = claims
  return [
    ['one that has expired', await sign({ ...claims, iat: now() - 120, exp: now() - 60 }, keys)],
    ['one that never expires', await sign(endless, keys)],
    ['one for another app', await sign({ ...claims, aud: 'elsewhere' }, keys)],
    ['one of another issuer', await sign({ ...claims, iss: 'http://127.0.0.1:9' }, keys)],
    ['a token of another kind', await sign(claims, keys, { typ: 'JWT' })],
  ] as const
}

async function wronglySigned(claims: JWTPayload, keys: AssertionKeys) {
  const good = await sign(claims, keys)
  const [header = '', body = '', signature = ''] = good.split('.')
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const unsigned = `${encode({ alg: 'none', typ: 'sallyport+jwt', kid: keys.kid })}.${body}.`
  const jwk = publicKey.export({ format: 'jwk' })
  return [
    ['one of a stranger under our name', await sign(claims, { kid: keys.kid, key })],
    ['one of a stranger under another name', await sign(claims, { kid: 'mine', key })],
    ['one that brings its own key', await sign(claims, { kid: 'mine', key }, { jwk })],
    ['one that was changed', `${header}.${encode({ ...claims, sub: 'id-root' })}.${signature}`],
    ['one without a signature', `${header}.${body}.`],
    ['one that says none', unsigned],
    ['one that says none, signed', `${unsigned}${signature}`],
    ['one signed with the public key as a secret', signHs256(claims, keys.kid, keys.spki)],
    ['one signed with the key set as a secret', signHs256(claims, keys.kid, keys.published)],
    ['one signed with zeros', `${header}.${body}.${Buffer.alloc(64).toString('base64url')}`],
    ['one with half a signature', `${header}.${body}.${signature.slice(0, 43)}`],
    ['one with two signatures', `${good}.${signature}`],
  ] as const
}
