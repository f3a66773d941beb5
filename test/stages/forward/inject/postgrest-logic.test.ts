import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { requirePostgrestLogic } from '../../../../src/stages/forward/inject/postgrest-logic.ts'

const isRefusal = { code: 'ERR_QUERY_REFUSED' }

const accepted = [
  '(a.eq.1)',
  '(a.eq.1,b.gt.2)',
  '(a.eq.,b.eq.x)',
  '(a.not.eq.1,b.not.is.null)',
  '(or(a.eq.1,b.eq.2),not.and(c.lt.3,d.gte.4))',
  '( a.eq.1 , or( b.eq.2 ) )',
  '(a.in.(1,2,3),b.not.in.("x,y","z)"))',
  '(a.eq."),or(b.eq.1")',
  '(a.eq."it\\"s \\\\")',
  '(tags.cs.{x,y},data.cs.{"a":1})',
  '(a.is.null,b.is.TRUE,c.is.not_null,d.is.unknown)',
  '(name.ilike.*abc*,name.like(any).{a*,b*})',
  '(text.fts(english).cat,text.wfts.dog)',
  '(data->>a.eq.1,data->b->0.gt.2,data->>"odd key".eq.x)',
  '("odd column".eq.1,order-lines.eq.2,first name.eq.x)',
  '(a.eq.2024-01-01T00:00:00+01:00)',
  '(and.eq.1,or.eq.2)',
  '(größe.eq.1)',
]

const refused: readonly (readonly [string, string])[] = [
  ['is empty', ''],
  ['is an empty group', '()'],
  ['is bare', 'a.eq.1'],
  ['closes too early', '(a.eq.1),or(b.eq.2)'],
  ['closes and opens again', '(a.eq.1))or((b.eq.2)'],
  ['is left open', '(a.eq.1'],
  ['is left open inside', '(or(a.eq.1)'],
  ['is followed by a condition', '(a.eq.1)b.eq.2'],
  ['is followed by another parameter', '(a.eq.1)&x=y'],
  ['leaves a string open', '(a.eq."x)'],
  ['goes on behind a string', '(a.eq."x"y)'],
  ['escapes what needs no escape', '(a.eq."x\\)")'],
  ['has a backslash outside strings', '(a.eq.x\\)'],
  ['has a parenthesis in a bare value', '(a.eq.f(x))'],
  ['has a quote in a bare value', '(a.eq.x"y)'],
  ['has braces inside braces', '(a.cs.{{1},{2}})'],
  ['has a parenthesis inside braces', '(a.cs.{x),or(b.eq.1})'],
  ['leaves braces open', '(a.cs.{x)'],
  ['leaves a list open', '(a.in.(1,2)'],
  ['has a list without parentheses', '(a.in.1,2)'],
  ['has a list within a list', '(a.in.((1)))'],
  ['names no operator', '(a.1)'],
  ['names an unknown operator', '(a.nope.1)'],
  ['names an unknown junction', '(xor(a.eq.1,b.eq.2))'],
  ['has a modifier that is none', '(a.eq(some).{1})'],
  ['asks is of a value', '(a.is.1)'],
  ['names no column', '(.eq.1)'],
  ['names a column of another table', '(other.a.eq.1)'],
  ['ends in a comma', '(a.eq.1,)'],
  ['begins with a comma', '(,a.eq.1)'],
  ['negates twice', '(not.not.and(a.eq.1))'],
  ['has a control character', '(a.eq.x\0)'],
  ['has a line feed in a string', '(a.eq."x\ny")'],
  ['is nested 17 deep', `${'(or'.repeat(16)}(a.eq.1${')'.repeat(17)}`],
  ['is too long', `(a.eq.${'x'.repeat(8192)})`],
]

describe('a logic tree of PostgREST', () => {
  for (const text of accepted)
    it(`is let through: ${text}`, () => {
      requirePostgrestLogic(text)
    })

  for (const [what, text] of refused)
    it(`is refused where it ${what}`, () => {
      assert.throws(() => requirePostgrestLogic(text), isRefusal)
    })

  it('is let through 16 deep', () => {
    requirePostgrestLogic(`${'(or'.repeat(15)}(a.eq.1${')'.repeat(16)}`)
  })
})

const pieces = [
  'a.eq.1',
  'b.in.(1,2)',
  'c.eq."),("',
  'or',
  'and',
  'not.',
  '(',
  ')',
  ',',
  '"',
  '\\',
  '{',
  '}',
  '{x,y}',
  '.cs.',
  ' ',
  'd',
]
const scribble = fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((parts) => `(${parts.join('')})`)

const tree: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 3, arbitrary: fc.constantFrom('a.eq.1', 'b.in.(1,")")', 'c.eq."),or("', 'd.cs.{x,y}', 'e.not.is.null') },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('and', 'or', 'not.and', 'not.or'), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
        .map(([junction, branches]) => `${junction}(${branches.join(',')})`),
    },
  ),
})).tree

function stands(text: string): boolean {
  try {
    requirePostgrestLogic(text)
    return true
  } catch {
    return false
  }
}

/** Where parentheses stand outside strings and braces, read without any grammar. */
function closesOnlyAtEnd(text: string): boolean {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').replaceAll(/\{[^}]*\}/g, '')
  let depth = 0
  for (const [at, character] of Array.from(bare).entries()) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0 && at < bare.length - 1) return false
  }
  return depth === 0
}

describe('any logic tree of PostgREST that stands alone', () => {
  it('stays one branch inside another', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          scribble,
          tree.map((text) => `(${text})`),
        ),
        (text) => {
          fc.pre(stands(text))
          assert.ok(closesOnlyAtEnd(text))
          assert.ok(stands(`(tenant.eq.acme,or${text})`))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('is let through however it was built', () => {
    fc.assert(
      fc.property(tree, (text) => assert.ok(stands(`(${text})`))),
      { numRuns: 200 },
    )
  })
})
