import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldValue, RowPredicate } from '../../src/mask/language.ts'
import { CoreRowFilter } from '../../src/stages/filter/core/core-filter.ts'
import { openJson } from '../../src/stages/filter/open-json.ts'
import { defaultRowLimits, type RowFilter, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../src/stages/filter/rows-json.ts'
import { codeOf, field, ours, planOf, smallAndOurs, smallAndOursInParts } from '../stages/filter/support.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'
import { mutate, Writer } from './json-documents.ts'

/** Two keys that take 4 KiB when every letter of them is an escape, and differ in the last one. */
const longName = 'k'.repeat(220)
const longTwin = `${'k'.repeat(219)}K`

/** More fields than the core has places for. */
const manyFields = Array.from({ length: 20 }, (_, at) => field(at === 7 ? 'account' : `f${at}`))

const predicates: readonly RowPredicate[] = [
  smallAndOurs,
  smallAndOursInParts,
  {
    reads: [field('account', ['meta', 'account']), field('tags', ['tags'], 'string[]'), field('tenant')],
    test: ([account, tags, tenant]) =>
      (account === ours || tenant === ours) && !(Array.isArray(tags) && tags.includes('x')),
  },
  { reads: manyFields, test: (values) => values[7] === ours },
  { reads: [field(longName), field('account')], test: ([long, account]) => account === ours && long !== 'x' },
  // One that fails on some rows: the document ends there, and no other is touched by it.
  { reads: [field('account'), field('note')], test: ([account, note]) => account === ours && fails(note) },
  {
    reads: [field('account'), field('note')],
    test: ([account, note]) => account === ours && fails(note),
    parts: {
      leaves: [
        { slot: 0, test: (account) => account === ours },
        { slot: 1, test: fails },
      ],
      formula: {
        kind: 'and',
        children: [
          { kind: 'leaf', leaf: 0 },
          { kind: 'leaf', leaf: 1 },
        ],
      },
    },
  },
]

const failure = 'TypeError: a test that fails'

function fails(value: FieldValue): boolean {
  if (value === 'beta') throw new TypeError('a test that fails')
  return true
}

const withhold = [
  { name: 'secret', path: ['secret'] },
  { name: 'email', path: ['meta', 'email'] },
  { name: 'price', path: ['lines', '*', 'price'] },
  { name: 'long', path: [longTwin.toLowerCase().replaceAll('k', 'q')] },
]
const places: readonly (readonly (readonly string[])[])[] = [
  [['items', '*']],
  [['*']],
  [[]],
  [['data']],
  [
    ['groups', '*', 'items', '*'],
    ['items', '*'],
  ],
  [['groups', '*', 'data']],
]

/** A plan of its own each time: the core keeps 64 and must do with more. */
function makePlan(dice: Dice): RowPlan {
  const at = dice.pick(places)
  const alone = at.some((pointer) => pointer.length === 0)
  return planOf({
    at,
    predicate: dice.pick(predicates),
    withhold: dice.below(2) === 0 ? [] : withhold,
    withheldAs: dice.pick(['removed', 'null']),
    onViolation: dice.pick(['drop', 'drop', 'block']),
    keep: dice.below(3) === 0 && !alone ? [['page', 'size'], ['next']] : [],
    total:
      dice.below(3) === 0 && !alone ? { path: ['total'], policy: dice.pick(['null', 'recount', 'block']) } : undefined,
    strict: dice.below(8) === 0,
    limits: {
      ...defaultRowLimits,
      maxDepth: dice.pick([6, 40, 256]),
      maxRowBytes: dice.pick([300, 70_000, 1_048_576]),
      maxBlockBytes: dice.pick([2_000, 8_388_608]),
    },
  })
}

/** Members that make a row large, deep, or full of what is taken out. */
function burden(dice: Dice): string {
  switch (dice.below(9)) {
    case 0:
      return `"note":"${'n'.repeat(dice.below(150_000))}"`
    case 1:
      return `"lines":[${Array.from({ length: dice.below(2_500) }, (_, at) => line(dice, at)).join(',')}]`
    case 2:
      return `"${dice.pick([longName, longTwin])}":"x"`
    case 3:
      return `"${escaped(dice.pick([longName, longTwin]))}":"y"`
    case 4:
      return `"${'k'.repeat(dice.below(5_000))}":1`
    case 5: {
      const depth = dice.pick([3, 38, 250, 254, 300])
      return `"note":${'['.repeat(depth)}${']'.repeat(depth)}`
    }
    case 6:
      return Array.from({ length: dice.below(1_200) }, (_, at) => `"a${at}":${at}`).join(',') || '"a":1'
    case 7:
      return `"account":"${'é€𝄞'.repeat(dice.below(9_000))}"`
    default:
      return '"secret":{"deep":[1,2,{"price":3}]},"meta":{"email":"e","account":"acme"}'
  }
}

function line(dice: Dice, at: number): string {
  const price = `"price":${at}`
  return dice.pick([
    `{${price}}`,
    `{"a":1,${price}}`,
    `{${price},"a":1}`,
    '{"a":1}',
    `{"a":1, ${price} ,"b":"\\u00e9"}`,
  ])
}

function escaped(name: string): string {
  return name.replaceAll(/./g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
}

function makeDocument(dice: Dice, plan: RowPlan): Buffer {
  let text = new Writer(dice).document(plan)
  for (let times = dice.below(3); times > 0; times--) {
    const rows = [...text.matchAll(/"(?:account|tenant)":/g)]
    if (rows.length === 0) break
    const { index } = dice.pick(rows)
    text = `${text.slice(0, index)}${burden(dice)},${text.slice(index)}`
  }
  const bytes = Buffer.from(text)
  return dice.below(6) === 0 ? mutate(dice, bytes) : bytes
}

/** One filter and what it has let out so far; the piece is overwritten afterwards. */
class Reader {
  readonly filter: RowFilter
  readonly #out: Buffer[] = []
  fault: string | undefined

  constructor(filter: RowFilter) {
    this.filter = filter
  }

  /** After a refusal it hears no more. */
  take(piece: Buffer | undefined): void {
    if (this.fault !== undefined) return
    try {
      const own = piece === undefined ? undefined : Buffer.from(piece)
      const out = own === undefined ? this.filter.end() : this.filter.push(own)
      if (out !== undefined) this.#out.push(Buffer.from(out))
      own?.fill(0x23)
    } catch (error) {
      this.fault = codeOf(error) ?? String(error)
    }
  }

  get text(): Buffer {
    return Buffer.concat(this.#out)
  }
}

/** A document on its way through the core, and beside it through the plain scanner. */
class Pair {
  readonly #bytes: Buffer
  readonly #dice: Dice
  readonly #most: number
  readonly #name: string
  readonly core: Reader
  readonly #plain: Reader
  #at = 0
  isOver = false

  constructor(dice: Dice, plan: RowPlan, name: string) {
    this.#dice = dice
    this.#bytes = makeDocument(dice, plan)
    this.#most = dice.pick([1, 3, 17, 64, 200, 200, 5_000, 65_536, 70_000, 200_000])
    // Large documents in tiny pieces take long and show nothing that smaller ones do not.
    if (this.#bytes.length / this.#most > 400) this.#most = Math.ceil(this.#bytes.length / 400)
    this.#name = name
    const hold = dice.below(6) === 0
    this.core = new Reader(openJson(plan, hold))
    this.#plain = new Reader(new JsonRowFilter(plan, hold))
  }

  get isByCore(): boolean {
    return this.core.filter instanceof CoreRowFilter
  }

  /** The next pieces, up to the end. */
  steps(most: number): void {
    for (let times = 0; times < most && !this.isOver; times++) this.#step()
  }

  #step(): void {
    const isEnd = this.#at >= this.#bytes.length
    const length = 1 + this.#dice.below(this.#most)
    const piece = isEnd ? undefined : this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    for (const reader of [this.core, this.#plain]) reader.take(piece)
    const faults = [this.core.fault, this.#plain.fault]
    this.isOver = isEnd || faults.every((fault) => fault !== undefined) || faults.includes(failure)
    // The core asks a test as soon as there is a value, the plain scanner at the end of the row.
    if (this.isOver && !faults.includes(failure)) this.#compare(`${this.#name} at ${this.#at}`)
  }

  #compare(context: string): void {
    const [mine, theirs] = [this.core, this.#plain]
    // Where one piece holds two reasons to refuse, either may be told.
    assert.equal(mine.fault === undefined, theirs.fault === undefined, `${context}: ${mine.fault} ${theirs.fault}`)
    // What goes out is the same; how much of it a refusal stops depends on where each of them looks first.
    const length = mine.fault === undefined ? Infinity : Math.min(mine.text.length, theirs.text.length)
    assert.ok(mine.text.subarray(0, length).equals(theirs.text.subarray(0, length)), context)
    if (mine.fault === undefined) assert.deepEqual({ ...mine.filter.report }, { ...theirs.filter.report }, context)
  }
}

/** Many documents at once, a piece of one and then a piece of another; how many came to their end without a fault. */
function interleave(seed: number, count: number): number {
  const dice = new Dice(seed)
  const plans = Array.from({ length: dice.pick([2, 5, 80]) }, () => makePlan(dice))
  const open: Pair[] = []
  let started = 0
  let passed = 0
  while (started < count || open.length > 0) {
    if (started < count && open.length < 12) {
      const pair = new Pair(dice, dice.pick(plans), `seed ${seed}, document ${started++}`)
      assert.ok(pair.isByCore, 'the core takes every one of these plans')
      open.push(pair)
    }
    const at = dice.below(open.length)
    const pair = open[at]
    pair?.steps(dice.pick([1, 1, 1, 3, 400]))
    // Some are left in the middle, as when a client goes away.
    if (pair?.isOver !== true && dice.below(400) !== 0) continue
    if (pair?.isOver === true && pair.core.fault === undefined) passed++
    open.splice(at, 1)
  }
  return passed
}

const opaque = planOf({ at: [['*']], predicate: { reads: [field('account')], test: ([account]) => account === ours } })

function openCore(plan: RowPlan): Reader {
  const filter = openJson(plan)
  assert.ok(filter instanceof CoreRowFilter)
  return new Reader(filter)
}

describe('documents that take turns in the one core', () => {
  it('are judged by their own values where a mask is asked as a whole', () => {
    const [foreign, mine] = [openCore(opaque), openCore(opaque)]
    foreign.take(Buffer.from('[{"account":"globex",'))
    mine.take(Buffer.from('[{"account":"acme",'))
    foreign.take(Buffer.from('"note":1}]'))
    mine.take(Buffer.from('"note":1}]'))
    assert.equal(foreign.text.toString(), '[]')
    assert.equal(mine.text.toString(), '[{"account":"acme","note":1}]')
  })

  it('may be read by a mask with more fields than the core has places for', () => {
    const plan = planOf({ at: [['*']], predicate: { reads: manyFields, test: (values) => values[7] === ours } })
    openCore(planOf({ at: [['*']], predicate: { reads: [], test: () => true } })).take(Buffer.from('[]'))
    for (let times = 0; times < 2; times++) {
      const reader = openCore(plan)
      reader.take(Buffer.from('[{"account":"globex"},{"account":"acme"}]'))
      assert.equal(reader.fault, undefined)
      assert.equal(reader.text.toString(), '[{"account":"acme"}]')
    }
  })

  it('keep nothing of what was to be taken out of a row that was refused', () => {
    const plan = planOf({ at: [['*']], withhold })
    const lines = Array.from({ length: 600 }, (_, at) => `{"price":${at},"a":1}`).join(',')
    const rest = Array.from({ length: 600 }, () => '{"a":1}').join(',')
    const pad = `"pad":"${'x'.repeat(100)}"`
    const reader = openCore(plan)
    reader.take(Buffer.from(`[{"lines":[${lines}],"account":"globex"},{${pad},"lines":[${lines}],"account":"acme"}]`))
    assert.equal(reader.text.toString(), `[{${pad},"lines":[${rest}],"account":"acme"}]`)
  })

  it('come out as by the plain scanner, to the byte', (t) => {
    let passed = 0
    const first = Number(process.env.SALLYPORT_SEED ?? 1)
    t.diagnostic(`SALLYPORT_SEED=${first}`)
    const count = runs(100)
    for (let seed = first; seed < first + count; seed++) passed += interleave(seed, 60)
    assert.ok(passed > count * 5, `${passed} came to their end`)
  })
})
