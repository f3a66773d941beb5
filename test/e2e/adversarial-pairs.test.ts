import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Battle } from '../fixtures/adversarial/battle.ts'
import { headAttacks } from '../fixtures/adversarial/head-attacks.ts'
import { jsonAttacks } from '../fixtures/adversarial/json-attacks.ts'
import { hiddenBlock, hiddenItem, jsonRoutes, jsonTargets } from '../fixtures/adversarial/json-targets.ts'
import { allPairs, sample, seedOf, somePairs } from '../fixtures/adversarial/pairs.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'

const targets = [...jsonTargets, hiddenItem, hiddenBlock]

describe('an upstream that tries two things at once', () => {
  let battle: Battle

  before(async () => {
    battle = await Battle.open(jsonRoutes, jsonTargets)
  })
  after(async () => {
    await battle.close()
  })

  it('leaks nothing by one in the body and one around it', { timeout: 900_000 }, async (t) => {
    const rounds = sample(new Dice(seedOf(t)), allPairs(targets, jsonAttacks, headAttacks), 3_000)
    const ended = await battle.fight(rounds)
    t.diagnostic(JSON.stringify(ended))
    assert.ok(ended.filtered > rounds.length / 10, `${ended.filtered} brought rows of ours`)
    assert.ok(ended.refused > rounds.length / 3, `${ended.refused} were refused`)
  })

  it('leaks nothing by any two, whatever they are', async (t) => {
    const rounds = somePairs(new Dice(seedOf(t)), runs(1_000), targets, [...jsonAttacks, ...headAttacks])
    const ended = await battle.fight(rounds)
    t.diagnostic(JSON.stringify(ended))
    assert.ok(ended.filtered > rounds.length / 20, `${ended.filtered} brought rows of ours`)
    assert.ok(ended.refused > rounds.length / 3, `${ended.refused} were refused`)
  })
})
