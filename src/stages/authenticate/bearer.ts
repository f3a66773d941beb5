import { ProxyError } from '../../errors.ts'
import type { Admitted } from '../../exchange.ts'

/** What a personal API key begins with; a token never does. */
export const apiKeyPrefix = 'spk_'

const bearerPattern = /^bearer +[A-Za-z0-9._~+/-]+=*$/i

/** The credential of `Authorization: Bearer` (RFC 6750 section 2.1); undefined for every other scheme. */
export function bearerCredential(request: Admitted): string | undefined {
  const value = request.headers.single('authorization')
  if (value === undefined || !isBearer(value)) return undefined
  if (!bearerPattern.test(value)) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'malformed bearer credential')
  // The pattern has no blank behind the scheme's.
  const credential = value.slice(value.lastIndexOf(' ') + 1)
  if (credential.length > 8192) throw new ProxyError('ERR_CREDENTIAL_INVALID', 'bearer credential too long')
  return credential
}

/** Whether the scheme is `Bearer`, in any case, with or without something behind it. */
function isBearer(value: string): boolean {
  return value.slice(0, 6).toLowerCase() === 'bearer' && (value.length === 6 || value[6] === ' ')
}
