import { ProxyError } from '../../errors.ts'
import type { RequestHeaders } from '../../exchange.ts'
import { parseJsonExact } from '../../mask/row-values.ts'

/** RFC 9110 section 8.3.1, without escapes in quoted values. */
const contentType =
  /^(?<essence>[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?<parameters>(?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[^"\\]*"))*)[ \t]*$/
const parameter = /;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"([^"\\]*)")/g

/**
 * Refuses a body that the upstream could read as other text than we do (CWE-436): coded, in another charset than
 * UTF-8, or of a media type (lower case, without parameters) that `allows` does not take. Gives the type back.
 */
export function requireJsonBody(headers: RequestHeaders, allows: (essence: string) => boolean): string {
  const type = contentType.exec(headers.single('content-type') ?? '')?.groups
  const charsets = [...(type?.['parameters'] ?? '').matchAll(parameter)]
    .filter(([, name]) => name?.toLowerCase() === 'charset')
    .map(([, , token, quoted]) => (token ?? quoted ?? '').toLowerCase())
  const isUtf8 = charsets.length === 0 || (charsets.length === 1 && charsets[0] === 'utf-8')
  const essence = type?.['essence']?.toLowerCase() ?? ''
  if (!isUtf8 || !allows(essence)) throw new ProxyError('ERR_BODY_TYPE', 'accepted as JSON in UTF-8 only')
  if (headers.all('content-encoding').length > 0)
    throw new ProxyError('ERR_BODY_TYPE', 'a coded body cannot be looked into')
  return essence
}

/** The value of a JSON text with single keys, numbers as `JsonNumber`. */
export function parseJsonBody(body: Uint8Array): unknown {
  try {
    return parseJsonExact(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), {
      maxLength: body.length,
    })
  } catch (cause) {
    throw new ProxyError('ERR_BODY_UNREADABLE', 'not JSON with single keys', { cause })
  }
}
