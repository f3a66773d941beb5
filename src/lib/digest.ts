import { hash } from 'node:crypto'

/** A digest as RFC 9530 writes it: `sha-256=:...:`. */
export function contentDigest(text: string): string {
  return `sha-256=:${hash('sha256', text, 'base64')}:`
}

/** SHA-256, base64url: how a credential is looked up without being kept. */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
