import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Masked } from '../../../src/exchange.ts'
import { authorize } from '../../../src/stages/authorize/authorize.ts'
import { asksOperation, operationAsked } from '../../../src/stages/forward/graphql.ts'
import { resolveMask } from '../../../src/stages/mask/resolve-mask.ts'
import { match } from '../../../src/stages/match/match.ts'
import { RouteTable } from '../../../src/stages/match/route-table.ts'
import { admitted, appsOf } from '../match/support.ts'
import { principal } from './support.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const orders = 'query Orders { orders { account id } }'
const pair = 'query First { a } query Second { b }'
const more = 'query Listed { a } # and\nquery Unlisted { b }'
const search = 'query Found($query: String) {\n  search(\n    query: $query\n  ) { id }\n}'
const stored = digest('query Stored { c }')
const half = 'query Odd { d(text: "\ud800") }'
const at = ['/data/orders/*']
const operations = [
  { name: 'Orders', document: orders, at },
  { name: 'First', document: pair, at: ['/data/a/*'] },
  { name: 'Second', document: pair, at: ['/data/b/*'] },
  { name: 'Listed', document: more, at },
  { name: 'Found', document: search, at },
  { name: 'Stored', sha256: stored, at },
  { name: 'Odd', sha256: digest(half), at },
]
const rows = { graphql: { operations } }
const routes = [
  { methods: ['GET', 'POST'], path: '/graphql', access: 'member', dataset: 'orders', rows },
  { methods: ['GET', 'POST'], path: '/plain', access: 'member', dataset: 'orders', rows: { at: ['/*'] } },
]
const table = new RouteTable(appsOf([{ id: 'app', match: { hosts: ['app.example'] }, routes }]), 'edge.example')

function request(method: string, target: string, headers: readonly (readonly [string, string])[] = []): Masked {
  const admission = admitted([['Host', 'app.example'], ...headers], { method, target })
  const identity = { kind: 'principal', principal: principal() } as const
  const authorized = authorize({ ...match(admission, table), limit: undefined, identity })
  return resolveMask(authorized, { auditFailure: () => undefined, bases: new Map() })
}

/** The operation's name, or why there is none. */
function outcome(masked: Masked, body: string | undefined): string | undefined {
  try {
    return operationAsked(masked, body === undefined ? undefined : Buffer.from(body))?.name
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

const json = [['Content-Type', 'application/json']] as const
const post = (body: unknown, headers: readonly (readonly [string, string])[] = json, target = '/graphql') =>
  outcome(request('POST', target, headers), typeof body === 'string' ? body : JSON.stringify(body))
const get = (query: string) => outcome(request('GET', `/graphql${query}`), undefined)
const persisted = (sha256Hash: unknown, more: object = {}) => ({
  persistedQuery: { version: 1, sha256Hash, ...more },
})
const no = 'ERR_OPERATION_NOT_ALLOWED'

describe('a GraphQL request by POST', () => {
  const asked: readonly (readonly [string, unknown, string])[] = [
    ['names a listed document', { query: orders }, 'Orders'],
    ['names the operation too', { query: orders, operationName: 'Orders' }, 'Orders'],
    [
      'says null for what it leaves out',
      { query: orders, operationName: null, variables: null, extensions: null },
      'Orders',
    ],
    ['brings variables of any kind', { query: orders, variables: { a: [1, { account: 'globex' }] } }, 'Orders'],
    ['names one of two operations', { query: pair, operationName: 'Second' }, 'Second'],
    ['names a document by its digest', { extensions: persisted(stored) }, 'Stored'],
    ['brings document and digest', { query: orders, extensions: persisted(digest(orders)) }, 'Orders'],
    ['says which library sends it', { query: orders, extensions: { clientLibrary: { name: 'x' } } }, 'Orders'],
    ['escapes letters of the document', `{"query":"\\u0071${orders.slice(1)}"}`, 'Orders'],
    ['brings another document', { query: 'query Orders { orders { account id secret } }' }, no],
    ['brings the document with another blank', { query: `${orders} ` }, no],
    ['asks for the schema', { query: 'query IntrospectionQuery { __schema { types { name } } }' }, no],
    ['names another operation', { query: orders, operationName: 'Other' }, no],
    ['names an operation in another case', { query: orders, operationName: 'orders' }, no],
    ['names the empty operation', { query: orders, operationName: '' }, no],
    ['does not say which of two operations', { query: pair }, no],
    ['names the listed one of two operations', { query: more, operationName: 'Listed' }, 'Listed'],
    ['does not say which, where one of two is listed', { query: more }, no],
    ['has an argument of the name query', { query: search }, 'Found'],
    ['is a batch', [{ query: orders }], no],
    ['is an empty batch', [], no],
    ['has no document', { operationName: 'Orders' }, no],
    ['has null for a document', { query: null, extensions: persisted(stored) }, no],
    ['has a document that is no text', { query: [orders] }, no],
    ['has a name that is no text', { query: orders, operationName: ['Orders'] }, no],
    ['has variables that are a text', { query: orders, variables: '{}' }, no],
    ['has variables that are a list', { query: orders, variables: [] }, no],
    ['has extensions that are a list', { query: orders, extensions: [] }, no],
    ['has another member', { query: orders, id: '1' }, no],
    ['has the document under a second name', { query: orders, documentId: stored }, no],
    ['has the document in another case', { query: orders, Query: 'query { all }' }, no],
    ['has a member __proto__', `{"query":${JSON.stringify(orders)},"__proto__":{"query":"x"}}`, no],
    ['has another extension', { query: orders, extensions: { documentId: stored } }, no],
    ['names an unknown digest', { extensions: persisted(digest('x')) }, no],
    ['names a digest in capitals', { extensions: persisted(stored.toUpperCase()) }, no],
    ['brings a document and the digest of another', { query: orders, extensions: persisted(stored) }, no],
    ['names a digest of another version', { extensions: { persistedQuery: { version: 2, sha256Hash: stored } } }, no],
    ['names a digest without a version', { extensions: { persistedQuery: { sha256Hash: stored } } }, no],
    ['names a digest and more', { extensions: persisted(stored, { md5Hash: 'x' }) }, no],
    ['has a digest that is no text', { extensions: persisted(1) }, no],
    ['has a persisted query that is none', { query: orders, extensions: { persistedQuery: null } }, no],
    ['has a document with half a character', `{"query":${JSON.stringify(half)}}`, no],
    ['has one key twice', `{"query":${JSON.stringify(orders)},"query":"query { all }"}`, 'ERR_BODY_UNREADABLE'],
    ['has one key twice, once escaped', `{"query":${JSON.stringify(orders)},"\\u0071uery":"x"}`, 'ERR_BODY_UNREADABLE'],
    [
      'has a key of its variables twice',
      `{"query":${JSON.stringify(orders)},"variables":{"a":1,"a":2}}`,
      'ERR_BODY_UNREADABLE',
    ],
    ['is the document itself', orders, 'ERR_BODY_UNREADABLE'],
    ['is a text', JSON.stringify(orders), 'ERR_BODY_UNREADABLE'],
    ['is null', 'null', 'ERR_BODY_UNREADABLE'],
    ['is empty', '', 'ERR_BODY_UNREADABLE'],
  ]
  for (const [name, body, wanted] of asked)
    it(`that ${name} is ${wanted === no || wanted.startsWith('ERR') ? 'refused' : 'allowed'}`, () =>
      assert.equal(post(body), wanted))

  it('without a body is refused', () =>
    assert.equal(outcome(request('POST', '/graphql', json), undefined), 'ERR_BODY_UNREADABLE'))

  it('is JSON in UTF-8 and nothing else', () => {
    const types = ['application/graphql', 'application/graphql+json', 'multipart/form-data; boundary=x', 'text/plain']
    for (const type of [...types, 'application/x-www-form-urlencoded', 'application/json; charset=utf-7'])
      assert.equal(post({ query: orders }, [['Content-Type', type]]), 'ERR_BODY_TYPE', type)
    assert.equal(post({ query: orders }, []), 'ERR_BODY_TYPE')
    assert.equal(post({ query: orders }, [...json, ['Content-Encoding', 'br']]), 'ERR_BODY_TYPE')
  })

  it('with parameters in its address is refused', () => {
    for (const query of ['?query=%7Ball%7D', '?operationName=Orders', '?'])
      assert.equal(post({ query: orders }, json, `/graphql${query}`), no, query)
  })
})

describe('a GraphQL request by GET', () => {
  const coded = encodeURIComponent(orders)
  const asked: readonly (readonly [string, string])[] = [
    [`?query=${coded}`, 'Orders'],
    [`?query=${coded.replaceAll('%20', '+')}&operationName=Orders`, 'Orders'],
    [`?variables=${encodeURIComponent('{"a":1}')}&query=${coded}`, 'Orders'],
    [`?%71uery=${coded}`, 'Orders'],
    [`?extensions=${encodeURIComponent(JSON.stringify(persisted(stored)))}`, 'Stored'],
    ['', no],
    ['?', no],
    ['?query=', no],
    [`?query=${encodeURIComponent('{ all }')}`, no],
    [`?query=${coded}&query=${coded}`, no],
    [`?query=${coded}&%71uery=x`, no],
    [`?query=${coded}&id=1`, no],
    [`?query=${coded}&Query=x`, no],
    [`?query=${coded}&query[]=x`, no],
    [`?query=${coded}&`, no],
    [`?query=${coded};query=x`, no],
    [`?query=${coded}&variables=%7B%22a%22:%22;query=x;%22%7D`, no],
    [`?query=${coded}&variables=%7B%22a%22:%22%3Bquery=x%3B%22%7D`, 'Orders'],
    [`?query=${coded}%zz`, no],
    [`?query=${coded}&operationName=%ff`, no],
    [`?query=${coded}&operationName=`, no],
    [`?query=${coded}&variables=[]`, no],
    [`?query=${coded}&variables=`, 'ERR_BODY_UNREADABLE'],
    [`?query=${coded}&variables=${encodeURIComponent('{"a":1,"a":2}')}`, 'ERR_BODY_UNREADABLE'],
  ]
  for (const [query, wanted] of asked)
    it(`with ${query.replace(coded, '<the document>') || 'nothing'} is ${wanted}`, () =>
      assert.equal(get(query), wanted))
})

describe('a GraphQL request', () => {
  it('is asked for on its own routes only', () => {
    const plain = request('POST', '/plain', json)
    assert.equal(asksOperation(plain), false)
    assert.equal(outcome(plain, '{"query":"{ all }"}'), undefined)
    assert.equal(asksOperation(request('POST', '/graphql', json)), true)
  })

  it('by another method than the two is refused', () => {
    const asked = request('GET', `/graphql?query=${encodeURIComponent(orders)}`)
    const changed = { ...asked, arrival: { ...asked.arrival, method: 'HEAD' } }
    assert.equal(outcome(changed, undefined), no)
  })
})
