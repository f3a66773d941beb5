import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { changed, parse, problemsOf } from './support.ts'

const digest = 'a'.repeat(64)
const operation = (name: string, more: string) => `{ name: ${name}, at: [/data/orders/*], ${more} }`
const graphql = (...operations: readonly string[]) => `graphql: { operations: [${operations.join(', ')}] }`
const listed = graphql(operation('Orders', `sha256: ${digest}`))
const frames = 'frames: { at: [/items/*] }'

/** The good document's dataset route with these methods, rows and settings. */
function route(methods: string, rows: string, more = ''): string {
  const document = changed(
    'methods: [GET]\n        path: /api/orders/**',
    `methods: ${methods}\n        path: /api/orders/**`,
  )
  return document.replace('rows: { at: [/items/*] }', `rows: { ${rows} }${more}`)
}

const places = (text: string) =>
  problemsOf(text).map((problem) => problem.replace(/^\d+:\d+ apps\[0\]\.routes\[1\]\./, ''))

describe('a route with GraphQL', () => {
  it('is asked by GET and POST for what it reads', () => assert.deepEqual(places(route('[GET, POST]', listed)), []))

  it('is asked by POST for what it changes, and says where written rows stand', () => {
    const modify = '\n        action: modify\n        check: { body: [/variables/row] }'
    assert.deepEqual(places(route('[POST]', listed, modify)), [])
    assert.deepEqual(places(route('[POST]', listed, '\n        action: modify')), [
      'check: is missing: say where written rows stand in the body, such as check: { body: [/] }',
    ])
    assert.deepEqual(places(route('[GET, POST]', listed, modify)), [
      'methods[0]: cannot be GET where action is modify: operations that change rows are asked by POST',
    ])
  })

  it('has no other method', () => {
    assert.deepEqual(places(route('[HEAD, POST, OPTIONS]', listed)), [
      'methods[0]: means nothing on a route with rows.graphql: operations are asked by GET or POST',
      'methods[2]: means nothing on a route with rows.graphql: operations are asked by GET or POST',
    ])
  })

  it('has no other JSON', () => {
    assert.deepEqual(places(route('[POST]', `at: [/*], ${listed}`)), [
      'rows.at: means nothing beside graphql: each operation says where its rows stand',
    ])
  })

  it('names each operation once, however it is written', () => {
    const document = 'query A { a }'
    const same = createHash('sha256').update(document).digest('hex')
    const twice = graphql(operation('A', `document: "${document}"`), operation('A', `sha256: ${same}`))
    assert.deepEqual(places(route('[POST]', twice)), ['rows.graphql.operations[1]: is listed twice'])
    const two = graphql(operation('A', `sha256: ${digest}`), operation('B', `sha256: ${digest}`))
    assert.deepEqual(places(route('[POST]', two)), [])
  })

  it('says of each operation either the document or its digest', () => {
    const both = graphql(operation('A', `sha256: ${digest}, document: "query A { a }"`), operation('B', ''))
    assert.deepEqual(places(route('[POST]', both)), [
      'rows.graphql.operations[0]: needs either document or sha256',
      'rows.graphql.operations[1]: needs either document or sha256',
    ])
  })
})

describe('a route with frames', () => {
  it('lets handshakes through without another word', () => {
    assert.equal(parse(route('[GET]', frames)).apps[0]?.routes[1]?.websocket, true)
    assert.equal(parse(route('[GET]', frames, '\n        websocket: false')).apps[0]?.routes[1]?.websocket, false)
  })

  it('needs the method GET', () => {
    assert.deepEqual(places(route('[POST]', frames)), ['rows.frames: needs the method GET: a handshake is one'])
  })
})
