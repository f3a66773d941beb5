import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ban } from '../../../src/bans/ban.ts'
import type { Arrival, ClientAddress } from '../../../src/exchange.ts'
import { parseNetwork } from '../../../src/lib/ip-network.ts'
import { admit } from '../../../src/stages/admit/admit.ts'
import { gateConnection } from '../../../src/stages/admit/connection-gate.ts'
import { parseTrustedProxies } from '../../../src/stages/admit/trusted-proxies.ts'

const network = parseNetwork('192.0.2.9', { hostBits: 'refuse' })
assert.ok(network !== undefined)
const ban: Ban = {
  network,
  until: 1,
  since: 0,
  origin: 'operator',
  reason: 'noise',
  scenario: undefined,
  by: undefined,
  forced: false,
}
const bans = { isBanned: (address: ClientAddress) => (address === '192.0.2.9' ? ban : undefined) }
const alone = { trustedProxies: [], maxHeaders: 100, bans }
const behind = { ...alone, trustedProxies: parseTrustedProxies(['10.0.0.0/8']) }

test('knows the client, the headers and the scheme of what it admits', () => {
  const arrival = arrivalFrom({ rawHeaders: ['Host', 'app.example'] })
  const admitted = admit(arrival, alone)
  assert.equal(admitted.arrival, arrival)
  assert.equal(admitted.client, '192.0.2.1')
  assert.equal(admitted.scheme, 'http')
  assert.equal(admitted.headers.single('host'), 'app.example')
})

test('refuses a banned peer and a banned client behind a trusted proxy', () => {
  const banned = { code: 'ERR_ADDRESS_BANNED' }
  assert.throws(() => admit(arrivalFrom({ peerAddress: '192.0.2.9' }), alone), banned)
  assert.throws(() => admit(arrivalFrom({ peerAddress: '::ffff:192.0.2.9' }), alone), banned)
  const forwarded = arrivalFrom({ peerAddress: '10.0.0.1', rawHeaders: ['X-Forwarded-For', '192.0.2.9'] })
  assert.throws(() => admit(forwarded, behind), banned)
})

test('a banned peer cannot hide behind addresses it makes up', () => {
  for (const claim of ['1.1.1.1', '1.1.1.1, 10.0.0.1', '127.0.0.1']) {
    const headers = ['X-Forwarded-For', claim, 'Forwarded', `for=${claim}`, 'X-Real-IP', claim]
    const arrival = arrivalFrom({ peerAddress: '192.0.2.9', rawHeaders: headers })
    for (const rooms of [alone, behind]) assert.throws(() => admit(arrival, rooms), { code: 'ERR_ADDRESS_BANNED' })
  }
})

test('an untrusted peer changes neither its address nor the scheme', () => {
  const headers = ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'https', 'Forwarded', 'for=1.1.1.1;proto=https']
  for (const rooms of [alone, behind]) {
    const admitted = admit(arrivalFrom({ rawHeaders: [...headers, 'X-Real-IP', '1.1.1.1'] }), rooms)
    assert.equal(admitted.client, '192.0.2.1')
    assert.equal(admitted.scheme, 'http')
  }
})

test('a trusted peer tells the scheme, with one clear word', () => {
  assert.equal(schemeFor(false, 'https'), 'https')
  assert.equal(schemeFor(true, 'http'), 'http')
  for (const values of [['https, http'], ['https', 'https'], ['wss'], ['HTTPS '], []]) {
    assert.equal(schemeFor(false, ...values), 'http')
    assert.equal(schemeFor(true, ...values), 'https')
  }
})

test('refuses before anything else what it could misread', () => {
  const noise = Array.from({ length: 101 }, () => ['x', '1']).flat()
  assert.throws(() => admit(arrivalFrom({ rawHeaders: noise }), alone), { code: 'ERR_HEADER_COUNT' })
  assert.throws(() => admit(arrivalFrom({ rawHeaders: ['x', 'ü'] }), alone), { code: 'ERR_HEADER_INVALID' })
  assert.throws(() => admit(arrivalFrom({ peerAddress: undefined }), alone), { code: 'ERR_ADDRESS_UNKNOWN' })
})

test('drops the connection of a banned peer at the door, and only that', () => {
  assert.deepEqual(gated('192.0.2.9', []), { stays: false, destroyed: 1 })
  assert.deepEqual(gated('::ffff:192.0.2.9', []), { stays: false, destroyed: 1 })
  assert.deepEqual(gated(undefined, []), { stays: false, destroyed: 1 })
  assert.deepEqual(gated('192.0.2.8', []), { stays: true, destroyed: 0 })
})

test('leaves the connection of a trusted proxy to admit, even where the proxy itself is banned', () => {
  assert.deepEqual(gated('192.0.2.9', ['192.0.2.0/24']), { stays: true, destroyed: 0 })
  assert.deepEqual(gated('192.0.2.9', ['10.0.0.0/8']), { stays: false, destroyed: 1 })
})

function schemeFor(encrypted: boolean, ...values: readonly string[]): string {
  const rawHeaders = values.flatMap((value) => ['X-Forwarded-Proto', value])
  return admit(arrivalFrom({ peerAddress: '10.0.0.1', rawHeaders, encrypted }), behind).scheme
}

function gated(remoteAddress: string | undefined, trusted: readonly string[]): { stays: boolean; destroyed: number } {
  let destroyed = 0
  const socket = { remoteAddress, destroy: () => destroyed++ }
  const stays = gateConnection(socket, { trustedProxies: parseTrustedProxies(trusted), bans })
  return { stays, destroyed }
}

function arrivalFrom(changes: Partial<Arrival>): Arrival {
  return {
    id: 'request-1',
    at: 0,
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    rawHeaders: [],
    peerAddress: '192.0.2.1',
    encrypted: false,
    upgrade: false,
    ...changes,
  }
}
