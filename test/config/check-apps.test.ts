import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, good, problemsOf } from './support.ts'

/** What is replaced in the good document, by what, and every problem it must give. */
const refusals: readonly (readonly [string, string, ...string[]])[] = [
  ['[orders.example.com]', '[Orders.example.com]', '15:22 apps[0].match.hosts[0]: must be in lower case'],
  [
    '[orders.example.com]',
    '["orders.example.com:8080"]',
    '15:22 apps[0].match.hosts[0]: must not hold a port or a scheme',
  ],
  ['[orders.example.com]', '[orders.example.com.]', '15:22 apps[0].match.hosts[0]: must not end with a dot'],
  [
    '[orders.example.com]',
    '["*.example.com"]',
    '15:22 apps[0].match.hosts[0]: must be a host name such as orders.example.com',
  ],
  [
    '[orders.example.com]',
    '["[::0001]"]',
    '15:22 apps[0].match.hosts[0]: must be an IPv6 address in its shortest spelling',
  ],
  ['[orders.example.com]', '[a.example.com, a.example.com]', '15:5 apps[0].match: names the same host twice'],
  ['path: / }', 'path: orders }', '15:49 apps[0].match.path: must begin with /'],
  [
    'path: / }',
    'path: /.sallyport/x }',
    "15:49 apps[0].match.path: must not be under /.sallyport: those pages are the edge's own",
  ],
  ['path: / }', 'path: /a/../b }', '15:49 apps[0].match.path: has a dot segment'],
  ['path: / }', 'path: /a/* }', '15:49 apps[0].match.path: must not hold *: it is a prefix already'],
  [
    '[http://10.0.0.5:3000]',
    '[http://10.0.0.5:3000/base]',
    '16:17 apps[0].upstreams[0]: must be a bare origin: no path, query or fragment',
  ],
  ['[http://10.0.0.5:3000]', '["redis://10.0.0.5"]', '16:17 apps[0].upstreams[0]: must be an http or https URL'],
  [
    '[http://10.0.0.5:3000]',
    '[http://me:secret@10.0.0.5]',
    '16:17 apps[0].upstreams[0]: must not hold a user name or password',
  ],
  ['[http://10.0.0.5:3000]', '[http://a:80, http://a]', '16:30 apps[0].upstreams[1]: is listed twice'],
  [
    '{ profile: sallyport }',
    '{ profile: custom }',
    '17:26 apps[0].identity.profile: the profile custom needs "headers"',
  ],
  [
    '{ profile: sallyport }',
    '{ headers: { account: X-User } }',
    '17:17 apps[0].identity.headers: belongs to the profile custom',
  ],
  [
    '{ profile: sallyport }',
    '{ profile: custom, headers: { account: "X User" } }',
    '17:54 apps[0].identity.headers.account: must be a header name',
  ],
  [
    '{ profile: sallyport }',
    '{ profile: custom, headers: { account: Authorization } }',
    '17:54 apps[0].identity.headers.account: must not be a header with a meaning of its own',
  ],
  [
    '{ profile: sallyport }',
    '{ profile: custom, headers: { account: X-User, name: x-user } }',
    '17:68 apps[0].identity.headers.name: names a header twice',
  ],
]

describe('refuses an app that is ambiguous or unreachable', () => {
  it('accepts the document without the fault', () => assert.deepEqual(problemsOf(good), []))

  for (const [before, after, ...expected] of refusals) {
    it(`refuses ${JSON.stringify(after)} in place of ${JSON.stringify(before)}`, () => {
      assert.deepEqual(problemsOf(changed(before, after)), expected)
    })
  }
})

/** The good document with a second app. */
const second = (id: string, match: string): string => `${good}  - id: ${id}
    match: { ${match} }
    upstreams: [http://127.0.0.1:3000]
    routes: [{ methods: [GET], path: /**, access: member }]
`

describe('tells apps apart', () => {
  it('refuses a second app with the same id', () => {
    assert.deepEqual(problemsOf(second('orders', 'path: /x')), ['28:9 apps[1].id: apps[0] has this id already'])
  })

  for (const match of ['hosts: [orders.example.com]', 'hosts: [other.example.com, orders.example.com], path: /']) {
    it(`refuses a second app with the same host and path: ${match}`, () => {
      assert.deepEqual(problemsOf(second('more', match)), ['29:5 apps[1].match: apps[0] has the same host and path'])
    })
  }

  it('takes a prefix with and without its last slash for the same', () => {
    const text = second('more', 'hosts: [orders.example.com], path: /x/')
      .replace('path: / }', 'path: /x }')
      .replaceAll('path: /public', 'path: /x/public')
      .replaceAll('path: /api', 'path: /x/api')
    assert.deepEqual(problemsOf(text), ['29:5 apps[1].match: apps[0] has the same host and path'])
  })

  it('takes an app without hosts for an app on the host of publicUrl', () => {
    const text = second('more', 'path: /').replace('orders.example.com', 'edge.example.com')
    assert.deepEqual(problemsOf(text), ['29:5 apps[1].match: apps[0] has the same host and path'])
  })

  it('lets one host have two paths, and two hosts one path', () => {
    assert.deepEqual(problemsOf(second('more', 'hosts: [orders.example.com], path: /x')), [])
    assert.deepEqual(problemsOf(second('more', 'hosts: [other.example.com]')), [])
  })
})
