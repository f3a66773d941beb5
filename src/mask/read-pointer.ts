import { describeWritten } from './describe.ts'
import { MaskError } from './mask-error.ts'

const maxPointerLength = 1024
const maxTokens = 32

/** The reference tokens of a JSON pointer (RFC 6901): `/meta/owner` is `['meta', 'owner']`, the empty text `[]`. */
export function parsePointer(text: string): readonly string[] {
  if (text === '') return []
  if (text.length > maxPointerLength || !text.isWellFormed()) throw refusal(text, 'is too long or no Unicode text')
  if (!text.startsWith('/')) throw refusal(text, 'does not begin with /')
  if (/~(?![01])/.test(text)) throw refusal(text, 'has a ~ that is neither ~0 nor ~1')
  const tokens = text.slice(1).split('/')
  if (tokens.length > maxTokens) throw refusal(text, `has more than ${maxTokens} tokens`)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function refusal(text: string, reason: string): MaskError {
  return new MaskError([{ path: '', message: `the pointer ${describeWritten(text)} ${reason}` }])
}
