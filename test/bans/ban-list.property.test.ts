import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BanList } from '../../src/bans/ban-list.ts'
import { contains, formatNetwork, parseAddress, parseNetwork } from '../../src/lib/ip-network.ts'
import { openMemoryState } from '../../src/shared-state/memory.ts'
import { runs } from '../support/runs.ts'
import { FakeClock, mustNetwork } from './support.ts'

/** Few bits, so that networks overlap, nest and meet again; none is loopback. */
const v4 = fc.tuple(fc.nat(1), fc.nat(2)).map(([a, b]) => `192.0.${a}.${b}`)
const v6 = fc.tuple(fc.nat(1), fc.nat(1)).map(([a, b]) => `2001:db8:0:${a}::${b}`)
const addressText = fc.oneof(
  v4,
  v6,
  v4.map((text) => `::ffff:${text}`),
)
const networkText = fc.oneof(
  fc.tuple(v4, fc.constantFrom(16, 23, 24, 31, 32)).map(([text, prefix]) => `${text}/${prefix}`),
  fc.tuple(v4, fc.constantFrom(120, 128)).map(([text, prefix]) => `::ffff:${text}/${prefix}`),
  fc.tuple(v6, fc.constantFrom(32, 63, 64, 128)).map(([text, prefix]) => `${text}/${prefix}`),
)
const step = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    network: networkText,
    origin: fc.constantFrom('operator', 'detector'),
    ms: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), network: networkText }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('ask' as const), address: addressText }),
)

test('every edge answers like a list that is searched from end to end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const clock = new FakeClock()
      const state = openMemoryState(clock)
      const open = (): BanList => new BanList(state.bans, clock, { allow: [], protect: [] })
      const [here, there] = [open(), open()]
      await Promise.all([here.started, there.started])
      const model = new Map<string, { network: string; origin: string; until: number }>()
      for (const next of steps) {
        if (next.kind === 'wait') clock.time += next.ms
        if (next.kind === 'add') {
          const network = mustNetwork(next.network)
          const until = clock.time + next.ms
          here.add({ network, until, origin: next.origin, reason: 'r' })
          const key = `${formatNetwork(network)} ${next.origin}`
          const known = model.get(key)
          const longer = known !== undefined && known.until > until && next.origin !== 'operator'
          if (!longer) model.set(key, { network: formatNetwork(network), origin: next.origin, until })
        }
        if (next.kind === 'remove') {
          const name = formatNetwork(mustNetwork(next.network))
          here.remove(mustNetwork(next.network))
          for (const [key, entry] of model) if (entry.network === name) model.delete(key)
        }
        if (next.kind === 'ask') {
          await here.settled()
          const address = parseAddress(next.address)
          assert.ok(address !== undefined)
          const expected = [...model.values()].some((entry) => {
            const network = parseNetwork(entry.network, { hostBits: 'refuse' })
            return entry.until > clock.time && network !== undefined && contains(network, address)
          })
          assert.equal(here.isBanned(address) !== undefined, expected)
          assert.equal(there.isBanned(address) !== undefined, expected)
        }
      }
      here.close()
      there.close()
      await state.close()
    }),
    { numRuns: runs(300) },
  )
})
