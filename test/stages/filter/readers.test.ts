import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EventRows } from '../../../src/config/config.ts'
import { EventFilter } from '../../../src/stages/filter/events.ts'
import { HtmlFilter } from '../../../src/stages/filter/html.ts'
import { openJson } from '../../../src/stages/filter/open-json.ts'
import type { RowFilter, RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { CsvRowFilter } from '../../../src/stages/filter/rows-csv.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { JsonLinesFilter } from '../../../src/stages/filter/rows-json-lines.ts'
import { XmlRowFilter } from '../../../src/stages/filter/rows-xml.ts'
import { orders } from './html-support.ts'
import { codeOf, field, planOf } from './support.ts'

const isOurs = { reads: [field('account')], test: ([account]: readonly unknown[]) => account === 'acme' }
const dropping = planOf({ at: [['*']], predicate: isOurs })
const blocking: RowPlan = { ...dropping, onViolation: 'block' }
const events: EventRows = { types: new Map([['message', 'rows']]), other: 'drop', at: [[]], keep: [] }

interface Reader {
  readonly open: (plan: RowPlan, hold?: boolean) => RowFilter
  /** A body in two pieces with a permitted row in each. */
  readonly good: readonly [string, string]
  /** A body that ends with a row that is not permitted. */
  readonly bad: string
}

const mine = '{"account":"acme"}'
const other = '{"account":"beta"}'
const json = { good: [`[${mine}`, `,${mine}]`], bad: `[${mine},${other}]` } as const
const xmlRow = (account: string): string => `<row><account>${account}</account></row>`
const htmlRow = (account: string): string => `<div class="card" data-account="${account}">x</div>`

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['JSON without the core', { open: (plan, hold) => new JsonRowFilter(plan, hold), ...json }],
  ['JSON', { open: (plan, hold) => openJson(plan, hold), ...json }],
  [
    'lines of JSON',
    {
      open: (plan, hold) => new JsonLinesFilter(plan, hold),
      good: [`${mine}\n`, `${mine}\n`],
      bad: `${mine}\n${other}\n`,
    },
  ],
  [
    'CSV',
    {
      open: (plan, hold) => new CsvRowFilter(plan, { delimiter: ',', columns: new Map() }, hold),
      good: ['account,id\nacme,1\n', 'acme,2\n'],
      bad: 'account\nacme\nbeta\n',
    },
  ],
  [
    'XML',
    {
      open: (plan, hold) => new XmlRowFilter(plan, { at: [['rows', 'row']], fields: new Map(), keep: [] }, hold),
      good: [`<rows>${xmlRow('acme')}`, `${xmlRow('acme')}</rows>`],
      bad: `<rows>${xmlRow('acme')}${xmlRow('beta')}</rows>`,
    },
  ],
  [
    'HTML',
    {
      open: (plan, hold) => new HtmlFilter(plan, orders, [], hold),
      good: [`<body>${htmlRow('acme')}<p>`, `</p>${htmlRow('acme')}</body>`],
      bad: `<body>${htmlRow('acme')}${htmlRow('beta')}</body>`,
    },
  ],
  [
    'events',
    {
      open: (plan, hold) => new EventFilter(plan, events, hold),
      good: [`data: ${mine}\n\n`, `data: ${mine}\n\n`],
      bad: `data: ${mine}\n\ndata: ${other}\n\n`,
    },
  ],
])

function fails(): boolean {
  throw new RangeError('not this one')
}

function text(piece: Uint8Array | undefined): string {
  return Buffer.from(piece ?? []).toString()
}

function refuses(filter: RowFilter, body: string): void {
  const read = (): void => {
    filter.push(Buffer.from(body))
    filter.end()
  }
  assert.throws(read, (error) => codeOf(error) === 'ERR_ANSWER_VIOLATION')
}

function shut(filter: RowFilter, body: string): void {
  assert.throws(() => filter.push(Buffer.from(body)), TypeError)
  assert.throws(() => filter.end(), TypeError)
}

for (const [name, { open, good, bad }] of readers)
  describe(`the reader of ${name}`, () => {
    it('lets a row out before the end where one that is not permitted is dropped', () => {
      const filter = open(dropping)
      const [first, second] = good
      const pieces = [text(filter.push(Buffer.from(first))), text(filter.push(Buffer.from(second)))]
      assert.ok(pieces[0]?.includes('acme'))
      assert.equal([...pieces, text(filter.end())].join(''), first + second)
    })

    it('lets nothing out before the end where the answer is held whole', () => {
      const filter = open(dropping, true)
      for (const piece of good) assert.equal(text(filter.push(Buffer.from(piece))), '')
      assert.equal(text(filter.end()), good.join(''))
    })

    it('takes any bytes, not only those of Node', () => {
      const filter = open(dropping)
      const bytes = new TextEncoder().encode(`  ${good.join('')}`).subarray(2)
      const out = [filter.push(bytes.slice(0, 5)), filter.push(bytes.subarray(5)), filter.end()]
      assert.equal(out.map(text).join(''), good.join(''))
    })

    it('takes a fault of ours for no refusal', () => {
      const filter = open({ ...dropping, predicate: { reads: isOurs.reads, test: fails } })
      const read = (): void => {
        filter.push(Buffer.from(good.join('')))
        filter.end()
      }
      assert.throws(read, RangeError)
    })

    it('stays shut after a refusal, and after the end', () => {
      const refused = open(blocking)
      refuses(refused, bad)
      shut(refused, good[0])
      const ended = open(dropping)
      ended.push(Buffer.from(good.join('')))
      ended.end()
      shut(ended, good[0])
    })
  })
