import { ProxyError } from '../errors.ts'
import type { AnswerBody, AnswerHead } from '../stages/forward/lane.ts'

/** The one Content-Length of an answer; undefined where it has none, several, or is chunked. */
export function declaredLength({ rawHeaders }: AnswerHead): number | undefined {
  let length: number | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase()
    if (name === 'transfer-encoding') return undefined
    if (name !== 'content-length') continue
    const value = rawHeaders[i + 1] ?? ''
    if (length !== undefined || !/^\d{1,15}$/.test(value)) return undefined
    length = Number(value)
  }
  return length
}

/** Holds a body of `length` bytes whole. `take` may throw; exactly one of `take` and `refuse` ends it otherwise. */
export function collectBody(
  body: AnswerBody,
  length: number,
  take: (bytes: Buffer) => void,
  refuse: (cause: unknown) => void,
): void {
  const chunks: Buffer[] = []
  let seen = 0
  body.deliver({
    write: (chunk) => {
      seen += chunk.length
      if (seen <= length) chunks.push(chunk)
      return true
    },
    end: () => {
      try {
        if (seen !== length) throw new ProxyError('ERR_UPSTREAM_PROTOCOL', 'more or fewer bytes than declared')
        take(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length))
      } catch (error) {
        refuse(error)
      }
    },
    fail: refuse,
  })
}
