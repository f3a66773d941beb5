/** Rows that the filter is measured on, and the mask of who reads them: the tenant's, below an amount. */
import { compilePredicate } from '../../src/mask/evaluate.ts'
import { foldMask } from '../../src/mask/fold.ts'
import type { Dataset, FieldDeclaration } from '../../src/mask/language.ts'
import { parseMask } from '../../src/mask/parse.ts'
import { defaultRowLimits, type RowPlan } from '../../src/stages/filter/row-plan.ts'

export interface Row {
  readonly account: string
  readonly amount: number
}

const fields: readonly FieldDeclaration[] = [
  { name: 'account', type: 'string', path: ['account'] },
  { name: 'amount', type: 'number', path: ['amount'] },
]
const dataset: Dataset = {
  name: 'orders',
  tenantField: 'account',
  fields: new Map(fields.map((field) => [field.name, field])),
  visibility: 'tenant',
  base: undefined,
}

export const plan: RowPlan = {
  at: [['items', '*']],
  predicate: compilePredicate(foldMask(parseMask({ account: 'acme', amount: { $lt: 900 } }, dataset))),
  withhold: [],
  withheldAs: 'removed',
  onViolation: 'drop',
  keep: [],
  total: undefined,
  strict: false,
  limits: defaultRowLimits,
}

export function isOurs(row: Row): boolean {
  return row.account === 'acme' && row.amount < 900
}

const words =
  'Lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt ut labore'.split(' ')

function sentence(at: number, length: number): string {
  return Array.from({ length }, (_, word) => words[(at * 7 + word * 3) % words.length] ?? '').join(' ')
}

function base(at: number) {
  return {
    id: 1_000_000 + at,
    account: at % 3 === 0 ? 'beta' : 'acme',
    amount: at % 1_000,
    status: 'open',
    currency: 'EUR',
  }
}

/** 0.2 KB: a line of a list. */
function short(at: number) {
  return {
    ...base(at),
    created: '2026-01-02T03:04:05Z',
    note: sentence(at, 5),
    active: at % 2 === 0,
    tags: ['a', 'b'],
  }
}

/** 1.7 KB: an order with its customer and five lines, in a language with umlauts and a currency sign. */
function order(at: number) {
  return {
    ...base(at),
    number: `A-${at}-2026`,
    created: '2026-01-02T03:04:05Z',
    changed: '2026-02-03T14:15:16.789Z',
    customer: {
      id: at * 7,
      name: 'Müller & Söhne GmbH',
      vat: `DE${811_907_980 + (at % 1_000)}`,
      contact: { first: 'Jürgen', last: 'Großmann', email: `j.grossmann${at % 100}@mueller.example` },
      address: { street: 'Lange Straße 135', zip: '10623', city: 'Berlin', latitude: 52.5126, longitude: 13.3269 },
    },
    lines: Array.from({ length: 5 }, (_, line) => orderLine(at, line)),
    net: 118.52 + (at % 7),
    tax: 22.52,
    gross: 141.04 + (at % 7),
    paid: at % 2 === 0,
    terms: '30 Tage netto, 2 % Skonto, zahlbar in €',
    notes: null,
    approvals: [
      { by: 'ann', at: '2026-01-02T03:04:05Z' },
      { by: 'dave', at: '2026-01-03T03:04:05Z' },
    ],
  }
}

function orderLine(at: number, line: number) {
  return {
    line: line + 1,
    sku: `SKU-${(at * 5 + line) % 9_999}`,
    text: 'Kugellager 6204, 20×47×14 mm',
    quantity: line + 1,
    unit: 'Stk',
    price: 4.95 + line,
    discount: 0.05,
    tax: 0.19,
    total: Math.round((4.95 + line) * (line + 1) * 95) / 100,
    delivered: line % 2 === 0,
    serial: null,
  }
}

/** 6.6 KB: a long text with many escapes, such as a message with its quotation. */
function text(at: number) {
  return { ...base(at), body: `${sentence(at, 6)}\n\t"quoted" \\ C:\\temp é €`.repeat(85) }
}

export const rowSets = [
  { name: '0.2 KB rows', make: short },
  { name: '1.7 KB rows', make: order },
  { name: '6.6 KB rows, many escapes', make: text },
] as const

export function documentOf(rows: readonly string[]): Buffer {
  return Buffer.from(`{"items":[${rows.join(',')}]}`)
}

export function rowsUpTo(bytes: number, make: (at: number) => Row): readonly string[] {
  const rows: string[] = []
  for (let size = 0; size < bytes; size += (rows.at(-1)?.length ?? 0) + 1) rows.push(JSON.stringify(make(rows.length)))
  return rows
}
