import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, good, problemsOf } from './support.ts'

/** What is replaced in the good document, by what, and every problem it must give. */
const refusals: readonly (readonly [string, string, ...string[]])[] = [
  [
    'https://edge.example.com',
    'http://edge.example.com',
    '1:12 publicUrl: must be https; http is for a loopback host only',
  ],
  ['https://edge.example.com', 'ftp://edge.example.com', '1:12 publicUrl: must be an http or https URL'],
  [
    'https://edge.example.com',
    'https://edge.example.com/app',
    '1:12 publicUrl: must be a bare origin: no path, query or fragment',
  ],
  [
    'https://edge.example.com',
    'https://edge.example.com?x=1',
    '1:12 publicUrl: must be a bare origin: no path, query or fragment',
  ],
  [
    'https://edge.example.com',
    'https://me:secret@edge.example.com',
    '1:12 publicUrl: must not hold a user name or password',
  ],
  ['https://edge.example.com', 'https://edge.example.com.', '1:12 publicUrl: must not end its host with a dot'],
  ['[10.0.0.0/8]', '[0.0.0.0/0]', '3:20 listen.trustedProxies[0]: is every address there is'],
  ['[10.0.0.0/8]', '["::/0"]', '3:20 listen.trustedProxies[0]: is every address there is'],
  [
    '[10.0.0.0/8]',
    '["::ffff:10.0.0.0/104"]',
    '3:20 listen.trustedProxies[0]: holds IPv4 addresses mapped to IPv6; write the IPv4 network',
  ],
  [
    '[10.0.0.0/8]',
    '["::/64"]',
    '3:20 listen.trustedProxies[0]: holds IPv4 addresses mapped to IPv6; write the IPv4 network',
  ],
  ['[10.0.0.0/8]', '[10.0.0.0/33]', '3:20 listen.trustedProxies[0]: must have a prefix of 1 to 32 bits'],
  [
    '[10.0.0.0/8]',
    '[proxy.internal]',
    '3:20 listen.trustedProxies[0]: must be an IP address or a network such as 10.0.0.0/8',
  ],
  [
    'sessions:',
    'bans: { neverBan: [10.0.0.1/x] }\nsessions:',
    '5:20 bans.neverBan[0]: must have a prefix of 1 to 32 bits',
  ],
  ['"sqlite:data/test.db"', '"mysql://me:secret@db/x"', '4:15 store.url: must be sqlite:FILE or postgres://...'],
  ['"sqlite:data/test.db"', '"postgres:db"', '4:15 store.url: must be sqlite:FILE or postgres://...'],
  ['"sqlite:data/test.db"', '"sqlite:"', '4:15 store.url: must be sqlite:FILE or postgres://...'],
  [
    'sessions:',
    'state: { url: "http://redis" }\nsessions:',
    '5:15 state.url: must be memory:, redis://... or rediss://...',
  ],
  ['idle: 8h', 'idle: 13h', '5:19 sessions.idle: must not be longer than sessions.absolute'],
  ['sessions:', 'tokens: { access: 31d }\nsessions:', '5:19 tokens.access: must not be longer than tokens.refresh'],
]

describe('refuses a server that would be unsafe or unreachable', () => {
  it('accepts the document without the fault', () => assert.deepEqual(problemsOf(good), []))

  for (const [before, after, ...expected] of refusals) {
    it(`refuses ${JSON.stringify(after)} in place of ${JSON.stringify(before)}`, () => {
      assert.deepEqual(problemsOf(changed(before, after)), expected)
    })
  }
})

describe('lets the neighbours through', () => {
  const neighbours: readonly (readonly [string, string])[] = [
    ['https://edge.example.com', 'http://localhost:8080'],
    ['https://edge.example.com', 'http://127.0.0.2:8080/'],
    ['https://edge.example.com', '"http://[::1]:8080"'],
    ['https://edge.example.com', 'https://edge.example.com:8443'],
    ['[10.0.0.0/8]', '[10.0.0.1, "2001:db8::/32", "::1", "fe80::/10"]'],
    ['"sqlite:data/test.db"', '"postgres://me:secret@db/x"'],
    ['sessions:', 'state: { url: "rediss://:secret@redis:6379/0" }\nsessions:'],
    ['idle: 8h', 'idle: 12h'],
  ]
  for (const [before, after] of neighbours) {
    it(`accepts ${after}`, () => assert.deepEqual(problemsOf(changed(before, after)), []))
  }
})
