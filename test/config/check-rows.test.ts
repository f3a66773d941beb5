import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, parse, problemsOf } from './support.ts'

/** What `rows` says, and every problem that it must give, without where the problem stands in the file. */
const refusals: readonly (readonly [string, ...string[]])[] = [
  [
    'xml: { at: [/orders/order], fields: { acount: "@id" } }',
    'xml.fields.acount: the dataset has no field "acount"; did you mean "account"?',
  ],
  [
    'xml: { at: [/orders/order], fields: { nothing: "@id", account: "@@" } }',
    'xml.fields.account: must be a child element or an attribute, such as price/net or @id',
    'xml.fields.nothing: the dataset has no field "nothing"',
  ],
  ['csv: { columns: { Amount: A } }', 'csv.columns.Amount: the dataset has no field "Amount"; did you mean "amount"?'],
  [
    'html: { rows: [{ select: tr, fields: { owners: td } }] }',
    'html.rows[0].fields.owners: the dataset has no field "owners"; did you mean "owner"?',
  ],
  ['xml: { at: [/order] }', 'xml.at[0]: must name elements from the root down to the row, such as /orders/order'],
  ['xml: { at: [/a/b, /a/b] }', 'xml.at[1]: holds the rows of another place, or stands inside them'],
  ['xml: { at: [/a/b, /a/b/c] }', 'xml.at[1]: holds the rows of another place, or stands inside them'],
  ['xml: { at: [/a/b], keep: [/a/b/c] }', 'xml.keep[0]: would let rows through unfiltered'],
  ['at: [/, /items/*]', 'at[1]: holds the rows of another place, or stands inside them'],
  ['at: [/items/*/lines/*, /items/*]', 'at[1]: holds the rows of another place, or stands inside them'],
  ['at: [/items/*], keep: [/page, /page/size]', 'keep[1]: is kept already, or holds what is'],
  [
    'at: [/items/*], keep: [/page], total: { at: /page/total, policy: block }',
    'total.at: is kept as it is, or holds what is',
  ],
  ['events: { at: [/a, /a/b] }', 'events.at[1]: holds the rows of another place, or stands inside them'],
  ['frames: { at: [/, /items/*] }', 'frames.at[1]: holds the rows of another place, or stands inside them'],
  [
    'html: { scripts: [{ select: script, at: [/, /items/*] }] }',
    'html.scripts[0].at[1]: holds the rows of another place, or stands inside them',
  ],
  [
    `graphql: { operations: [{ name: A, sha256: "${'a'.repeat(64)}", at: [/data/a/*, /data] }] }`,
    'graphql.operations[0].at[1]: holds the rows of another place, or stands inside them',
  ],
  ['xml: { at: [/a/b], keep: [/a/c, /a/c/d] }', 'xml.keep[1]: is kept already, or holds what is'],
]

const accepted: readonly string[] = [
  'at: [/*, /items/*]',
  'at: [/items/*], keep: [/page, /pages], total: { at: /total, policy: block }',
  'frames: { at: [/items/*, /item] }',
  'xml: { at: [/orders/order], fields: { account: "@id", amount: price/net } }',
  'xml: { at: [/a/b, /a/c/b], keep: [/a/d, /a/e, /f] }',
  'csv: { columns: { amount: A, owner: O } }',
  'html: { rows: [{ select: tr, fields: { owner: td } }] }',
]

function withRows(rows: string): string {
  return changed('rows: { at: [/items/*] }', `rows: { ${rows} }`)
}

function odd(rows: string): string {
  return withRows(rows).replace('/meta/owner', '/meta/the owner')
}

describe('where rows stand in answers that are no JSON', () => {
  for (const [rows, ...problems] of refusals) {
    it(`refuses ${rows}`, () => {
      const told = problemsOf(withRows(rows)).map((line) => line.slice(line.indexOf(' ') + 1))
      assert.deepEqual(
        told.toSorted(),
        problems.map((problem) => `apps[0].routes[1].rows.${problem}`),
      )
    })
  }

  for (const rows of accepted) {
    it(`takes ${rows}`, () => assert.deepEqual(problemsOf(withRows(rows)), []))
  }

  it('refuses a field that no element can hold, unless the route says where it stands', () => {
    assert.deepEqual(problemsOf(odd('xml: { at: [/a/b] }')), [
      '26:22 apps[0].routes[1].rows.xml: the pointer of the field "owner" names no element: say under fields where it stands',
    ])
    assert.deepEqual(problemsOf(odd('xml: { at: [/a/b], fields: { owner: "@owner" } }')), [])
    assert.deepEqual(problemsOf(odd('at: [/items/*]')), [])
  })

  it('says nothing of fields where the dataset itself is wrong', () => {
    const text = withRows('xml: { at: [/a/b], fields: { acount: "@id" } }').replace('tenant: account', 'tenant: acc')
    assert.equal(problemsOf(text).length, 2)
    const missing = withRows('xml: { at: [/a/b], fields: { acount: "@id" } }').replace('dataset: orders', 'dataset: x')
    assert.equal(problemsOf(missing).length, 1)
  })

  it('keeps the places as they are read', () => {
    const [, route] = parse(withRows('xml: { at: [/a/b], fields: { owner: m/@o } }')).apps[0]?.routes ?? []
    assert.ok(route !== undefined && 'rows' in route)
    assert.deepEqual(route.rows.xml?.fields.get('owner'), { path: ['m'], attribute: 'o' })
  })
})
