import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CsvRows } from '../../../src/config/config.ts'
import { bindMask } from '../../../src/mask/bind.ts'
import { compilePredicate } from '../../../src/mask/evaluate.ts'
import { type Dataset, JsonNumber } from '../../../src/mask/language.ts'
import { parseMask } from '../../../src/mask/parse.ts'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { maxColumns } from '../../../src/stages/filter/csv-scanner.ts'
import { filterWhole } from '../../../src/stages/filter/filter-body.ts'
import { planAnswer, type Verdict } from '../../../src/stages/filter/filter-response.ts'
import { defaultRowLimits, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { CsvRowFilter } from '../../../src/stages/filter/rows-csv.ts'
import { field, marker, type Outcome, ours, planOf, readersOf, run } from './support.ts'

const comma: CsvRows = { delimiter: ',', columns: new Map() }
const anyRow = planOf({ predicate: { reads: [], test: () => true } })
const owned = planOf({ predicate: { reads: [field('account')], test: ([account]) => account === ours } })

function runCsv(
  plan: RowPlan,
  body: string | Uint8Array,
  cuts: readonly number[] = [],
  rows: CsvRows = comma,
  hold = false,
): Outcome {
  return run(new CsvRowFilter(plan, rows, hold), body, cuts)
}

function withholding(names: readonly string[], changes: Partial<RowPlan> = {}): RowPlan {
  return { ...owned, withhold: names.map((name) => ({ name, path: [name] })), ...changes }
}

describe('CSV', () => {
  it('keeps its header and the lines whose row is permitted', () => {
    const body = `id,account,amount\n1,acme,5\n2,beta,${marker}\n3,acme,99\n4,acme,100\n`
    const outcome = runCsv(planOf(), body)
    assert.equal(outcome.text, 'id,account,amount\n1,acme,5\n3,acme,99\n')
    assert.deepEqual(outcome.counts, { rows: 4, withheld: 2, fieldsWithheld: 0, violations: 0 })
  })

  it('keeps quotes, blanks and line ends as they are', () => {
    const body = 'account,"note"\r\n"acme"," a ""b"", c\nd\r\ne "\r\nacme,\tx y \r\n'
    assert.equal(runCsv(owned, body).text, body)
  })

  it('may be empty, or a header alone', () => {
    assert.equal(runCsv(owned, '').text, '')
    assert.equal(runCsv(owned, 'account,id').text, 'account,id\n')
    assert.equal(runCsv(owned, 'account,id\r\n').text, 'account,id\r\n')
  })

  it('ends its last line, so that nobody sees what stood behind it', () => {
    assert.equal(runCsv(owned, 'account\nacme').text, 'account\nacme\n')
    assert.equal(runCsv(owned, 'account\nacme\nbeta').text, 'account\nacme\n')
    assert.equal(runCsv(owned, 'account,id\r\nacme,"1"').text, 'account,id\r\nacme,"1"\r\n')
    assert.equal(runCsv(owned, 'account,id\r\nacme,').text, 'account,id\r\nacme,\r\n')
  })

  it('compares values without their quotes and by the type of the field', () => {
    const body =
      'account,amount\n"acme","7"\n"ac""me",7\n acme,7\nacme ,7\nacme, 7\nacme,07\nacme,7.0\nacme,x\nAcme,7\n'
    assert.equal(runCsv(planOf(), body).text, 'account,amount\n"acme","7"\nacme,7.0\n')
    const said = { reads: [field('say')], test: ([say]: readonly unknown[]) => say === 'a "b"\nc' }
    assert.equal(runCsv(planOf({ predicate: said }), 'say\n"a ""b""\nc"\n"a b"\n').text, 'say\n"a ""b""\nc"\n')
  })

  it('keeps every digit of a number', () => {
    for (const digits of ['0', '7', '123456789', '1234567890', '9007199254740993', '12345678901234567890.5', '-0'])
      for (const spelled of [digits, `"${digits}"`]) {
        const reads = [field('n', ['n'], 'number')]
        const same = { reads, test: ([n]: readonly unknown[]) => n instanceof JsonNumber && n.text === digits }
        assert.equal(runCsv(planOf({ predicate: same }), `n\n${spelled}\n`).text, `n\n${spelled}\n`)
      }
  })

  it('takes the column that the route names for a field', () => {
    const rows: CsvRows = { delimiter: ',', columns: new Map([['account', 'Customer no.']]) }
    const body = 'id,Customer no.,account\n1,acme,x\n2,beta,acme\n'
    assert.equal(runCsv(owned, body, [], rows).text, 'id,Customer no.,account\n1,acme,x\n')
  })

  it('reads nothing for a field below another key that has no column', () => {
    const plan = planOf({ predicate: { reads: [field('account', ['meta', 'account'])], test: ([a]) => a === ours } })
    assert.equal(runCsv(plan, 'account\nacme\n').code, 'ERR_ANSWER_SHAPE')
    const rows: CsvRows = { delimiter: ',', columns: new Map([['account', 'account']]) }
    assert.equal(runCsv(plan, 'account\nacme\n', [], rows).text, 'account\nacme\n')
  })

  it('has no permitted row where the column of the tenant is missing', () => {
    assert.equal(runCsv(planOf(), `amount,owner\n1,acme\n2,${marker}\n`).text, 'amount,owner\n')
  })

  it('is refused where the first line names no column that is ruled, since it may be a row', () => {
    for (const body of [`2,${marker}\n3,${marker}\n`, `id,owner\n1,acme\n`])
      assert.deepEqual([runCsv(owned, body).code, runCsv(owned, body).released], ['ERR_ANSWER_SHAPE', ''])
  })

  it('takes the delimiter of the route alone', () => {
    for (const delimiter of [',', ';', '\t', '|'] as const) {
      const rows: CsvRows = { delimiter, columns: new Map() }
      const body = ['account', 'a,b;c', 'x'].join(delimiter === ',' || delimiter === ';' ? '|' : ',')
      const text = `account${delimiter}id\nacme${delimiter}",;|\t"\nbeta${delimiter}2\n`
      assert.equal(runCsv(owned, text, [], rows).text, `account${delimiter}id\nacme${delimiter}",;|\t"\n`)
      assert.equal(runCsv(owned, `${body}\n${body}\n`, [], rows).text?.includes('acme') ?? false, false)
    }
    assert.equal(runCsv(owned, 'account,note\nacme,a\tb;c|d\n').text, 'account,note\nacme,a\tb;c|d\n')
  })
})

const header = 'account,note\n'
const unreadable: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ['a quote inside a bare cell', `${header}acme,a"b\n`],
  ['a quote at the end of a bare cell', `${header}acme,ab"\n`],
  ['a quoted cell behind a blank', `${header}acme, "x"\n`],
  ['text behind a quoted cell', `${header}acme,"x"y\n`],
  ['a blank behind a quoted cell', `${header}acme,"x" \n`],
  ['an escape by backslash', `${header}acme,"x\\"y"\n`],
  ['a quoted cell without end', `${header}acme,"x\nbeta,${marker}\n`],
  ['a row with a cell too many', `${header}acme,x,${marker}\n`],
  ['a row with a cell too few', `${header}acme\n`],
  ['a delimiter behind the last cell', `${header}acme,x,\n`],
  ['an empty line between rows', `${header}acme,x\n\nacme,y\n`],
  ['an empty line at the end', `${header}acme,x\n\n`],
  ['an empty line in a single column', 'account\nacme\n\nacme\n'],
  ['an empty first line', `\n${header}acme,x\n`],
  ['an empty first line before CRLF', '\r\naccount\r\n'],
  ['a line of blanks', `${header}  \n`],
  ['a byte order mark before quotes', '\ufeff"account",note\nacme,x\n'],
  ['line feeds behind a CRLF', 'account,note\r\nacme,x\n'],
  ['a CRLF behind line feeds', `${header}acme,x\r\n`],
  ['a carriage return as line end', 'account,note\racme,x\r'],
  ['a carriage return inside a bare cell', `${header}acme,x\ry\n`],
  ['a carriage return at the end', `${header}acme,x\r`],
  ['two carriage returns', 'account,note\r\r\nacme,x\r\n'],
  ['a carriage return alone in quotes', `${header}acme,"x\ry"\n`],
  ['a carriage return before the closing quote', `${header}acme,"x\r"\n`],
  ['NUL', `${header}acme,x\u0000y\n`],
  ['NUL in quotes', `${header}acme,"x\u0000y"\n`],
  ['a form feed', `${header}acme,x\u000cy\n`],
  ['a vertical tab in quotes', `${header}acme,"x\u000b"\n`],
  ['a record separator', `${header}acme,x\u001e\n`],
  ['DEL', `${header}acme,\u007f\n`],
  ['latin1', Buffer.from(`${header}acme,\u00e9\n`, 'latin1')],
  ['a surrogate', Buffer.concat([Buffer.from(`${header}acme,`), Buffer.of(0xed, 0xa0, 0x80, 0x0a)])],
  ['an overlong slash', Buffer.concat([Buffer.from(`${header}acme,`), Buffer.of(0xc0, 0xaf, 0x0a)])],
  ['a lead byte before a line end', Buffer.concat([Buffer.from(`${header}acme,`), Buffer.of(0xe2, 0x0a)])],
  ['a character that is cut at the end', Buffer.concat([Buffer.from(`${header}acme,`), Buffer.of(0xe2, 0x82)])],
  ['UTF-16', Buffer.from(`${header}acme,x\n`, 'utf16le')],
]

describe('CSV that is broken', () => {
  for (const [name, body] of unreadable) {
    it(`is refused: ${name}`, () => {
      for (const plan of [anyRow, owned, withholding(['note'])]) {
        const outcome = runCsv(plan, body)
        assert.equal(outcome.code, 'ERR_ANSWER_UNREADABLE')
        assert.ok(!outcome.released.includes('acme'))
        const bytes = Buffer.from(body)
        assert.equal(runCsv(plan, bytes, [...bytes.keys()]).code, 'ERR_ANSWER_UNREADABLE')
        if (plan !== anyRow) assert.ok(!runCsv(plan, bytes, [...bytes.keys()]).released.includes(marker))
      }
    })
  }

  it('is told from what is well formed', () => {
    for (const body of [
      `${header}acme,"a""b"\n`,
      `${header}"acme","x"\n`,
      `${header}acme,"x\\"\n`,
      `${header}acme,"x\nbeta,y"\n`,
      `${header}acme,\n`,
      'account\nacme\n""\n',
      'account,note\r\nacme,"x\ny"\r\n',
      `${header}acme,"x\r\ny"\n`,
      `${header}acme,é€𝄞\u0085\u2028\ufeff\n`,
      ',account\n1,acme\n',
    ])
      assert.equal(runCsv(anyRow, body).text, body)
  })

  it('is refused before the line goes out, wherever a character is cut', () => {
    for (const bad of [[0xe2], [0xe2, 0x82], [0xf0, 0x9f, 0x92], [0xc3]]) {
      const body = Buffer.concat([Buffer.from(`${header}acme,`), Buffer.from(bad), Buffer.from('\nacme,x\nacme,y\n')])
      for (const cuts of [...body.keys()].map((cut) => [cut]).concat([[...body.keys()]])) {
        const outcome = runCsv(owned, body, cuts)
        assert.equal(outcome.code, 'ERR_ANSWER_UNREADABLE')
        assert.ok(!outcome.released.includes('acme'))
      }
    }
  })

  it('is refused at the first cell too many, however long the line', () => {
    const filter = new CsvRowFilter(owned, comma)
    filter.push(Buffer.from(`${header}acme,x`))
    assert.throws(() => filter.push(Buffer.from(',y,z')), { code: 'ERR_ANSWER_UNREADABLE' })
  })

  it('breaks off once lines have gone out', () => {
    const body = Buffer.from(`${header}acme,x\nacme,"y"z\n`)
    const outcome = runCsv(owned, body, [header.length + 7])
    assert.equal(outcome.code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(outcome.released, `${header}acme,x\n`)
  })

  it('is of no further use', () => {
    const filter = new CsvRowFilter(owned, comma)
    assert.throws(() => filter.push(Buffer.from('"a"b')), { code: 'ERR_ANSWER_UNREADABLE' })
    assert.throws(() => filter.push(Buffer.from('account\nacme\n')), TypeError)
    assert.throws(() => filter.end(), TypeError)
  })
})

function refused(names: string, plan = withholding(['secret'])): void {
  const outcome = runCsv(plan, `${names}\n`)
  assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION', names)
  assert.equal(outcome.released, '')
}

describe('the header of CSV', () => {
  it('names no column twice', () => {
    refused('account,account')
    refused('account,id,id')
    refused('account,"account"')
    refused('account,a,"a"')
    refused('account,,')
    assert.equal(runCsv(owned, 'account,a,A,b\n').text, 'account,a,A,b\n')
  })

  it('has no name that is something else where it comes first, as it may once a column is gone', () => {
    for (const name of ['sep=,', 'SEP=;', '"sep=,"', '\ufeffnote', '"\ufeffnote"', '\ufeff']) {
      refused(name)
      refused(`${name},account`)
      refused(`secret,${name},account`)
    }
    for (const name of ['sep', 'a sep=', 'note\ufeff'])
      assert.equal(runCsv(owned, `account,${name}\n`).text, `account,${name}\n`)
  })

  it('has no second reading of a ruled column', () => {
    for (const name of [
      'Account',
      ' account',
      'account ',
      '"ACCOUNT"',
      '\taccount',
      '\u00a0account',
      'account\ufeff',
    ]) {
      refused(`account,${name}`)
      refused(name)
    }
    for (const name of ['Secret', 'ſecret', 'SECRET ', '"\nsecret"']) refused(`account,${name}`)
    const rows: CsvRows = { delimiter: ',', columns: new Map([['account', 'Kunde']]) }
    for (const name of ['kunde', 'KUNDE', ' Kunde', '\u212aunde'])
      assert.equal(runCsv(owned, `Kunde,${name}\n`, [], rows).code, 'ERR_ANSWER_VIOLATION')
    for (const name of ['accounts', 'ac count', 'account_', 'acc', 'Kunde'])
      assert.equal(runCsv(owned, `account,${name}\nacme,1\n`).text, `account,${name}\nacme,1\n`)
  })

  it('lets a column be ruled by two spellings that the dataset declares', () => {
    const reads = [field('account'), field('Account')]
    const plan = planOf({ predicate: { reads, test: ([lower, upper]) => lower === ours && upper === 'x' } })
    assert.equal(runCsv(plan, 'account,Account\nacme,x\nx,acme\n').text, 'account,Account\nacme,x\n')
  })
})

describe('withheld columns', () => {
  const empty = (names: readonly string[]) => runCsv(withholding(names, { withheldAs: 'null' }), body).text
  const body = 'secret,account,note,pin\n1,acme,a,"2,3"\n4,beta,b,5\n"6",acme,,7\n'

  it('disappear with their delimiters', () => {
    assert.equal(runCsv(withholding(['secret']), body).text, 'account,note,pin\nacme,a,"2,3"\nacme,,7\n')
    assert.equal(runCsv(withholding(['pin']), body).text, 'secret,account,note\n1,acme,a\n"6",acme,\n')
    assert.equal(runCsv(withholding(['note', 'secret']), body).text, 'account,pin\nacme,"2,3"\nacme,7\n')
    assert.equal(runCsv(withholding(['account']), body).text, 'secret,note,pin\n1,a,"2,3"\n"6",,7\n')
    const outcome = runCsv(withholding(['secret', 'pin', 'absent']), body)
    assert.equal(outcome.text, 'account,note\nacme,a\nacme,\n')
    assert.deepEqual(outcome.counts, { rows: 3, withheld: 1, fieldsWithheld: 4, violations: 0 })
  })

  it('are empty cells where the route says null', () => {
    assert.equal(empty(['secret']), 'secret,account,note,pin\n,acme,a,"2,3"\n,acme,,7\n')
    assert.equal(empty(['pin']), 'secret,account,note,pin\n1,acme,a,\n"6",acme,,\n')
    assert.equal(empty(['account', 'note']), 'secret,account,note,pin\n1,,,"2,3"\n"6",,,7\n')
    assert.equal(empty(['secret', 'account', 'note', 'pin']), 'secret,account,note,pin\n,,,\n,,,\n')
  })

  it('never leave an empty line behind', () => {
    assert.equal(runCsv(withholding(['secret']), 'account,secret\nacme,1\n').text, 'account\nacme\n')
    const plan = withholding(['account'])
    assert.equal(runCsv(plan, 'account,note\nacme,\nacme,x\nacme,""\n').text, 'note\n""\nx\n""\n')
    assert.equal(runCsv(plan, 'account,\nacme,x\n').text, '""\nx\n')
    assert.equal(runCsv({ ...plan, withheldAs: 'null' }, 'account\nacme\nbeta\n').text, 'account\n""\n')
  })

  it('leave nothing where they were all there was', () => {
    assert.equal(runCsv(withholding(['account', 'note']), 'account,note\nacme,x\n').text, '')
  })

  it('are those that the route names, else those of their field, however deep it stands', () => {
    const rows: CsvRows = { delimiter: ';', columns: new Map([['secret', 'Marge %']]) }
    const plan = withholding(['secret'])
    assert.equal(runCsv(plan, 'account;Marge %;secret\nacme;1;2\n', [], rows).text, 'account;secret\nacme;2\n')
    const deep = { ...owned, withhold: [{ name: 'margin', path: ['meta', 'margin'] }] }
    assert.equal(runCsv(deep, 'account,margin\nacme,1\n').text, 'account\nacme\n')
  })
})

describe('an empty cell without quotes', () => {
  const dataset: Dataset = {
    name: 'orders',
    tenantField: 'account',
    visibility: 'tenant',
    base: undefined,
    fields: new Map([field('owner'), field('size', ['size'], 'number')].map((each) => [each.name, each])),
  }
  const planFor = (mask: unknown): RowPlan =>
    planOf({ predicate: compilePredicate(bindMask(parseMask(mask, dataset), new Map())) })

  it('satisfies no condition, since it may be nothing and may be an empty text', () => {
    for (const mask of [
      { owner: '' },
      { owner: { $ne: 'bob' } },
      { owner: { $nin: ['bob'] } },
      { owner: { $exists: true } },
      { owner: { $exists: false } },
      { owner: { $lt: 'z' } },
      { size: { $ne: 5 } },
      { size: { $exists: true } },
      { size: { $exists: false } },
    ])
      assert.equal(runCsv(planFor(mask), `owner,size,note\n,,${marker}\n`).text, 'owner,size,note\n')
  })

  it('takes nothing from a row that is permitted without it', () => {
    const body = 'owner,size\n,7\nbob,\n'
    assert.equal(runCsv(planFor({ $or: [{ owner: 'bob' }, { size: 7 }] }), body).text, body)
  })

  it('is another thing than quotes with nothing between', () => {
    assert.equal(runCsv(planFor({ owner: '' }), 'owner,size\n"",7\n').text, 'owner,size\n"",7\n')
    assert.equal(runCsv(planFor({ size: { $ne: 5 } }), 'owner,size\nx,""\n').text, 'owner,size\n')
  })
})

function names(count: number): string {
  return Array.from({ length: count }, (_, column) => `c${column}`).join(',')
}

describe('the bounds of CSV', () => {
  const limits = { ...defaultRowLimits, maxRowBytes: 20, maxBlockBytes: 60 }
  const small = { ...anyRow, limits }

  it('are those of a line, header or row', () => {
    for (const ending of ['\n', '\r\n']) {
      const fits = 'a'.repeat(20)
      const longer = 'a'.repeat(21)
      for (const body of [`${fits}${ending}${fits}${ending}`, `${fits}${ending}"${'b'.repeat(18)}"`])
        for (let cut = 0; cut <= body.length; cut++) assert.equal(runCsv(small, body, [cut]).code, undefined, body)
      for (const body of [`${longer}${ending}`, `a${ending}${longer}${ending}`, `a${ending}${longer}`])
        for (let cut = 0; cut <= body.length; cut++)
          assert.equal(runCsv(small, body, [cut]).code, 'ERR_ANSWER_TOO_LARGE', body)
    }
  })

  it('hold for a cell that never ends', () => {
    const filter = new CsvRowFilter(small, comma)
    assert.throws(
      () => {
        filter.push(Buffer.from('a\n"'))
        for (let times = 0; times < 100; times++) filter.push(Buffer.from('xx\n'))
      },
      { code: 'ERR_ANSWER_TOO_LARGE' },
    )
  })

  it('are those of the columns', () => {
    const wide = names(maxColumns)
    assert.equal(runCsv(anyRow, `${wide}\n${wide}\n`).text, `${wide}\n${wide}\n`)
    assert.equal(runCsv(anyRow, wide).text, `${wide}\n`)
    assert.equal(runCsv(anyRow, names(maxColumns + 1)).code, 'ERR_ANSWER_TOO_LARGE')
    assert.equal(runCsv(anyRow, `${names(maxColumns + 1)}\n`).code, 'ERR_ANSWER_TOO_LARGE')
  })
})

describe('CSV under block', () => {
  const plan = { ...owned, onViolation: 'block' } as const

  it('goes out whole or not at all', () => {
    const body = 'account\nacme\nacme\n'
    assert.deepEqual(runCsv(plan, body, [9, 14]).text, body)
    const outcome = runCsv(plan, `${body}beta\n`, [9, 14])
    assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
    assert.equal(outcome.released, '')
  })

  it('is bounded', () => {
    const limits = { ...defaultRowLimits, maxBlockBytes: 20 }
    assert.equal(runCsv({ ...plan, limits }, 'account\nacme\nacme\n').code, undefined)
    assert.equal(runCsv({ ...plan, limits }, 'account\nacme\nacme\nacme\n').code, 'ERR_ANSWER_TOO_LARGE')
  })

  it('is held the same way where an error answer is', () => {
    const outcome = runCsv(owned, 'account\nacme\n"', [14], comma, true)
    assert.equal(outcome.code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(outcome.released, '')
  })
})

function verdictOf(type: string, csv: CsvRows | undefined, status = 200): Verdict {
  const rules = {
    plan: owned,
    readers: readersOf(owned, { csv }),
    roles: [],
    pass: [],
    keepHeaders: [],
    decode: defaultDecodeLimits,
  }
  const head = { status, rawHeaders: ['content-type', type] }
  return planAnswer({ method: 'GET', rows: rules, head, ownCookies: [] })
}

describe('an answer labelled as CSV', () => {
  it('is filtered where the route declares it', () => {
    const verdict = verdictOf('Text/CSV; charset=UTF-8; header=present', comma)
    assert.ok(verdict.kind === 'filter')
    const { body } = filterWhole(Buffer.from(`account,note\nacme,x\nbeta,${marker}\n`), verdict)
    assert.equal(Buffer.from(body).toString(), 'account,note\nacme,x\n')
  })

  it('is blocked where it has no header, another charset, or no declaration', () => {
    for (const type of ['text/csv; header=absent', 'text/csv; charset=utf-16'])
      assert.equal(verdictOf(type, comma).kind, 'refuse')
    assert.equal(verdictOf('text/csv', undefined).kind, 'refuse')
  })

  it('is replaced where an error answer has no permitted row', () => {
    const verdict = verdictOf('text/csv', comma, 500)
    assert.ok(verdict.kind === 'filter')
    assert.throws(() => filterWhole(Buffer.from(`account\nbeta\n`), verdict), { code: 'ERR_ANSWER_STATUS' })
  })
})

describe('the pieces of CSV', () => {
  it('give the same wherever they end', () => {
    const bodies = [
      'account,secret,"no ""te"\r\nacme,"1\r\n""2""",é\r\nbeta,"x",FOREIGN\r\n"acme",,𝄞€\r\nacme,3,\r\nacme,"",""',
      'secret,account\n"",acme\n,beta\n"a""",acme\n',
      'account\nacme\nbeta\nacme',
    ]
    for (const plan of [owned, withholding(['secret']), withholding(['secret', 'account'], { withheldAs: 'null' })]) {
      for (const text of bodies) {
        const body = Buffer.from(text)
        const whole = runCsv(plan, body)
        assert.notEqual(whole.text, undefined)
        assert.ok(!whole.released.includes(marker))
        for (let first = 0; first <= body.length; first++)
          for (let second = first; second <= body.length; second++)
            assert.deepEqual(runCsv(plan, body, [first, second]), whole)
        assert.deepEqual(runCsv(plan, body, [...body.keys()]), whole)
      }
    }
  })
})
