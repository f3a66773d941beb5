import { parseDocument } from 'yaml'
import { isPlainObject } from '../../mask/describe.ts'
import { UsageError } from '../cli.ts'

/** A YAML document takes far more memory than its text. */
const maxYamlBytes = 16_777_216
const maxHops = 32

export type OpenApiObject = Readonly<Record<string, unknown>>

/** An OpenAPI document and the one way to follow its references. */
export interface OpenApiDocument {
  readonly root: OpenApiObject
  /** `OpenAPI 3.1.0`, `Swagger 2.0`. */
  readonly version: string
  readonly isSwagger: boolean
  /** The object that stands there in the end; what cannot be followed is `undefined` and noted. */
  follow(value: unknown): OpenApiObject | undefined
  /** References that were not followed. */
  readonly dangling: ReadonlySet<string>
}

/** Reads OpenAPI 3.0, 3.1 or Swagger 2, written as JSON or as YAML. */
export function openApiDocument(text: string, file: string): OpenApiDocument {
  const root = parseText(text, file)
  if (!isPlainObject(root)) throw new UsageError(`${file}: not an OpenAPI document: it is no object`)
  const { openapi, swagger } = root
  if (openapi === undefined && swagger === undefined)
    throw new UsageError(`${file}: not an OpenAPI document: it has neither openapi nor swagger`)
  const isSwagger = openapi === undefined
  const version = String(openapi ?? swagger)
  if (isSwagger ? version !== '2.0' && version !== '2' : !/^3\.[01]\./.test(`${version}.`))
    throw new UsageError(`${file}: this version is not read: OpenAPI 3.0, 3.1 and Swagger 2.0 are`)
  const dangling = new Set<string>()
  const follow = (value: unknown) => followReferences(root, value, dangling)
  return { root, version: `${isSwagger ? 'Swagger' : 'OpenAPI'} ${version}`, isSwagger, follow, dangling }
}

function parseText(text: string, file: string): unknown {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text
  try {
    return /^\s*\{/.test(plain) ? parseJson(plain, file) : parseYaml(plain, file)
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(`${file}: is nested too deeply`, { cause })
    throw cause
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // YAML in braces looks like JSON, and its reader says where a fault is.
    return parseYaml(text, file)
  }
}

function parseYaml(text: string, file: string): unknown {
  if (text.length > maxYamlBytes)
    throw new UsageError(`${file}: YAML of more than ${maxYamlBytes} bytes; convert it to JSON`)
  const document = parseDocument(text, { merge: false, prettyErrors: false, logLevel: 'error', strict: true })
  const [error] = document.errors
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split('\n').length
    throw new UsageError(`${file}:${line}: neither JSON nor YAML (${error.code})`)
  }
  try {
    return document.toJS({ maxAliasCount: 1000 })
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    throw new UsageError(`${file}: its aliases cannot be resolved`, { cause })
  }
}

function followReferences(root: OpenApiObject, value: unknown, dangling: Set<string>): OpenApiObject | undefined {
  let at = value
  for (let hops = 0; hops < maxHops; hops++) {
    if (!isPlainObject(at)) return undefined
    const reference = referenceOf(at)
    if (reference === undefined) return at
    at = reference.startsWith('#') ? lookUp(root, reference.slice(1)) : undefined
    if (at === undefined) dangling.add(reference)
  }
  return undefined
}

/** The `$ref` of an object that is a reference. */
export function referenceOf(value: OpenApiObject): string | undefined {
  const reference = Object.hasOwn(value, '$ref') ? value['$ref'] : undefined
  return typeof reference === 'string' ? reference : undefined
}

function lookUp(root: OpenApiObject, pointer: string): unknown {
  let at: unknown = root
  for (const token of pointer.split('/').slice(1)) {
    const key = decode(token).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at) && /^\d{1,6}$/.test(key)) at = at[Number(key)]
    else if (isPlainObject(at) && Object.hasOwn(at, key)) at = at[key]
    else return undefined
  }
  return at
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
