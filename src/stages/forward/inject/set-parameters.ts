import type { InjectedValue, Injection } from '../../../config/config.ts'
import { ProxyError } from '../../../errors.ts'
import { JsonNumber } from '../../../mask/language.ts'
import { aliasTest } from './parameter-alias.ts'
import { encodeComponent, joinQuery, type QueryPart, queryRefused, splitQuery } from './query-parts.ts'

/** Names and values of the parameters that `injections` set, in their order; each value is a text that says something. */
export function parametersToSet(
  injections: readonly Injection[],
  attributes: ReadonlyMap<string, unknown>,
): readonly (readonly [string, string])[] {
  return settings(injections).map(([name, value]) => [name, valueOf(value, attributes)])
}

/** Names come from the configuration and are safe in a query as they are. */
export function writeParameters(parameters: readonly (readonly [string, string])[]): string {
  return parameters.map(([name, value]) => `${name}=${encodeComponent(value)}`).join('&')
}

/** The parameters that no server could take for one of those that are set. Refuses where servers would disagree. */
export function dropParameters(parts: readonly QueryPart[], injections: readonly Injection[]): readonly QueryPart[] {
  const names = setNames(injections)
  if (names.length === 0) return parts
  const test = aliasTest(names)
  return parts.filter(({ rawName }) => {
    const resemblance = test(rawName)
    if (resemblance === 'doubtful') throw queryRefused('a parameter whose name could be read in several ways')
    return resemblance === 'other'
  })
}

/**
 * A Cookie header value without the cookies that a server could take for a parameter that is set: PHP's $_REQUEST holds
 * cookies too. What is doubtful is dropped. Undefined where nothing is left.
 */
export function dropParameterCookies(cookie: string | undefined, injections: readonly Injection[]): string | undefined {
  const names = setNames(injections)
  if (cookie === undefined || names.length === 0) return cookie
  const test = aliasTest(names)
  const kept = cookie.split(';').filter((pair) => cookieNames(pair).every((name) => test(name) === 'other'))
  const text = kept.join(';').trim()
  return text === '' ? undefined : text
}

/** RFC 2965 separates cookies by commas too, and some readers by blanks. */
function cookieNames(pair: string): readonly string[] {
  const names = pair.split(/[,\s]+/).map((piece) => piece.split('=', 1)[0] ?? '')
  return [...names, pair.split('=', 1)[0] ?? '']
}

/** An application/x-www-form-urlencoded body in UTF-8 without the fields that could be taken for a set parameter. */
export function dropParameterFields(body: Buffer, injections: readonly Injection[]): Buffer {
  const parts = splitQuery(body.toString('latin1'))
  const kept = dropParameters(parts.map(asEncoded), injections)
  return kept.length === parts.length ? body : Buffer.from(joinQuery(kept), 'latin1')
}

/** Bytes beyond ASCII in a name are the UTF-8 that their percent-encoding would be. */
function asEncoded(part: QueryPart): QueryPart {
  const rawName = part.rawName.replaceAll(/[^\0-\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`)
  return { ...part, rawName }
}

/** Names of the parameters that `injections` set. */
export function setNames(injections: readonly Injection[]): readonly string[] {
  return settings(injections).map(([name]) => name)
}

function settings(injections: readonly Injection[]): readonly (readonly [string, InjectedValue])[] {
  return injections.flatMap((injection) => (injection.kind === 'set' ? [...injection.parameters] : []))
}

/**
 * Never empty, and never anything a server could read as empty. A list is one value only where it has one entry: there
 * is no one way to say several in a parameter.
 */
function valueOf(value: InjectedValue, attributes: ReadonlyMap<string, unknown>): string {
  const text = value.kind === 'text' ? value.text : attributeText(attributes.get(value.attribute))
  if (text !== undefined && isTelling(text)) return text
  const source = value.kind === 'text' ? 'a configured text' : `the attribute ${value.attribute}`
  throw new ProxyError('ERR_MASK_UNRESOLVED', `${source} is no value for a parameter`)
}

function attributeText(held: unknown): string | undefined {
  return scalarText(Array.isArray(held) && held.length === 1 ? held[0] : held)
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (value instanceof JsonNumber) return value.text
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value)
}

function isTelling(text: string): boolean {
  return text.isWellFormed() && text.trim() !== '' && !/\p{Cc}/u.test(text)
}
