import { createHash, randomBytes } from 'node:crypto'

const keyBytes = 32
const prefixLength = 10
const secretBytes = 48

export interface MintedApiKey {
  /** `spk_` and 43 base64url characters; shown once, never stored. */
  readonly key: string
  readonly prefix: string
  readonly hash: string
}

export function mintApiKey(): MintedApiKey {
  const key = `spk_${randomBytes(keyBytes).toString('base64url')}`
  return { key, prefix: key.slice(0, prefixLength), hash: hashApiKey(key) }
}

/** SHA-256 is enough: the key has 256 random bits, so there is nothing to guess. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('base64url')
}

/** The HS256 secret of a tenant: 48 random bytes, 64 characters. */
export function mintTenantSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}
