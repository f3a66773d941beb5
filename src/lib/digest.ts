import { createHash } from 'node:crypto'

/** A digest as RFC 9530 writes it: `sha-256=:...:`. */
export function contentDigest(text: string): string {
  return `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
}

/** SHA-256, base64url: how a credential is looked up without being kept. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
