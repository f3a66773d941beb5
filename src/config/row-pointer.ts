import type { RowPointer } from './config.ts'

/** Decodes an RFC 6901 pointer; undefined where it is none. */
export function parsePointer(text: string): readonly string[] | undefined {
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The same, but `/` is the whole document, and a token `*` stands for every element. */
export function parseRowPointer(text: string): RowPointer | undefined {
  return text === '/' ? [] : parsePointer(text)
}

/** One of the two is at, above or below the other. */
export function overlaps(a: RowPointer, b: RowPointer): boolean {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    if (a[i] !== b[i] && a[i] !== '*' && b[i] !== '*') return false
  }
  return true
}
