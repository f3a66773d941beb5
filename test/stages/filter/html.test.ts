import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HtmlFilter } from '../../../src/stages/filter/html.ts'
import { defaultRowLimits } from '../../../src/stages/filter/row-plan.ts'
import { orders, placesOf, runHtml } from './html-support.ts'
import { codeOf, field, marker, planOf } from './support.ts'

const page = (body: string): string => `<!doctype html><html><head><title>t</title></head><body>${body}</body></html>`
const ourRow = '<tr class="order" data-account="acme"><td>ours</td></tr>'
const foreignRow = `<tr class="order" data-account="beta"><td>${marker}</td></tr>`
const table = (rows: string): string => `<table><tbody>${rows}</tbody></table>`
const card = (amount: string): string =>
  `<div class=card data-account=acme><p><i class=amount><b>${amount}</b></i></p>x</div>`
const data = (text: string, attributes = 'id=rows type="application/json"'): string =>
  `<script ${attributes}>${text}</script>`
const block = planOf({ onViolation: 'block' })

function textOf(body: string, plan = planOf(), roles: readonly string[] = []): string {
  const { text, code } = runHtml(body, plan, orders, roles)
  assert.equal(code, undefined)
  return text ?? ''
}

describe('rows of a page', () => {
  it('releases permitted rows byte for byte and drops the others', () => {
    const { text, counts } = runHtml(page(table(`\n ${ourRow}\n ${foreignRow}\n`)))
    assert.equal(text, page(table(`\n ${ourRow}\n `)))
    assert.deepEqual(counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 0 })
  })

  it('does not tell by blanks how many rows it left out, wherever the chunks end', () => {
    const one = page(table(`\n ${foreignRow}\n ${ourRow}\n`))
    const many = page(table(`\n ${`${foreignRow}\n `.repeat(3)}${ourRow}\n${`${foreignRow}\n`.repeat(2)}`))
    for (let cut = 0; cut <= many.length; cut++)
      assert.equal(runHtml(many, planOf(), orders, [], [cut]).text, textOf(one), `cut at ${cut}`)
  })

  it('releases a page without declared rows as it came', () => {
    const body = page(
      `<nav><a href='/x?a=1&amp;b=2'>é €</a></nav><svg viewBox="0 0 1 1"><title>i</title><path d="M0"/></svg>
      <form><select><option selected>1</option></select><input type=text disabled><br></form><script>if (a < b) c("</p>")</script>`,
    )
    assert.equal(textOf(body), body)
  })

  it('drops a row that lacks the field', () => {
    assert.equal(textOf(table(`<tr class="order"><td>${marker}</td></tr>`)), table(''))
  })

  it('reads a field from the text of an element, entities decoded and blanks collapsed', () => {
    const rule = { select: 'p', fields: placesOf({ account: '.who' }) }
    const html = { ...orders, rows: [rule] }
    const kept = '<p><b class="who"> a&#99;<i>m</i>e\n</b></p>'
    const { text } = runHtml(
      `${kept}<p><b class="who">ac me</b></p><p><b class="who">acm&amp;e</b></p>`,
      planOf(),
      html,
    )
    assert.equal(text, kept)
  })

  it('decodes a reference that a comment had cut, as the browser will, and none that a tag cuts', () => {
    const html = { ...orders, rows: [{ select: 'p', fields: placesOf({ account: '.who' }) }] }
    const plan = planOf({ predicate: { reads: [field('account')], test: ([account]) => account === 'a&b' } })
    assert.equal(runHtml('<p><b class=who>a&am<!-- -->p;b</b></p>', plan, html).text, '<p><b class=who>a&amp;b</b></p>')
    assert.equal(runHtml('<p><b class=who>a&am<i></i>p;b</b></p>', plan, html).text, '')
  })

  it('drops a row that an element without an end tag holds open, once it ends', () => {
    assert.equal(
      textOf('<table><tr class=order data-account=beta><td>F<tr class=order data-account=acme><td>1<tr><td>2</table>'),
      '<table><tbody><tr class=order data-account=acme><td>1</td></tr><tr><td>2</td></tr></tbody></table>',
    )
  })

  it('judges a row that the page never ends', () => {
    assert.equal(textOf(`<p>a<div class=card data-account=beta>${marker}`), '<p>a</p>')
    assert.equal(textOf('<p>a<div class=card data-account=acme>b'), '<p>a</p><div class=card data-account=acme>b</div>')
  })

  it('finds rows whatever the case of names and classes, and through references', () => {
    for (const tag of ['TR CLASS="ORDER"', 'tr class="a &#111;rder"', 'tr\nclass=order', 'tr/class=order x']) {
      const { text, counts } = runHtml(table(`<${tag} data-account=beta><td>${marker}</td></tr>`))
      assert.equal(text, table(''))
      assert.deepEqual(counts, { rows: 1, withheld: 1, fieldsWithheld: 0, violations: 0 })
    }
  })

  it('takes a fragment of table rows for what it is inside of its table', () => {
    assert.equal(textOf(ourRow + foreignRow), ourRow)
  })

  it('matches a tbody that the page leaves out', () => {
    const html = { ...orders, rows: [{ select: 'tbody > tr', fields: placesOf({ account: '@data-account' }) }] }
    const { text } = runHtml(`<table><tr data-account=beta><td>${marker}</table>`, planOf(), html)
    assert.equal(text, '<table><tbody></tbody></table>')
  })

  it('drops a row inside a row and the row around it as a violation', () => {
    const inner = '<b class=card data-account=acme>x</b>'
    const { text, counts } = runHtml(`<div class=card data-account=acme>a${inner}</div>`)
    assert.equal(text, '')
    assert.deepEqual(counts, { rows: 1, withheld: 1, fieldsWithheld: 0, violations: 1 })
  })

  it('drops a row in which a field that is read stands twice, and keeps the one beside it', () => {
    const once = '<div class=card data-account=acme><i class=amount>5</i></div>'
    const twice = '<div class=card data-account=acme><i class=amount>5</i><i class=amount>6</i></div>'
    const { text, counts } = runHtml(once + twice)
    assert.equal(text, once)
    assert.deepEqual(counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 1 })
  })

  it('blocks the page at a row that is not permitted under block, and sends nothing before', () => {
    const { code, released } = runHtml(page(table(ourRow + foreignRow)), block)
    assert.equal(code, 'ERR_ANSWER_VIOLATION')
    assert.equal(released, '')
    assert.equal(runHtml(page(table(ourRow)), block).text, page(table(ourRow)))
  })

  it('refuses a row that is longer than allowed, wherever the chunks end', () => {
    const plan = planOf({ limits: { ...defaultRowLimits, maxRowBytes: 200 } })
    const long = table(`<tr class=order data-account=acme><td>${'x'.repeat(200)}</td></tr>`)
    for (const cuts of [[], [50], [120, 180], [long.length - 20]])
      assert.equal(runHtml(long, plan, orders, [], cuts).code, 'ERR_ANSWER_TOO_LARGE')
    assert.equal(runHtml(table(ourRow), plan).text, table(ourRow))
  })
})

describe('withheld fields of a page', () => {
  const row = '<div class=card data-account=acme><i class=secret>S<b>S</b></i><a class=token href="S" id=x>t</a></div>'
  const withhold = [
    { name: 'secret', path: ['secret'] },
    { name: 'token', path: ['token'] },
  ]

  it('loses the element or the attribute', () => {
    const { text, counts } = runHtml(row, planOf({ withhold }))
    assert.equal(text, '<div class=card data-account=acme><a class=token  id=x>t</a></div>')
    assert.deepEqual(counts, { rows: 1, withheld: 0, fieldsWithheld: 2, violations: 0 })
  })

  it('loses the content alone where fields become null', () => {
    const { text } = runHtml(row, planOf({ withhold, withheldAs: 'null' }))
    assert.equal(text, '<div class=card data-account=acme><i class=secret></i><a class=token href="" id=x>t</a></div>')
  })

  it('is lost wherever it stands, and may still be read by the mask', () => {
    const plan = planOf({ withhold: [{ name: 'amount', path: ['amount'] }] })
    assert.equal(runHtml(card('5') + card('500'), plan).text, '<div class=card data-account=acme><p></p>x</div>')
  })
})

describe('elements for some roles', () => {
  const body = '<p>a</p><div class="admin x">no<p>no</p></div><p>b</p>'

  it('are taken out and counted', () => {
    const { text, counts } = runHtml(body)
    assert.equal(text, '<p>a</p><p>b</p>')
    assert.deepEqual(counts, { rows: 0, withheld: 0, fieldsWithheld: 1, violations: 0 })
  })

  it('stay for those roles', () => {
    assert.equal(textOf(body, planOf(), ['boss']), body)
  })

  it('take the rows in them along', () => {
    assert.equal(textOf(`<div class=admin>${table(foreignRow + ourRow)}</div>`), '')
  })
})

describe('scripts of a page', () => {
  const document = `{"items":[{"account":"acme"},{"account":"beta","x":"${marker}"}],"page":1,"other":"${marker}"}`
  const filtered = '{"items":[{"account":"acme"}],"page":1,"other":null}'

  it('are filtered as JSON where they are declared, whatever their type', () => {
    assert.equal(textOf(data(document)), data(filtered))
    assert.equal(textOf(data(document, 'id=rows')), data(filtered, 'id=rows'))
    assert.deepEqual(runHtml(data(document)).counts, { rows: 2, withheld: 1, fieldsWithheld: 0, violations: 0 })
  })

  it('are blocked with the whole page under block where a row is not permitted', () => {
    const { code, released } = runHtml(page(data(document)), block)
    assert.equal(code, 'ERR_ANSWER_VIOLATION')
    assert.equal(released, '')
  })

  for (const bad of ['{"items":[', 'var a = 1', '{"items":[]} x', `{"page":"<!--<script>"}`]) {
    it(`are emptied where they are declared and hold ${bad}, and block the page under block`, () => {
      const { text, counts } = runHtml(data(bad))
      assert.equal(text, data(''))
      assert.deepEqual(counts, { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 1 })
      assert.equal(runHtml(data(bad), block).code, 'ERR_ANSWER_VIOLATION')
    })
  }

  for (const type of [
    'type="application/json"',
    'type=application/ld+json',
    'type=importmap',
    'type=speculationrules',
    'type=text/x-template',
    'type="text/javascript; charset=utf-8"',
    'type=" "',
    'language=json',
  ]) {
    it(`lose their text with ${type} where they are not declared`, () => {
      assert.equal(textOf(data(`"${marker}"`, type)), data('', type))
    })
  }

  for (const type of [
    'defer',
    'type=""',
    'type=module',
    'type=" Text/JavaScript "',
    'language=JavaScript',
    'src=/a.js',
  ]) {
    it(`stay as they are with ${type}`, () => {
      const body = data('if (a<b) { x = "<!-- </p>" }', type)
      assert.equal(textOf(body), body)
    })
  }

  it('refuse the page where they would hide their end', () => {
    const rest = `</script>${foreignRow}--></script>`
    assert.equal(runHtml(`<script><!--<script>${rest}`).code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(runHtml(`<script>/*<!-- x */ a("<SCRIPT>")${rest}`).code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(runHtml('<script>a("<script>") // <!--\n</script>').code, undefined)
  })

  it('are refused where they are declared and longer than may be held', () => {
    const plan = planOf({ limits: { ...defaultRowLimits, maxBlockBytes: 100 } })
    assert.equal(runHtml(data(`{"items":[${' '.repeat(100)}]}`), plan).code, 'ERR_ANSWER_TOO_LARGE')
  })
})

describe('bytes of a page', () => {
  for (const [name, body] of [
    ['a byte order mark', '\ufeff<p>x</p>'],
    ['bytes that are no UTF-8', Buffer.from('<p>\xe9</p>', 'latin1')],
    ['NUL', '<p>a\0b</p>'],
    ['a control character, which the tokenizer takes for a bracket', '<style>\x1c/style><textarea></style>'],
    ['escape', '<p>\x1b$B</p>'],
    ['another charset', '<meta charset="windows-1252"><p>x</p>'],
    ['another charset in the long form', '<meta http-equiv="Content-Type" content="text/html; charset=gbk">'],
    ['an element without an end', '<plaintext>x'],
  ] as const) {
    it(`are refused with ${name}`, () => {
      const { code, released } = runHtml(body)
      assert.equal(code, 'ERR_ANSWER_UNREADABLE')
      assert.equal(released, '')
    })
  }

  for (const body of [
    '<meta charset=UTF-8><p>é\u007f\t\r\n\f</p>',
    '<meta http-equiv=Content-Type content="text/html; charset=utf-8">',
    '<meta name=description content="charset=gbk">',
    '',
  ]) {
    it(`pass: ${JSON.stringify(body)}`, () => {
      assert.equal(runHtml(body).text, body)
    })
  }

  it('are refused where a mark, a character or a control is cut by a chunk', () => {
    assert.equal(runHtml('\ufeff<p>', planOf(), orders, [], [1, 2]).code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(runHtml('<p>é</p>', planOf(), orders, [], [4]).text, '<p>é</p>')
    assert.equal(runHtml(Buffer.from([0x3c, 0x70, 0x3e, 0xc3])).code, 'ERR_ANSWER_UNREADABLE')
  })

  it('are refused beyond the depth of elements', () => {
    const plan = planOf({ limits: { ...defaultRowLimits, maxDepth: 10 } })
    assert.equal(runHtml('<div>'.repeat(20), plan).code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(runHtml(`${'<div>'.repeat(8)}${'</div>'.repeat(8)}`, plan).code, undefined)
  })

  it('are refused where a tag, an attribute or a name never ends, without being kept', () => {
    for (const begin of ['<p title="', '<p title=', '<p ', '<p', '</p', "<p title='"]) {
      const filter = new HtmlFilter(planOf(), orders, [])
      filter.push(Buffer.from(begin))
      const piece = Buffer.alloc(65_536, 'a')
      assert.throws(
        () => {
          for (let sent = 0; sent < 3_000_000; sent += piece.length) filter.push(piece)
        },
        (error) => codeOf(error) === 'ERR_ANSWER_TOO_LARGE',
        begin,
      )
    }
  })

  it('are refused where the text that a rule reads never ends, also where none of it goes out', () => {
    const plan = planOf({ withhold: [{ name: 'account', path: ['account'] }] })
    const html = { ...orders, rows: [{ select: 'p', fields: placesOf({ account: '.who' }) }] }
    for (const [begin, each] of [
      ['<p><b class=who>', 'a'],
      ['<p><b class=who>', '<i></i>'],
      ['<p><b class=who><textarea>', 'a'],
    ] as const) {
      const filter = new HtmlFilter(plan, html, [])
      filter.push(Buffer.from(begin))
      const piece = Buffer.from(each.repeat(9_000))
      assert.throws(
        () => {
          for (let sent = 0; sent < 3_000_000; sent += piece.length) filter.push(piece)
        },
        (error) => codeOf(error) === 'ERR_ANSWER_TOO_LARGE',
        each,
      )
    }
    assert.equal(runHtml('<p><b class=who><i>acme</i></b>x</p>', plan, html).text, '<p>x</p>')
  })

  it('are not kept of a comment, or behind the name of an end tag, that never ends', () => {
    for (const begin of ['<!--', '<!', '<?', '</ ', '<![CDATA[', '</p ', '<!doctype ']) {
      const filter = new HtmlFilter(planOf(), orders, [])
      filter.push(Buffer.from(begin))
      const piece = Buffer.alloc(65_536, 'a')
      for (let sent = 0; sent < 3_000_000; sent += piece.length) assert.equal(filter.push(piece), undefined)
      assert.equal(filter.end(), undefined)
    }
  })

  it('are held until the end under block and where the caller asks for it', () => {
    for (const filter of [new HtmlFilter(block, orders, []), new HtmlFilter(planOf(), orders, [], true)]) {
      assert.equal(filter.push(Buffer.from('<p>x</p>')), undefined)
      assert.equal(Buffer.from(filter.end() ?? []).toString(), '<p>x</p>')
    }
  })

  it('are refused after the end', () => {
    const filter = new HtmlFilter(planOf(), orders, [])
    filter.end()
    assert.throws(() => filter.push(Buffer.from('x')), TypeError)
  })
})
