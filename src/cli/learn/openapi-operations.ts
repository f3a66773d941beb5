import type { RouteMethod } from '../../config/config.ts'
import { parsePathPattern } from '../../config/path-pattern.ts'
import { isPlainObject } from '../../mask/describe.ts'
import { bodyKind } from '../../stages/filter/body-kind.ts'
import { findRows } from './find-rows.ts'
import { type Findings, jsonAnswer, type LearnedAnswer, type LearnedOperation } from './findings.ts'
import type { OpenApiDocument, OpenApiObject } from './openapi-document.ts'
import { SchemaReader } from './openapi-schema.ts'
import { encodeSegment } from './path-text.ts'

const maxPaths = 2000
const methods: readonly RouteMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const learnable: ReadonlySet<RouteMethod> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Finds every path and method whose answers seem to hold rows. */
export function openApiFindings(document: OpenApiDocument, file: string): Findings {
  const notes: string[] = []
  const schemas = new SchemaReader(document)
  const { servers, prefix } = serversOf(document, notes)
  const { paths } = document.root
  const all = isPlainObject(paths) ? Object.entries(paths) : []
  if (all.length > maxPaths) notes.push(`${all.length - maxPaths} paths beyond the first ${maxPaths}`)
  const operations = all.slice(0, maxPaths).flatMap(([path, item]) => {
    const pattern = patternOf(prefix + path)
    const problem = path.startsWith('/') ? undefined : 'a path that does not begin with /'
    if (problem !== undefined || pattern.fault !== undefined) {
      notes.push(`${path}: ${problem ?? pattern.fault ?? ''}`)
      return []
    }
    const operationsOf = new PathReader(document, schemas, pattern, notes)
    return operationsOf.read(document.follow(item), path)
  })
  const dangling = [...document.dangling].map((reference) => `${reference}: a reference that was not followed`)
  return { source: `${file} (${document.version})`, operations, servers, notUnderstood: [...notes, ...dangling] }
}

interface Pattern {
  readonly path: string
  readonly note: string | undefined
  readonly fault: string | undefined
}

/** `/orders/{id}` becomes `/orders/*`. */
function patternOf(template: string): Pattern {
  const whole = /^\{[^{}]*\}$/
  const segments = template.split('/').map((segment) => (whole.test(segment) ? '*' : segment))
  const partial = segments.filter((segment) => /[{}*]/.test(segment) && segment !== '*')
  const path = segments.map((segment) => (/[{}*]/.test(segment) ? '*' : encodeSegment(segment))).join('/')
  const fault = parsePathPattern(path)
  const note = partial.length === 0 ? undefined : 'a part of a segment is a parameter: * takes the whole segment'
  return { path, note, fault: typeof fault === 'string' ? `its path ${fault}` : undefined }
}

class PathReader {
  readonly #document: OpenApiDocument
  readonly #schemas: SchemaReader
  readonly #pattern: Pattern
  readonly #notes: string[]

  constructor(document: OpenApiDocument, schemas: SchemaReader, pattern: Pattern, notes: string[]) {
    this.#document = document
    this.#schemas = schemas
    this.#pattern = pattern
    this.#notes = notes
  }

  read(item: OpenApiObject | undefined, path: string): readonly LearnedOperation[] {
    if (item === undefined) {
      this.#notes.push(`${path}: not an object, or a reference that was not followed`)
      return []
    }
    return methods.flatMap((method) => {
      const key = method.toLowerCase()
      const operation = Object.hasOwn(item, key) ? item[key] : undefined
      if (operation === undefined) return []
      if (isPlainObject(operation) && learnable.has(method)) return [this.#operation(method, operation)]
      this.#notes.push(`${method} ${path}: no route is proposed for this method`)
      return []
    })
  }

  #operation(method: RouteMethod, operation: OpenApiObject): LearnedOperation {
    const { responses, operationId } = operation
    const notes = this.#pattern.note === undefined ? [] : [this.#pattern.note]
    if (typeof operationId === 'string') notes.unshift(`operation ${operationId}`)
    const good = isPlainObject(responses)
      ? Object.entries(responses).filter(([status]) => /^2(?:\d\d|XX)$/i.test(status))
      : []
    const bodies = good.flatMap(([, response]) => this.#bodies(this.#document.follow(response), operation['produces']))
    const answers: LearnedAnswer[] = []
    for (const { type, schema } of bodies) {
      const answer = this.#answer(type, schema)
      if (typeof answer === 'string') notes.push(answer)
      else if (!answers.some((known) => sameRows(known, answer))) answers.push(answer)
    }
    return { method, path: this.#pattern.path, answers, body: this.#requestBody(operation), notes }
  }

  #answer(type: string, schema: unknown): LearnedAnswer | string {
    const kind = type === '*/*' || type === 'application/*' ? 'json' : bodyKind([type])
    if (kind === 'json') return jsonAnswer(findRows(this.#schemas.shapeOf(schema, undefined)))
    if (kind === 'json-lines') {
      const shape = this.#schemas.shapeOf(schema, undefined)
      const rows = shape.kind === 'object' ? [{ at: '/', shape, list: true }] : []
      return { ...jsonAnswer({ rows, totals: [], beside: [], notes: [] }), kind }
    }
    const hint = kind === 'other' || kind === 'none' ? 'blocked' : 'blocked until `rows` says how: see learn --answers'
    return `also answers ${type}: ${hint}`
  }

  #bodies(response: OpenApiObject | undefined, produces: unknown): readonly { type: string; schema: unknown }[] {
    if (response === undefined) return []
    if (!this.#document.isSwagger) return contentOf(response)
    if (response['schema'] === undefined) return []
    const listed = Array.isArray(produces) ? produces : this.#document.root['produces']
    const types = Array.isArray(listed) && listed.length > 0 ? listed.map(String) : ['application/json']
    return types.map((type) => ({ type, schema: response['schema'] }))
  }

  #requestBody(operation: OpenApiObject): LearnedAnswer | undefined {
    const schema = this.#document.isSwagger ? this.#swaggerBody(operation) : this.#openApiBody(operation)
    if (schema === undefined) return undefined
    const found = findRows(this.#schemas.shapeOf(schema, undefined))
    return found.rows.length === 0 ? undefined : jsonAnswer(found)
  }

  #openApiBody(operation: OpenApiObject): unknown {
    const body = this.#document.follow(operation['requestBody'])
    return body === undefined ? undefined : contentOf(body).find(({ type }) => bodyKind([type]) === 'json')?.schema
  }

  #swaggerBody({ parameters }: OpenApiObject): unknown {
    const all = Array.isArray(parameters) ? parameters.map((each) => this.#document.follow(each)) : []
    return all.find((parameter) => parameter?.['in'] === 'body')?.['schema']
  }
}

function contentOf({ content }: OpenApiObject): readonly { type: string; schema: unknown }[] {
  if (!isPlainObject(content)) return []
  return Object.entries(content).map(([type, media]) => ({
    type,
    schema: isPlainObject(media) ? media['schema'] : undefined,
  }))
}

function sameRows(a: LearnedAnswer, b: LearnedAnswer): boolean {
  return a.kind === b.kind && a.rows.map(({ at }) => at).join() === b.rows.map(({ at }) => at).join()
}

function serversOf(document: OpenApiDocument, notes: string[]): { servers: readonly string[]; prefix: string } {
  const { root, isSwagger } = document
  const urls = isSwagger ? swaggerServers(root) : openApiServers(root)
  const [first] = urls
  if (first === undefined) return { servers: [], prefix: '' }
  if (/[{}]/.test(first)) {
    notes.push('servers: the first one has variables, so no prefix was taken from it')
    return { servers: [], prefix: '' }
  }
  const url = URL.canParse(first, 'http://none.invalid') ? new URL(first, 'http://none.invalid') : undefined
  const prefix = url === undefined ? '' : url.pathname.replace(/\/+$/, '')
  const servers = urls.flatMap((each) => (URL.canParse(each) ? [new URL(each).origin] : []))
  return { servers: [...new Set(servers)], prefix }
}

function swaggerServers({ host, basePath, schemes }: OpenApiObject): readonly string[] {
  const path = typeof basePath === 'string' ? basePath : ''
  if (typeof host !== 'string') return path === '' ? [] : [path]
  const listed = Array.isArray(schemes) ? schemes.map(String) : ['http']
  return listed.map((scheme) => `${scheme}://${host}${path}`)
}

function openApiServers({ servers }: OpenApiObject): readonly string[] {
  if (!Array.isArray(servers)) return []
  return servers.flatMap((server: unknown) =>
    isPlainObject(server) && typeof server['url'] === 'string' ? [server['url']] : [],
  )
}
