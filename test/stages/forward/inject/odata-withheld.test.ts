import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { injectOData } from '../../../../src/stages/forward/inject/inject-odata.ts'
import { joinQuery, splitQuery } from '../../../../src/stages/forward/inject/query-parts.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { outcome, withheld } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const tell = (name: string, value: string, held = withheld) => {
  const part = `${name}=${encodeURIComponent(value)}`
  const text = outcome(() => joinQuery(injectOData(splitQuery(part), 'tenant eq 1', held)))
  return text === refused ? refused : 'let through'
}

const asking: readonly (readonly [string, string])[] = [
  ...[
    'margin gt 20',
    'Margin gt 20',
    '20 lt margin',
    'amount gt 5 and not (margin gt 20)',
    'amount gt margin',
    'amount add margin gt 5',
    '-margin lt 5',
    'margin in (1,2)',
    'margin',
    'tolower(margin) eq 20',
    'contains(meta/owner,1)',
    'concat(note,meta/owner) eq 1',
    'meta/owner eq 1',
    'Meta/Owner eq 1',
    'meta/owner/first eq 1',
    'meta/Sales.Meta/owner eq 1',
    'meta eq null',
    'meta/Sales.Meta eq null',
    'owner eq 1',
    '$it/margin gt 20',
    '$it/meta eq null',
    '$it eq null',
    '$this gt 20',
    'cast(margin,Edm.String) eq 1',
    'lines/any(l:l/cost gt 5)',
    'lines/any(l:l/Sales.Line/cost gt 5)',
    'lines/any(l:l/sku eq 1 and l/cost gt 5)',
    'prices/any(p:p gt 5)',
    'prices/any()',
    'prices/$count gt 2',
    'lines eq null',
  ].map((text) => ['$filter', text] as const),
  ['filter', 'margin gt 20'],
  ...[
    'margin',
    'margin desc',
    'amount desc, margin',
    'meta/owner',
    'meta',
    'meta/Sales.Meta',
    'tolower(margin) desc',
  ].map((text) => ['$orderby', text] as const),
  ['orderby', 'margin'],
  ['$orderby', 'lines/any(l:contains(l/sku,l/cost))'],
  ['$orderby', '$it/margin'],
  ['$orderby', 'lines/cost'],
  ['$select', 'lines/cost'],
  ...['margin', 'id,margin', 'id, meta/owner', 'MARGIN'].map((text) => ['$select', text] as const),
  ['$search', 'thin'],
  ['search', 'thin'],
  ['$skiptoken', 'margin-20,id-5'],
  ['sort', 'margin'],
  ['margin_gte', '20'],
]

const neighbours: readonly (readonly [string, string])[] = [
  ...[
    "amount gt 20 and note eq 'margin'",
    "contains(note,'margin')",
    'margins gt 20 and net_margin gt 20 and max_margin gt 20',
    'meta/colour eq 1',
    'meta/owners/any(o:o eq 1)',
    'lines/any(l:l/sku eq 1)',
    'lines/$count gt 2',
    'lines/any()',
    '$it/amount gt 20',
    'customer/lines/sku eq 1 and amount gt 5',
    'price gt 5',
  ].map((text) => ['$filter', text] as const),
  ...['amount desc', 'amount,note desc', 'lines/sku,cost', 'meta/colour', 'max_margin', 'lines/$count'].map(
    (text) => ['$orderby', text] as const,
  ),
  ...['id,amount', 'meta', '*', 'max_margin', 'lines/sku,amount', 'lines/sku,cost'].map(
    (text) => ['$select', text] as const,
  ),
  ['$top', '5'],
  ['$skiptoken', 'amount-20,id-5'],
  ['$count', 'true'],
  ['note', 'the margin is thin'],
]

describe('a query of OData where properties are withheld', () => {
  for (const [name, value] of asking)
    it(`refuses ${name}=${value}, and lets it through where nothing is withheld`, () => {
      assert.equal(tell(name, value), refused)
      assert.equal(tell(name, value, nothingWithheld), 'let through')
    })

  for (const [name, value] of neighbours)
    it(`lets ${name}=${value} through`, () => {
      assert.equal(tell(name, value), 'let through')
    })

  it('has to stand where every row is open too', () => {
    for (const text of ['$filter=margin%20gt%201', '$orderby=margin'])
      assert.equal(
        outcome(() => injectOData(splitQuery(text), undefined, withheld)),
        refused,
      )
  })

  it('may repeat the mask itself, as the next link of a server does', () => {
    const mask = 'margin gt 20'
    const first = joinQuery(injectOData(splitQuery('$filter=amount%20gt%201'), mask, withheld))
    assert.equal(joinQuery(injectOData(splitQuery(first), mask, withheld)), first)
  })
})
