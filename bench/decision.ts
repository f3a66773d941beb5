/**
 * What it costs to decide about a request when everything it takes is in memory: `npm run bench:decision`. The edge's own
 * rooms, without HTTP; microseconds of CPU per call of `decide()`, the best of several rounds.
 */
import { openSqliteStore } from '../src/accounts/sqlite.ts'
import { decide } from '../src/pipeline.ts'
import { openDecider } from '../test/support/decision.ts'
import { table } from './support/statistics.ts'

const goalMicroseconds = 5
const rounds = 12
const calls = 20_000

const store = await openSqliteStore('sqlite::memory:')
await store.migrate()
const decider = await openDecider(store)
const stop = decider.rooms.login.policies.watch(() => undefined)
const { pipeline } = decider.rooms

/** Best of several rounds: another process of the same machine only ever adds to it. */
async function cost(path: string, fields: Readonly<Record<string, string>>): Promise<number> {
  const { arrival } = await decider.get(path, fields)
  let best = Infinity
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage()
    for (let call = 0; call < calls; call += 1) await decide(arrival, pipeline)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / calls)
    // As between requests: timers and polls have their turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return best
}

const cookie = await decider.signIn('acme', 'id-ann')
const policy = await store.policy('acme', 'id-ann')
if (policy === undefined) throw new Error('ann is a member')
const { access_token: token } = await decider.rooms.login.tokens.issue(policy, 'password')
const bearer = { authorization: `Bearer ${token}` }
const cases = [
  { name: 'session, rows masked', microseconds: await cost('/orders', { cookie }) },
  { name: 'token, rows masked', microseconds: await cost('/orders', bearer) },
  { name: 'session, no rows', microseconds: await cost('/app/x', { cookie }) },
  { name: 'public', microseconds: await cost('/public/x', {}) },
]
stop()
await decider.close()
await store.close()

const rows = cases.map(({ name, microseconds }) => [name, microseconds.toFixed(2)])
process.stdout.write(`${table([['decision', 'µs of CPU'], ...rows])}\n`)
const worst = Math.max(...cases.map(({ microseconds }) => microseconds))
if (worst > goalMicroseconds) {
  process.stderr.write(`above ${goalMicroseconds} microseconds\n`)
  process.exitCode = 1
}
