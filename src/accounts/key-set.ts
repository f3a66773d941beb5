import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { ProxyError } from '../errors.ts'

export interface NamedSecret {
  readonly id: string
  readonly secret: Buffer
}

export interface AssertionKey {
  /** The key's `kid`. */
  readonly id: string
  readonly key: KeyObject
}

/** What the key file holds: the first of each list is the one in use, all of them read. */
export interface KeySet {
  readonly wrap: readonly NamedSecret[]
  readonly cookie: readonly NamedSecret[]
  readonly assertion: {
    readonly next: AssertionKey
    readonly current: AssertionKey
    readonly previous: AssertionKey | undefined
  }
}

const version = 1
const secretBytes = 32
const idPattern = /^[A-Za-z0-9_-]{1,64}$/

/** The content of a new key file. */
export function createKeySet(): Record<string, unknown> {
  return {
    version,
    wrap: [createSecret()],
    cookie: [createSecret()],
    assertion: { next: createJwk(), current: createJwk() },
  }
}

/**
 * The content of a key file after its assertion keys have moved on: the next one signs, the one that signed is still
 * published. With `withdraw` both are made new and nothing of the old is published, for when the file has been seen by
 * others. Throws `ERR_KEYS_UNUSABLE` where `value` is no key file.
 */
export function rotateAssertionKeys(value: unknown, options: { withdraw: boolean }): Record<string, unknown> {
  parseKeySet(value)
  const file = Object.fromEntries(parseObject(value))
  if (options.withdraw) return { ...file, assertion: { next: createJwk(), current: createJwk() } }
  const before = parseObject(file['assertion'])
  const assertion = { next: createJwk(), current: before.get('next'), previous: before.get('current') }
  return { ...file, assertion }
}

const newId = () => randomBytes(9).toString('base64url')
const createSecret = () => ({ id: newId(), secret: randomBytes(secretBytes).toString('base64url') })

function createJwk(): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: newId(), alg: 'ES256', use: 'sig' }
}

/** Throws `ERR_KEYS_UNUSABLE`, never quoting what it read. */
export function parseKeySet(value: unknown): KeySet {
  const file = parseObject(value)
  if (file.get('version') !== version) throw unusable('has another version')
  const assertion = parseObject(file.get('assertion'))
  const previous = assertion.get('previous')
  return {
    wrap: parseSecrets(file.get('wrap')),
    cookie: parseSecrets(file.get('cookie')),
    assertion: {
      next: parseJwk(assertion.get('next')),
      current: parseJwk(assertion.get('current')),
      previous: previous === undefined ? undefined : parseJwk(previous),
    },
  }
}

function unusable(why: string): ProxyError {
  return new ProxyError('ERR_KEYS_UNUSABLE', `the key file ${why}`)
}

function parseObject(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable('lacks an object')
  return new Map<string, unknown>(Object.entries(value))
}

function parseId(value: unknown): string {
  if (typeof value !== 'string' || !idPattern.test(value)) throw unusable('holds a key without a proper id')
  return value
}

function parseSecrets(value: unknown): readonly NamedSecret[] {
  if (!Array.isArray(value) || value.length === 0) throw unusable('lacks a list of secrets')
  const secrets = value.map(parseSecret)
  if (new Set(secrets.map(({ id }) => id)).size !== secrets.length) throw unusable('holds one id twice')
  return secrets
}

function parseSecret(value: unknown): NamedSecret {
  const entry = parseObject(value)
  const text = entry.get('secret')
  const secret = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0)
  if (secret.length !== secretBytes || secret.toString('base64url') !== text)
    throw unusable('holds a secret that is not 32 bytes in base64url')
  return { id: parseId(entry.get('id')), secret }
}

function parseJwk(value: unknown): AssertionKey {
  const jwk = parseObject(value)
  if (jwk.get('kty') !== 'EC' || jwk.get('crv') !== 'P-256') throw unusable('holds an assertion key that is not ES256')
  try {
    return { id: parseId(jwk.get('kid')), key: createPrivateKey({ key: Object.fromEntries(jwk), format: 'jwk' }) }
  } catch {
    throw unusable('holds an assertion key that cannot be used')
  }
}
