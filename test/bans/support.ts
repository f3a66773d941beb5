import assert from 'node:assert/strict'
import type { ClientAddress } from '../../src/exchange.ts'
import { type Network, parseAddress, parseNetwork } from '../../src/lib/ip-network.ts'

export function mustAddress(text: string): ClientAddress {
  const address = parseAddress(text)
  assert.ok(address !== undefined, text)
  return address
}

export function mustNetwork(text: string): Network {
  const network = parseNetwork(text, { hostBits: 'mask' })
  assert.ok(network !== undefined, text)
  return network
}

/** A clock that stands still until it is told. */
export class FakeClock {
  time = Date.UTC(2026, 0, 1)

  now(): number {
    return this.time
  }
}
