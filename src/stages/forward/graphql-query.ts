import { ProxyError } from '../../errors.ts'
import { parseJsonBody } from './json-body.ts'

const texts: ReadonlySet<string> = new Set(['query', 'operationName'])
const documents: ReadonlySet<string> = new Set(['variables', 'extensions'])

/** The members of a GraphQL request that is a GET, each at most once; `query` begins with `?` or is empty. */
export function readQueryParameters(query: string): Readonly<Record<string, unknown>> {
  const found = new Map<string, unknown>()
  // Some servers take `;` for `&`.
  if (query.includes(';')) throw notAllowed('a bare semicolon in the query string')
  for (const pair of query.slice(1).split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (found.has(name)) throw notAllowed('a parameter that occurs twice')
    if (texts.has(name)) found.set(name, value)
    else if (documents.has(name)) found.set(name, parseJsonBody(Buffer.from(value)))
    else throw notAllowed('a parameter that is not known')
  }
  return Object.fromEntries(found)
}

/** application/x-www-form-urlencoded, and nothing that a laxer reader would repair. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new ProxyError('ERR_OPERATION_NOT_ALLOWED', 'percent-encoding that is no text', { cause })
  }
}

function notAllowed(detail: string): ProxyError {
  return new ProxyError('ERR_OPERATION_NOT_ALLOWED', detail)
}
