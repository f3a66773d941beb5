import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  contains,
  covers,
  formatNetwork,
  type IpAddress,
  type Network,
  networkOf,
  overlaps,
  parseAddress,
  parseNetwork,
} from '../../src/lib/ip-network.ts'

const accepted: readonly (readonly [string, string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['fe80::', 'fe80::'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:0207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
  ['::192.0.2.7', '::c000:207'],
]

const refused: readonly string[] = [
  '',
  ' ',
  ' 192.0.2.7',
  '192.0.2.7 ',
  '192.0.2.7\n',
  '192.0.2',
  '192.0.2.7.1',
  '192.0.2.',
  '.192.0.2',
  '192..2.7',
  '192.0.2.256',
  '192.0.2.07',
  '0300.0.2.7',
  '0xc0.0.2.7',
  '3221225991',
  '192.519',
  '+1.2.3.4',
  '1.2.3.-4',
  '1.2.3.4/32',
  '1.2.3.4:80',
  '[::1]',
  ':',
  ':::',
  '::1::',
  '1::2::3',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4::5:6:7:8',
  '12345::',
  'g::',
  '::1%lo',
  'fe80::1%25eth0',
  '::ffff:1.2.3',
  '::ffff:01.2.3.4',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '１.2.3.4',
  'localhost',
  'unknown',
  `${'0'.repeat(5_000)}::1`,
]

test('reads an address in any of its spellings into one', () => {
  for (const [text, canonical] of accepted) assert.equal(parseAddress(text), canonical, text)
})

test('refuses every text that is not exactly one address', () => {
  for (const text of refused) assert.equal(parseAddress(text), undefined, JSON.stringify(text))
})

const v6Text = fc.oneof(fc.ipV6(), fc.stringMatching(/^[0-9a-fA-F:.%]{0,30}$/), fc.ipV4Extended())

test('accepts what node:net accepts, without zones, and the canonical form is stable', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), v6Text), (text) => {
      const address = parseAddress(text)
      assert.equal(address !== undefined, isIP(text) !== 0 && !text.includes('%'), text)
      if (address === undefined) return
      assert.equal(parseAddress(address), address)
      const mapped = text.includes(':') && isIP(address) === 4
      if (isIP(text) === 6 && !mapped) assert.equal(new URL(`http://[${text}]`).hostname, `[${address}]`)
    }),
  )
})

const lenient = { hostBits: 'mask' } as const
const strict = { hostBits: 'refuse' } as const

test('reads a network, masks host bits or refuses them', () => {
  const table: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8', undefined],
    ['10.1.2.3', '10.1.2.3/32', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::/33', '2001:db8::/33', '2001:db8::/33'],
    ['2001:DB8:ffff::1/33', '2001:db8:8000::/33', undefined],
    ['::1', '::1/128', '::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8', '10.0.0.0/8'],
    ['::ffff:10.0.0.1', '10.0.0.1/32', '10.0.0.1/32'],
  ]
  for (const [text, masked, exact] of table) {
    assert.equal(formatted(parseNetwork(text, lenient)), masked, text)
    assert.equal(formatted(parseNetwork(text, strict)), exact, text)
  }
})

test('refuses a network with a prefix that has no one meaning', () => {
  const bad = ['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '/8']
  for (const text of [...bad, '::/129', '::/1e1', '::ffff:10.0.0.0/8', '::ffff:0:0/95', '10/8', '10.0.0.0/ 8']) {
    assert.equal(parseNetwork(text, lenient), undefined, text)
  }
})

test('a network contains its addresses and no neighbour, of either version', () => {
  const inside: readonly (readonly [string, string, boolean])[] = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/31', '10.0.0.1', true],
    ['10.0.0.0/31', '10.0.0.2', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
  ]
  for (const [network, text, expected] of inside) {
    assert.equal(contains(mustNetwork(network), mustAddress(text)), expected, `${network} ${text}`)
  }
})

test('one client is one IPv4 address or one IPv6 /64', () => {
  assert.equal(formatNetwork(networkOf(mustAddress('192.0.2.7'), { v6Prefix: 64 })), '192.0.2.7/32')
  assert.equal(formatNetwork(networkOf(mustAddress('2001:db8:1:2:3::4'), { v6Prefix: 64 })), '2001:db8:1:2::/64')
})

test('covering is containment of networks and overlapping is covering either way', () => {
  const [wide, narrow, other] = [mustNetwork('10.0.0.0/8'), mustNetwork('10.1.0.0/16'), mustNetwork('11.0.0.0/16')]
  assert.ok(covers(wide, narrow) && covers(wide, wide) && !covers(narrow, wide) && !covers(wide, other))
  assert.ok(overlaps(narrow, wide) && overlaps(wide, narrow) && !overlaps(narrow, other))
})

function formatted(network: Network | undefined): string | undefined {
  return network === undefined ? undefined : formatNetwork(network)
}

function mustAddress(text: string): IpAddress {
  const address = parseAddress(text)
  assert.ok(address !== undefined, text)
  return address
}

function mustNetwork(text: string): Network {
  const network = parseNetwork(text, strict)
  assert.ok(network !== undefined, text)
  return network
}
