import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Battle, type Round } from '../fixtures/adversarial/battle.ts'
import { hangingAttacks, headAttacks } from '../fixtures/adversarial/head-attacks.ts'
import { jsonAttacks } from '../fixtures/adversarial/json-attacks.ts'
import { hiddenBlock, hiddenItem, jsonRoutes, jsonTargets } from '../fixtures/adversarial/json-targets.ts'

const targets = [...jsonTargets, hiddenItem, hiddenBlock]
const attacks = [...headAttacks, ...jsonAttacks]

describe('an upstream that tries everything in its answers', () => {
  let battle: Battle

  before(async () => {
    battle = await Battle.open(jsonRoutes, jsonTargets)
  })
  after(async () => {
    await battle.close()
  })

  it('lets rows of ours through when nothing is tried', async () => {
    const rounds = jsonTargets.map((target): Round => ({ target, attacks: [] }))
    assert.equal((await battle.fight(rounds)).filtered, rounds.length)
  })

  for (const each of attacks)
    it(`leaks nothing by ${each.name}`, async () => {
      const rounds = targets.map((target): Round => ({ target, attacks: [each] }))
      await battle.fight(rounds)
    })

  it('leaks nothing to a HEAD', async () => {
    const rounds = attacks.flatMap((each) =>
      targets.map((target): Round => ({ target: { ...target, method: 'HEAD', gets: '' }, attacks: [each] })),
    )
    const ended = await battle.fight(rounds)
    assert.equal(ended.filtered, 0)
  })

  for (const each of hangingAttacks)
    it(`waits no longer than it was told for an upstream that is ${each.name}`, async () => {
      const ended = await battle.fight(targets.map((target): Round => ({ target, attacks: [each] })))
      assert.equal(ended.filtered, 0)
      assert.ok(ended.refused > 0)
    })

  it('blocks what was not asked for by name: a part, not modified, a transfer coding, a bomb', async () => {
    const block = jsonTargets.find(({ path }) => path === '/block')
    assert.ok(block !== undefined)
    for (const [name, code] of [
      ['status 206 Partial', 'ERR_ANSWER_STATUS'],
      ['status 304 Same', 'ERR_ANSWER_STATUS'],
      ['transfer coding "gzip, chunked"', 'ERR_UPSTREAM_PROTOCOL'],
      ['coding a bomb in gzip', 'ERR_ANSWER_TOO_LARGE'],
      ['two types', 'ERR_ANSWER_KIND'],
      ['no type', 'ERR_ANSWER_KIND'],
      ['a byte order mark', 'ERR_ANSWER_UNREADABLE'],
      ['coding stacked', 'ERR_ANSWER_CODING'],
      ['coding deflate with bytes behind', 'ERR_ANSWER_CODING'],
    ] as const) {
      const chosen = attacks.filter((each) => each.name === name)
      assert.equal(chosen.length, 1, name)
      // With rows of ours alone, so that nothing else can be the reason.
      assert.equal(await battle.codeOf({ target: block, attacks: chosen }), code, name)
    }
  })
})
