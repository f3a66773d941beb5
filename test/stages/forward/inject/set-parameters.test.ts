import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { JsonNumber } from '../../../../src/mask/language.ts'
import { injectQuery } from '../../../../src/stages/forward/inject/inject-query.ts'
import { dropParameterCookies, dropParameterFields } from '../../../../src/stages/forward/inject/set-parameters.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { noAttributes, outcome, set } from './support.ts'

const tenant = [set({ tenant: 'acme' })]
const query = (sent: string, injections = tenant) =>
  outcome(() => injectQuery(sent, injections, undefined, noAttributes, nothingWithheld))
const refused = 'ERR_QUERY_REFUSED'
const from = (held: unknown) =>
  outcome(() =>
    injectQuery('?a=1', [set({ tenant: { $user: 'org' } })], undefined, new Map([['org', held]]), nothingWithheld),
  )
const cookies = (sent: string | undefined, injections = tenant) => dropParameterCookies(sent, injections)
const form = (sent: string) =>
  outcome(() => dropParameterFields(Buffer.from(sent, 'latin1'), tenant).toString('latin1'))

/** Spellings of `tenant` that some server takes for it. */
const aliases = [
  'tenant=globex',
  'tenant',
  'tenant=',
  'TENANT=globex',
  'Tenant=globex',
  '%74enant=globex',
  '%74%65%6E%61%6e%74=globex',
  'tenant%20=globex',
  '+tenant=globex',
  '%20%20tenant=globex',
  '%09tenant=globex',
  '%0Atenant=globex',
  '%0D%0Atenant=globex',
  '%00tenant=globex',
  '%C2%A0tenant=globex',
  '%E2%80%8Btenant=globex',
  '%EF%BB%BFtenant=globex',
  'tenant[]=globex',
  'tenant[0]=globex',
  'tenant[x]=globex',
  'tenant[x][y]=globex',
  'tenant%5B%5D=globex',
  'tenant%5b0%5d=globex',
  'tenant[=globex',
  'tenant]=globex',
  '[tenant]=globex',
  '[]tenant=globex',
  '%5Btenant%5D=globex',
  'tenant.x=globex',
  'tenant+[x]=globex',
  'tenant%00=globex',
  'tenant%00x=globex',
  'ten%00ant=globex',
  'tenant%00[]=globex',
  '?tenant=globex',
  '??tenant=globex',
  '%3Ftenant=globex',
  '$tenant=globex',
  '%EF%BD%94enant=globex',
  'tenan%EF%BC%B4=globex',
  'x%26tenant=globex',
  'tenant%3Dglobex',
  'tenant%3Dglobex=x',
  'x%3Btenant=globex',
  'tenant%26x=globex',
]

const others = [
  'tenants=globex',
  'xtenant=globex',
  'a[tenant]=globex',
  'x=tenant',
  'x=tenant%3Dglobex',
  'x=%26tenant%3Dglobex',
  'a=1&b=%zz',
  '=tenant',
  'tenant-id=globex',
  'a%20b=1',
  'a=1;b=2',
]

describe('setting a parameter', () => {
  for (const alias of aliases)
    it(`deletes ${alias}`, () => {
      assert.equal(query(`?${alias}`), '?tenant=acme')
      assert.equal(query(`?a=1&${alias}&b=2`), '?tenant=acme&a=1&b=2')
      assert.equal(query(`?a=1;${alias};b=2`), '?tenant=acme&a=1;b=2')
      assert.equal(query(`?${alias}&${alias}`), '?tenant=acme')
    })

  for (const other of others)
    it(`keeps ${other}`, () => {
      assert.equal(query(`?${other}`), `?tenant=acme&${other}`)
    })

  const doubtful = [
    ['broken percent-encoding', 'ten%ant=globex'],
    ['an encoding of UTF-16', '%u0074enant=globex'],
    ['an overlong encoding', '%C1%B4enant=globex'],
    ['bytes that are no UTF-8', '%FFtenant=globex'],
    ['double encoding', '%2574enant=globex'],
    ['triple encoding', '%252574enant=globex'],
    ['more than 256 characters', `${'+'.repeat(256)}x=globex`],
  ] as const
  for (const [what, sent] of doubtful)
    it(`refuses a name with ${what}`, () => {
      assert.equal(query(`?${sent}`), refused)
      assert.equal(query(`?a=1&${sent}`), refused)
    })

  it('keeps values that are doubtful, and names where nothing is set', () => {
    assert.equal(query('?a=%zz&b=%2574'), '?tenant=acme&a=%zz&b=%2574')
    assert.equal(query('?%zz=1&%2574enant=globex', []), '?%zz=1&%2574enant=globex')
  })

  it('keeps a name of 256 characters', () => {
    const name = 'é'.repeat(256)
    assert.equal(query(`?${encodeURIComponent(name)}=1`), `?tenant=acme&${encodeURIComponent(name)}=1`)
  })

  it('takes what PHP makes an underscore for one', () => {
    const injections = [set({ tenant_id: 'acme' })]
    const sent = [
      'tenant.id',
      'tenant+id',
      'tenant%20id',
      'tenant[id',
      'tenant%5Bid',
      'tenant_id',
      'TENANT.ID',
      '+tenant.id[]',
    ]
    for (const name of sent) assert.equal(query(`?${name}=globex`, injections), '?tenant_id=acme', name)
    for (const name of ['tenantid', 'tenant-id', 'tenant__id'])
      assert.equal(query(`?${name}=x`, injections), `?tenant_id=acme&${name}=x`)
  })

  it('takes a dot in the name that is set for all of these too', () => {
    const injections = [set({ 'tenant.id': 'acme' })]
    for (const name of ['tenant.id', 'tenant_id', 'tenant%20id', 'tenant[id'])
      assert.equal(query(`?${name}=globex`, injections), '?tenant.id=acme', name)
  })

  it('takes letters that are equal without case for each other', () => {
    assert.equal(query('?%C4%B1d=x', [set({ id: 'acme' })]), '?id=acme')
    const injections = [set({ tasks: 'acme' })]
    for (const name of ['taſks', 'TAS\u212aS', 'ｔａｓｋｓ'])
      assert.equal(query(`?${encodeURIComponent(name)}=x`, injections), '?tasks=acme', name)
  })

  it('finds an option with and without its $', () => {
    const injections = [set({ $top: '50' })]
    for (const name of ['$top', '%24top', 'top', 'TOP']) assert.equal(query(`?${name}=9`, injections), '?$top=50', name)
  })

  it('sets several parameters in the order of the configuration, each once', () => {
    const injections = [set({ b: '1', a: '2' }), set({ c: '3' })]
    assert.equal(query('?c=x&B=x&x=1&a=x&a=y', injections), '?b=1&a=2&c=3&x=1')
  })

  it('sets a parameter where the client sent no query', () => {
    assert.equal(query(''), '?tenant=acme')
    assert.equal(query('?'), '?tenant=acme')
    assert.equal(query('?&&'), '?tenant=acme&&&')
  })

  it('encodes what it sets so that nothing of it is syntax', () => {
    const value = "a&b=c;d#e f+g%h[]'\u00e9\u{1f600}"
    const [, written] = query('', [set({ x: value })]).split('=')
    assert.match(written ?? '', /^[A-Za-z0-9%._~()-]+$/)
    assert.equal(new URLSearchParams(query('', [set({ x: value })])).get('x'), value)
  })

  it('leaves a query alone where the upstream is told by header only', () => {
    const header = { kind: 'header', oversize: 'block' } as const
    assert.equal(injectQuery('?%zz&tenant=x;', [header], undefined, noAttributes, nothingWithheld), '?%zz&tenant=x;')
  })
})

describe('setting a parameter to an attribute', () => {
  const told: readonly (readonly [unknown, string])[] = [
    ['acme', 'acme'],
    ['a b', 'a%20b'],
    [7, '7'],
    [0, '0'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [false, 'false'],
    [new JsonNumber('9007199254740993'), '9007199254740993'],
    [['acme'], 'acme'],
  ]
  for (const [held, value] of told)
    it(`says ${JSON.stringify(held)} as ${value}`, () => {
      assert.equal(from(held), `?tenant=${value}&a=1`)
    })

  const silent: readonly (readonly [string, unknown])[] = [
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['blank', ' \t\u00a0'],
    ['a NUL', '\0'],
    ['a text that a server could cut', 'acme\0globex'],
    ['several lines', 'acme\r\nx'],
    ['half a character', '\ud800'],
    ['an empty list', []],
    ['a list of several', ['acme', 'globex']],
    ['a list of an empty text', ['']],
    ['a list in a list', [['acme']]],
    ['an object', { id: 'acme' }],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['a rounded integer', 2 ** 53],
  ]
  for (const [what, held] of silent)
    it(`refuses the request where it is ${what}`, () => {
      assert.equal(from(held), 'ERR_MASK_UNRESOLVED')
    })

  it('refuses a configured text that says nothing', () => {
    assert.equal(query('', [set({ tenant: ' ' })]), 'ERR_MASK_UNRESOLVED')
    assert.equal(query('', [set({ tenant: '0' })]), '?tenant=0')
  })

  it('reads attributes by their own name only', () => {
    const injections = [set({ tenant: { $user: 'constructor' } })]
    assert.equal(
      outcome(() => injectQuery('', injections, undefined, noAttributes, nothingWithheld)),
      'ERR_MASK_UNRESOLVED',
    )
  })
})

describe('cookies beside a set parameter', () => {
  const dropped = [
    'tenant=globex',
    'TENANT=globex',
    'tenant',
    'tenant[]=globex',
    'tenant[x]=globex',
    'tenant.x=globex',
    '%74enant=globex',
    ' tenant = globex',
    '\ttenant=globex',
    'tenant%00=globex',
    '%2574enant=globex',
    'te%nant=globex',
    'b=1,tenant=globex',
    'b=1, tenant=globex',
    'b=1 tenant=globex',
    '$tenant=globex',
    'tenant="globex"',
  ]
  for (const cookie of dropped)
    it(`go without ${cookie}`, () => {
      assert.equal(cookies(cookie), undefined)
      assert.equal(cookies(`a=1; ${cookie}; c=2`), 'a=1; c=2')
      assert.equal(cookies(`a=1;${cookie};c=2`), 'a=1;c=2')
    })

  for (const cookie of ['session=x', 'tenants=globex', 'a=tenant', 'a="x,y"', 'a={"tenant":1}', 'a=b=c'])
    it(`keep ${cookie}`, () => {
      assert.equal(cookies(cookie), cookie)
    })

  it('are as they were where nothing is set', () => {
    assert.equal(cookies('tenant=globex', []), 'tenant=globex')
    assert.equal(cookies(undefined), undefined)
  })
})

describe('fields of a form beside a set parameter', () => {
  for (const alias of aliases)
    it(`go without ${alias}`, () => {
      assert.equal(form(`a=1&${alias}&b=%FF`), 'a=1&b=%FF')
      assert.equal(form(alias), '')
    })

  it('go without a name that is spelt in bytes', () => {
    assert.equal(form('a=1&\xef\xbd\x94enant=globex'), 'a=1')
    assert.equal(form('\xff=1'), refused)
  })

  it('refuse what servers would read differently', () => {
    assert.equal(form('te%nant=globex'), refused)
    assert.equal(form('%2574enant=globex'), refused)
  })

  it('keep every byte of the others', () => {
    const sent = Buffer.from('a=\xff\xfe&b=%zz&c=1;d=2&\xc3\xa9=3', 'latin1')
    assert.equal(dropParameterFields(sent, tenant), sent)
  })

  it('are found among separators that are encoded, however many fields have names of those', () => {
    const others = Array.from({ length: 9998 }, () => '%26'.repeat(255)).join('&')
    assert.equal(form(`${others}&${'%26'.repeat(200)}tenant${'%26'.repeat(50)}=globex`), others)
  })

  it('may be 10,000, and no more, however long the body is', () => {
    assert.equal(form('&'.repeat(9999)), '&'.repeat(9999))
    assert.equal(form('&'.repeat(10_000)), refused)
    const blanks = `${'+'.repeat(250)}x=1&`.repeat(4000)
    assert.equal(form(`${blanks}tenant=globex`).length, blanks.length - 1)
  })
})

/** What PHP's parse_str makes of a name. */
function phpName(name: string): string {
  const [cut = ''] = name.replace(/^ +/, '').split('\0', 1)
  const open = cut.indexOf('[')
  const base = open >= 0 && cut.indexOf(']', open) >= 0 ? cut.slice(0, open) : cut
  return base.replaceAll(/[ .[]/g, '_')
}

const nameParts = [
  'tenant',
  'TENANT',
  'ten',
  'ant',
  '%74',
  '%00',
  '+',
  '%20',
  '[',
  ']',
  '%5B',
  '.',
  '_',
  '?',
  '%26',
  'x',
  '%3D',
  '%0a',
  '$',
]
const sentName = fc.array(fc.constantFrom(...nameParts), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const sentQuery = fc
  .array(fc.tuple(sentName, fc.constantFrom('=globex', '', '=')), { maxLength: 5 })
  .map((pairs) => `?${pairs.map((pair) => pair.join('')).join('&')}`)

describe('whatever the client sends', () => {
  it('every reader sees our value alone', () => {
    fc.assert(
      fc.property(sentQuery, (sent) => {
        const forwarded = query(sent)
        fc.pre(forwarded !== refused)
        const pairs = [...new URLSearchParams(forwarded)]
        const read = (fold: (name: string) => string) =>
          pairs.filter(([name]) => fold(name) === 'tenant').map(([, value]) => value)
        assert.deepEqual(
          read((name) => name),
          ['acme'],
        )
        assert.deepEqual(
          read((name) => name.trim().toLowerCase()),
          ['acme'],
        )
        assert.deepEqual(read(phpName), ['acme'])
        assert.deepEqual(
          read((name) => phpName(name.toLowerCase())),
          ['acme'],
        )
        assert.ok(forwarded.startsWith('?tenant=acme'))
      }),
      { numRuns: 500 },
    )
  })
})
