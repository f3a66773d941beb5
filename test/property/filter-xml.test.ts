import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { XmlPlace, XmlRows } from '../../src/config/config.ts'
import type { RowPredicate } from '../../src/mask/language.ts'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'
import { XmlRowFilter } from '../../src/stages/filter/rows-xml.ts'
import { field, marker, type Outcome, ours, planOf, run, smallAndOurs } from '../stages/filter/support.ts'
import { Dice } from '../support/dice.ts'
import { runs } from '../support/runs.ts'
import { canonical, expectXml, parseDocument } from './xml-reference.ts'

const limits = { ...defaultRowLimits, maxDepth: 7 }
const withhold = [
  { name: 'margin', path: ['margin'] },
  { name: 'net', path: ['price', 'net'] },
  { name: 'cost', path: ['cost'] },
  { name: 'sku', path: ['lines', '*', 'sku'] },
]
const nested: RowPredicate = {
  reads: [field('account', ['meta', 'account']), field('amount', ['amount'], 'number'), field('tags', ['tags', '*'])],
  test: ([account, amount]) => account === ours || (account !== 'beta' && amount !== undefined),
}
const byAttribute: RowPredicate = { reads: [field('id', ['id'], 'id'), field('account')], test: ([id]) => id === ours }
const attribute = (name: string, path: readonly string[] = []): XmlPlace => ({ path, attribute: name })

const orders: XmlRows = { at: [['orders', 'order']], fields: new Map(), keep: [] }
const places: readonly XmlRows[] = [
  orders,
  { ...orders, keep: [['orders', 'page'], ['status']] },
  {
    ...orders,
    at: [
      ['orders', 'order'],
      ['orders', 'group', 'order'],
      ['orders', 'group', 'x:order'],
    ],
  },
  {
    ...orders,
    fields: new Map([
      ['cost', attribute('cost')],
      ['id', attribute('id')],
    ]),
  },
  {
    ...orders,
    fields: new Map([
      ['cost', attribute('cost', ['price'])],
      ['id', attribute('id', ['meta'])],
    ]),
  },
]
const plans: readonly RowPlan[] = [smallAndOurs, nested, byAttribute].flatMap((predicate) => [
  planOf({ limits, predicate }),
  planOf({ limits, predicate, withhold }),
  planOf({ limits, predicate, withhold, withheldAs: 'null' }),
  planOf({ limits, predicate, withhold, onViolation: 'block' }),
  planOf({ limits, predicate, strict: true }),
])

const names = ['account', 'amount', 'margin', 'price', 'net', 'cost', 'meta', 'lines', 'sku', 'tags', 'note', 'b', 'id']
const oddNames = [
  'Account',
  'x:account',
  'ACCOUNT',
  'x:y:z',
  'maRgin',
  'tag\u017f',
  '\u212aey',
  'x:net',
  'SKU',
  'order',
  'é',
]
const outerNames = ['order', 'page', 'group', 'x:order', 'Order', 'orders', 'junk', 'x:page']
const texts = [
  'acme',
  'beta',
  'x',
  ' ',
  '5',
  '150',
  '\n',
  '\r\n ',
  ']]',
  '&#65;cme',
  'a&amp;b',
  'é€𝄞',
  '&lt;',
  '\r',
  '>',
  '',
]
const values = ['acme', 'beta', '5', "it's", '', 'a\tb', '&quot;', '&#xE9;', '>']

class Writer {
  readonly #dice: Dice

  constructor(dice: Dice) {
    this.#dice = dice
  }

  document(): string {
    const declaration = this.#rarely('', ['<?xml version="1.0"?>', "<?xml version='1.0' encoding='utf-8'?>\n", ' '])
    const before = this.#rarely('', ['<!-- x -->', '<?p x?>\n', '\n', '<!DOCTYPE orders>'])
    const root = this.#rarely('orders', ['status', 'x:orders', 'Orders'])
    const after = this.#rarely('', ['\n', '<!-- x -->', '<?p x?>', 'x', '<b/>'])
    return (
      declaration +
      before +
      this.#element(
        root,
        this.#several(5, () => this.#outer(3)),
      ) +
      after
    )
  }

  #outer(depth: number): string {
    const kind = this.#dice.below(12)
    if (kind < 6) return this.#row('order')
    if (kind < 8) return '\n  '
    if (kind === 8) return this.#odd()
    const name = this.#dice.pick(outerNames)
    if (name.endsWith('order') && this.#dice.below(2) === 0) return this.#row(name)
    return this.#element(name, depth > 0 ? this.#several(4, () => this.#outer(depth - 1)) : '')
  }

  #row(name: string): string {
    const members = Array.from({ length: this.#dice.below(5) }, () => this.#member(3))
    const accounts = [
      '<account>acme</account>',
      `<account>beta</account><note>${marker}</note>`,
      '<meta><account>acme</account></meta>',
      '<meta id="acme"><x>1</x></meta>',
      '<lines><line><sku>1</sku></line>\n<line><sku/></line></lines>',
    ]
    members.splice(this.#dice.below(members.length + 1), 0, this.#dice.pick(accounts))
    return this.#element(name, members.join(''), this.#rarely('', [' id="acme"', " cost='5' id='acme'"]))
  }

  #member(depth: number): string {
    const kind = this.#dice.below(14)
    if (kind < 4) return this.#dice.pick(texts)
    if (kind === 4) return this.#odd()
    const name = this.#dice.below(14) === 0 ? this.#dice.pick(oddNames) : this.#dice.pick(names)
    const inside =
      this.#dice.below(2) === 0 || depth === 0
        ? this.#dice.pick(texts)
        : this.#several(4, () => this.#member(depth - 1))
    return this.#element(name, inside)
  }

  #odd(): string {
    return this.#dice.pick([
      '<!-- <x> -->',
      '<!---->',
      '<![CDATA[acme]]>',
      '<![CDATA[<b>]]>',
      '<?p x?>',
      '<!--é-->',
      'z',
    ])
  }

  #element(name: string, inside: string, more = ''): string {
    const open = `${name}${more}${this.#attributes(more)}${this.#rarely('', [' ', '\n'])}`
    if (inside === '' && this.#dice.below(2) === 0) return `<${open}/>`
    return `<${open}>${inside}</${name}${this.#rarely('', [' '])}>`
  }

  #attributes(more: string): string {
    const kinds = ['a', 'b', 'xmlns', 'xmlns:x', 'net', 'cost', 'id', 'Cost', 'x:id', 'xsi:nil', 'sku']
    if (this.#dice.below(5) !== 0) return ''
    const used = new Set(
      this.#several(3, () => `${this.#dice.pick(kinds)},`)
        .split(',')
        .filter((name) => name !== ''),
    )
    return [...used]
      .filter((name) => !more.includes(` ${name}=`))
      .map((name) => ` ${name}${this.#rarely('', [' '])}="${this.#dice.pick(values)}"`)
      .join('')
  }

  #several(bound: number, make: () => string): string {
    return Array.from({ length: this.#dice.below(bound) }, make).join('')
  }

  #rarely(usual: string, others: readonly string[]): string {
    return this.#dice.below(6) === 0 ? this.#dice.pick(others) : usual
  }
}

const oddBytes = [
  0x00, 0x01, 0x09, 0x0d, 0x20, 0x21, 0x22, 0x26, 0x27, 0x2d, 0x2f, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x41, 0x5b,
  0x5d, 0x78, 0x80, 0xc3, 0xef, 0xff,
]

/** True = it was let through. */
function check(plan: RowPlan, xml: XmlRows, bytes: Buffer, outcome: Outcome, seed: string): boolean {
  const context = `${seed}: ${JSON.stringify(bytes.toString())}\n${outcome.code}`
  const expected = expectXml(plan, xml, bytes)
  assert.equal(outcome.text === undefined, expected.text === undefined, context)
  if (expected.text === undefined || outcome.text === undefined) return false
  const document = parseDocument(Buffer.from(outcome.text), 100)
  assert.ok(document !== undefined, context)
  assert.equal(canonical(xml, document.root), expected.text, `${context}\n${outcome.text}`)
  assert.deepEqual(outcome.counts, expected.counts, context)
  return true
}

describe('the XML filter against the reference', () => {
  it('gives what a tree and a plain reading of it give, wherever the pieces end', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(6_000); seed++) {
      const dice = new Dice(seed)
      const [plan, xml] = [dice.pick(plans), dice.pick(places)]
      const bytes = Buffer.from(new Writer(dice).document())
      const outcome = run(new XmlRowFilter(plan, xml), bytes, dice.cuts(bytes.length))
      if (check(plan, xml, bytes, outcome, `seed ${seed}`)) accepted++
      const lets = plan.predicate !== smallAndOurs || xml.keep.length > 0
      assert.ok(lets || !outcome.released.includes(marker), `seed ${seed}`)
    }
    assert.ok(accepted > runs(2_000), `${accepted} accepted`)
  })

  it('refuses what the parser refuses, and judges what is left alike, in mutated documents', () => {
    let accepted = 0
    for (let seed = 1; seed <= runs(6_000); seed++) {
      const dice = new Dice(seed + 1_000_000)
      const [plan, xml] = [dice.pick(plans), dice.pick(places)]
      const bytes = dice.mutate(Buffer.from(new Writer(dice).document()), oddBytes)
      const outcome = run(new XmlRowFilter(plan, xml), bytes, dice.cuts(bytes.length))
      if (check(plan, xml, bytes, outcome, `seed ${seed}`)) accepted++
    }
    assert.ok(accepted > runs(130), `${accepted} accepted`)
  })
})
