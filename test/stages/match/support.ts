import type { AppConfig } from '../../../src/config/config.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Arrival } from '../../../src/exchange.ts'
import { admit } from '../../../src/stages/admit/admit.ts'

const readFile = () => {
  throw new Error('no file references in tests')
}

/** Apps as the configuration gives them, defaults filled in. */
export function appsOf(apps: readonly Record<string, unknown>[]): readonly AppConfig[] {
  const fields = { id: 'id', account: 'string', entity: 'string' }
  const document = {
    publicUrl: 'https://edge.example',
    datasets: { orders: { tenant: 'account', fields } },
    apps: apps.map((app) => ({ upstreams: ['http://10.0.0.1:3000'], ...app })),
  }
  return parseConfig(JSON.stringify(document), { file: 'test.yaml', env: {}, readFile }).apps
}

/** A request that was let in. */
export function admitted(
  headers: readonly (readonly [string, string])[],
  changes: Partial<Arrival> = {},
): ReturnType<typeof admit> {
  const arrival: Arrival = {
    id: 'request-1',
    at: 1_000_000,
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    rawHeaders: headers.flat(),
    peerAddress: '203.0.113.9',
    encrypted: false,
    upgrade: false,
    ...changes,
  }
  return admit(arrival, { trustedProxies: [], maxHeaders: 100, bans: { isBanned: () => undefined } })
}
