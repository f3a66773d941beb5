import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { compact, expectJson, expectLines, parseBytes } from '../stages/filter/reference.ts'
import {
  field,
  marker,
  ours,
  planOf,
  runCore,
  runJson,
  runLines,
  smallAndOurs,
  smallAndOursInParts,
} from '../stages/filter/support.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'
import { mutate, Writer } from './json-documents.ts'

const withhold = [
  { name: 'secret', path: ['secret'] },
  { name: 'email', path: ['meta', 'email'] },
  { name: 'price', path: ['lines', '*', 'price'] },
]
const nestedPredicate = {
  reads: [field('account', ['meta', 'account']), field('tags', ['tags'], 'string[]' as const), field('tenant')],
  test: ([account, tags, tenant]: readonly unknown[]) =>
    (account === ours || tenant === ours) && !(Array.isArray(tags) && tags.includes('x')),
}
const limits = { ...defaultRowLimits, maxDepth: 8 }

const plans: readonly RowPlan[] = [
  planOf({ limits }),
  planOf({ limits, at: [['*']] }),
  planOf({ limits, at: [[]] }),
  planOf({ limits, at: [['data']] }),
  planOf({
    limits,
    at: [
      ['groups', '*', 'items', '*'],
      ['items', '*'],
    ],
    keep: [['groups', '*', 'name']],
  }),
  planOf({ limits, keep: [['page', 'size'], ['next']], total: { path: ['total'], policy: 'recount' } }),
  planOf({ limits, total: { path: ['total'], policy: 'block' }, keep: [['page']] }),
  planOf({ limits, withhold }),
  planOf({ limits, withhold, withheldAs: 'null' }),
  planOf({ limits, at: [['*']], withhold, predicate: nestedPredicate }),
  planOf({ limits, at: [['groups', '*', 'data']], withhold, predicate: nestedPredicate }),
]
const blocking = plans.map((plan): RowPlan => ({ ...plan, onViolation: 'block' }))
const strict = plans.map((plan): RowPlan => ({ ...plan, strict: true }))
const oneByOne = [...plans, ...blocking, ...strict]
/** As compiled masks come, and as a predicate that can only be asked as a whole. */
const everyPlan = oneByOne.flatMap((plan) =>
  plan.predicate === smallAndOurs ? [plan, { ...plan, predicate: smallAndOursInParts }] : [plan],
)

/** `whole` = not mutated: then a marked row is surely not ours (a mutated key may make it so). */
function check(plan: RowPlan, bytes: Buffer, cuts: readonly number[], seed: string, whole: boolean): boolean {
  const expected = expectJson(plan, bytes)
  const context = `${seed}: ${bytes.toString('latin1')}`
  const plain = runJson(plan, bytes, cuts)
  const core = runCore(plan, bytes, cuts)
  assert.equal(plain.text === undefined, expected.text === undefined, `${context}\n${plain.code}`)
  assert.equal(core.text, plain.text, `the core: ${context}\n${core.code}`)
  if (whole) assert.equal(core.code, plain.code, `the core: ${context}`)
  if (whole && plan.keep.length === 0 && plan.predicate !== nestedPredicate)
    for (const { released } of [plain, core]) assert.ok(!released.includes(marker), context)
  if (expected.text === undefined || plain.text === undefined) return false
  const tree = parseBytes(Buffer.from(plain.text), 1_000)
  assert.ok(tree !== undefined, context)
  assert.equal(compact(tree), expected.text, context)
  assert.deepEqual(plain.counts, expected.counts, context)
  assert.deepEqual(core.counts, expected.counts, context)
  if (plan.withhold.length === 0) for (const row of expected.rows) assert.ok(plain.text.includes(row), context)
  return true
}

describe('the JSON filter against the reference', () => {
  it('gives what JSON.parse and a plain reading give, wherever the chunks end', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(120_000); seed++) {
      const dice = new Dice(seed)
      const plan = dice.pick(everyPlan)
      const bytes = Buffer.from(new Writer(dice).document(plan))
      if (check(plan, bytes, dice.cuts(bytes.length), `seed ${seed}`, true)) accepted++
    }
    assert.ok(accepted > runs(5_000), `${accepted} accepted`)
  })

  it('refuses what JSON.parse over fatally decoded UTF-8 refuses, and nothing else', () => {
    const plan = planOf({ limits, at: [['*']], predicate: { reads: [], test: () => true } })
    let accepted = 0
    for (let seed = 1; seed <= runs(120_000); seed++) {
      const dice = new Dice(seed)
      const bytes = mutate(dice, Buffer.from(new Writer(dice).document(plan)))
      if (check(plan, bytes, dice.cuts(bytes.length), `seed ${seed}`, false)) accepted++
    }
    assert.ok(accepted > runs(2_000), `${accepted} accepted`)
  })

  it('holds mutated documents to the same rules under every plan', () => {
    for (let seed = 1; seed <= runs(60_000); seed++) {
      const dice = new Dice(seed + 1_000_000)
      const plan = dice.pick(everyPlan)
      const bytes = mutate(dice, Buffer.from(new Writer(dice).document(plan)))
      check(plan, bytes, dice.cuts(bytes.length), `seed ${seed}`, false)
    }
  })

  it('reads JSON lines as one row a line', () => {
    const linePlans = [planOf({ limits }), planOf({ limits, withhold }), planOf({ limits, onViolation: 'block' })]
    for (let seed = 1; seed <= runs(8_000); seed++) {
      const dice = new Dice(seed + 2_000_000)
      const plan = dice.pick(linePlans)
      const writer = new Writer(dice)
      const lines = Array.from({ length: dice.below(5) }, () => writer.row().replaceAll(/[\r\n]/gu, ' '))
      const text = Buffer.from(lines.join('\n') + (dice.below(2) === 0 ? '\n' : ''))
      const bytes = dice.below(2) === 0 ? mutate(dice, text) : text
      const outcome = runLines(plan, bytes, dice.cuts(bytes.length))
      const expected = expectLines(plan, bytes)
      const context = `seed ${seed}: ${bytes.toString('latin1')}`
      assert.equal(outcome.text === undefined, expected.text === undefined, context)
      if (outcome.text === undefined || expected.text === undefined) continue
      assert.equal(squeeze(outcome.text), expected.text, context)
      assert.deepEqual(outcome.counts, expected.counts, context)
    }
  })

  it('never lets a foreign row out, whatever stands around it', () => {
    const document = fc.tuple(fc.array(fc.json({ maxDepth: 3 })), fc.array(fc.boolean()), fc.array(fc.nat()))
    fc.assert(
      fc.property(document, ([values, mine, cuts]) => {
        const rows = values.map((value, at) =>
          mine[at] === true
            ? `{"account":"${ours}","note":${value},"amount":5}`
            : `{"note":${value},"account":"beta","mark":"${marker}"}`,
        )
        const body = Buffer.from(`{"items":[${rows.join(',')}],"included":["${marker}"]}`)
        const sorted = cuts.map((cut) => cut % body.length).sort((left, right) => left - right)
        const outcome = runJson(planOf(), body, sorted)
        const kept = rows.filter((_, at) => mine[at] === true)
        assert.equal(outcome.text, `{"items":[${kept.join(',')}],"included":null}`)
      }),
      { numRuns: runs(1_000) },
    )
  })
})

/** The text of lines without the blanks between tokens. */
function squeeze(text: string): string {
  const shape = text.split('\n').map((line) => {
    const tree = line === '' ? undefined : parseBytes(Buffer.from(line), 1_000)
    return tree === undefined ? line : compact(tree)
  })
  return shape.join('\n')
}
