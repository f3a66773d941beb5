import { hash, timingSafeEqual } from 'node:crypto'

/** Whether two secrets are equal, in a time that tells neither where they differ nor how long the other one is. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
