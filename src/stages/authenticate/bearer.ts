import { ProxyError } from '../../errors.ts'
import type { Admitted } from '../../exchange.ts'

/** What a personal API key begins with; a token never does. */
export const apiKeyPrefix = 'spk_'

const bearerPattern = /^bearer +(?<credential>[A-Za-z0-9._~+/-]+=*)$/i
const bearerScheme = /^bearer(?: |$)/i

/** The credential of `Authorization: Bearer` (RFC 6750 section 2.1); undefined for every other scheme. */
export function bearerCredential(request: Admitted): string | undefined {
  const value = request.headers.single('authorization')
  if (value === undefined || !bearerScheme.test(value)) return undefined
  const credential = bearerPattern.exec(value)?.groups?.['credential']
  if (credential === undefined || credential.length > 8192) {
    throw new ProxyError('ERR_CREDENTIAL_INVALID', 'malformed bearer credential')
  }
  return credential
}
