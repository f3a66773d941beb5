import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Composition, composeMask } from '../../../src/mask/compose.ts'
import { compileComposed } from '../../../src/mask/evaluate.ts'
import type { Dataset, RowPredicate } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { EventFilter } from '../../../src/stages/filter/events.ts'
import { FrameFilter } from '../../../src/stages/filter/frames.ts'
import { HtmlFilter } from '../../../src/stages/filter/html.ts'
import type { RowFilter, RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { CsvRowFilter } from '../../../src/stages/filter/rows-csv.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { XmlRowFilter } from '../../../src/stages/filter/rows-xml.ts'
import { Verdicts } from '../../../src/stages/filter/verdicts.ts'
import { field, type Outcome, planOf, run, runCore, runJson, runLines } from './support.ts'

const fields = [field('account'), field('amount', ['amount'], 'number'), field('owner')]

function orders(changes: Partial<Dataset> = {}): Dataset {
  return {
    name: 'orders',
    tenantField: 'account',
    fields: new Map(fields.map((declared) => [declared.name, declared])),
    visibility: 'granted',
    base: undefined,
    ...changes,
  }
}

/** Names and what they hold rows to. */
type Written = readonly (readonly [string, unknown])[]

function predicate(permits: Written, restricts: Written = [], dataset = orders()): RowPredicate {
  const rules = (written: Written): Composition['permits'] =>
    written.map(([rule, mask]) => ({ rule, mask: parseMask(mask, dataset) }))
  return compileComposed(
    composeMask({
      dataset,
      tenant: 'acme',
      permits: rules(permits),
      restricts: rules(restricts),
      attributes: new Map(),
    }),
  )
}

const strict = predicate(
  [
    ['small', { amount: { $lt: 10 } }],
    ['own', { owner: 'me' }],
  ],
  [['known', { owner: { $exists: true } }]],
)

const rows = [
  { account: 'acme', amount: 1, owner: 'x' },
  { account: 'beta', amount: 1, owner: 'x' },
  { account: 'beta', amount: 99, owner: 'x' },
  { account: 'acme', amount: 99, owner: 'x' },
  { account: 'acme', amount: 99, owner: 'me' },
  { account: 'acme', amount: 1 },
]
const told = { tenant: 2, known: 1, small: 2, own: 2 }

const plan = planOf({ predicate: strict })
const json = rows.map((row) => JSON.stringify(row))
const list = `[${json.join(',')}]`
const cells = rows.map(({ account, amount, owner }) => [account, String(amount), owner])

const csv = { delimiter: ',', columns: new Map() } as const
const xml = { at: [['rows', 'row']], fields: new Map(), keep: [] }
const events = { types: new Map([['message', 'rows' as const]]), other: 'drop' as const, at: [[]], keep: [] }
const html = {
  remove: [],
  rows: [
    {
      select: 'p',
      fields: new Map(fields.map(({ name }) => [name, { select: undefined, attribute: `data-${name}` }])),
    },
  ],
  scripts: [{ select: '#rows', rows: { at: [['*']], total: undefined, keep: [], strict: false } }],
}

/** The same rows in each kind. */
const bodies: readonly (readonly [string, (plan: RowPlan) => RowFilter, string])[] = [
  ['JSON, by the plain scanner', (plan) => new JsonRowFilter(plan), `{"items":${list}}`],
  [
    'CSV',
    (plan) => new CsvRowFilter(plan, csv),
    ['account,amount,owner', ...cells.map((row) => row.join(','))].join('\n'),
  ],
  [
    'XML',
    (plan) => new XmlRowFilter(plan, xml),
    `<rows>${rows
      .map(
        (row) =>
          `<row>${Object.entries(row)
            .map(([name, value]) => `<${name}>${value}</${name}>`)
            .join('')}</row>`,
      )
      .join('')}</rows>`,
  ],
  ['events', (plan) => new EventFilter(plan, events), json.map((row) => `data: ${row}\n\n`).join('')],
  [
    'rows of a page',
    (plan) => new HtmlFilter(plan, html, []),
    rows
      .map(
        (row) =>
          `<p ${Object.entries(row)
            .map(([name, value]) => `data-${name}="${value}"`)
            .join(' ')}>x</p>`,
      )
      .join(''),
  ],
  [
    'a script of a page',
    (plan) => new HtmlFilter(plan, html, []),
    `<script type="application/json" id="rows">${list}</script>`,
  ],
]

function withheld({ counts }: Outcome): unknown {
  return (counts as { withheld?: unknown }).withheld
}

describe('the rules by which rows were withheld', () => {
  it('are counted by the core as by the plain scanner', () => {
    for (const cuts of [[], [1, 40, 41, 120]]) {
      const outcome = runCore(plan, `{"items":${list}}`, cuts)
      assert.equal(withheld(outcome), 4)
      assert.deepEqual(outcome.rules, told)
    }
  })

  it('are counted in JSON lines', () => assert.deepEqual(runLines(plan, json.join('\n')).rules, told))

  for (const [name, open, body] of bodies)
    it(`are counted in ${name}`, () => {
      const outcome = run(open(plan), body, [])
      assert.equal(outcome.code, undefined)
      assert.equal(withheld(outcome), 4)
      assert.deepEqual(outcome.rules, told)
    })

  it('are counted in the messages of a WebSocket', () => {
    const frames = new FrameFilter({ ...plan, at: [[]] })
    for (const row of json) frames.message(Buffer.from(row), false)
    assert.equal(frames.report.withheld, 4)
    assert.deepEqual(Object.fromEntries(frames.report.rules), told)
  })

  it('name the single object that is not permitted, and the row that blocks', () => {
    for (const change of [{ at: [[]] }, { at: [['*']], onViolation: 'block' as const }]) {
      const body = change.at[0]?.length === 0 ? json[1] : `[${json.slice(0, 2).join(',')}]`
      for (const outcome of [
        runCore({ ...plan, ...change }, body ?? ''),
        runJson({ ...plan, ...change }, body ?? ''),
      ]) {
        assert.ok(outcome.code !== undefined)
        assert.deepEqual(outcome.rules, { tenant: 1 })
      }
    }
  })

  it('say nothing of rows that went out, of rows with two readings, and of what is no row', () => {
    const body = `{"items":[${json[0]},1,{"account":"acme","account":"beta","amount":1}]}`
    for (const outcome of [runCore(plan, body), runJson(plan, body)]) {
      assert.equal(withheld(outcome), 2)
      assert.deepEqual(outcome.rules, {})
    }
  })

  it('are the same where the core has to ask the predicate as a whole', () => {
    const { parts: _, ...whole } = strict
    assert.deepEqual(runCore({ ...plan, predicate: whole }, `{"items":${list}}`).rules, told)
  })

  it('say that there is no permit, and who else would refuse', () => {
    const none = planOf({ at: [['*']], predicate: predicate([], [['cheap', { amount: { $lt: 10 } }]]) })
    const outcome = runCore(none, list)
    assert.equal(outcome.text, '[]')
    assert.deepEqual(outcome.rules, { tenant: 2, cheap: 3, 'no permit': 6 })
    assert.deepEqual(runJson(none, list).rules, outcome.rules)
  })

  it('leave permits out where one of them permits every row', () => {
    const open = planOf({
      at: [['*']],
      predicate: predicate([
        ['all', true],
        ['own', { owner: 'me' }],
      ]),
    })
    assert.deepEqual(runCore(open, list).rules, { tenant: 2 })
  })

  it('name the base of a dataset that its tenant may see', () => {
    const dataset = orders({ visibility: 'tenant', base: { owner: 'x' } })
    const based = planOf({ at: [['*']], predicate: predicate([], [], dataset) })
    assert.deepEqual(runCore(based, list).rules, { tenant: 2, base: 2 })
  })

  it('are told by 32 names and one for the rest', () => {
    const many = predicate(Array.from({ length: 40 }, (_, i) => [`grant:${i}`, { owner: `o${i}` }]))
    const verdicts = new Verdicts(many)
    const { reads } = many
    const values = reads.map(({ name }) => (name === 'account' ? 'beta' : 'nobody'))
    assert.equal(verdicts.permits(values), false)
    assert.equal(verdicts.permits(values), false)
    assert.equal(verdicts.rules.size, 33)
    assert.equal(verdicts.rules.get('tenant'), 2)
    assert.equal(verdicts.rules.get('others'), 18)
  })
})
