import { createHash } from 'node:crypto'
import type { GraphqlOperation, GraphqlRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import type { Masked } from '../../exchange.ts'
import { isPlainObject } from '../../mask/describe.ts'
import { JsonNumber } from '../../mask/language.ts'
import { readQueryParameters } from './graphql-query.ts'
import { parseJsonBody, requireJsonBody } from './json-body.ts'

type Members = Readonly<Record<string, unknown>>

/** Whether the route answers listed GraphQL operations, and nothing else. */
export function asksOperation(masked: Masked): boolean {
  return masked.route.rows?.rows.graphql !== undefined
}

/**
 * The one listed operation that a request asks for (GraphQL over HTTP); undefined on a route without GraphQL. Whatever
 * an upstream could read as anything else is refused: batches, unknown or repeated members, parameters beside a body.
 */
export function operationAsked(masked: Masked, body: Uint8Array | undefined): GraphqlOperation | undefined {
  const graphql = masked.route.rows?.rows.graphql
  return graphql === undefined ? undefined : listed(graphql, parseAsked(readMembers(masked, body)))
}

function readMembers({ arrival, target, headers }: Masked, body: Uint8Array | undefined): Members {
  if (arrival.method === 'GET') return readQueryParameters(target.query)
  if (arrival.method !== 'POST') throw notAllowed(`method ${arrival.method}`)
  // Some servers let parameters of the address win over the body.
  if (target.query !== '') throw notAllowed('a POST with a query string')
  if (body === undefined) throw new ProxyError('ERR_BODY_UNREADABLE', 'a GraphQL request without a body')
  requireJsonBody(headers, (essence) => essence === 'application/json')
  const document = parseJsonBody(body)
  if (Array.isArray(document)) throw notAllowed('a batch of operations')
  if (!isPlainObject(document)) throw new ProxyError('ERR_BODY_UNREADABLE', 'a GraphQL request that is no object')
  return document
}

const members: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions'])
const extensionMembers: ReadonlySet<string> = new Set(['persistedQuery', 'clientLibrary'])

interface Asked {
  /** Of the document: of its text where that was sent. */
  readonly sha256: string
  readonly name: string | undefined
}

/** Where an operation may begin: at the begin of a line or behind another's end. Arguments of that name are none. */
const operationBegin = /(?:^|\})[\s,]*(?:query|mutation|subscription)\b(?!\s*:)/gm

function parseAsked(request: Members): Asked {
  requireKnown(request, members)
  const { query, operationName, variables, extensions } = request
  if (query !== undefined && typeof query !== 'string') throw notAllowed('a query that is no text')
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    throw notAllowed('an operationName that is no text')
  if (!isAbsent(variables) && !isPlainObject(variables)) throw notAllowed('variables that are no object')
  if (!isAbsent(extensions) && !isPlainObject(extensions)) throw notAllowed('extensions that are no object')
  const known = isAbsent(extensions) ? undefined : persistedDigest(extensions)
  const sha256 = query === undefined ? known : digestOf(query)
  if (sha256 === undefined) throw notAllowed('no document')
  if (known !== undefined && known !== sha256) throw notAllowed('a document and the digest of another')
  const name = isAbsent(operationName) ? undefined : operationName
  // GraphQL section 6.1.1 makes it an error, and some servers run the first or the last of them instead.
  if (name === undefined && query !== undefined && (query.match(operationBegin)?.length ?? 0) > 1)
    throw notAllowed('no operationName with a document that may hold several operations')
  return { sha256, name }
}

/** Null stands for absent in every member but the document (GraphQL over HTTP, section 5.1). */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function requireKnown(object: Members, names: ReadonlySet<string>): void {
  if (Object.keys(object).some((name) => !names.has(name))) throw notAllowed('a member that is not known')
}

function persistedDigest(extensions: Members): string | undefined {
  requireKnown(extensions, extensionMembers)
  const { persistedQuery } = extensions
  if (persistedQuery === undefined) return undefined
  if (!isPlainObject(persistedQuery)) throw notAllowed('a persisted query that is no object')
  const { version, sha256Hash, ...more } = persistedQuery
  const isRead = version instanceof JsonNumber && version.text === '1' && Object.keys(more).length === 0
  if (!isRead || typeof sha256Hash !== 'string') throw notAllowed('a persisted query of another kind')
  return sha256Hash
}

function digestOf(document: string): string {
  // Half a surrogate pair would be hashed as U+FFFD, whatever it is.
  if (!document.isWellFormed()) throw notAllowed('a document that is no Unicode text')
  return createHash('sha256').update(document).digest('hex')
}

const byDigest = new WeakMap<GraphqlRows, ReadonlyMap<string, readonly GraphqlOperation[]>>()

function listed(graphql: GraphqlRows, { sha256, name }: Asked): GraphqlOperation {
  const known = byDigest.get(graphql) ?? Map.groupBy(graphql.operations, (operation) => operation.sha256)
  byDigest.set(graphql, known)
  const candidates = (known.get(sha256) ?? []).filter((operation) => name === undefined || operation.name === name)
  const [operation] = candidates
  // A document with several listed operations, and no word on which: upstreams may disagree.
  if (operation === undefined || candidates.length > 1) throw notAllowed('no operation that the route lists')
  return operation
}

function notAllowed(detail: string): ProxyError {
  return new ProxyError('ERR_OPERATION_NOT_ALLOWED', detail)
}
