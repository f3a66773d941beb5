import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, marker } from '../fixtures/adversarial/answer.ts'
import { Battle, type Round } from '../fixtures/adversarial/battle.ts'
import { headAttacks } from '../fixtures/adversarial/head-attacks.ts'
import { jsonAttacks } from '../fixtures/adversarial/json-attacks.ts'
import { jsonRoutes, jsonTargets } from '../fixtures/adversarial/json-targets.ts'
import { blocking, otherKinds, otherRoutes } from '../fixtures/adversarial/other-targets.ts'
import { seedOf } from '../fixtures/adversarial/pairs.ts'
import { canBeRead } from '../fixtures/adversarial/readings.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'

/** Each target with what may be tried in its bodies. */
const pool = [
  ...jsonTargets.map((target) => ({ target, attacks: jsonAttacks })),
  ...otherKinds.flatMap((kind) => [kind.target, blocking(kind)].map((target) => ({ target, attacks: kind.attacks }))),
]
const honest = [...jsonTargets, ...otherKinds.map(({ target }) => target)]
/** Enough of the caller's own that a client which does not read makes everybody wait. */
const long: Attack = attack('much of ours', (answer) => {
  const text = answer.body.toString('utf8')
  answer.body = Buffer.from(text.replace('"amount":5', `"amount":5,"pad":"${'x'.repeat(900_000)}"`))
})

/** Sends a request and then does what no client should; everything that came until then. */
type Manner = (socket: Socket, request: string, dice: Dice) => Promise<void>

const manners: Readonly<Record<string, Manner>> = {
  'leave before the answer': async (socket, request) => {
    socket.write(request)
    await sleep(1)
    socket.destroy()
  },
  'reset in the middle': async (socket, request, dice) => {
    socket.write(request)
    await Promise.race([new Promise((resolve) => void socket.once('data', resolve)), sleep(dice.below(40))])
    socket.resetAndDestroy()
  },
  'say half of the request': async (socket, request, dice) => {
    socket.write(request.slice(0, dice.below(request.length)))
    await sleep(5)
    socket.destroy()
  },
  'end their side at once': async (socket, request) => {
    socket.end(request)
    await Promise.race([new Promise((resolve) => void socket.once('close', resolve)), sleep(1_500)])
    socket.destroy()
  },
  'read slowly': async (socket, request, dice) => {
    socket.write(request)
    for (let times = 2 + dice.below(6); times > 0 && !socket.destroyed; times--) {
      socket.pause()
      await sleep(10)
      socket.resume()
      await sleep(2)
    }
    socket.destroy()
  },
  'ask for more than they read': async (socket, request) => {
    socket.pause()
    socket.write(request.repeat(5))
    await sleep(60)
    socket.resume()
    await sleep(20)
    socket.destroy()
  },
}

describe('clients that misbehave while the upstream does', () => {
  let battle: Battle

  before(async () => {
    battle = await Battle.open([...jsonRoutes, ...otherRoutes], honest)
  })
  after(async () => {
    await battle.close()
  })

  for (const [name, manner] of Object.entries(manners))
    it(`leave the edge as it was where they ${name}`, async (t) => {
      const dice = new Dice(seedOf(t))
      let left = runs(150)
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          while (left-- > 0) {
            const { target, attacks } = dice.pick(pool)
            const body = dice.below(3) === 0 ? long : dice.pick(attacks)
            await misbehave({ target, attacks: [body, dice.pick(headAttacks)] }, manner, dice)
          }
        }),
      )
      // Its neighbours are answered as ever.
      const ended = await battle.fight(jsonTargets.map((target): Round => ({ target, attacks: [] })))
      assert.equal(ended.filtered, jsonTargets.length)
    })

  async function misbehave(round: Round, manner: Manner, dice: Dice): Promise<void> {
    const { request, forget } = battle.prepare(round)
    const socket = connect(battle.edge.port, '127.0.0.1').on('error', () => undefined)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    try {
      await manner(socket, request, dice)
      const told = round.attacks.map((each) => each.name).join(' and ')
      assert.equal(canBeRead([Buffer.concat(chunks)], marker), false, `leaks: ${round.target.name} with ${told}`)
    } finally {
      socket.destroy()
      forget()
    }
  }
})
