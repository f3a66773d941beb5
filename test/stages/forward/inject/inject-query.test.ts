import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Injection } from '../../../../src/config/config.ts'
import type { ComposedMask } from '../../../../src/mask/compose.ts'
import { renderOdata } from '../../../../src/mask/render/odata.ts'
import { renderPostgrest } from '../../../../src/mask/render/postgrest.ts'
import { injectQuery } from '../../../../src/stages/forward/inject/inject-query.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { everything, noAttributes, nothing, odata, outcome, postgrest, rows, set } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mine = rows({ owner: "O'Hara, (ann)", tags: { $hasAny: ['a"b', 'c\\d'] } })
assert.ok(mine.kind === 'conditional')
const odataText = renderOdata(mine.mask)
const postgrestText = renderPostgrest(mine.mask)

const inject = (query: string, injections: readonly Injection[], mask: ComposedMask | undefined = mine) =>
  outcome(() => injectQuery(query, injections, mask, noAttributes, nothingWithheld))
const parameter = (query: string, name: string) => new URLSearchParams(query).getAll(name)

describe('the mask in a query string', () => {
  it('is joined to the $filter of the client', () => {
    assert.deepEqual(parameter(inject('?$filter=a%20eq%201', [odata]), '$filter'), [`(a eq 1) and (${odataText})`])
    assert.deepEqual(parameter(inject('', [odata]), '$filter'), [odataText])
    assert.deepEqual(parameter(inject('?', [odata]), '$filter'), [odataText])
  })

  it('comes first in the conditions of PostgREST', () => {
    assert.deepEqual(parameter(inject('?or=(a.eq.1,b.eq.2)', [postgrest]), 'and'), [
      `(${postgrestText},or(a.eq.1,b.eq.2))`,
    ])
    assert.deepEqual(parameter(inject('', [postgrest]), 'and'), [`(${postgrestText})`])
  })

  it('stays the same over the next links of a server', () => {
    const first = inject('?$filter=a%20eq%201', [odata])
    assert.equal(inject(first, [odata]), first)
    assert.equal(inject(inject('', [odata]), [odata]), inject('', [odata]))
  })

  it('finds nothing where nobody granted anything', () => {
    assert.deepEqual(parameter(inject('?$filter=a', [odata], nothing), '$filter'), ['(a) and (false)'])
    assert.deepEqual(parameter(inject('?or=(a.eq.1)', [postgrest], nothing), 'and'), [
      '(and(pg_typeof.is.null,pg_typeof.not.is.null),or(a.eq.1))',
    ])
  })

  it('is not there where every row is open, and the query has to stand all the same', () => {
    assert.equal(inject('?$filter=a&$top=1', [odata], everything), '?$filter=a&$top=1')
    assert.equal(inject('', [odata], everything), '')
    assert.equal(inject('?$filter=a)', [odata], everything), refused)
    assert.equal(inject('?or=(a.eq.1)&x=eq.1', [postgrest], everything), '?or=(a.eq.1)&x=eq.1')
    assert.equal(inject('?or=(a.eq.1', [postgrest], everything), refused)
  })

  it('is not there on a route without a dataset', () => {
    const injections = [odata, postgrest, set({ a: '1' })]
    assert.equal(
      injectQuery('?$filter=a)&$expand=b', injections, undefined, noAttributes, nothingWithheld),
      '?a=1&$filter=a)&$expand=b',
    )
  })

  it('stands behind the parameters that are set', () => {
    const injections = [odata, set({ tenant: 'acme', $top: '50' })]
    const query = inject('?$top=9&TENANT=x&$skip=5', injections)
    assert.ok(query.startsWith('?tenant=acme&$top=50&$filter='))
    assert.ok(query.endsWith('&$skip=5'))
  })

  it('lets the configuration set an option that a client may not', () => {
    const injections = [set({ $expand: 'lines' }), odata]
    assert.ok(inject('?$expand=secrets&expand=x', injections).startsWith('?$expand=lines&$filter='))
  })

  it('may not be asked of rows in a query string where it stands in the body of a search', () => {
    const search: Injection = { kind: 'body', mask: 'elasticsearch', at: [] }
    for (const query of ['', '?', '?size=5&from=10', '?pretty', '?filter_path=hits.hits&&timeout=5s'])
      assert.equal(inject(query, [search]), query === '?' ? '' : query)
    for (const query of [
      '?q=*',
      '?Q=*',
      '?%71=*',
      '?source={}',
      '?size=5&q=*',
      '?size=5;q=*',
      '?suggest_field=a',
      '?explain',
      '?scroll=1m',
      '?unknown=1',
    ])
      assert.equal(inject(query, [search]), refused, query)
    assert.equal(inject('?q=*', [search], everything), refused)
    assert.equal(inject('?q=*', [search, set({ q: 'a' })]), '?q=a')
  })

  it('leaves the query alone where it stands in a body of MongoDB', () => {
    assert.equal(inject('?q=*;x', [{ kind: 'body', mask: 'mongodb', at: [] }]), '?q=*;x')
  })
})
