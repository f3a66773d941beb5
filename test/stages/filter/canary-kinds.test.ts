import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HtmlRows, RowsConfig } from '../../../src/config/config.ts'
import type { Dataset, RowPredicate } from '../../../src/mask/language.ts'
import { runCanary } from '../../../src/stages/filter/canary.ts'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { openFilter } from '../../../src/stages/filter/open-filter.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { codeOf, field, planOf, readersOf } from './support.ts'

const fields = [field('account'), field('owner', ['meta', 'owner']), field('amount', ['amount'], 'number')]
const dataset: Dataset = {
  name: 'orders',
  tenantField: 'account',
  fields: new Map(fields.map((declared) => [declared.name, declared])),
  visibility: 'tenant',
  base: undefined,
}
const sound: RowPredicate = { reads: [field('account')], test: ([account]) => account === 'acme' }
/** One that lets a wrong kind of tenant in. */
const lax = (permits: (account: unknown) => boolean): RowPredicate => ({
  reads: [field('account')],
  test: ([account]) => account === 'acme' || permits(account),
})

const xml = { at: [['orders', 'order']], fields: new Map(), keep: [] }
const csv = { delimiter: ';', columns: new Map([['owner', 'Owner Name']]) } as const
const events = { types: new Map([['order', 'rows' as const]]), other: 'drop' as const, at: [[]], keep: [] }

function htmlOf(select: string, places: Readonly<Record<string, string>>): HtmlRows {
  const placed = Object.entries(places).map(
    ([name, text]): [string, { select: string | undefined; attribute: string | undefined }] => [
      name,
      text.startsWith('@') ? { select: undefined, attribute: text.slice(1) } : { select: text, attribute: undefined },
    ],
  )
  return { remove: [], rows: [{ select, fields: new Map(placed) }], scripts: [] }
}

const script = { select: 'script#data', rows: { at: [['items', '*']], total: undefined, keep: [], strict: false } }
const pages: readonly HtmlRows[] = [
  htmlOf('tr.order', { account: '@data-account', owner: 'td.owner' }),
  htmlOf('table#orders > tbody > tr', { account: 'td.account', owner: 'tr td.owner b' }),
  htmlOf('ul.orders li', { account: 'span', owner: '.owner' }),
  htmlOf('div[data-kind="order"].card', { account: '.card .account', owner: '@data-owner' }),
  htmlOf('td', { account: '@title', owner: 'i' }),
  { remove: [], rows: [], scripts: [script] },
]

/** A route that declares one kind and no JSON. */
const kinds: readonly (readonly [string, Partial<RowsConfig>])[] = [
  ['xml', { xml }],
  [
    'xml',
    {
      xml: {
        ...xml,
        at: [
          ['a', 'b', 'c'],
          ['a', 'd'],
        ],
        fields: new Map([['account', { path: [], attribute: 'id' }]]),
      },
    },
  ],
  ['csv', { csv }],
  ['csv', { csv: { delimiter: ',', columns: new Map() } }],
  ['events', { events }],
  ['events', { events: { ...events, at: [['items', '*']] } }],
  ...pages.map((html): [string, Partial<RowsConfig>] => ['html', { html }]),
]

/** What the refusal says; undefined = it died. */
function survivor(plan: RowPlan, declared: Partial<RowsConfig>): string | undefined {
  return runs(plan, readersOf(plan, declared))
}

function runs(plan: RowPlan, readers: RowsConfig): string | undefined {
  try {
    runCanary(plan, dataset, 'acme', readers)
    return undefined
  } catch (error) {
    assert.equal(codeOf(error), 'ERR_ANSWER_VIOLATION')
    return error instanceof Error ? error.message.split(' ').at(-1) : ''
  }
}

const withhold = [{ name: 'owner', path: ['meta', 'owner'] }]
describe('the canary in every kind', () => {
  for (const [kind, declared] of kinds) {
    const told = JSON.stringify(declared, (_, value: unknown) => (value instanceof Map ? [...value] : value))

    it(`dies in a sound ${told}`, () => {
      for (const strict of [false, true])
        for (const onViolation of ['drop', 'block'] as const)
          for (const withheldAs of ['removed', 'null'] as const)
            assert.equal(
              survivor(planOf({ at: [], predicate: sound, withhold, strict, onViolation, withheldAs }), declared),
              undefined,
            )
    })

    it(`goes through the reader of ${told}, and is seen when it gets out`, () => {
      const foreign = lax((account) => typeof account === 'string' && account.startsWith('sallyport'))
      assert.equal(survivor(planOf({ at: [], predicate: foreign }), declared), kind)
    })
  }

  const texts: readonly (readonly [string, readonly string[], (account: unknown) => boolean])[] = [
    ['no tenant', ['xml', 'html'], (account) => account === undefined],
    // An empty cell is nothing to some readers of CSV: both must permit it.
    ['an empty tenant', ['xml', 'html'], (account) => account === ''],
    ['an empty tenant, however it is read', ['csv'], (account) => account === '' || account === null],
    ['blanks around the tenant', ['xml', 'csv'], (account) => typeof account === 'string' && account.trim() === 'acme'],
  ]
  for (const [name, seenIn, permits] of texts)
    it(`sees a row with ${name}`, () => {
      const plan = planOf({ at: [], predicate: lax(permits) })
      for (const [kind, declared] of kinds)
        if (seenIn.includes(kind) && declared.html?.scripts.length !== 1) assert.equal(survivor(plan, declared), kind)
    })

  it('sees what stands outside the rows', () => {
    const plan = planOf({ at: [], predicate: sound })
    assert.equal(survivor(plan, { xml: { ...xml, keep: [['orders', 'sallyport-canary']] } }), 'xml')
    assert.equal(
      survivor(plan, { events: { ...events, at: [['items', '*']], keep: [['sallyport-canary']] } }),
      'events',
    )
    const leaky = { ...script, rows: { ...script.rows, keep: [['sallyport-canary']] } }
    assert.equal(survivor(plan, { html: { remove: [], rows: [], scripts: [leaky] } }), 'html')
  })

  it('sees a withheld field that a reader has forgotten', () => {
    const rules = { roles: [], pass: [], keepHeaders: [], decode: defaultDecodeLimits }
    const plan = planOf({ at: [], predicate: sound })
    const readers = readersOf(plan, { xml })
    const verdict = { kind: 'filter', status: 200, rawHeaders: [], coding: undefined, isProblem: false } as const
    openFilter({ ...verdict, bodyKind: 'xml', rules: { ...rules, plan, readers } })
    // The tree of the plan was made when nothing was withheld.
    const forgetful = Object.assign(plan, { withhold })
    const known = runs(forgetful, readers)
    assert.equal(known, 'xml')
  })

  it('dies in elements that only other roles see', () => {
    const remove = [
      { select: '.admin', unless: ['admin'] },
      { select: 'img', unless: [] },
    ]
    assert.equal(survivor(planOf({ at: [], predicate: sound }), { html: { remove, rows: [], scripts: [] } }), undefined)
  })
})
