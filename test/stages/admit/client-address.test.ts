import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveClientAddress } from '../../../src/stages/admit/client-address.ts'
import { parseTrustedProxies } from '../../../src/stages/admit/trusted-proxies.ts'

const proxies = parseTrustedProxies(['10.0.0.0/8', '2001:db8:ffff::/48'])

const cases: readonly (readonly [title: string, peer: string, lines: readonly string[], client: string])[] = [
  ['a direct peer is the client', '192.0.2.1', [], '192.0.2.1'],
  ['a mapped peer is IPv4', '::ffff:192.0.2.1', [], '192.0.2.1'],
  ['an untrusted peer is the client, whatever it claims', '192.0.2.1', ['1.1.1.1'], '192.0.2.1'],
  ['a trusted peer speaks for the last hop', '10.0.0.1', ['198.51.100.7'], '198.51.100.7'],
  ['a mapped trusted peer is trusted', '::ffff:10.0.0.1', ['198.51.100.7'], '198.51.100.7'],
  ['the leftmost address is not believed', '10.0.0.1', ['1.1.1.1, 198.51.100.7'], '198.51.100.7'],
  ['trusted hops are passed over', '10.0.0.1', ['1.1.1.1, 198.51.100.7, 10.0.0.2'], '198.51.100.7'],
  ['several header lines are one list', '10.0.0.1', ['1.1.1.1', '198.51.100.7', '10.0.0.2,10.0.0.3'], '198.51.100.7'],
  ['if every hop is trusted the first one is the client', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
  ['an unparsable hop stops the walk', '10.0.0.1', ['198.51.100.7, unknown, 10.0.0.2'], '10.0.0.2'],
  ['an empty hop stops the walk', '10.0.0.1', ['198.51.100.7, , 10.0.0.2'], '10.0.0.2'],
  ['a trailing comma stops the walk', '10.0.0.1', ['198.51.100.7,'], '10.0.0.1'],
  ['an empty line stops the walk', '10.0.0.1', ['198.51.100.7', ''], '10.0.0.1'],
  ['an octal hop stops the walk', '10.0.0.1', ['010.0.0.7'], '10.0.0.1'],
  ['a zone stops the walk', '10.0.0.1', ['fe80::1%eth0'], '10.0.0.1'],
  ['an obfuscated name stops the walk', '10.0.0.1', ['_hidden'], '10.0.0.1'],
  ['a mapped hop is IPv4', '10.0.0.1', ['::ffff:198.51.100.7'], '198.51.100.7'],
  ['blanks around a hop are no part of it', '10.0.0.1', ['\t 198.51.100.7\t'], '198.51.100.7'],
  ['a port after IPv4 is dropped', '10.0.0.1', ['198.51.100.7:4711'], '198.51.100.7'],
  ['brackets and port around IPv6 are dropped', '10.0.0.1', ['[2001:DB8::7]:80'], '2001:db8::7'],
  ['brackets alone are dropped', '10.0.0.1', ['[2001:db8::7]'], '2001:db8::7'],
  ['bare IPv6 has no port', '2001:db8:ffff::1', ['2001:db8::7'], '2001:db8::7'],
  ['a port beyond 65535 stops the walk', '10.0.0.1', ['198.51.100.7:65536'], '10.0.0.1'],
  ['an empty port stops the walk', '10.0.0.1', ['198.51.100.7:'], '10.0.0.1'],
  ['brackets around IPv4 stop the walk', '10.0.0.1', ['[198.51.100.7]'], '10.0.0.1'],
  ['text after brackets stops the walk', '10.0.0.1', ['[2001:db8::7]x'], '10.0.0.1'],
  ['an open bracket stops the walk', '10.0.0.1', ['[2001:db8::7'], '10.0.0.1'],
  ['a very long hop stops the walk', '10.0.0.1', [`${' '.repeat(9_000)}198.51.100.7`], '10.0.0.1'],
]

for (const [title, peer, lines, client] of cases) {
  test(title, () => assert.equal(resolveClientAddress(peer, lines, proxies), client))
}

test('with no trusted proxy nothing a client sends changes its address', () => {
  assert.equal(resolveClientAddress('127.0.0.1', ['1.1.1.1'], []), '127.0.0.1')
})

test('believes at most 32 hops', () => {
  assert.equal(resolveClientAddress('10.0.0.1', [chain(31)], proxies), '198.51.100.7')
  assert.equal(resolveClientAddress('10.0.0.1', [chain(32)], proxies), '10.0.0.9')
  assert.equal(resolveClientAddress('10.0.0.1', [chain(50_000)], proxies), '10.0.0.9')
})

test('refuses a peer without an IP address', () => {
  for (const peer of [undefined, '', '/run/edge.sock', 'fe80::1%eth0']) {
    assert.throws(() => resolveClientAddress(peer, ['198.51.100.7'], proxies), { code: 'ERR_ADDRESS_UNKNOWN' })
  }
})

function chain(hops: number): string {
  return ['198.51.100.7', ...Array.from({ length: hops }, () => '10.0.0.9')].join(',')
}
