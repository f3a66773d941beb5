import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { injectOData } from '../../../../src/stages/forward/inject/inject-odata.ts'
import { requireODataFilter } from '../../../../src/stages/forward/inject/odata-filter.ts'
import { joinQuery, splitQuery } from '../../../../src/stages/forward/inject/query-parts.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { outcome } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = "tenant eq 'acme'"
/** The query that goes on for a query without its `?`. */
const sent = (query: string, own: string | undefined = mask) =>
  outcome(() => joinQuery(injectOData(query === '' ? [] : splitQuery(query), own, nothingWithheld)))
const open = (query: string) => outcome(() => joinQuery(injectOData(splitQuery(query), undefined, nothingWithheld)))
/** The filter that goes on, and the rest. */
function read(query: string): readonly [string | null, string] {
  const [first = '', ...rest] = sent(query).split('&')
  assert.match(first, /^\$filter=[A-Za-z0-9%._~()-]+$/)
  return [new URLSearchParams(first).get('$filter'), rest.join('&')]
}

describe('the mask in $filter', () => {
  it('stands alone where the client filters by nothing', () => {
    assert.deepEqual(read(''), [mask, ''])
    assert.deepEqual(read('$top=5&$orderby=name%20desc'), [mask, '$top=5&$orderby=name%20desc'])
  })

  it('is joined by and with the filter of the client, each in parentheses', () => {
    assert.deepEqual(read('$filter=a%20eq%201%20or%20b'), [`(a eq 1 or b) and (${mask})`, ''])
  })

  it('stands first, whatever came before the filter of the client', () => {
    assert.deepEqual(read('$top=1&$filter=b&x=y'), [`(b) and (${mask})`, '$top=1&x=y'])
  })

  const spellings = ['$filter', '%24filter', '$FILTER', '%24Filter', 'filter', 'Filter', '%66ilter', '$%66%69lter']
  for (const name of spellings)
    it(`takes the place of a filter that is called ${name}`, () => {
      assert.deepEqual(read(`${name}=b&x=y`), [`(b) and (${mask})`, 'x=y'])
    })

  const doubtful = [
    '%20$filter',
    '$filter%20',
    '$filter%00',
    '$filter[]',
    '$filter[0]',
    'filter.x',
    '%00$filter',
    '$$filter',
    '%EF%BC%84filter',
    '%2524filter',
    '$fi%lter',
    '?$filter',
    'x%26$filter',
    '$filter%3Da',
  ]
  for (const name of doubtful)
    it(`refuses a filter that is called ${name}`, () => {
      assert.equal(sent(`${name}=b`), refused)
    })

  it('reads a plus as the blank it is in a form', () => {
    assert.deepEqual(read('$filter=a+eq+1'), [`(a eq 1) and (${mask})`, ''])
    assert.deepEqual(read('$filter=a+eq+%27x%2By%27'), [`(a eq 'x+y') and (${mask})`, ''])
  })

  it('refuses two filters, however they are called', () => {
    assert.equal(sent('$filter=a&$filter=b'), refused)
    assert.equal(sent('$filter=a&%24FILTER=b'), refused)
    assert.equal(sent('$filter=a&filter=a'), refused)
  })

  it('refuses a filter that does not stand alone', () => {
    assert.equal(sent("$filter=a%20eq%20'x')%20or%20(tenant%20ne%20'y'"), refused)
    assert.equal(sent('$filter=a%20eq%201)%20or%20(1%20eq%201'), refused)
    assert.equal(sent('$filter=a%27'), refused)
    assert.equal(sent('$filter='), refused)
    assert.equal(sent('$filter'), refused)
    assert.equal(sent('$filter=%FF'), refused)
    assert.equal(sent('$filter=%zz'), refused)
  })

  it('is not joined again with what the next link of the server repeats of it', () => {
    assert.deepEqual(read(`$filter=${encodeURIComponent(mask)}&$skiptoken=7`), [mask, '$skiptoken=7'])
    const joined = `(a eq 1) and (${mask})`
    assert.deepEqual(read(`$filter=${encodeURIComponent(joined)}&$skiptoken=7`), [joined, '$skiptoken=7'])
  })

  it('is joined with what only looks like a next link', () => {
    const lookalikes = [`not (a) and (${mask})`, `(a) or (${mask})`, `(${mask})`, `(a) and (tenant eq 'globex')`]
    for (const text of lookalikes)
      assert.deepEqual(read(`$filter=${encodeURIComponent(text)}`), [`(${text}) and (${mask})`, ''])
    const broken = [
      `(a) or (b) and (${mask})`,
      `(a) and (${mask}) or (b) and (${mask})`,
      `(not a or (${mask})) or (a) and (${mask})`,
    ]
    for (const text of broken) assert.equal(sent(`$filter=${encodeURIComponent(text)}`), refused, text)
  })

  it('is not added where every row is open, and a filter has to stand alone all the same', () => {
    assert.equal(open('$top=1&$filter=a+eq%201&x'), '$top=1&$filter=a+eq%201&x')
    assert.equal(open('$filter=a%20eq%201)'), refused)
    assert.equal(open('$apply=aggregate(a)'), refused)
  })
})

describe('options beside the mask in $filter', () => {
  const kept = [
    '$select=a,b',
    '$select=*',
    '$orderby=a%20desc,b/c',
    '$top=5',
    '$skip=5',
    '$count=true',
    '$inlinecount=allpages',
    '$search=blue%20OR%20green',
    '$format=json',
    '$format=application/json;odata.metadata=none',
    '$format=application/json;charset=utf-8;IEEE754Compatible=true',
    '$skiptoken=a%20b',
    '$schemaversion=2',
    'top=5',
    'SELECT=a',
    'api-version=1',
    'x=$expand',
    'expands=1',
    'a',
    'a=1&&b=2',
  ]
  for (const option of kept)
    it(`keep ${option}`, () => {
      assert.deepEqual(read(option), [mask, option])
    })

  const reaching = [
    '$apply=groupby((tenant))',
    '$compute=1%20as%20tenant',
    '$expand=lines',
    '$expand=*',
    '$levels=3',
    '$deltatoken=1',
    '$id=x',
    '$index=1',
    '$root=x',
    '$it=x',
    '$batch=x',
    '$unknown=1',
    '$=1',
    '@p=1',
    '%40p=1',
    '$select=a($filter=b)',
    '$select=a%28$expand%3Db%29',
    'select=a($top=1)',
    'a=1;b=2',
    'a=1;$expand=lines',
    '$format=json;$expand=lines',
    '$select=a;top=1',
  ]
  for (const option of reaching)
    it(`refuse ${option}`, () => {
      assert.equal(sent(option), refused)
    })

  for (const name of ['apply', 'compute', 'expand', 'levels', 'deltatoken', 'id', 'index'])
    it(`refuse ${name} in every spelling`, () => {
      for (const spelling of [
        name,
        `$${name}`,
        `%24${name}`,
        name.toUpperCase(),
        `$${name.toUpperCase()}`,
        `%20$${name}`,
        `$${name}[]`,
        `$${name}%00`,
        `%2524${name}`,
      ])
        assert.equal(sent(`${spelling}=x`), refused, spelling)
    })
})

describe('whatever filter the client sends', () => {
  const pieces = ['a', "'x'", "'", '(', ')', ' and ', ' or ', 'not ', ' eq ', '1', `(${mask})`, mask, 'true', ') and (']
  const scribble = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 9 }).map((parts) => parts.join(''))

  it('goes on as one side of one and', () => {
    fc.assert(
      fc.property(scribble, (text) => {
        const query = sent(`$filter=${encodeURIComponent(text)}`)
        fc.pre(query !== refused)
        const filter = new URLSearchParams(query).get('$filter') ?? ''
        if (filter === mask) return
        const client = filter.slice(1, -`) and (${mask})`.length)
        assert.equal(filter, `(${client}) and (${mask})`)
        requireODataFilter(client)
        requireODataFilter(filter)
      }),
      { numRuns: 500 },
    )
  })
})
