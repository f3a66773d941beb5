import { randomUUID } from 'node:crypto'
import type { AccountStore, Policy } from '../../accounts/account-store.ts'
import { PolicyCache } from '../../accounts/policy-cache.ts'
import type { Admitted, RequestHeaders } from '../../exchange.ts'
import { systemClock } from '../../lib/clock.ts'
import { parseAddress } from '../../lib/ip-network.ts'
import { accountNamed, membershipIn, tenantNamed } from '../admin/lookup.ts'
import { CommandError } from '../cli.ts'

export interface RequestToExplain {
  readonly method: string
  /** Path and query, as a client would send them. */
  readonly target: string
  readonly host: string
}

/** A request as the first stage leaves it, from this machine and with nothing but a Host and what tells of its body. */
export function admittedRequest({ method, target, host }: RequestToExplain, body: Uint8Array | undefined): Admitted {
  const client = parseAddress('127.0.0.1')
  if (client === undefined) throw new TypeError('loopback is an address')
  const length = body === undefined ? [] : ['content-length', String(body.length)]
  const rawHeaders = ['host', host, 'content-type', 'application/json', ...length]
  const arrival = {
    id: randomUUID(),
    at: systemClock.now(),
    method,
    target,
    httpVersion: '1.1',
    rawHeaders,
    peerAddress: client,
    encrypted: false,
    upgrade: false,
  }
  return { arrival, headers: headersOf(rawHeaders), client, scheme: 'http' }
}

function headersOf(raw: readonly string[]): RequestHeaders {
  const all = (name: string) => raw.filter((_, i) => i % 2 === 1 && raw[i - 1] === name)
  return { all, single: (name) => all(name)[0] }
}

/** What the account may do in the tenant now, or why nobody could sign in as it. */
export async function policyInForce(store: AccountStore, email: string, tenantId: string): Promise<Policy> {
  const account = await accountNamed(store, email)
  const tenant = await tenantNamed(store, tenantId)
  if (account.state !== 'enabled') throw new CommandError(`${account.email} is disabled: every request gets 401`)
  const policy = await new PolicyCache(store, systemClock).policy(tenant.id, account.id)
  if (policy !== undefined) return policy
  const isMember = (await membershipIn(store, tenant.id, account)) !== undefined
  throw new CommandError(
    `${account.email} is ${isMember ? 'now no valid' : 'no'} member of ${tenant.id}: nobody can sign in so`,
  )
}
