import type { Injection } from '../../../config/config.ts'
import { ProxyError } from '../../../errors.ts'
import type { RequestHeaders } from '../../../exchange.ts'
import { isPlainObject } from '../../../mask/describe.ts'
import { parseMediaType } from '../inspect/media-type.ts'
import { isBoundary, readMultipart } from '../inspect/multipart.ts'
import { parseJsonBody, requireJsonBody } from '../json-body.ts'
import { aliasTest } from './parameter-alias.ts'
import { dropParameterFields, setNames } from './set-parameters.ts'

/** Bodies in which some server looks for parameters, before it does so in the query string. */
type ParameterBody = 'form' | 'multipart' | 'json'

/** PHP, Laravel and Spring look for these words in the label, wherever they stand in it. */
const labels: readonly (readonly [ParameterBody, RegExp])[] = [
  ['multipart', /multipart\//i],
  ['json', /[/+]json/i],
  ['form', /x-www-form-urlencoded/i],
]

/** Whether a server could look for parameters in the body. */
export function mayHoldParameters(headers: RequestHeaders): boolean {
  return kindOf(headers) !== undefined
}

function kindOf(headers: RequestHeaders): ParameterBody | undefined {
  const types = headers.all('content-type')
  return labels.find(([, label]) => types.some((type) => label.test(type)))?.[0]
}

/**
 * A body without what could be taken for a parameter that `injections` set: fields are taken out of a form; a multipart
 * form or a JSON object with one is refused, and so is what cannot be read. `allows` says of a member of a JSON object,
 * by its name and value, that it may stand all the same.
 */
export function withoutParameters(
  headers: RequestHeaders,
  body: Buffer,
  injections: readonly Injection[],
  allows: (name: string, value: unknown) => boolean,
): Buffer {
  const kind = body.length === 0 ? undefined : kindOf(headers)
  if (kind === undefined) return body
  if (headers.all('content-encoding').length > 0)
    throw new ProxyError('ERR_BODY_TYPE', 'a coded body cannot be looked into')
  if (kind === 'form') return dropParameterFields(body, injections)
  const test = aliasTest(setNames(injections))
  const names = kind === 'multipart' ? partNames(headers, body) : memberNames(headers, body, allows)
  // Nothing is percent-encoded there, and what could be is doubtful.
  if (names.every((name) => name.isWellFormed() && test(encodeURIComponent(name)) === 'other')) return body
  throw new ProxyError('ERR_REQUEST_UNSAFE', `a ${kind} body with a parameter that the route sets`)
}

function partNames(headers: RequestHeaders, body: Buffer): readonly string[] {
  const boundary = parseMediaType(headers.single('content-type') ?? '')?.parameters.get('boundary') ?? ''
  const parts = isBoundary(boundary) ? readMultipart(body, boundary) : 'unreadable'
  if (typeof parts === 'string') throw new ProxyError('ERR_BODY_UNREADABLE', 'a form whose fields cannot be told')
  return parts.map(({ name }) => name)
}

function memberNames(
  headers: RequestHeaders,
  body: Buffer,
  allows: (name: string, value: unknown) => boolean,
): readonly string[] {
  requireJsonBody(headers, (essence) => /[/+]json/.test(essence))
  const document = parseJsonBody(body)
  if (!isPlainObject(document)) return []
  return Object.entries(document).flatMap(([name, value]) => (allows(name, value) ? [] : [name]))
}
