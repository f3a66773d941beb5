import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { XmlPlace, XmlRows } from '../../../src/config/config.ts'
import { JsonNumber, type RowPredicate, unreadable } from '../../../src/mask/language.ts'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { filterWhole } from '../../../src/stages/filter/filter-body.ts'
import type { FilterVerdict } from '../../../src/stages/filter/filter-response.ts'
import { openFilter } from '../../../src/stages/filter/open-filter.ts'
import { defaultRowLimits, type RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { XmlRowFilter } from '../../../src/stages/filter/rows-xml.ts'
import { field, marker, type Outcome, planOf, readersOf, run, smallAndOurs } from './support.ts'

const orders: XmlRows = { at: [['orders', 'order']], fields: new Map(), keep: [] }
const attribute = (name: string, path: readonly string[] = []): XmlPlace => ({ path, attribute: name })
const byAttribute: XmlRows = { ...orders, fields: new Map([['account', attribute('account')]]) }
const isOurs: RowPredicate = { reads: [field('account')], test: ([account]) => account === 'acme' }
/** What a row without the field, or with a value that nobody reads, must not pass even so. */
const notBeta: RowPredicate = { reads: [field('account')], test: ([account]) => account !== 'beta' }
const everything: RowPredicate = { reads: [], test: () => true }

function runXml(
  body: string | Uint8Array,
  changes: Partial<RowPlan> = {},
  xml: XmlRows = orders,
  cuts: readonly number[] = [],
): Outcome {
  return run(new XmlRowFilter(planOf({ predicate: isOurs, ...changes }), xml), body, cuts)
}

function wrapped(inside: string): string {
  return `<orders>${inside}</orders>`
}

function owned(name: string, account: string): string {
  return `<${name}><account>${account}</account></${name}>`
}

function scattered(...accounts: readonly string[]): string {
  const all = (name: string): string => accounts.map((account) => owned(name, account)).join('')
  return `<a><b>${all('row')}</b><b/><b>${all('row')}</b>${all('single')}<deep><er>${all('row')}</er></deep></a>`
}

function listing(inside: string): string {
  return wrapped(`<order><account>acme</account><lines>${inside}</lines></order>`)
}

function around(inside: string): string {
  return wrapped(`<order><account>acme</account>${inside}</order>`)
}

function enveloped(inside: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<orders${attributes}>${inside}</orders>`
}

function filled(length: number, letter = 'x'): string {
  return wrapped(`<order><account>acme</account><n>${letter.repeat(length)}</n></order>`)
}

function everyNth(body: string, step: number): readonly number[] {
  return Array.from({ length: Math.floor(Buffer.byteLength(body) / step) }, (_, at) => at * step)
}

const ours = '<order><account>acme</account></order>'
const theirs = `<order><account>beta</account><note>${marker}</note></order>`

function withhold(...paths: readonly string[]): Partial<RowPlan> {
  return { withhold: paths.map((path) => ({ name: path, path: path.split('/') })) }
}

describe('rows of an XML answer', () => {
  it('go out byte for byte where they are permitted, and leave no trace where they are not', () => {
    const first = '<order id="1" ><account>acme</account>\r\n<x y=\'&#x41;\'/>é𝄞</order >'
    const outcome = runXml(`<orders>\n  ${theirs}\n  ${first}\n\t${theirs}${theirs}\n  ${ours}\n</orders>\n`)
    assert.equal(outcome.text, `<orders>\n  ${first}\n  ${ours}\n</orders>`)
    assert.deepEqual(outcome.counts, { rows: 5, withheld: 3, fieldsWithheld: 0, violations: 0 })
  })

  it('leave the same document behind, however many of them are not permitted', () => {
    const texts = [0, 1, 2, 7].map((count) => runXml(wrapped(`\n  ${`${theirs}\n  `.repeat(count)}`)).text)
    assert.deepEqual(new Set(texts), new Set(['<orders>\n  </orders>']))
  })

  it('are found at every place that is declared, however often it occurs', () => {
    const xml: XmlRows = {
      ...orders,
      at: [
        ['a', 'b', 'row'],
        ['a', 'single'],
        ['a', 'deep', 'er', 'row'],
      ],
    }
    assert.equal(runXml(scattered('acme', 'beta', 'acme'), {}, xml).text, scattered('acme', 'acme'))
  })

  it('are judged by the values at their places', () => {
    const seen: unknown[] = []
    const predicate: RowPredicate = {
      reads: [
        field('account'),
        field('net', ['price', 'net'], 'number'),
        field('id', ['id'], 'integer'),
        field('paid', ['paid'], 'boolean'),
        field('currency'),
        field('tags', ['tags'], 'string[]'),
        field('sku', ['lines', '*', 'sku']),
      ],
      test: (values) => {
        seen.push([...values])
        return true
      },
    }
    const xml: XmlRows = {
      ...orders,
      fields: new Map([
        ['id', attribute('id')],
        ['currency', attribute('currency', ['price'])],
      ]),
    }
    const rows = [
      '<order id="7"><account>a&amp;b &lt;&#65;&#x42;</account><price currency="EUR\t1"><net>1.50</net></price><paid>true</paid></order>',
      '<order id="07"><account><![CDATA[a&amp;b]]></account><price><net> 1</net></price><paid>1</paid><tags>a</tags></order>',
      '<order><account/></order>',
      '<order><account>a\r\nb\rc</account><price>5</price></order>',
    ]
    runXml(wrapped(rows.join('')), { predicate }, xml)
    assert.deepEqual(seen, [
      ['a&b <AB', new JsonNumber('1.50'), new JsonNumber('7'), true, 'EUR 1', undefined, unreadable],
      ['a&amp;b', unreadable, unreadable, unreadable, undefined, unreadable, unreadable],
      ['', undefined, undefined, undefined, undefined, undefined, unreadable],
      ['a\nb\nc', undefined, undefined, undefined, undefined, undefined, unreadable],
    ])
  })

  it('are read by attribute where the route says so', () => {
    const body = wrapped(`<order account="acme"/><order account='beta' note="${marker}"/><order/>`)
    assert.equal(runXml(body, {}, byAttribute).text, wrapped('<order account="acme"/>'))
  })
})

/** Rows that have two readings, and beside each the nearest one that has not. */
const violations: readonly (readonly [string, string, string])[] = [
  ['an element twice', '<account>acme</account><account>acme</account>', '<account>acme</account><accounts/>'],
  ['another case', '<account>acme</account><Account>beta</Account>', '<account>acme</account><Accounts/>'],
  ['another case alone', '<ACCOUNT>acme</ACCOUNT>', '<account>acme</account>'],
  ['a letter that some readers fold', '<toKen>1</toKen><account>acme</account>', '<tokem/><account>acme</account>'],
  ['another prefix', '<account>acme</account><x:account>beta</x:account>', '<account>acme</account><account:x/>'],
  ['a prefix in another case', '<account>acme</account><x:ACCOUNT/>', '<account>acme</account><x:ACCOUNTS/>'],
  ['two colons', '<account>acme</account><x:account:y/>', '<account>acme</account><x:y/>'],
  ['a child element', '<account>ac<b>me</b></account>', '<account>acme</account><b/>'],
  ['an empty child element', '<account>acme<b/></account>', '<account>acme</account>'],
  ['a comment in front', '<account><!-- x -->acme</account>', '<!-- x --><account>acme</account>'],
  ['a comment in the middle', '<account>acme<!-- x -->.beta</account>', '<account>acme</account><!-- x -->'],
  ['an empty comment', '<account>acme<!----></account>', '<account>acme</account><!---->'],
  ['a comment beside a section', '<account><!----><![CDATA[acme]]></account>', '<account><![CDATA[acme]]></account>'],
  ['text and a section', '<account>ac<![CDATA[me]]></account>', '<account>acme</account><x>ac<![CDATA[me]]></x>'],
  ['white space and a section', '<account> <![CDATA[acme]]></account>', '<account><![CDATA[acme]]></account>'],
  ['two sections', '<account><![CDATA[ac]]><![CDATA[me]]></account>', '<account><![CDATA[acme]]></account>'],
  ['an instruction', '<account>acme</account><?php x ?>', '<account>acme</account>'],
  ['an instruction inside', '<account>ac<?php x ?>me</account>', '<account>acme</account>'],
  ['the way twice', '<account>acme</account><price/><price/>', '<account>acme</account><price/>'],
  ['the way in another case', '<account>acme</account><Price/>', '<account>acme</account><prices/>'],
  [
    'a withheld element twice',
    '<account>acme</account><price><net>1</net><net>2</net></price>',
    '<account>acme</account><price><nett>1</nett></price>',
  ],
  [
    'a withheld element under another prefix',
    '<account>acme</account><price><x:net>1</x:net></price>',
    '<account>acme</account><x:net>1</x:net>',
  ],
  [
    'an attribute like a withheld element',
    '<account>acme</account><price net="1"/>',
    '<account>acme</account><price nett="1"/>',
  ],
]
const ruled: Partial<RowPlan> = { withhold: ['token', 'price/net'].map((name) => ({ name, path: name.split('/') })) }

describe('a row with two readings', () => {
  for (const [name, bad, good] of violations) {
    it(`does not go out: ${name}`, () => {
      const outcome = runXml(wrapped(`<order>${bad}<note>${marker}</note></order>`), ruled)
      assert.equal(outcome.text, wrapped(''))
      assert.deepEqual(outcome.counts, { rows: 1, withheld: 1, fieldsWithheld: 0, violations: 1 })
      assert.equal(
        runXml(wrapped(`<order>${bad}</order>`), { ...ruled, onViolation: 'block' }).code,
        'ERR_ANSWER_VIOLATION',
      )
    })

    it(`goes out without that: ${name}`, () => {
      const outcome = runXml(wrapped(`<order>${good}</order>`), ruled)
      assert.equal(outcome.text, wrapped(`<order>${good.replaceAll(/<!--.*?-->/g, '')}</order>`))
    })
  }

  it('does not go out where an element stands in for a ruled attribute, or an attribute for a ruled element', () => {
    const twice = `<order account="acme"><account>beta</account><note>${marker}</note></order>`
    assert.equal(runXml(wrapped(twice), {}, byAttribute).text, wrapped(''))
    assert.equal(runXml(wrapped(twice.replace('beta', 'acme'))).text, wrapped(''))
    const prefixed = `<order account="acme" x:account="beta"><note>${marker}</note></order>`
    assert.equal(runXml(wrapped(prefixed), {}, byAttribute).text, wrapped(''))
    const upper = `<order account="acme" ACCOUNT="beta"><note>${marker}</note></order>`
    assert.equal(runXml(wrapped(upper), {}, byAttribute).text, wrapped(''))
    const other = '<order account="acme" accounts="beta"><accounts/></order>'
    assert.equal(runXml(wrapped(other), {}, byAttribute).text, wrapped(other))
  })

  it('does not go out where a declared name has a prefix and the row has another, or none', () => {
    const xml = { ...orders, fields: new Map([['account', { path: ['o:account'], attribute: undefined }]]) }
    const good = '<order><o:account>acme</o:account></order>'
    assert.equal(runXml(wrapped(good), {}, xml).text, wrapped(good))
    for (const twin of ['account', 'x:account', 'O:Account'])
      assert.equal(runXml(wrapped(good.replace('</order>', `<${twin}/></order>`)), {}, xml).text, wrapped(''), twin)
  })

  it('does not go out where only a simple folding makes the names one', () => {
    assert.equal(runXml(around('<\u0130d/>'), withhold('id')).text, wrapped(''))
    assert.equal(runXml(around('<\u00eed/>'), withhold('id')).text, around('<\u00eed/>'))
  })

  it('lets the same name through below an element that no rule knows', () => {
    const row =
      '<order><account>acme</account><owner account="x"><account>1</account><account>2</account></owner></order>'
    assert.equal(runXml(wrapped(row)).text, wrapped(row))
  })

  it('does not go out under a rule that its reading would satisfy', () => {
    for (const text of ['acme<!---->.beta', '<b>beta</b>', '<![CDATA[be]]>ta'])
      assert.equal(
        runXml(wrapped(`<order><account>${text}</account></order>`), { predicate: notBeta }).text,
        wrapped(''),
      )
    assert.notEqual(
      runXml(wrapped('<order><account>be.ta</account></order>'), { predicate: notBeta }).text,
      wrapped(''),
    )
  })

  it('has an unreadable value where it says nil', () => {
    const seen: unknown[] = []
    const predicate: RowPredicate = { reads: [field('account')], test: ([account]) => seen.push(account) > 0 }
    runXml(wrapped('<order><account xsi:nil="true"/></order><order><account nill="">a</account></order>'), {
      predicate,
    })
    assert.deepEqual(seen, [unreadable, 'a'])
  })
})

describe('withheld fields of an XML row', () => {
  const row =
    '<order a="1"  margin = "SECRET"\n b="2">\n <account>acme</account>\n <margin x="SECRET">SECRET<y>SECRET</y></margin>\n <price cost=\'SECRET\'><net>SECRET</net>5</price></order>'
  const xml: XmlRows = { ...orders, fields: new Map([['cost', attribute('cost', ['price'])]]) }
  const rules = withhold('margin', 'cost', 'price/net')

  it('are removed with the white space before them', () => {
    const source = row.replace('  margin = "SECRET"', '')
    const outcome = runXml(wrapped(source), rules, xml)
    assert.equal(outcome.text, wrapped('<order a="1"\n b="2">\n <account>acme</account>\n <price>5</price></order>'))
    assert.deepEqual(outcome.counts, { rows: 1, withheld: 0, fieldsWithheld: 3, violations: 0 })
  })

  it('are emptied where the route says null', () => {
    const source = row.replace('  margin = "SECRET"', '')
    assert.equal(
      runXml(wrapped(source), { ...rules, withheldAs: 'null' }, xml).text,
      wrapped('<order a="1"\n b="2">\n <account>acme</account>\n <margin/>\n <price cost=""><net/>5</price></order>'),
    )
  })

  it('are removed as attributes of the row', () => {
    const fields = new Map([['margin', attribute('margin')]])
    const source = '<order a="1"  margin = "SECRET"\n b="2"><account>acme</account></order>'
    const emptied = '<order a="1"  margin=""\n b="2"><account>acme</account></order>'
    assert.equal(
      runXml(wrapped(source), withhold('margin'), { ...orders, fields }).text,
      wrapped('<order a="1"\n b="2"><account>acme</account></order>'),
    )
    assert.equal(
      runXml(wrapped(source), { ...withhold('margin'), withheldAs: 'null' }, { ...orders, fields }).text,
      wrapped(emptied),
    )
  })

  it('are read for the verdict all the same', () => {
    const source = '<order><account>acme</account></order><order><account>beta</account></order>'
    assert.equal(runXml(wrapped(source), withhold('account')).text, wrapped('<order></order>'))
  })

  it('are found in every element of a list, and a list of another shape condemns the row', () => {
    const rule = withhold('lines/*/price')
    assert.equal(
      runXml(listing('<line><price>S</price><n>1</n></line><line><price>S</price></line><other><price/></other>'), rule)
        .text,
      listing('<line><n>1</n></line><line></line><other></other>'),
    )
    for (const inside of ['<price>S</price>', '<line><Price>S</Price></line>', '<line price="S"/>', '<x:price/>'])
      assert.equal(runXml(listing(inside), rule).text, wrapped(''), inside)
  })

  it('are found in an element of a list that another rule names', () => {
    const predicate: RowPredicate = { reads: [field('n', ['lines', 'line', 'n'])], test: ([n]) => n === '1' }
    const body = wrapped('<order><lines><line><n>1</n><price>S</price></line></lines></order>')
    assert.equal(
      runXml(body, { predicate, ...withhold('lines/*/price') }).text,
      wrapped('<order><lines><line><n>1</n></line></lines></order>'),
    )
  })

  it('are found in an element of a list that another withheld field names later', () => {
    assert.equal(
      runXml(listing('<line>1<n>S</n><price>S</price></line>'), withhold('lines/*/price', 'lines/line/n')).text,
      listing('<line>1</line>'),
    )
  })

  it('are counted and cut once where one stands inside another', () => {
    const fields = new Map([['cost', attribute('cost', ['price'])]])
    const inside = '<price cost="S">S<net>S</net><!-- S --></price>'
    for (const [withheldAs, left] of [
      ['removed', ''],
      ['null', '<price/>'],
    ] as const) {
      const outcome = runXml(
        around(inside),
        { ...withhold('price', 'price/net', 'cost'), withheldAs },
        { ...orders, fields },
      )
      assert.equal(outcome.text, around(left))
      assert.deepEqual(outcome.counts, { rows: 1, withheld: 0, fieldsWithheld: 1, violations: 0 })
    }
  })

  it('leave what stood around them as it was read', () => {
    const read = (inside: string): string | undefined => runXml(around(inside), withhold('margin')).text
    assert.equal(read(']]<margin>S</margin>>'), around(']]<!---->>'))
    assert.equal(read(']] <margin>S</margin><!-- x -->>'), around(']]<!---->>'))
    assert.equal(read('a\r<!-- x -->\nb'), around('a\r<!---->\nb'))
    assert.equal(read('<![CDATA[<!-- x --><margin>]]><margin>S</margin>'), around('<![CDATA[<!-- x --><margin>]]>'))
    assert.equal(read('<!-- <margin> --><x><!-- - --></x>'), around('<x></x>'))
    assert.equal(read('<margin>S<!-- x --><margin>S</margin></margin><!---->'), around(''))
    assert.equal(read('<!--->--><!-- <!- --><margin a=">" b=\'/>\'/>z'), around('z'))
  })
})

describe('what stands outside the rows of an XML answer', () => {
  it('loses text, comments, instructions, attributes and elements that nothing declares', () => {
    const outside = `<?xml version='1.0' encoding='UTF-8' standalone="yes" ?><!-- ${marker} -->\n<?xml-stylesheet href="${marker}"?>
<orders count="${marker}" xmlns="urn:o" xml:lang='${marker}' xmlns:x='urn:x'>${marker}<![CDATA[${marker}]]>&#70;
<page n="${marker}"><order>${marker}</order></page><x:order><account>acme</account>${marker}</x:order><Order>${marker}</Order>
 ${ours}<!-- ${marker} --><?p ${marker}?><order-s>${marker}</order-s></orders><!-- ${marker} -->\n<?p ${marker}?>\n`
    const outcome = runXml(outside)
    assert.equal(
      outcome.text,
      `<?xml version='1.0' encoding='UTF-8' standalone="yes" ?>\n<orders xmlns="urn:o" xmlns:x='urn:x'>\n ${ours}</orders>`,
    )
    assert.equal(Buffer.from(outcome.released, 'latin1').includes(marker), false)
  })

  it('stays where the route keeps it, without comments', () => {
    const xml: XmlRows = { ...orders, keep: [['orders', 'page']] }
    const page = '<page a="1">2<!-- x --><b>&amp;<![CDATA[]]></b></page>'
    assert.equal(
      runXml(enveloped(`\n ${page}\n <Page/>${ours}`), {}, xml).text,
      enveloped(`\n ${page.replace('<!-- x -->', '')}${ours}`),
    )
    assert.equal(runXml(enveloped('<page><?x y?></page>'), {}, xml).text, enveloped(''))
    const status = { ...orders, keep: [['status']] }
    assert.equal(runXml('<status>1<!-- x --></status>', {}, status).text, '<status>1</status>')
    assert.equal(runXml('<status>1<?x y?></status>', {}, status).code, 'ERR_ANSWER_VIOLATION')
    assert.deepEqual(runXml(enveloped(page), {}, xml).counts, {
      rows: 0,
      withheld: 0,
      fieldsWithheld: 0,
      violations: 0,
    })
  })

  it('blocks the answer under strict, unless it is white space or a namespace', () => {
    const strict = { strict: true }
    for (const inside of ['x', '<x/>', '<!-- x -->', '<?x y?>', '<![CDATA[]]>', '&#32;'])
      assert.equal(runXml(enveloped(`\n${inside}\n${ours}`), strict).code, 'ERR_ANSWER_SHAPE', inside)
    assert.equal(runXml(enveloped(ours, ' a="1"'), strict).code, 'ERR_ANSWER_SHAPE')
    assert.equal(runXml(enveloped(`\n${ours}\n`, ' xmlns="a"'), strict).text, enveloped(`\n${ours}\n`, ' xmlns="a"'))
  })

  it('is refused where the root is not the declared one', () => {
    for (const root of ['<Orders/>', '<x:orders/>', '<order><account>acme</account></order>'])
      assert.equal(runXml(root).code, 'ERR_ANSWER_SHAPE', root)
    assert.equal(runXml('<orders/>').text, '<orders/>')
  })
})

/** What no reader may take for a document, or what one reader takes for another document than the next. */
const unreadables: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing at all', ''],
  ['white space alone', ' \n'],
  ['a DOCTYPE', `<!DOCTYPE orders>${wrapped(ours)}`],
  [
    'a DOCTYPE with entities',
    `<!DOCTYPE orders [<!ENTITY a "acme">]>${wrapped('<order><account>&a;</account></order>')}`,
  ],
  ['a DOCTYPE that does not end', '<!DOCTYPE orders [<!ENTITY a "'],
  ['an unknown entity', wrapped('<order><account>acme</account>&nbsp;</order>')],
  ['an unknown entity outside', wrapped('&nbsp;')],
  ['an unknown entity in an attribute', wrapped('<order x="&nbsp;"/>')],
  ['a reference to no character', wrapped('&#0;')],
  ['a reference to a surrogate', wrapped('&#xD800;')],
  ['a bare ampersand', wrapped('a & b')],
  ['XML 1.1', `<?xml version="1.1"?>${wrapped(ours)}`],
  ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${wrapped(ours)}`],
  ['UTF-16 by name', `<?xml version="1.0" encoding="UTF-16"?>${wrapped(ours)}`],
  ['UTF-7 by name', `<?xml version="1.0" encoding="utf-7"?>${wrapped(ours)}`],
  ['UTF-16', Buffer.from(`\ufeff${wrapped(ours)}`, 'utf16le')],
  ['UTF-16 without a mark', Buffer.from(wrapped(ours), 'utf16le')],
  ['a byte order mark', `\ufeff${wrapped(ours)}`],
  ['bad UTF-8', Buffer.concat([Buffer.from('<orders>'), Buffer.of(0xc3), Buffer.from('</orders>')])],
  ['UTF-8 that breaks off', Buffer.concat([Buffer.from(wrapped(ours)), Buffer.of(0xe2, 0x82)])],
  ['an overlong letter', Buffer.concat([Buffer.from('<orders>'), Buffer.of(0xc0, 0xbc), Buffer.from('</orders>')])],
  ['a control character', wrapped('\u0001')],
  ['NUL', wrapped('\0')],
  ['U+FFFE', wrapped('\ufffe')],
  ['a declaration that comes late', ` <?xml version="1.0"?>${wrapped(ours)}`],
  ['two declarations', `<?xml version="1.0"?><?xml version="1.0"?>${wrapped(ours)}`],
  ['a declaration without a version', `<?xml encoding="utf-8"?>${wrapped(ours)}`],
  ['a declaration inside', wrapped('<?XML version="1.0"?>')],
  ['two roots', wrapped(ours) + wrapped(ours)],
  ['text behind the root', `${wrapped(ours)}x`],
  ['text in front of the root', `x${wrapped(ours)}`],
  ['a section behind the root', `${wrapped(ours)}<![CDATA[]]>`],
  ['an open element', `<orders>${ours}`],
  ['an element closed by another', '<orders><order></orders></order>'],
  ['a tag that does not end', `<orders>${ours}</orders`],
  ['a comment that does not end', `${wrapped(ours)}<!-- x`],
  ['two hyphens in a comment', wrapped('<!-- a -- b -->')],
  ['a comment of three hyphens', wrapped('<!--->')],
  ['an attribute twice', wrapped('<order a="1" a="2"/>')],
  ['an attribute without quotes', wrapped('<order a=1/>')],
  ['an attribute without a value', wrapped('<order a/>')],
  ['a bracket in an attribute', wrapped('<order a="<"/>')],
  ['attributes without a blank', wrapped('<order a="1"b="2"/>')],
  ['the end of a section in text', wrapped(']]>')],
  ['a blank in a tag', wrapped('< order/>')],
]

describe('an answer that is no XML of the one kind that is read', () => {
  for (const [name, body] of unreadables) {
    it(`is refused: ${name}`, () => {
      const whole = runXml(body, { predicate: everything })
      assert.equal(whole.code, 'ERR_ANSWER_UNREADABLE')
      const { length } = Buffer.from(body)
      const split = runXml(
        body,
        { predicate: everything },
        orders,
        Array.from({ length }, (_, at) => at),
      )
      assert.equal(split.code, 'ERR_ANSWER_UNREADABLE')
    })
  }

  it('is let through where nothing of this is the matter', () => {
    for (const body of [
      `<?xml version="1.0"?>${wrapped(ours)}`,
      `<?xml version="1.0" encoding="UTF-8"?>${wrapped(ours)}`,
      wrapped('<order>&lt;&gt;&amp;&quot;&apos;&#233;&#x1D11E;<![CDATA[<!DOCTYPE ]] > &nbsp;]]></order>'),
      wrapped('<order a="&#10;]]>" b=\'"\'/>'),
      wrapped('<order>\u0085\u2028\ufeff\ufffd\u{10ffff}</order>'),
    ])
      assert.equal(runXml(body, { predicate: everything }).text, body)
  })
})

describe('the borders between the pieces of an XML answer', () => {
  const xml: XmlRows = { ...byAttribute, keep: [['orders', 'page']], fields: new Map([['cost', attribute('cost')]]) }
  const documents = [
    `<?xml version="1.0"?>\r\n<!-- ${marker} --><orders n="1" xmlns="urn:é">\r\n <page>é<!-- € --></page>\r\n ${theirs}\r\n <order cost="1" b='€'>\r\n<!-- 𝄞 --><account>acme</account>\r<margin>&lt;</margin>]]<!-- x -->></order>\r\n ${ours}x</orders>\r\n`,
    `<orders><order\r\n cost='"' ><account><![CDATA[acme]]></account></order ><order><account>ac&#109;e</account></order>\n<order><account>acme</account><account/></order></orders>`,
    wrapped(`<junk><order>${ours}</order></junk>\n\n${ours} ${theirs} ${ours}&#x20;`),
  ]

  it('change nothing, wherever they are', () => {
    for (const document of documents) {
      const rules = { ...withhold('margin', 'cost') }
      const whole = runXml(document, rules, xml)
      assert.notEqual(whole.text, undefined, document)
      const { length } = Buffer.from(document)
      for (let cut = 0; cut <= length; cut++)
        assert.deepEqual(released(runXml(document, rules, xml, [cut])), released(whole))
      const everyByte = Array.from({ length }, (_, at) => at)
      assert.deepEqual(released(runXml(document, rules, xml, everyByte)), released(whole))
    }
  })
})

function released(outcome: Outcome): unknown {
  return { text: outcome.text, code: outcome.code, counts: outcome.counts }
}

describe('onViolation: block on an XML answer', () => {
  const block = { onViolation: 'block' } as const

  it('lets nothing out before the end, and nothing at all where one row is not permitted', () => {
    const outcome = runXml(wrapped(ours + ours + theirs), block)
    assert.equal(outcome.code, 'ERR_ANSWER_VIOLATION')
    assert.equal(outcome.released, '')
    assert.equal(runXml(wrapped(ours + ours), block).text, wrapped(ours + ours))
  })

  it('refuses an answer that is longer than may be held', () => {
    const limits = { ...defaultRowLimits, maxBlockBytes: 200 }
    assert.equal(runXml(wrapped(ours.repeat(10)), { ...block, limits }).code, 'ERR_ANSWER_TOO_LARGE')
    assert.equal(runXml(wrapped(ours.repeat(4)), { ...block, limits }).text, wrapped(ours.repeat(4)))
  })
})

describe('the limits of an XML answer', () => {
  const limits = { ...defaultRowLimits, maxRowBytes: 1_000, maxDepth: 5 }

  it('hold for rows, counted in bytes', () => {
    const around = '<order><account>acme</account><n></n></order>'.length
    assert.equal(runXml(filled(1_000 - around), { limits }).text, filled(1_000 - around))
    assert.equal(runXml(filled(1_001 - around), { limits }).code, 'ERR_ANSWER_TOO_LARGE')
    assert.equal(runXml(filled(400, '€'), { limits }).code, 'ERR_ANSWER_TOO_LARGE')
    assert.equal(runXml(filled(300, '€'), { limits }).text, filled(300, '€'))
  })

  it('hold for everything that a parser would gather', () => {
    const long = 'y'.repeat(5_000)
    for (const inside of [
      `<junk>${long}</junk>`,
      `<junk a="${long}"/>`,
      `<${long}/>`,
      `<!-- ${long} -->`,
      `<?x ${long}?>`,
      `<![CDATA[${long}]]>`,
      `<page>${long}</page>`,
      `<junk ${long}="1"/>`,
      `</${long}>`,
      ' '.repeat(5_000),
      `<order>${'<x/>'.repeat(1_000)}</order>`,
    ]) {
      const body = wrapped(inside)
      const xml = { ...orders, keep: [['orders', 'page']] }
      for (const cuts of [[], everyNth(body, 100)])
        assert.equal(runXml(body, { limits }, xml, cuts).code, 'ERR_ANSWER_TOO_LARGE', inside.slice(0, 20))
    }
    for (const inside of [`&${long};`, `&#${'0'.repeat(5_000)}65;`, `<!DOCTYPE ${long}`]) {
      const body = inside.startsWith('<') ? inside : wrapped(inside)
      assert.equal(
        runXml(body, { limits }, orders, everyNth(body, 100)).code,
        'ERR_ANSWER_TOO_LARGE',
        inside.slice(0, 20),
      )
    }
  })

  it('do not count what is dropped together', () => {
    const body = wrapped('<junk><a>yyyyyyyyyy</a></junk>'.repeat(1_000) + ours)
    assert.equal(runXml(body, { limits }).text, wrapped(ours))
  })

  it('hold for elements inside each other', () => {
    const nested = (depth: number): string => wrapped(`<order>${'<x>'.repeat(depth)}${'</x>'.repeat(depth)}</order>`)
    assert.equal(runXml(nested(3), { limits, predicate: everything }).text, nested(3))
    assert.equal(runXml(nested(4), { limits, predicate: everything }).code, 'ERR_ANSWER_UNREADABLE')
    assert.equal(runXml(wrapped('<x>'.repeat(6)), { limits }).code, 'ERR_ANSWER_UNREADABLE')
  })
})

describe('an XML filter', () => {
  it('is what XML answers go through, error answers with permitted rows among them', () => {
    const plan = planOf({ predicate: isOurs })
    const rules = { plan, readers: readersOf(plan, { xml: orders }), roles: [], pass: [], keepHeaders: [] }
    const verdict: FilterVerdict = {
      kind: 'filter',
      status: 400,
      rawHeaders: [],
      bodyKind: 'xml',
      coding: undefined,
      rules: { ...rules, decode: defaultDecodeLimits },
      isProblem: true,
    }
    const { body } = filterWhole(Buffer.from(wrapped(theirs + ours)), verdict)
    assert.equal(Buffer.from(body).toString(), wrapped(ours))
    assert.throws(() => filterWhole(Buffer.from(wrapped(theirs)), verdict), { code: 'ERR_ANSWER_STATUS' })
    assert.throws(() => openFilter({ ...verdict, rules: { ...verdict.rules, readers: readersOf(plan) } }), {
      code: 'ERR_ANSWER_KIND',
    })
  })

  it('reads no other fields than those that are ruled', () => {
    const row = '<order><account>acme</account><amount>5</amount><Tenant/><tenant/><tenant/></order>'
    assert.equal(runXml(wrapped(row), { predicate: smallAndOurs }).text, wrapped(row))
  })

  it('stays shut after a refusal and after the end', () => {
    const filter = new XmlRowFilter(planOf(), orders)
    assert.throws(() => filter.push(Buffer.from('<x/>')), { code: 'ERR_ANSWER_SHAPE' })
    assert.throws(() => filter.push(Buffer.from('<x/>')), TypeError)
    assert.throws(() => filter.end(), TypeError)
  })

  it('cannot be made where rows stand inside each other', () => {
    const row = ['a', 'b']
    for (const [at, keep] of [
      [[], []],
      [[row, row], []],
      [[row, [...row, 'c']], []],
      [[[...row, 'c'], row], []],
      [[row], [[...row, 'c']]],
      [[row], [['a']]],
      [[['a']], []],
      [[[]], []],
    ] as const)
      assert.throws(() => new XmlRowFilter(planOf(), { at, keep, fields: new Map() }), TypeError)
    assert.ok(new XmlRowFilter(planOf(), { at: [row, ['a', 'c']], keep: [['a', 'd'], ['e']], fields: new Map() }))
  })
})
