import { ProxyError } from '../errors.ts'
import { decodeBase64url } from '../lib/base64url.ts'
import { type SignInMethod, signInMethodFrom } from '../lib/sign-in-method.ts'
import { JsonNumber } from '../mask/language.ts'
import { parseJsonExact } from '../mask/row-values.ts'
import type { TokenClaims } from '../stages/authenticate/bearer-token.ts'

/** What an access token says (RFC 9068, with our own `tenant`, `sid`, `method` and `epoch`). */
export interface AccessPayload {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly tenant: string
  readonly sid: string
  readonly jti: string
  readonly method: SignInMethod
  readonly epoch: number
  readonly iat: number
  readonly exp: number
}

export const accessTokenType = 'at+jwt'

const maxPartBytes = 2048
/** Tenant and secret, each as ids are made: what goes to the store holds nothing else. */
const keyId = /^(?<tenant>[A-Za-z0-9._:-]{1,64})\/(?<secretId>[A-Za-z0-9._:-]{1,64})$/

/**
 * Reads the header of a compact JWS before anything is verified: three canonical base64url parts, no duplicate keys,
 * HS256 and nothing else, our type, a key id that names tenant and secret (RFC 8725).
 */
export function parseAccessHeader(token: string): { readonly tenant: string; readonly secretId: string } {
  const parts = token.split('.')
  if (parts.length !== 3 || parts.some((part) => part === '' || decodeBase64url(part) === undefined)) {
    throw invalid('not a canonical compact JWS')
  }
  const header = parseObject(parts[0] ?? '')
  if (header.get('alg') !== 'HS256' || header.get('typ') !== accessTokenType) throw invalid('algorithm or type')
  const kid = header.get('kid')
  const { tenant, secretId } = (typeof kid === 'string' ? keyId.exec(kid)?.groups : undefined) ?? {}
  if (tenant === undefined || secretId === undefined) throw invalid('no key id')
  if ([...header.keys()].some((name) => !['alg', 'typ', 'kid'].includes(name)))
    throw invalid('unknown header parameter')
  parseObject(parts[1] ?? '')
  return { tenant, secretId }
}

/** Reads the facts of a payload whose signature holds. Every one is required, and `tenant` must be the key's. */
export function parseAccessPayload(
  text: string,
  expected: { readonly issuer: string; readonly tenant: string; readonly now: number },
): TokenClaims {
  const payload = asMap(parseText(text))
  if (stringOf(payload, 'iss') !== expected.issuer || stringOf(payload, 'aud') !== expected.issuer)
    throw invalid('issuer or audience')
  if (stringOf(payload, 'tenant') !== expected.tenant) throw invalid('tenant claim is not the key’s tenant')
  const expiresAt = secondsOf(payload, 'exp') * 1000
  if (expiresAt <= expected.now) throw invalid('expired')
  if (secondsOf(payload, 'iat') * 1000 > expected.now + 60_000) throw invalid('issued in the future')
  return {
    account: stringOf(payload, 'sub'),
    tenant: expected.tenant,
    sid: stringOf(payload, 'sid'),
    jti: stringOf(payload, 'jti'),
    method: methodOf(payload),
    epoch: secondsOf(payload, 'epoch'),
    expiresAt,
  }
}

function parseObject(part: string): ReadonlyMap<string, unknown> {
  return asMap(parseText(decodeBase64url(part)?.toString('utf8') ?? ''))
}

/** Refuses duplicate keys, which two parsers could read differently. */
function parseText(text: string): unknown {
  try {
    return parseJsonExact(text, { maxLength: maxPartBytes, maxDepth: 4 })
  } catch (cause) {
    throw new ProxyError('ERR_CREDENTIAL_INVALID', 'part of the token is not JSON with single keys', { cause })
  }
}

function asMap(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof JsonNumber)
    throw invalid('not an object')
  return new Map(Object.entries(value))
}

function stringOf(payload: ReadonlyMap<string, unknown>, name: string): string {
  const value = payload.get(name)
  if (typeof value !== 'string' || value === '') throw invalid(`claim ${name}`)
  return value
}

function methodOf(payload: ReadonlyMap<string, unknown>): SignInMethod {
  const method = signInMethodFrom(stringOf(payload, 'method'))
  if (method === undefined) throw invalid('claim method')
  return method
}

function secondsOf(payload: ReadonlyMap<string, unknown>, name: string): number {
  const value = payload.get(name)
  const seconds = value instanceof JsonNumber ? Number(value.text) : Number.NaN
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw invalid(`claim ${name}`)
  return seconds
}

function invalid(detail: string): ProxyError {
  return new ProxyError('ERR_CREDENTIAL_INVALID', detail)
}
