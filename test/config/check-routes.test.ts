import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, good, parse, problemsOf } from './support.ts'

/** What is replaced in the good document, by what, and every problem it must give. */
const refusals: readonly (readonly [string, string, ...string[]])[] = [
  ['path: / }', 'path: /api }', '20:15 apps[0].routes[0].path: can never match: the app answers under "/api" only'],
  ['path: /public/**', 'path: public/**', '20:15 apps[0].routes[0].path: must begin with /'],
  ['path: /public/**', 'path: /public//x', '20:15 apps[0].routes[0].path: has an empty segment'],
  [
    'path: /public/**',
    'path: /pub*',
    '20:15 apps[0].routes[0].path: * stands for a whole segment, and ** only at the end',
  ],
  [
    'path: /public/**',
    'path: /{tenant}/x',
    '20:15 apps[0].routes[0].path: holds {tenant}, but nobody is known on a public route',
  ],
  ['path: /api/orders/**', 'path: /api/{tenant}/x/{tenant}', '23:15 apps[0].routes[1].path: holds {tenant} twice'],
  [
    'path: /public/**',
    'path: /**/x',
    '20:15 apps[0].routes[0].path: * stands for a whole segment, and ** only at the end',
  ],
  ['path: /public/**', 'path: /%41', '20:15 apps[0].routes[0].path: encodes a character that needs no encoding'],
  [
    'path: /public/**',
    'path: /%2f',
    '20:15 apps[0].routes[0].path: holds a character that no request path can hold (percent-encodings are in upper case)',
  ],
  [
    'path: /public/**',
    'path: /a%2Fb',
    '20:15 apps[0].routes[0].path: encodes a slash, a backslash or a control character',
  ],
  [
    'path: /public/**',
    'path: /a;b',
    '20:15 apps[0].routes[0].path: holds a character that no request path can hold (percent-encodings are in upper case)',
  ],
  [
    'path: /public/**',
    'path: /.sallyport/login',
    "20:15 apps[0].routes[0].path: must not be under /.sallyport: those pages are the edge's own",
  ],
  [
    'path: /public/**',
    'path: /**',
    '23:15 apps[0].routes[1].path: can never match: routes[0] before it takes every such request',
  ],
  [
    'path: /public/**',
    'path: /api/*/**',
    '23:15 apps[0].routes[1].path: can never match: routes[0] before it takes every such request',
  ],
  [
    'methods: [GET]\n        path: /public',
    'methods: [GET, GET]\n        path: /public',
    '19:18 apps[0].routes[0].methods: names a method twice',
  ],
  [
    'dataset: orders',
    'dataset: order',
    '25:18 apps[0].routes[1].dataset: no dataset is called "order"; did you mean "orders"?',
  ],
  [
    '{ roles: [viewer] }',
    'public',
    '24:17 apps[0].routes[1].access: a route with a dataset cannot be public: rows belong to tenants',
  ],
  [
    '        rows: { at: [/items/*] }\n',
    '',
    '22:9 apps[0].routes[1].rows: is missing: a route with a dataset says where the rows of its answers stand',
  ],
  [
    'access: public\n',
    'access: public\n        rows: { at: [/*] }\n        whenNone: empty\n',
    '22:9 apps[0].routes[0].rows: means nothing without a dataset',
    '23:9 apps[0].routes[0].whenNone: means nothing without a dataset',
  ],
  [
    'onViolation: drop',
    'websocket: true',
    '27:20 apps[0].routes[1].websocket: cannot be true on a route with a dataset unless rows.frames says how to read messages',
  ],
  [
    'methods: [GET]\n        path: /public/**\n',
    'methods: [POST]\n        path: /public/**\n        websocket: true\n',
    '21:20 apps[0].routes[0].websocket: needs the method GET: a handshake is one',
  ],
  [
    'at: [/items/*]',
    'at: [/items/~]',
    '26:22 apps[0].routes[1].rows.at[0]: must be an RFC 6901 pointer such as /items/*',
  ],
  [
    'methods: [GET]\n        path: /api/orders/**',
    'methods: [DELETE]\n        path: /api/orders/**',
    '22:9 apps[0].routes[1].action: must be modify: the route changes rows',
    '26:21 apps[0].routes[1].rows.at: must be [/] on a route that changes rows: the row is looked at before it is changed',
  ],
  [
    'methods: [GET]\n        path: /api/orders/**',
    'methods: [POST]\n        action: modify\n        path: /api/orders/**',
    '22:9 apps[0].routes[1].check: is missing: say where written rows stand in the body, such as check: { body: [/] }',
  ],
  ['at: [/items/*]', 'at: [/items/*, /items/*]', '26:32 apps[0].routes[1].rows.at[1]: is listed twice'],
  [
    'at: [/items/*]',
    'at: [/items/*], keep: [/items]',
    '26:40 apps[0].routes[1].rows.keep[0]: would let rows through unfiltered',
  ],
  [
    'at: [/items/*]',
    'at: [/items/*], keep: [/]',
    '26:40 apps[0].routes[1].rows.keep[0]: would let rows through unfiltered',
  ],
  [
    'at: [/items/*]',
    'at: [/items/*], total: { at: /items/0, policy: block }',
    '26:46 apps[0].routes[1].rows.total.at: must be one value outside the rows',
  ],
  [
    'onViolation: drop',
    'keepHeaders: [etag]',
    '27:23 apps[0].routes[1].keepHeaders[0]: describes the answer before it was filtered',
  ],
  ['onViolation: drop', 'keepHeaders: ["a b"]', '27:23 apps[0].routes[1].keepHeaders[0]: must be a header name'],
  [
    'onViolation: drop',
    'pass: [application/json]',
    '27:16 apps[0].routes[1].pass[0]: is a kind that carries rows: it cannot pass unfiltered',
  ],
  [
    'rows: { at: [/items/*] }',
    'rows: { csv: {} }\n        pass: [image/png, Text/CSV]',
    '27:27 apps[0].routes[1].pass[1]: is a kind that the route reads rows from: it cannot pass unfiltered',
  ],
  [
    'rows: { at: [/items/*] }',
    'rows: { html: {} }\n        pass: [application/xhtml+xml]',
    '27:16 apps[0].routes[1].pass[0]: is a kind that the route reads rows from: it cannot pass unfiltered',
  ],
  ['onViolation: drop', 'pass: ["*"]', '27:16 apps[0].routes[1].pass[0]: must be a media type such as image/png'],
  [
    'onViolation: drop',
    'check: { body: [/~] }',
    '27:25 apps[0].routes[1].check.body[0]: must be an RFC 6901 pointer such as /items/*',
  ],
]

describe('refuses a route that is unsafe or can never match', () => {
  it('accepts the document without the fault', () => assert.deepEqual(problemsOf(good), []))

  for (const [before, after, ...expected] of refusals) {
    it(`refuses ${JSON.stringify(after)} in place of ${JSON.stringify(before)}`, () => {
      assert.deepEqual(problemsOf(changed(before, after)), expected)
    })
  }
})

/** The good document with its routes replaced. */
function withRoutes(...routes: readonly string[]): string {
  const head = good.slice(0, good.indexOf('      - methods'))
  return head + routes.map((route) => `      - { ${route}, access: member }\n`).join('')
}

describe('finds the routes that can never match', () => {
  it('refuses a route that two before it take together', () => {
    const text = withRoutes(
      'methods: [GET], path: /a/**',
      'methods: [POST], path: /a/b',
      'methods: [GET, POST], path: /a/b',
    )
    assert.deepEqual(problemsOf(text), [
      '21:39 apps[0].routes[2].path: can never match: routes[0] and routes[1] before it takes every such request',
    ])
  })

  const neighbours: readonly (readonly [string, string])[] = [
    ['methods: [GET], path: /a/**', 'methods: [GET, HEAD], path: /a/b'],
    ['methods: [GET], path: /a', 'methods: [GET], path: /a/'],
    ['methods: [GET], path: /a/*', 'methods: [GET], path: /a/**'],
    ['methods: [GET], path: /a/*', 'methods: [GET], path: /a/'],
    ['methods: [GET], path: /a/b', 'methods: [GET], path: /a/*'],
    ['methods: [GET], path: /a/b/**', 'methods: [GET], path: /a/**'],
    ['methods: [GET], path: /a/*/c', 'methods: [GET], path: /a/b/*'],
  ]
  for (const [first, second] of neighbours) {
    it(`lets ${second} stand after ${first}`, () => assert.deepEqual(problemsOf(withRoutes(first, second)), []))
  }
})

describe('knows what belongs to a dataset', () => {
  it('lets an app with sockets have a dataset route, without sockets on it', () => {
    const { apps } = parse(changed('identity: { profile: sallyport }', 'websocket: true'))
    assert.deepEqual(
      apps[0]?.routes.map((route) => route.websocket),
      [true, false],
    )
  })

  it('lets a route have sockets of its own', () => {
    const { apps } = parse(changed('access: public\n', 'access: public\n        websocket: true\n'))
    assert.deepEqual(
      apps[0]?.routes.map((route) => route.websocket),
      [true, false],
    )
  })

  it('reads an unquoted null as the word', () => {
    const { apps } = parse(changed('onViolation: drop', 'withheldAs: null'))
    const route = apps[0]?.routes[1]
    assert.equal(route?.dataset === undefined ? undefined : route.withheldAs, 'null')
  })

  it('gives rows as reference tokens', () => {
    const { apps } = parse(changed('[/items/*]', "[/*, '/a~1b/~0']"))
    const route = apps[0]?.routes[1]
    assert.deepEqual(route?.dataset === undefined ? undefined : route.rows.at, [['*'], ['a/b', '~']])
  })

  it('takes / for one row that is the whole document', () => {
    const { apps } = parse(changed('[/items/*]', '[/]'))
    const route = apps[0]?.routes[1]
    assert.deepEqual(route?.dataset === undefined ? undefined : route.rows.at, [[]])
  })
})
