import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultRowLimits, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../../../src/stages/filter/rows-json.ts'
import { codeOf, field, marker, planOf, runJson } from './support.ts'

const mine = '{"account":"acme","id":1}'
const other = `{"account":"beta","note":"${marker}"}`
const root = planOf({ at: [['*']] })
const single = planOf({ at: [[]] })
const blocking = planOf({ onViolation: 'block' })

/** A permitted row of `length` bytes. */
function row(length: number): string {
  return `{"account":"acme","pad":"${'x'.repeat(length - 27)}"}`
}

function text(plan: RowPlan, body: string | Uint8Array): string | undefined {
  return runJson(plan, body).text
}

function code(plan: RowPlan, body: string | Uint8Array): string | undefined {
  return runJson(plan, body).code
}

describe('rows', () => {
  const kept: readonly [string, RowPlan, string, string][] = [
    [
      'keeps a permitted row byte for byte',
      root,
      '[{ "account" : "acme", "n":1.50 }]',
      '[{ "account" : "acme", "n":1.50 }]',
    ],
    ['drops a foreign row with its comma, in front', root, `[${other},${mine}]`, `[${mine}]`],
    ['drops a foreign row with its comma, in the middle', root, `[${mine},${other},${mine}]`, `[${mine},${mine}]`],
    ['drops a foreign row with its comma, at the end', root, `[${mine},${other}]`, `[${mine}]`],
    ['leaves no blanks that tell the number of dropped rows', root, `[ ${other} ,\n ${other} , ${mine} ]`, `[${mine}]`],
    ['gives an empty list where nothing is permitted', root, `[${other},${other}]`, '[]'],
    ['reads an escaped key', root, '[{"\\u0061ccount":"acme"}]', '[{"\\u0061ccount":"acme"}]'],
    ['reads an escaped value', root, '[{"account":"\\u0061cme"}]', '[{"account":"\\u0061cme"}]'],
    [
      'takes a key in another case for another key where none is ruled',
      root,
      '[{"account":"acme","Id":1,"id":2}]',
      '[{"account":"acme","Id":1,"id":2}]',
    ],
    [
      'does not mind a duplicate that no rule reads',
      root,
      '[{"account":"acme","x":1,"x":2}]',
      '[{"account":"acme","x":1,"x":2}]',
    ],
    ['drops a row whose ruled key occurs twice', root, '[{"account":"acme","account":"acme"}]', '[]'],
    [
      'drops a row whose ruled key occurs twice, once escaped',
      root,
      '[{"account":"acme","acc\\u006funt":"beta"}]',
      '[]',
    ],
    ['drops a row with a ruled key in another case', root, '[{"account":"acme","Account":"beta"}]', '[]'],
    ['drops a row with only a ruled key in another case', root, '[{"ACCOUNT":"acme"}]', '[]'],
    ['drops a row without its tenant', root, '[{"id":1}]', '[]'],
    ['drops a row whose tenant is null', root, '[{"account":null}]', '[]'],
    ['drops a row whose tenant is a list', root, '[{"account":["acme"]}]', '[]'],
    ['drops a row whose tenant is an object', root, '[{"account":{"account":"acme"}}]', '[]'],
    ['drops a row whose tenant stands elsewhere', root, '[{"meta":{"account":"acme"}}]', '[]'],
    ['drops a row whose tenant has blanks', root, '[{"account":"acme "}]', '[]'],
    ['drops what is no object', root, `[null,1,"acme",[${mine}],${mine}]`, `[${mine}]`],
    ['does not take __proto__ for a parent', root, '[{"__proto__":{"account":"acme"}}]', '[]'],
    [
      'keeps lone surrogates that are escaped',
      root,
      '[{"account":"acme","n":"\\ud800"}]',
      '[{"account":"acme","n":"\\ud800"}]',
    ],
    ['keeps 1e400 as it is written', root, '[{"account":"acme","n":1e400}]', '[{"account":"acme","n":1e400}]'],
    ['gives a permitted object', single, ` ${mine} `, mine],
    ['takes null for no rows', planOf(), '{"items":null}', '{"items":null}'],
    ['takes an absent list for no rows', planOf(), '{}', '{}'],
  ]
  for (const [name, plan, body, expected] of kept) {
    it(name, () => {
      assert.equal(text(plan, body), expected)
    })
  }

  it('knows the signs that fold to ASCII letters', () => {
    const plan = planOf({ at: [['*']], withhold: ['sku', 'kiosk', 'iban'].map((name) => ({ name, path: [name] })) })
    for (const twin of ['\u017fku', 's\u212au', '\u212aiosk', '\u0131ban', '\u0130ban', 'SKU', 'Iban'])
      assert.equal(text(plan, JSON.stringify([{ account: 'acme', [twin]: marker }])), '[]', twin)
    assert.equal(text(plan, '[{"account":"acme","ſķu":1}]'), '[{"account":"acme","ſķu":1}]')
  })

  it('answers a single object that is not permitted as if it did not exist', () => {
    assert.equal(code(single, other), 'ERR_ITEM_NOT_FOUND')
    assert.equal(code(single, 'null'), 'ERR_ITEM_NOT_FOUND')
    assert.equal(code(planOf({ at: [['data']] }), `{"data":${other}}`), 'ERR_ITEM_NOT_FOUND')
    assert.equal(text(planOf({ at: [['data']] }), `{"data":${mine}}`), `{"data":${mine}}`)
  })

  it('reads rows in groups', () => {
    const plan = planOf({ at: [['groups', '*', 'items', '*']] })
    const body = `{"groups":[{"name":"${marker}","items":[${other},${mine}]},{"items":[${other}]},null]}`
    assert.equal(text(plan, body), `{"groups":[{"name":null,"items":[${mine}]},{"items":[]},null]}`)
  })

  it('reads fields inside a row, and nothing through a list', () => {
    const plan = planOf({
      at: [['*']],
      predicate: { reads: [field('account', ['meta', 'account'])], test: ([v]) => v === 'acme' },
    })
    const good = '{"meta":{"x":1,"account":"acme"}}'
    assert.equal(text(plan, `[${good},{"meta":[{"account":"acme"}]},{"account":"acme"},{"meta":"acme"}]`), `[${good}]`)
  })

  it('hands over numbers as written, lists of strings, and what it cannot read', () => {
    const seen: unknown[] = []
    const reads = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => field(name))
    const test = (values: readonly unknown[]): boolean => seen.push(...values) > 0
    text(
      planOf({ at: [['*']], predicate: { reads, test } }),
      '[{"a":12345678901234567890,"b":["x","\\u00e9"],"c":[1],"d":{},"e":null,"f":false}]',
    )
    assert.deepEqual(
      seen.map((value) => (typeof value === 'symbol' ? 'unreadable' : value)),
      [{ text: '12345678901234567890' }, ['x', 'é'], 'unreadable', 'unreadable', null, false, undefined].map(
        (value, at) => (at === 0 ? seen[0] : value),
      ),
    )
    assert.equal(JSON.stringify(seen[0]), '{"text":"12345678901234567890"}')
  })
})

describe('what stands outside the rows', () => {
  it('becomes null, whatever it is', () => {
    const body = `{"next":"${marker}","n":1,"included":[${other}],"facets":{"${marker}":1},"items":[${mine}]}`
    assert.equal(text(planOf(), body), `{"next":null,"n":null,"included":null,"facets":null,"items":[${mine}]}`)
  })

  it('stays where the route names it', () => {
    const plan = planOf({ keep: [['page', 'size'], ['links']] })
    const body = `{"page":{"size":20,"cursor":"${marker}"},"links":{"self": "/x"},"items":[]}`
    assert.equal(text(plan, body), '{"page":{"size":20,"cursor":null},"links":{"self": "/x"},"items":[]}')
  })

  it('counts anew where the total comes after the rows, and is null before them', () => {
    const plan = planOf({ total: { path: ['total'], policy: 'recount' } })
    assert.equal(text(plan, `{"items":[${mine},${other}],"total":2}`), `{"items":[${mine}],"total":1}`)
    assert.equal(text(plan, `{"total":2,"items":[${mine},${other}]}`), `{"total":null,"items":[${mine}]}`)
    assert.equal(text(plan, `{"items":[${mine}],"total":"2"}`), `{"items":[${mine}],"total":null}`)
    const none = planOf({ total: { path: ['total'], policy: 'null' } })
    assert.equal(text(none, `{"items":[${mine}],"total":2}`), `{"items":[${mine}],"total":null}`)
  })

  it('refuses a total where the route says block', () => {
    const plan = planOf({ total: { path: ['total'], policy: 'block' } })
    assert.equal(code(plan, '{"items":[],"total":2}'), 'ERR_ANSWER_VIOLATION')
    assert.equal(text(plan, '{"items":[],"total":null}'), '{"items":[],"total":null}')
  })

  it('refuses another shape than the declared one', () => {
    for (const body of ['{"items":{}}', '{"items":"x"}', '{"items":1}', '[]', '"x"', '1', `{"items":{"a":${other}}}`])
      assert.equal(code(planOf(), body), 'ERR_ANSWER_SHAPE', body)
    assert.equal(code(root, '{"items":[]}'), 'ERR_ANSWER_SHAPE')
    assert.equal(code(single, `[${mine}]`), 'ERR_ANSWER_SHAPE')
  })

  it('refuses a second reading of the way to the rows', () => {
    for (const body of [
      '{"items":[],"items":[]}',
      '{"items":[],"Items":[]}',
      '{"item\\u0073":[],"items":[]}',
      '{"item\u017f":[]}',
    ])
      assert.equal(code(planOf(), body), 'ERR_ANSWER_VIOLATION', body)
  })
})

describe('withheld fields', () => {
  const withhold = [
    { name: 'secret', path: ['secret'] },
    { name: 'email', path: ['meta', 'email'] },
    { name: 'price', path: ['lines', '*', 'price'] },
  ]
  const removed = planOf({ at: [['*']], withhold })
  const blanked = planOf({ at: [['*']], withhold, withheldAs: 'null' })

  it('leave with their separators', () => {
    const cases: readonly [string, string][] = [
      ['{"secret":1,"account":"acme"}', '{"account":"acme"}'],
      ['{"account":"acme","secret":[{"a":1}]}', '{"account":"acme"}'],
      ['{"a":1,"\\u0073ecret":1,"account":"acme"}', '{"a":1,"account":"acme"}'],
      ['{"account":"acme","meta":{"email":"x"}}', '{"account":"acme","meta":{}}'],
      ['{"account":"acme","meta":{"email":"x","a":1},"secret":2}', '{"account":"acme","meta":{"a":1}}'],
      [
        '{"account":"acme","lines":[{"price":1,"n":2},{"n":1,"price":2},{}]}',
        '{"account":"acme","lines":[{"n":2},{"n":1},{}]}',
      ],
    ]
    for (const [row, expected] of cases) assert.equal(text(removed, `[${row}]`), `[${expected}]`)
  })

  it('become null where the route says so', () => {
    assert.equal(
      text(blanked, '[{"secret":{"a":1},"account":"acme","meta":{"email":"x"}}]'),
      '[{"secret":null,"account":"acme","meta":{"email":null}}]',
    )
  })

  it('condemn a row in which they could stand elsewhere', () => {
    for (const row of [
      '{"account":"acme","meta":[{"email":1}]}',
      '{"account":"acme","lines":{"price":1}}',
      '{"account":"acme","Secret":1}',
      '{"account":"acme","secret":1,"secret":2}',
    ])
      assert.equal(text(removed, `[${row},${mine}]`), `[${mine}]`, row)
    assert.equal(text(removed, '[{"account":"acme","meta":"x"}]'), '[{"account":"acme","meta":"x"}]')
  })

  it('are counted', () => {
    assert.deepEqual(runJson(removed, `[{"account":"acme","secret":1,"meta":{"email":1}},${other}]`).counts, {
      rows: 2,
      withheld: 1,
      fieldsWithheld: 2,
      violations: 0,
    })
  })
})

describe('block', () => {
  it('lets an answer without a foreign row through', () => {
    assert.equal(text(blocking, `{"items":[${mine}]}`), `{"items":[${mine}]}`)
  })

  it('releases nothing before the whole answer passed', () => {
    const outcome = runJson(blocking, `{"items":[${mine},${mine},${other}]}`, [20, 40, 60])
    assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
    assert.equal(outcome.released, '')
  })

  it('refuses a row with two readings', () => {
    assert.equal(code(blocking, '{"items":[{"account":"acme","Account":1}]}'), 'ERR_ANSWER_VIOLATION')
  })

  it('holds no more than its bound', () => {
    const plan = { ...blocking, limits: { ...defaultRowLimits, maxBlockBytes: 60 } }
    assert.equal(text(plan, `{"items":[${mine}]}`), `{"items":[${mine}]}`)
    assert.equal(code(plan, `{"items":[${mine},${mine},${mine}]}`), 'ERR_ANSWER_TOO_LARGE')
  })
})

describe('what is no JSON', () => {
  const open = planOf({ at: [['*']] })
  const bodies: readonly [string, string | Uint8Array][] = [
    ['nothing', ''],
    ['blanks', '  '],
    ['a byte order mark', '\ufeff[]'],
    ['UTF-16', Buffer.from('[]', 'utf16le')],
    ['bytes that are no UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
    ['an overlong character', Buffer.from([0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d])],
    ['a surrogate in UTF-8', Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d])],
    ['a character beyond U+10FFFF', Buffer.from([0x5b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x5d])],
    ['a cut character', Buffer.from([0x5b, 0x22, 0xe2, 0x82, 0x22, 0x5d])],
    ['NaN', '[NaN]'],
    ['a leading zero', '[01]'],
    ['a bare minus', '[-]'],
    ['a point without digits', '[1.]'],
    ['a trailing comma', '[1,]'],
    ['a trailing comma in an object', '[{"a":1,}]'],
    ['a comment', '[/**/]'],
    ['single quotes', "['a']"],
    ['a control character in a string', '["\u0001"]'],
    ['a control character as a blank', '[\u0001]'],
    ['an escape that is none', '["\\x41"]'],
    ['bytes behind the end', '[] x'],
    ['two documents', '[][]'],
    ['a script', 'cb([])'],
    ['a prefix against inclusion', ")]}',\n[]"],
    ['an open list', '[1'],
    ['an open string', '["a'],
    ['brackets that cross', '[{]}'],
    ['a word cut short', '[tru]'],
    ['depth beyond the bound', `${'['.repeat(257)}${']'.repeat(257)}`],
  ]
  for (const [name, body] of bodies) {
    it(`refuses ${name}`, () => {
      assert.equal(code(open, body), 'ERR_ANSWER_UNREADABLE')
    })
  }

  it('takes the same byte sequences for UTF-8 as a decoder does', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const decodes = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes)
        return true
      } catch {
        return false
      }
    }
    const follow = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
    const sequences = Array.from({ length: 128 }, (_, lead) => lead + 128).flatMap((lead) => [
      [lead],
      ...follow.flatMap((second) => [
        [lead, second],
        ...follow.flatMap((third) => [[lead, second, third], ...follow.map((fourth) => [lead, second, third, fourth])]),
      ]),
    ])
    for (const sequence of sequences) {
      const body = Buffer.from([0x5b, 0x22, ...sequence, 0x22, 0x5d])
      assert.equal(code(open, body) === undefined, decodes(body), body.toString('hex'))
    }
  })

  it('takes depth up to the bound', () => {
    assert.equal(text(open, `${'['.repeat(256)}${']'.repeat(256)}`), '[]')
  })

  it('refuses depth 10,000 without recursion', () => {
    assert.equal(code(open, '['.repeat(10_000)), 'ERR_ANSWER_UNREADABLE')
  })
})

describe('bounds and borders', () => {
  it('refuses a row beyond its bound, and takes one at it', () => {
    const plan = planOf({ at: [['*']], limits: { ...defaultRowLimits, maxRowBytes: 1_000 } })
    assert.equal(row(1_000).length, 1_000)
    for (const cuts of [[], [500], [999], [1, 2, 3, 1_000]]) {
      assert.equal(runJson(plan, `[${row(1_000)}]`, cuts).text, `[${row(1_000)}]`)
      assert.equal(runJson(plan, `[${row(1_001)}]`, cuts).code, 'ERR_ANSWER_TOO_LARGE')
    }
  })

  it('does not bound what it does not hold', () => {
    const plan = planOf({ limits: { ...defaultRowLimits, maxRowBytes: 100 } })
    const body = `{"${'k'.repeat(5_000)}":"${'v'.repeat(5_000)}","items":[${' '.repeat(5_000)}${mine}]}`
    assert.equal(runJson(plan, body, [3_000, 7_000, 12_000]).text, `{"${'k'.repeat(5_000)}":null,"items":[${mine}]}`)
  })

  it('gives the same wherever the chunks end', () => {
    const withhold = [
      { name: 'secret', path: ['secret'] },
      { name: 'email', path: ['meta', 'email'] },
    ]
    const plan = planOf({ withhold, keep: [['page', 'size']], total: { path: ['total'], policy: 'recount' } })
    const body = Buffer.from(
      `{"n\\u0065xt":"é","page":{"size":-1.5e+3,"c":[1]},"items":[{"acc\\u006funt":"acme","é":"€𝄞\\n","secret":1,"amount":99} , ${other},{"secret":[true,false,null], "account":"acme","meta":{"email":"x"}},{"account":"acme","Account":0},7],"total":0}`,
    )
    const whole = runJson(plan, body)
    assert.match(whole.text ?? '', /"total":2/)
    for (let first = 0; first <= body.length; first++)
      for (let second = first; second <= body.length; second += 1 + (first % 3))
        assert.deepEqual(runJson(plan, body, [first, second]), whole)
    assert.deepEqual(runJson(plan, body, Array.from(body.keys())), whole)
  })

  it('stays shut after a refusal and after the end', () => {
    const filter = new JsonRowFilter(root)
    assert.throws(
      () => filter.push(Buffer.from('x')),
      (error) => codeOf(error) === 'ERR_ANSWER_UNREADABLE',
    )
    assert.throws(() => filter.push(Buffer.from('[]')), TypeError)
    assert.throws(() => filter.end(), TypeError)
  })

  it('refuses plans that contradict themselves', () => {
    const plans: readonly Partial<RowPlan>[] = [
      { at: [] },
      {
        at: [
          ['items', '*'],
          ['items', '*'],
        ],
      },
      {
        at: [
          ['items', '*'],
          ['items', '*', 'sub', '*'],
        ],
      },
      { keep: [[]] },
      { keep: [['items']] },
      { keep: [['items', '*', 'id']] },
      { total: { path: ['items'], policy: 'null' } },
      { withhold: [{ name: 'x', path: [] }] },
      { withhold: [{ name: 'x', path: ['tags', '*'] }] },
    ]
    for (const plan of plans) assert.throws(() => new JsonRowFilter(planOf(plan)), TypeError, JSON.stringify(plan))
  })
})
