import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { compact, expectJson, expectLines, parseBytes } from '../stages/filter/reference.ts'
import { field, marker, type Outcome, ours, planOf, runJson, runLines, smallAndOurs } from '../stages/filter/support.ts'
import { runs } from '../support/runs.ts'

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
const everyPlan = [...plans, ...blocking]

const keyNames = [
  'account',
  'amount',
  'secret',
  'meta',
  'email',
  'tenant',
  'tags',
  'lines',
  'price',
  'note',
  '',
  '__proto__',
]
const spelledKeys = ['Account', 'ACCOUNT', 'ſecret', 'taGs', 'a\u0301', 'größe', 'toKen', 'eMail']
const envelopeKeys = ['items', 'groups', 'data', 'total', 'page', 'size', 'next', 'name', 'facets', 'Items', 'itemſ']
const scalars = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '12',
  '150',
  '1e400',
  '-1.5E-3',
  '99.5',
  '12345678901234567890',
  '""',
]
const strings = [
  '"acme"',
  '"ac\\u006de"',
  '"beta"',
  '"acme "',
  '"x"',
  '"\\ud800"',
  '"\\"\\\\"',
  '"é€𝄞"',
  '"\\u00e9"',
  '"Acme"',
]

/** Small numbers by xorshift, so that a failure can be played again by its seed. */
class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1
  }
  below(bound: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % bound
  }
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new TypeError('nothing to pick')
    return item
  }
}

class Writer {
  readonly #dice: Dice
  constructor(dice: Dice) {
    this.#dice = dice
  }

  document(plan: RowPlan): string {
    const pointer = this.#dice.pick([...plan.at, ...plan.keep])
    if (this.#dice.below(12) === 0) return this.#value(4)
    return this.#blank() + this.#along(pointer) + this.#blank()
  }

  row(): string {
    if (this.#dice.below(12) === 0) return this.#value(2)
    const members = Array.from({ length: this.#dice.below(6) }, () => this.#member(keyNames, this.#dice.below(3)))
    const accounts = ['"account":"acme"', '"account": "acme"', '"account":"beta","note":"FOREIGN"', '"tenant":"acme"']
    members.splice(this.#dice.below(members.length + 1), 0, this.#dice.pick(accounts))
    return this.#wrap('{', members, '}')
  }

  #along(pointer: readonly string[]): string {
    const [token, ...rest] = pointer
    if (token === undefined) return this.row()
    if (this.#dice.below(15) === 0) return this.#dice.pick(scalars)
    if (token === '*')
      return this.#wrap(
        '[',
        this.#several(() => this.#along(rest)),
        ']',
      )
    const members = Array.from({ length: this.#dice.below(3) }, () => this.#member(envelopeKeys, 2))
    members.splice(this.#dice.below(members.length + 1), 0, `${this.#key(token)}${this.#blank()}:${this.#along(rest)}`)
    return this.#wrap('{', members, '}')
  }

  #several(make: () => string): readonly string[] {
    return Array.from({ length: this.#dice.below(5) }, make)
  }

  #member(names: readonly string[], depth: number): string {
    const name = this.#dice.below(10) === 0 ? this.#dice.pick(spelledKeys) : this.#dice.pick(names)
    return `${this.#key(name)}${this.#blank()}:${this.#blank()}${this.#value(depth)}`
  }

  #key(name: string): string {
    const text = JSON.stringify(name)
    if (this.#dice.below(8) !== 0 || name === '') return text
    const at = 1 + this.#dice.below(text.length - 2)
    const code = text.charCodeAt(at).toString(16).padStart(4, '0')
    return `${text.slice(0, at)}\\u${code}${text.slice(at + 1)}`
  }

  #value(depth: number): string {
    const kind = this.#dice.below(depth > 0 ? 9 : 5)
    if (kind < 3) return this.#dice.pick(strings)
    if (kind < 5) return this.#dice.pick(scalars)
    if (kind < 7)
      return this.#wrap(
        '[',
        this.#several(() => this.#value(depth - 1)),
        ']',
      )
    return this.#wrap(
      '{',
      this.#several(() => this.#member(keyNames, depth - 1)),
      '}',
    )
  }

  #wrap(open: string, parts: readonly string[], close: string): string {
    return `${open}${this.#blank()}${parts.join(`${this.#blank()},${this.#blank()}`)}${this.#blank()}${close}`
  }

  #blank(): string {
    return this.#dice.below(4) === 0 ? this.#dice.pick([' ', '\n  ', '\t', '\r\n']) : ''
  }
}

const oddBytes = [
  0x00, 0x01, 0x0b, 0x1f, 0x22, 0x2c, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xc3, 0xe2,
  0xed, 0xf4, 0xff,
]

/** Changes up to three bytes: another byte, one more, one less, or a piece twice. */
function mutate(dice: Dice, bytes: Buffer): Buffer {
  let changed = bytes
  for (let times = 1 + dice.below(3); times > 0; times--) {
    const at = dice.below(changed.length + 1)
    const kind = dice.below(4)
    const extra =
      kind === 0 || kind === 1
        ? Buffer.of(dice.pick(oddBytes))
        : kind === 2
          ? changed.subarray(at, at + dice.below(9))
          : Buffer.alloc(0)
    changed = Buffer.concat([changed.subarray(0, at), extra, changed.subarray(kind === 0 || kind === 3 ? at + 1 : at)])
  }
  return changed
}

function chop(dice: Dice, length: number): readonly number[] {
  return Array.from({ length: dice.below(4) }, () => dice.below(length + 1)).sort((left, right) => left - right)
}

/** `whole` = not mutated: then a marked row is surely not ours (a mutated key may make it so). */
function check(plan: RowPlan, bytes: Buffer, outcome: Outcome, seed: string, whole: boolean): boolean {
  const expected = expectJson(plan, bytes)
  const context = `${seed}: ${bytes.toString('latin1')}`
  assert.equal(outcome.text === undefined, expected.text === undefined, `${context}\n${outcome.code}`)
  if (whole && plan.keep.length === 0 && plan.predicate === smallAndOurs)
    assert.ok(!outcome.released.includes(marker), context)
  if (expected.text === undefined || outcome.text === undefined) return false
  const tree = parseBytes(Buffer.from(outcome.text), 1_000)
  assert.ok(tree !== undefined, context)
  assert.equal(compact(tree), expected.text, context)
  assert.deepEqual(outcome.counts, expected.counts, context)
  if (plan.withhold.length === 0) for (const row of expected.rows) assert.ok(outcome.text.includes(row), context)
  return true
}

describe('the JSON filter against the reference', () => {
  it('gives what JSON.parse and a plain reading give, wherever the chunks end', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(22_000); seed++) {
      const dice = new Dice(seed)
      const plan = dice.pick(everyPlan)
      const bytes = Buffer.from(new Writer(dice).document(plan))
      if (check(plan, bytes, runJson(plan, bytes, chop(dice, bytes.length)), `seed ${seed}`, true)) accepted++
    }
    assert.ok(accepted > 5_000, `${accepted} accepted`)
  })

  it('refuses what JSON.parse over fatally decoded UTF-8 refuses, and nothing else', () => {
    const plan = planOf({ limits, at: [['*']], predicate: { reads: [], test: () => true } })
    let accepted = 0
    for (let seed = 1; seed <= runs(30_000); seed++) {
      const dice = new Dice(seed)
      const bytes = mutate(dice, Buffer.from(new Writer(dice).document(plan)))
      if (check(plan, bytes, runJson(plan, bytes, chop(dice, bytes.length)), `seed ${seed}`, false)) accepted++
    }
    assert.ok(accepted > 2_000, `${accepted} accepted`)
  })

  it('holds mutated documents to the same rules under every plan', () => {
    for (let seed = 1; seed <= runs(12_000); seed++) {
      const dice = new Dice(seed + 1_000_000)
      const plan = dice.pick(everyPlan)
      const bytes = mutate(dice, Buffer.from(new Writer(dice).document(plan)))
      check(plan, bytes, runJson(plan, bytes, chop(dice, bytes.length)), `seed ${seed}`, false)
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
      const outcome = runLines(plan, bytes, chop(dice, bytes.length))
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
