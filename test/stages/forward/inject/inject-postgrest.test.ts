import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { injectPostgrest } from '../../../../src/stages/forward/inject/inject-postgrest.ts'
import { requirePostgrestLogic } from '../../../../src/stages/forward/inject/postgrest-logic.ts'
import { joinQuery, splitQuery } from '../../../../src/stages/forward/inject/query-parts.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { outcome } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const mask = 'tenant.eq.acme'
const sent = (query: string, own: string | undefined = mask) =>
  outcome(() => joinQuery(injectPostgrest(query === '' ? [] : splitQuery(query), own, nothingWithheld)))
const open = (query: string) => outcome(() => joinQuery(injectPostgrest(splitQuery(query), undefined, nothingWithheld)))
/** The condition that goes on, and the rest. */
function read(query: string): readonly [string | null, string] {
  const [first = '', ...rest] = sent(query).split('&')
  assert.match(first, /^and=[A-Za-z0-9%._~()-]+$/)
  return [new URLSearchParams(first).get('and'), rest.join('&')]
}

describe('the mask in and=', () => {
  it('stands alone where the client filters by nothing', () => {
    assert.deepEqual(read(''), [`(${mask})`, ''])
    assert.deepEqual(read('select=a,b&limit=5'), [`(${mask})`, 'select=a,b&limit=5'])
  })

  it('stands beside the filters of the client on columns', () => {
    assert.deepEqual(read('a=eq.1&b=not.in.(1,2)&data-%3E%3Ek=is.null'), [
      `(${mask})`,
      'a=eq.1&b=not.in.(1,2)&data-%3E%3Ek=is.null',
    ])
  })

  it('stands first in the one and, with all conditions of the client behind it', () => {
    assert.deepEqual(read('or=(a.eq.1,b.eq.2)&x=eq.1&and=(c.eq.3)&not.and=(d.eq.4)&not.or=(e.eq.5)&and=(f.eq.6)'), [
      `(${mask},or(a.eq.1,b.eq.2),and(c.eq.3),not.and(d.eq.4),not.or(e.eq.5),and(f.eq.6))`,
      'x=eq.1',
    ])
  })

  it('finds conditions under an encoded name', () => {
    assert.deepEqual(read('%6Fr=(a.eq.1,b.eq.2)&not%2Eand=(c.eq.1)'), [
      `(${mask},or(a.eq.1,b.eq.2),not.and(c.eq.1))`,
      '',
    ])
  })

  const broken = [
    'or=(a.eq.1',
    'or=a.eq.1',
    'or=(a.eq.1),or(b.eq.2)',
    'or=(a.eq.1))),or(((b.eq.2)',
    'and=()',
    'and=',
    'or',
    'or=(other.a.eq.1)',
    'or=(a.eq."x)',
    'or=(a.eq.%FF)',
    'not.or=(a.eq.1)x',
  ]
  for (const query of broken)
    it(`refuses ${query}`, () => {
      assert.equal(sent(query), refused)
    })

  const spellings = [
    'AND',
    'Or',
    '%20and',
    'and%20',
    'and[]',
    'or%00',
    'NOT.and',
    'not+and',
    'not.AND',
    'and%2500',
    'a%26or',
    '$and',
    'SELECT',
    'Order',
    'limit[]',
    'Columns',
    '%20on_conflict',
  ]
  for (const name of spellings)
    it(`refuses a reserved name that is spelt ${name}`, () => {
      assert.equal(sent(`${name}=(a.eq.1)`), refused)
    })

  const foreign = [
    'select=*,other(*)',
    'select=other(secret)',
    'select=x:other!inner(secret)',
    'select=...other(secret)',
    'select=%2E%2Eother%28secret%29',
    'select=count()',
    'select=amount.sum()',
    'select=*,other{*}',
    'select=tenant:note',
    'select=*,tenant%3Anote::text',
    'select=data-%3E%3Etenant',
    'select=data->tenant',
    'select=%22a%22b',
    'select=a,',
    'select=',
    'order=other{x}',
    'order=other(secret).desc',
    'order=secret.desc,other%28x%29',
    'other.secret=eq.1',
    'other.order=secret',
    'other.limit=1',
    'other.offset=1',
    'other.and=(a.eq.1)',
    'other.not.or=(a.eq.1)',
    'not.not.and=(a.eq.1)',
    'not.x=eq.1',
    'a%2Eb=eq.1',
    'a=eq.1;select=other(*)',
    'a=eq.1;b=eq.2',
  ]
  for (const query of foreign)
    it(`refuses ${query}`, () => {
      assert.equal(sent(query), refused)
    })

  const kept = [
    'select=a,b,d::text,first-name,%22odd%3A%20name%22,%20e',
    'select=*',
    'order=a.desc.nullslast,data-%3E%3Eb',
    'limit=1',
    'offset=2',
    'columns=a,b',
    'on_conflict=a',
    'andy=eq.1',
    'order_id=eq.1',
    'a=eq.other(x)',
    'a',
    'a=eq.1&&b=eq.2',
    'first%20name=eq.x',
  ]
  for (const query of kept)
    it(`keeps ${query}`, () => {
      assert.deepEqual(read(query), [`(${mask})`, query])
    })

  it('is not added where every row is open, and conditions have to stand alone all the same', () => {
    assert.equal(open('or=(a.eq.1,b.eq.2)&x=eq.1'), 'or=(a.eq.1,b.eq.2)&x=eq.1')
    assert.equal(open('or=(a.eq.1'), refused)
    assert.equal(open('select=other(*)'), refused)
  })
})

describe('whatever conditions the client sends', () => {
  const pieces = ['a.eq.1', 'b.eq."),("', 'or', 'and', 'not.', '(', ')', ',', '"', '\\', mask]
  const scribble = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((parts) => `(${parts.join('')})`)
  const names = fc.constantFrom('and', 'or', 'not.and', 'not.or', 'x')

  it('go on behind the mask, in one condition', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, scribble), { maxLength: 3 }), (pairs) => {
        const query = sent(pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'))
        fc.pre(query !== refused)
        const parameters = new URLSearchParams(query)
        assert.deepEqual(parameters.getAll('and').length, 1)
        assert.ok(!['or', 'not.and', 'not.or'].some((name) => parameters.has(name)))
        const text = parameters.get('and') ?? ''
        requirePostgrestLogic(text)
        const branches = pairs.filter(([name]) => name !== 'x').map((pair) => pair.join(''))
        assert.equal(text, `(${[mask, ...branches].join(',')})`)
      }),
      { numRuns: 500 },
    )
  })
})
