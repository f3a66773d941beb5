import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  randomBytes,
  timingSafeEqual,
  type webcrypto,
} from 'node:crypto'
import { ProxyError } from '../errors.ts'
import type { AssertionKey, KeySet, NamedSecret } from './key-set.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const separator = '.'

/** The keys of this installation, usable but not readable. */
export class KeyRing {
  #keys: KeySet

  constructor(keys: KeySet) {
    this.#keys = keys
  }

  /** From now on these keys are the ones; nothing is signed or sealed by another any more. */
  replace(keys: KeySet): void {
    this.#keys = keys
  }

  /** AES-256-GCM; only `unseal` with the same `context` (what the secret is for, and whose) gives `plain` back. */
  seal(plain: string, context: string): string {
    const { id, secret } = firstOf(this.#keys.wrap)
    const nonce = randomBytes(nonceBytes)
    const sealing = createCipheriv(cipher, secret, nonce, { authTagLength: tagBytes }).setAAD(boundTo(id, context))
    const body = Buffer.concat([nonce, sealing.update(plain, 'utf8'), sealing.final(), sealing.getAuthTag()])
    return `${id}${separator}${body.toString('base64url')}`
  }

  /** Throws `ERR_KEYS_UNUSABLE` for another context, another installation's keys, or a changed text. */
  unseal(sealed: string, context: string): string {
    const [id = '', text = '', ...more] = sealed.split(separator)
    const wrap = this.#keys.wrap.find((candidate) => candidate.id === id)
    const body = Buffer.from(text, 'base64url')
    const isCanonical = more.length === 0 && body.toString('base64url') === text
    if (wrap === undefined || !isCanonical || body.length < nonceBytes + tagBytes)
      throw new ProxyError('ERR_KEYS_UNUSABLE', 'a sealed secret is of no key that we hold')
    return open(wrap, body, context)
  }

  /** HMAC-SHA-256 under the cookie key in use, base64url; one purpose's never passes for another's. */
  mac(purpose: string, data: string): string {
    return macWith(firstOf(this.#keys.cookie), purpose, data).toString('base64url')
  }

  /** Whether `mac` was made by `mac` with any cookie key that the file still lists. */
  isMac(purpose: string, data: string, mac: string): boolean {
    const given = Buffer.from(mac, 'base64url')
    if (given.length !== 32 || given.toString('base64url') !== mac) return false
    return this.#keys.cookie.some((key) => timingSafeEqual(macWith(key, purpose, data), given))
  }

  /** The ES256 key that signs assertions now. */
  get assertionKey(): AssertionKey {
    return this.#keys.assertion.current
  }

  /** The public keys for `jwks.json`: current, next (so that it is known before it signs), previous. */
  get assertionJwks(): readonly webcrypto.JsonWebKey[] {
    const { next, current, previous } = this.#keys.assertion
    return [current, next, ...(previous ? [previous] : [])].map(({ id, key }) => ({
      ...createPublicKey(key).export({ format: 'jwk' }),
      kid: id,
      alg: 'ES256',
      use: 'sig',
    }))
  }
}

function open(wrap: NamedSecret, body: Buffer, context: string): string {
  const opening = createDecipheriv(cipher, wrap.secret, body.subarray(0, nonceBytes), { authTagLength: tagBytes })
  opening.setAAD(boundTo(wrap.id, context)).setAuthTag(body.subarray(-tagBytes))
  try {
    const plain = opening.update(body.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([plain, opening.final()]).toString('utf8')
  } catch {
    throw new ProxyError('ERR_KEYS_UNUSABLE', 'a sealed secret does not open')
  }
}

function boundTo(id: string, context: string): Buffer {
  return Buffer.from(`${id}\0${context}`, 'utf8')
}

/** A key of its own for each purpose, so that no choice of data can reach into another purpose. */
function macWith({ secret }: NamedSecret, purpose: string, data: string): Buffer {
  const own = createHmac('sha256', secret).update(`sallyport mac ${purpose}`, 'utf8').digest()
  return createHmac('sha256', own).update(data, 'utf8').digest()
}

function firstOf(secrets: readonly NamedSecret[]): NamedSecret {
  const [first] = secrets
  if (first === undefined) throw new ProxyError('ERR_KEYS_UNUSABLE', 'the key file lists no key')
  return first
}
