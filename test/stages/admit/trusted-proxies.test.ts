import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../../../src/lib/ip-network.ts'
import { parseTrustedProxies } from '../../../src/stages/admit/trusted-proxies.ts'

test('reads addresses and networks', () => {
  const networks = parseTrustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1', '0.0.0.0/1'])
  const names = ['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32', '::1/128', '0.0.0.0/1']
  assert.deepEqual(networks.map(formatNetwork), names)
  assert.deepEqual(parseTrustedProxies([]), [])
})

const refusals: readonly (readonly [string, RegExp])[] = [
  ['0.0.0.0/0', /trusts every address/],
  ['::/0', /trusts every address/],
  ['10.1.2.3/0', /trusts every address/],
  ['::ffff:10.0.0.0/8', /IPv4-mapped/],
  ['::ffff:10.0.0.0/104', /IPv4-mapped/],
  ['::ffff:0:0/96', /IPv4-mapped/],
  ['::ffff:10.0.0.1', /IPv4-mapped/],
  ['10.0.0.1/8', /bits set right of its prefix; did you mean 10\.0\.0\.0\/8\?/],
  ['2001:db8::1/32', /bits set/],
  ['10.0.0.0/33', /neither an IP address nor a network/],
  ['loopback', /neither/],
  ['', /neither/],
  ['*', /neither/],
]

for (const [text, reason] of refusals) {
  test(`refuses to trust ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTrustedProxies(['10.0.0.0/8', text]), { message: reason })
  })
}
