import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Battle, type Round } from '../fixtures/adversarial/battle.ts'
import { hangingAttacks, headAttacks } from '../fixtures/adversarial/head-attacks.ts'
import { jsonAttacks } from '../fixtures/adversarial/json-attacks.ts'
import { blocking, type Kind, otherKinds, otherRoutes } from '../fixtures/adversarial/other-targets.ts'
import { allPairs, sample, seedOf } from '../fixtures/adversarial/pairs.ts'
import { Dice } from '../support/dice.ts'

const holdsJson: ReadonlySet<string> = new Set(['lines', 'graphql', 'events'])

function bodyAttacks({ name, attacks }: Kind) {
  return holdsJson.has(name) ? [...attacks, ...jsonAttacks] : attacks
}

for (const kind of otherKinds)
  describe(`an upstream that tries everything in ${kind.name}`, () => {
    let battle: Battle

    before(async () => {
      battle = await Battle.open(otherRoutes, [kind.target])
    })
    after(async () => {
      await battle.close()
    })

    it('brings rows of ours when nothing is tried', async () => {
      const rounds = Array.from({ length: 20 }, (): Round => ({ target: kind.target, attacks: [] }))
      assert.equal((await battle.fight(rounds)).filtered, rounds.length)
    })

    it('leaks nothing by one thing at a time', async (t) => {
      const rounds = [...bodyAttacks(kind), ...headAttacks].flatMap((each) =>
        [kind.target, blocking(kind)].map((target): Round => ({ target, attacks: [each] })),
      )
      const ended = await battle.fight(rounds)
      t.diagnostic(JSON.stringify(ended))
      assert.ok(ended.filtered > 80, `${ended.filtered} brought rows of ours`)
      assert.ok(ended.refused > 200, `${ended.refused} were refused`)
    })

    it('leaks nothing by one in the body and one around it', { timeout: 900_000 }, async (t) => {
      const pairs = allPairs([kind.target, blocking(kind)], bodyAttacks(kind), headAttacks)
      const ended = await battle.fight(sample(new Dice(seedOf(t)), pairs, 700))
      t.diagnostic(JSON.stringify(ended))
      assert.ok(ended.filtered > 10, `${ended.filtered} brought rows of ours`)
      assert.ok(ended.refused > 50, `${ended.refused} were refused`)
    })

    it('waits no longer than it was told', async () => {
      const ended = await battle.fight(hangingAttacks.map((each): Round => ({ target: kind.target, attacks: [each] })))
      assert.equal(ended.filtered + ended.empty + ended.refused + ended.broken, hangingAttacks.length)
    })
  })
