import { ProxyError } from '../../errors.ts'
import { aliasTest } from './inject/parameter-alias.ts'
import { parseMediaType } from './inspect/media-type.ts'
import { isBoundary, readMultipart } from './inspect/multipart.ts'

/**
 * Refuses a multipart body that could hold one of the parameters `names`: its parts are not taken apart and put together
 * again, so what stands in it goes on, or nothing does.
 */
export function requireNoParts(body: Buffer, types: readonly string[], names: readonly string[]): void {
  const [written = '', ...more] = types
  const boundary = parseMediaType(written)?.parameters.get('boundary') ?? ''
  const parts = more.length === 0 && isBoundary(boundary) ? readMultipart(body, boundary) : 'unreadable'
  if (typeof parts === 'string') throw new ProxyError('ERR_BODY_UNREADABLE', 'a form whose fields cannot be told')
  const test = aliasTest(names)
  if (parts.some(({ name }) => !name.isWellFormed() || test(encodeURIComponent(name)) !== 'other'))
    throw new ProxyError('ERR_QUERY_REFUSED', 'a field of a form that could be a parameter that is set')
}
