import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  type Arbitrary,
  array,
  asyncProperty,
  assert as check,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from 'fast-check'
import type { Policy } from '../../src/accounts/account-store.ts'
import { PolicyCache } from '../../src/accounts/policy-cache.ts'
import { openSqliteStore } from '../../src/accounts/sqlite.ts'
import { ProxyError } from '../../src/errors.ts'
import { grantOf, member } from './contract.ts'

type Plain = 'write' | 'poll' | 'hold' | 'let go' | 'fail' | 'answer'

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: Plain }
  | { readonly kind: 'ask'; readonly account: 'a' | 'b' }

const plain = (kind: Plain) => record({ kind: constant(kind) })

/** Mostly a store that answers at once, and changes less often than it is asked. */
const step: Arbitrary<Step> = oneof(
  { weight: 10, arbitrary: record({ kind: constant('pass' as const), ms: integer({ min: 0, max: 700 }) }) },
  {
    weight: 10,
    arbitrary: record({ kind: constant('ask' as const), account: constantFrom('a' as const, 'b' as const) }),
  },
  { weight: 7, arbitrary: plain('poll') },
  { weight: 2, arbitrary: plain('write') },
  { weight: 1, arbitrary: plain('hold') },
  { weight: 3, arbitrary: plain('let go') },
  { weight: 1, arbitrary: plain('fail') },
  { weight: 4, arbitrary: plain('answer') },
)

const isAway = (error: unknown): void => assert.ok(error instanceof ProxyError, String(error))

/** The turn that a policy shows. */
function turnOf(policy: Policy | undefined): unknown {
  return policy?.grants[0]?.rows
}

async function run(steps: readonly Step[]): Promise<void> {
  let now = 1_700_000_000_000
  const store = await openSqliteStore('sqlite::memory:')
  await store.migrate()
  for (const account of ['a', 'b']) await member(store, 't', account)
  /** When each turn was written. */
  const writtenAt: number[] = []
  const write = async (): Promise<void> => {
    await store.putGrant({ ...grantOf('t', 'g', { kind: 'everyone' }), rows: writtenAt.length })
    writtenAt.push(now)
  }
  const isYoung = (policy: Policy | undefined, asked: number): void => {
    const supersededAt = writtenAt[Number(turnOf(policy)) + 1] ?? Infinity
    assert.ok(asked - supersededAt < 1000, `turn ${String(turnOf(policy))}, ${asked - supersededAt} ms after its end`)
  }
  let gate = Promise.withResolvers<void>()
  let fails = false
  gate.resolve()
  const reach = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (fails) throw new ProxyError('ERR_STORE_UNAVAILABLE', 'away')
    const [answer] = await Promise.all([ask(), gate.promise])
    return answer
  }
  const cache = new PolicyCache(
    {
      readPolicy: (tenant, account) => reach(() => store.readPolicy(tenant, account)),
      policyVersions: (tenants) => reach(() => store.policyVersions(tenants)),
    },
    { now: () => now },
  )
  const pending: Promise<unknown>[] = []
  await write()
  for (const each of steps) {
    switch (each.kind) {
      case 'pass':
        now += each.ms
        break
      case 'write':
        await write()
        break
      case 'poll':
        pending.push(cache.poll().catch(isAway))
        break
      case 'hold':
        gate.resolve()
        gate = Promise.withResolvers<void>()
        break
      case 'let go':
        gate.resolve()
        break
      case 'fail':
      case 'answer':
        fails = each.kind === 'fail'
        break
      case 'ask': {
        const asked = now
        const found = cache.policy('t', each.account)
        if (found instanceof Promise) pending.push(found.then((policy) => isYoung(policy, asked), isAway))
        else isYoung(found, asked)
        break
      }
    }
    // Whatever is not held up arrives.
    await new Promise((resolve) => setImmediate(resolve))
  }
  gate.resolve()
  await Promise.all(pending)
  await store.close()
}

it('no policy that had ended a second before it was asked for is ever used, however questions and answers cross', async () => {
  const steps = array(step, { minLength: 20, maxLength: 80, size: 'max' })
  await check(asyncProperty(steps, run), { numRuns: 150 })
})
