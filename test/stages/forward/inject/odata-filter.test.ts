import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { requireODataFilter } from '../../../../src/stages/forward/inject/odata-filter.ts'

const isRefusal = { code: 'ERR_QUERY_REFUSED' }

const accepted = [
  "name eq 'x'",
  "name eq 'it''s'",
  "name eq ''",
  "name eq ') or (1 eq 1'",
  "name eq 'C:\\dir'",
  'a eq b',
  'active',
  'not active',
  "not contains(name,'x')",
  "not(startswith(name,'x'))",
  'a eq 1 and b eq 2 or c eq 3',
  '(a eq 1 or b eq 2) and not (c eq 3)',
  '((((a eq 1))))',
  'A EQ 1 AND B Ne 2',
  'price mul 2 gt 10 sub -3',
  '-price lt 0',
  'price mod 2 eq 0 and price divby 2 ge 1.5e-3',
  'created ge 2024-01-01T00:00:00Z',
  'created ge 2024-01-01T00:00:00.123+01:00',
  'day eq 2024-02-29 and at eq 12:30:00',
  'id eq 01234567-89ab-cdef-0123-456789abcdef',
  'id eq abcdef01-89ab-cdef-0123-456789abcdef',
  "span eq duration'P1D'",
  "colour has Sales.Colour'Red'",
  "name in ('a','b',null)",
  'n in (1,-2,3)',
  'n in ()',
  'name in other/names',
  'address/city eq null',
  'address/Model.Home/city eq true',
  'items/any()',
  "items/any(i:i/name eq 'x')",
  'items/all(i:i/n gt 1 and (i/ok or $it/ok))',
  'items/$count gt 3',
  "$it eq 'x'",
  "substring(name,1,2) eq 'ab' and length(trim(name)) lt 3",
  "geo.distance(place,geography'POINT(1 2)') lt 5",
  'isof(Model.Order)',
  "cast(n,Edm.String) eq '1'",
  'isof(tags,Collection(Edm.String))',
  'year(now()) eq 2024',
  'x eq INF or x eq -INF or x eq NaN',
  "größe eq 'x'",
  ' a  eq\t1 ',
]

const refused: readonly (readonly [string, string])[] = [
  ['is empty', ''],
  ['is blank', '  '],
  ['closes what it did not open', 'a eq 1) or (1 eq 1'],
  ['closes and opens again', "a eq 'x') or (tenant ne 'y'"],
  ['leaves a parenthesis open', '(a eq 1'],
  ['leaves a string open', "a eq 'x"],
  ['leaves a string open by doubling', "a eq 'x''"],
  ['hides the end of a string behind a backslash', "a eq 'x\\' or b eq ') or (1 eq 1'"],
  ['has a control character in a string', "a eq 'x\0y'"],
  ['has a line feed in a string', "a eq 'x\ny'"],
  ['has a line feed between words', 'a eq 1\nor 1 eq 1'],
  ['has a no-break space between words', 'a eq\u00a01'],
  ['has a format character in a name', 'a\u200b eq 1'],
  ['ends in an operator', 'a eq 1 or'],
  ['begins with an operator', 'or a eq 1'],
  ['compares nothing', 'a eq'],
  ['compares twice', 'a eq 1 eq 2'],
  ['is two conditions', 'a eq 1 b eq 2'],
  ['is a list of conditions', 'a eq 1, b eq 2'],
  ['is followed by another option', 'a eq 1;$expand=x'],
  ['is followed by a comment', 'a eq 1 -- x'],
  ['is followed by a C comment', 'a eq 1 /* x */'],
  ['is followed by an ampersand', 'a eq 1&b eq 2'],
  ['is a text', "'x'"],
  ['is a number', '1'],
  ['is null', 'null'],
  ['is a sum', 'a add 1'],
  ['joins a text', "a eq 1 and 'x'"],
  ['negates a number', 'not 1'],
  ['takes an operator for a name', 'and eq 1'],
  ['runs an operator into its operand', "a eq'x'"],
  ['runs an operator into a parenthesis', '(a eq 1)and(b eq 2)'],
  ['runs an operator into the parenthesis behind it', 'a eq 1 and(b eq 2)'],
  ['runs a comparison into a parenthesis', 'a eq(1)'],
  ['runs a parenthesis into an operator', '(a eq 1)and (b eq 2)'],
  ['runs an identifier into a name', 'id eq 01234567-89ab-cdef-0123-456789abcdefx'],
  ['runs a literal into a name', "a eq duration'P1D'x"],
  ['runs two texts together', "a eq 'x''y'z'"],
  ['runs a number into a name', 'a eq 1x'],
  ['has half a date', 'a eq 2024-01'],
  ['has a hexadecimal number', 'a eq 0x10'],
  ['calls a function of the server', 'Model.Secret(x=1) eq 1'],
  ['calls a function bound to a property', 'items/Model.Secret() eq 1'],
  ['calls a function bound to a property as if it were a lambda', 'items/reveal(i:i/n gt 1)'],
  ['calls an unknown function', 'reveal(name)'],
  ['calls a function with too few arguments', 'contains(name)'],
  ['calls a function with too many arguments', "contains(a,'b','c')"],
  ['calls a function without an end', "contains(a,'b'"],
  ['names a row by its key', "items('1')/name eq 'x'"],
  ['starts at the root without a key', '$root/me/name eq 1'],
  ['takes another system name for a value', '$filter eq 1'],
  ['starts at the root', "$root/items('1')/name eq 'x'"],
  ['uses an alias', 'a eq @p'],
  ['uses an annotation', '@Core.Secret eq 1'],
  ['filters inside a path', 'items/$filter(n gt 1)/$count gt 1'],
  ['puts options on a count', 'items/$count($filter=n gt 1) gt 1'],
  ['counts and goes on', 'items/$count/x eq 1'],
  ['ends a path in nothing', 'a/ eq 1'],
  ['begins a path with nothing', '/a eq 1'],
  ['has a lambda without a variable', 'items/any(n gt 1)'],
  ['has a lambda without an end', 'items/any(i:i/n gt 1'],
  ['has a lambda that is no condition', "items/any(i:'x')"],
  ['has a lambda on nothing', 'any(i:i/n gt 1)'],
  ['has a list of names', 'a in (b,c)'],
  ['has a list of expressions', 'a in (1 add 1)'],
  ['casts to no type', 'isof(a,1)'],
  ['is JSON', '{"a":1} eq a'],
  ['is a JSON array', 'a in [1,2]'],
  ['has double quotes', 'a eq "x"'],
  ['has an equals sign', 'a = 1'],
  ['has a C operator', 'a eq 1 || true'],
  ['has a percent sign', 'a eq %27x%27'],
  ['has a question mark', 'a eq ?'],
  ['has half a surrogate pair', "a eq '\ud800'"],
  ['is nested 33 deep', `${'('.repeat(33)}a eq 1${')'.repeat(33)}`],
  ['negates 40 times', `${'not '.repeat(40)}a`],
  ['is minus a hundred times', `${'-'.repeat(100)}a eq 1`],
  ['is too long', `name eq '${'x'.repeat(8192)}'`],
]

describe('a filter of OData', () => {
  for (const text of accepted)
    it(`is let through: ${JSON.stringify(text)}`, () => {
      requireODataFilter(text)
    })

  for (const [what, text] of refused)
    it(`is refused where it ${what}`, () => {
      assert.throws(() => requireODataFilter(text), isRefusal)
    })

  it('is let through 31 deep', () => {
    requireODataFilter(`${'('.repeat(31)}a eq 1${')'.repeat(31)}`)
  })

  it('may be as long as 8,192 characters', () => {
    requireODataFilter(`name eq '${'x'.repeat(8192 - 10)}'`)
  })
})

const pieces = [
  'a',
  'b/c',
  "'x'",
  "'it''s'",
  '1',
  '(',
  ')',
  ' and ',
  ' or ',
  'not ',
  ' eq ',
  ' in ',
  ',',
  'true',
  '$it',
  "'",
  '\\',
  '/any(i:i eq 1)',
  "contains(a,'b')",
  ' ',
  '-',
  ';',
]
const scribble = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))

const condition: fc.Arbitrary<string> = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    {
      weight: 3,
      arbitrary: fc.constantFrom("a eq 'x'", 'b', 'c/d gt 1', "e in ('(',')')", "startswith(f,') or (')", 'not g'),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('filter'), fc.constantFrom(' and ', ' or '), tie('filter'))
        .map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: tie('filter').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('filter').map((inner) => `not (${inner})`) },
  ),
})).filter

/** Where parentheses stand outside strings, read without any grammar. */
function closesOnlyAtEnd(text: string): boolean {
  const bare = text.replaceAll(/'[^']*'/g, '')
  let depth = 0
  for (const [at, character] of Array.from(bare).entries()) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0 && at < bare.length - 1) return false
  }
  return depth === 0 && !bare.includes("'")
}

function stands(text: string): boolean {
  try {
    requireODataFilter(text)
    return true
  } catch {
    return false
  }
}

describe('any filter of OData that stands alone', () => {
  it('stays whole inside parentheses', () => {
    fc.assert(
      fc.property(fc.oneof(scribble, condition), (text) => {
        fc.pre(stands(text))
        assert.ok(closesOnlyAtEnd(`(${text})`))
        assert.ok(stands(`(${text}) and (tenant eq 'acme')`))
      }),
      { numRuns: 400 },
    )
  })

  it('is let through however it was built', () => {
    fc.assert(
      fc.property(condition, (text) => assert.ok(stands(text))),
      { numRuns: 200 },
    )
  })
})
