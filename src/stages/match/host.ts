import { ProxyError } from '../../errors.ts'

const hostPattern = /^(?<name>[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])\.?(?::\d{1,5})?$/

/**
 * Parses the Host field (RFC 9110 section 7.2) to lower case without port and trailing dot, so that every spelling of
 * a host is the same host. Userinfo, paths, lists and empty names are refused.
 */
export function parseHost(text: string | undefined): string {
  if (text === undefined) throw new ProxyError('ERR_HOST_INVALID', 'no Host field')
  const name = hostPattern.exec(text.toLowerCase())?.groups?.['name']
  if (name === undefined || name.includes('..')) throw new ProxyError('ERR_HOST_INVALID', 'Host field is not a host')
  return name
}
