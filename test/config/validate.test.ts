import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, good, problemsOf } from './support.ts'

/** What is replaced in the good document, by what, and every problem it must give. */
const refusals: readonly (readonly [string, string, ...string[]])[] = [
  [
    'onViolation: drop',
    'onViolation: dorp',
    '27:22 apps[0].routes[1].onViolation: must be one of drop, block; did you mean "drop"?',
  ],
  ['listen:\n', 'lissen:\n', '2:1 lissen: unknown key; did you mean "listen"?'],
  ['  - id: orders\n', '  - id: Orders\n', '14:9 apps[0].id: must be lower-case letters, digits and dashes'],
  ['listen:\n', 'listen:\n  port: 65536\n', '3:9 listen.port: must be a port, 0 to 65535'],
  ['listen:\n', 'listen:\n  port: "80"\n', '3:9 listen.port: must be a port, 0 to 65535'],
  ['listen:\n', 'listen:\n  maxBody: 10MB\n', '3:12 listen.maxBody: must be a size such as 1024, 64KiB or 10MiB'],
  ['listen:\n', 'listen:\n  maxBody: 2000GiB\n', '3:12 listen.maxBody: must not be more than 1048576MiB'],
  ['listen:\n', 'listen:\n  timeouts: { headers: 25h }\n', '3:24 listen.timeouts.headers: must not be longer than 24h'],
  ['idle: 8h', 'idle: 8 hours', '5:19 sessions.idle: must be a duration such as 500ms, 15m, 8h or 30d'],
  ['idle: 8h', 'idle: 0s', '5:19 sessions.idle: must be a duration such as 500ms, 15m, 8h or 30d'],
  ['    upstreams: [http://10.0.0.5:3000]\n', '', '14:5 apps[0].upstreams: is missing'],
  ['[http://10.0.0.5:3000]', '[]', '16:16 apps[0].upstreams: must not be empty'],
  ['listen:\n  trustedProxies: [10.0.0.0/8]', 'listen:', '2:8 listen: must be a map'],
  [
    '{ roles: [viewer] }',
    '{ rolls: [viewer] }',
    '24:17 apps[0].routes[1].access.roles: is missing',
    '24:19 apps[0].routes[1].access.rolls: unknown key; did you mean "roles"?',
  ],
  ['{ roles: [viewer] }', '{ roles: [] }', '24:26 apps[0].routes[1].access.roles: must not be empty'],
  ['access: public', 'access: everyone', '21:17 apps[0].routes[0].access: must be public, member or {roles: [...]}'],
  [
    'methods: [GET]\n        path: /public',
    'methods: []\n        path: /public',
    '19:18 apps[0].routes[0].methods: must not be empty',
  ],
  [
    '      amount: number',
    '      amount: decimal',
    '11:15 datasets.orders.fields.amount: must be a type (string, id, integer, number, boolean, date, datetime, string[]) or {type, at}',
  ],
  [
    '      amount: number',
    '      "a b": number',
    '11:7 datasets.orders.fields["a b"]: is not a field name (letters, digits, . _ -)',
  ],
  [
    '{ type: string, at: /meta/owner }',
    '{ type: string, where: /meta/owner }',
    '12:30 datasets.orders.fields.owner.where: unknown key',
  ],
  ['at: [/items/*]', 'at: [items]', '26:22 apps[0].routes[1].rows.at[0]: must be a pointer that begins with /'],
  ['at: [/items/*]', 'at: [/items/*], kind: xml', '26:33 apps[0].routes[1].rows.kind: unknown key'],
  [
    'onViolation: drop',
    'sanitise: lax',
    '27:19 apps[0].routes[1].sanitise: must be strict, odata, jsonschema, query-api, raw, or {profile, report}',
  ],
  [
    'onViolation: drop',
    'inject: [{ kind: cookie }]',
    '27:26 apps[0].routes[1].inject[0].kind: must be one of header, query, body',
  ],
  ['onViolation: drop', 'maxRow: 1GiB', '27:17 apps[0].routes[1].maxRow: must not be more than 256MiB'],
  [
    'identity: { profile: sallyport }',
    'identity: { profile: none }',
    '17:26 apps[0].identity.profile: must be one of sallyport, remote-user, grafana, oauth2-proxy, hasura, iap, custom',
  ],
  [
    'identity: { profile: sallyport }',
    'health: { path: healthz }',
    '17:21 apps[0].health.path: must be a path that begins with /',
  ],
  ['at: [/items/*]', 'at: [/items/*], total: { at: /n }', '26:40 apps[0].routes[1].rows.total.policy: is missing'],
]

describe('refuses what the schema does not allow', () => {
  it('accepts the document without the fault', () => assert.deepEqual(problemsOf(good), []))

  for (const [before, after, ...expected] of refusals) {
    it(`refuses ${JSON.stringify(after)} in place of ${JSON.stringify(before)}`, () => {
      assert.deepEqual(problemsOf(changed(before, after)), expected)
    })
  }
})
