import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldDeclaration } from '../../../../src/mask/language.ts'
import { inspectWithheldBody, inspectWithheldQuery } from '../../../../src/stages/forward/inspect/withheld.ts'
import { headersOf, rulesOf, told } from './support.ts'

const margin: FieldDeclaration = { name: 'margin', type: 'number', path: ['margin'] }
const owner: FieldDeclaration = { name: 'owner', type: 'string', path: ['meta', 'owner'] }
const email: FieldDeclaration = { name: 'contact', type: 'string', path: ['customer', 'e-mail'] }
const price: FieldDeclaration = { name: 'unit_price', type: 'number', path: ['prices', '0'] }
const stock: FieldDeclaration = { name: 'stock', type: 'number', path: ['depot', '*', 'on hand'] }
const withheld = [margin, owner, email, price, stock]

const rules = rulesOf('strict', { withheld })
const query = (text: string) => told(inspectWithheldQuery(`?${text}`, rules))
const body = (type: string, text: string) =>
  told(inspectWithheldBody(headersOf(['Content-Type', type]), Buffer.from(text), rules))
const json = (text: string) => body('application/json', text)

const through = 'let through'
const inQuery = 'withheld in query: ERR_ROW_FORBIDDEN'

describe('a query string that asks about a withheld field', () => {
  const names = [
    'margin=20',
    'margin',
    'MARGIN=20',
    'Margin=20',
    'mArGiN=20',
    'm%61rgin=20',
    'm%2561rgin=20',
    'm%C3%A1rgin=20',
    '%EF%BD%8Dargin=20',
    'mar%E2%80%8Bgin=20',
    'mar%00gin=20',
    'margin%00=20',
    '+margin=20',
    'margin[]=20',
    'margin[gt]=20',
    'margin.gt=20',
    'margin:gt=20',
    'margin__gt=20',
    'margin_gte=20',
    'margin-gte=20',
    'margin%20gte=20',
    'marginGte=20',
    'MARGIN_GTE=20',
    'marginGreaterThanOrEqual=20',
    'marginNotGreaterThanEqual=20',
    'margin_starts_with=2',
    'margin>20',
    'margin>=20',
    'margin%3E=20',
    'margin!=20',
    'min_margin=20',
    'minMargin=20',
    'max-margin=20',
    'order_by_margin=desc',
    'sortByMargin=desc',
    'not[margin]=20',
    'filter[margin]=20',
    'filter[margin][$gt]=20',
    'filter%5Bmargin%5D=20',
    'where.margin=20',
    'orders.margin=20',
    'orders__margin__gt=20',
    'q[margin_gteq]=20',
    'q[margin_or_id_eq]=20',
    'q[id_and_margin_eq]=20',
    'f:margin=20',
    'sort(margin)',
    '-margin',
    'a=1&margin=20&b=2',
    '&&margin=20',
    'a=1;margin=20',
    'owner=ann',
    'meta.owner=ann',
    'meta[owner]=ann',
    'meta/owner=ann',
    'meta->owner=ann',
    'meta->>owner=eq.ann',
    'meta_owner=ann',
    'meta__owner__startswith=a',
    'metaOwner=ann',
    'filter[meta][is][owner][contains]=a',
    'contact=x',
    'customer.e-mail=x',
    'customer[e-mail]=x',
    'customer[eMail]=x',
    'customer[e_mail][like]=x',
    'customer_e_mail=x',
    'customerEmail=x',
    'prices[0]=5',
    'prices=5',
    'prices[gt]=5',
    'unitPrice=5',
    'unit-price=5',
    'depot.on%20hand=5',
    'depot[onHand]=5',
    'depotOnHand=5',
  ]
  for (const text of names)
    it(`is refused for the name in ${text}`, () => {
      assert.equal(query(text), inQuery)
    })

  const values = [
    '_sort=margin',
    '_sort=-margin',
    '_sort=%2Bmargin',
    'sort=id,margin',
    'sort=-margin,id',
    'sort=margin:desc',
    'sort=margin|desc',
    'sort=margin%20desc',
    'sort=margin+desc',
    'sort=MARGIN_DESC',
    'sort=marginDesc',
    'sort=margin%0Adesc',
    'sort=m%2561rgin',
    'sort=m%C3%A1rgin',
    'sort=%22margin%22',
    'sort=%60margin%60',
    'sort=[%22margin%22,%22desc%22]',
    "sort=['margin','desc']",
    'sort={%22margin%22:-1}',
    'sort={margin:-1}',
    'sort={%22m%5Cu0061rgin%22:-1}',
    "sort={'m%5Cx61rgin':-1}",
    'sort=%22{%5C%22margin%5C%22:1}%22',
    'sort[by]=margin',
    'sort[]=id&sort[]=margin',
    'sort=id%20margin%20amount%20entity',
    'order=margin.desc',
    'order=amount.asc,margin.desc.nullslast',
    'fields=id,margin',
    'fields[orders]=id,margin',
    'select=margin',
    'x=margin',
    'margins=margin',
    '$orderby=margin%20desc',
    '$filter=margin%20gt%2020',
    '$filter=amount%20gt%205%20and%20margin%20gt%2020%20and%20id%20ne%203',
    'filter=margin%3E20',
    'filter=margin=gt=20;id==3',
    'filter=gt(margin,20)',
    'where=(margin,gt,20)',
    'q=margin:20',
    'q=margin:%20thin%20very%20well',
    'q=margin%20is%20not%20null',
    'q=id%20sold%20by%20margin',
    'q=the%20margin%20is%2020',
    'q=margin',
    'note=margin',
    'note=thin%20margin',
    'note=the%20margin,thin%20or%20not',
    'group=sum(margin)',
    'aggs=avg_margin',
    'and=(margin.gt.20)',
    'sort=owner',
    'sort=meta.owner',
    'sort=meta/owner',
    'sort=meta-%3E%3Eowner',
    'sort=-metaOwner',
    '$filter=customer/any(c:c/e-mail%20eq%20%27x%27)',
    'customer[sort]=e-mail',
    'populate={%22customer%22:{%22sort%22:[%22e-mail%22]}}',
    'order=[[%22customer%22,%22e-mail%22,%22DESC%22]]',
    'order=amount-margin',
    'sort=prices.0',
    'sort=unit_price',
    'note[sort]=the%20margin%20is%20thin',
    'memory=the%20margin%20is%20thin',
    'q[sorts]=the%20margin%20is%20thin',
  ]
  for (const text of values)
    it(`is refused for the value in ${text}`, () => {
      assert.equal(query(text), inQuery)
    })

  const neighbours = [
    '',
    'amount=20',
    'amount_gte=20&_sort=-amount,id',
    'margins=20',
    'marginal=20',
    'amargin=20',
    'net_margin=20',
    'margin_note=x',
    'marginNote=x',
    'sort=margins',
    'sort=net_margin,id',
    'sort=marginal%20desc',
    'fields=id,amount,margin_note',
    'ownership=x',
    'sort=meta',
    'meta[colour]=red',
    'meta=x',
    'customer[name]=x',
    'customer=e',
    'e-mail=x',
    'email=x',
    'sort=email',
    'sort=name,e-mail',
    'price=5',
    'depot=5',
    'hand=5',
    'unit=5',
    'unit[price_list]=5',
    'note=the%20margin%20is%20thin',
    'note=The+margin+is+thin,+again.',
    'note=die%20%C3%BCbliche%20margin%20ist%20d%C3%BCnn',
    'filter[note][contains]=the%20margin%20is%20thin',
    'q=who%20is%20the%20owner%20here%3F',
    'notes[0][text]=the%20margin%20is%20thin',
    'note_like=the%20margin%20is%20thin',
    'page[size]=20&include=customer',
    'x=%ff&y=%',
  ]
  for (const text of neighbours)
    it(`is not ${text}`, () => {
      assert.equal(query(text), through)
    })

  it('is let through from somebody from whom nothing is withheld', () => {
    for (const text of [...names, ...values])
      assert.equal(told(inspectWithheldQuery(`?${text}`, rulesOf('strict'))), through)
  })

  it('is refused whatever else is withheld, and only for what is', () => {
    const one = rulesOf('strict', { withheld: [email] })
    assert.equal(told(inspectWithheldQuery('?margin=20', one)), through)
    assert.equal(told(inspectWithheldQuery('?contact=x', one)), inQuery)
  })

  it('is found in proportion to what there is to read', () => {
    for (const part of ['margi_', 'a', 'min_', '_gte', 'meta.', 'aB', '%61', '%5Cu006d', 'e%CC%81', '[', '{"'])
      assert.equal(query(`x=${part.repeat(200_000)}`), through, part)
  })
})

/** A form of one part. */
const parts = (head: string, content: string) =>
  `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n--b--`

describe('a body that asks about a withheld field', () => {
  const refused = [
    '{"margin":20}',
    '{"filter":{"margin":{"gt":20}}}',
    '{"m\\u0061rgin":20}',
    '{"MARGIN_GTE":20}',
    '{"sort":"margin"}',
    '{"sort":"-margin"}',
    '{"sort":"$margin"}',
    '{"sort":["id","margin"]}',
    '{"sort":[{"field":"margin","order":"desc"}]}',
    '{"x":[[["margin"]]]}',
    '{"x":"m\\u0061rgin"}',
    '{"x":"meta.owner"}',
    '{"x":"$meta.owner"}',
    '{"x":["customer","e-mail"]}',
    '{"where":{"customer":{"is":{"e-mail":{"contains":"x"}}}}}',
    '{"where":{"customer.e-mail":"x"}}',
    '{"where":"{\\"margin\\":20}"}',
    '{"where":"{\\"margin\\":20"}',
    '{"a":"[\\"{\\\\\\"margin\\\\\\":20}\\"]"}',
    '{"query":"{ orders(where: {margin: {_gt: 20}}) { id } }"}',
    '{"query":"select id from orders where margin > 20"}',
    '"margin"',
    '["margin"]',
    '{"memo":"thin margin"}',
    '{"title":{"sort":"the margin is thin"}}',
  ]
  for (const text of refused)
    it(`is refused in JSON: ${text}`, () => {
      assert.equal(json(text), 'withheld in json: ERR_ROW_FORBIDDEN')
    })

  const neighbours = [
    '{}',
    '{"amount":20,"sort":"-amount"}',
    '{"customer":{"name":"x"},"e-mail":"x"}',
    '{"x":["e-mail","customer"]}',
    '{"note":"the margin is thin"}',
    '{"notes":["the margin is thin","the owner is away today"]}',
    '{"margins":[1,2,3],"x":null,"y":true}',
    '20',
    'null',
  ]
  for (const text of neighbours)
    it(`is not in JSON: ${text}`, () => {
      assert.equal(json(text), through)
    })

  it('is refused in texts of JSON, however deep, and beyond the fourth whatever they say', () => {
    const nested = (inner: unknown, texts: number): string =>
      texts === 0 ? JSON.stringify(inner) : nested({ a: JSON.stringify(inner) }, texts - 1)
    assert.equal(json(nested({ margin: 1 }, 3)), 'withheld in json: ERR_ROW_FORBIDDEN')
    assert.equal(json(nested({ amount: 1 }, 3)), through)
    assert.equal(json(nested({ amount: 1 }, 4)), 'withheld in json: ERR_ROW_FORBIDDEN')
  })

  const form = 'application/x-www-form-urlencoded'
  const typed = (head: string, content: string) => parts(`${head}\r\nContent-Type: application/json`, content)
  const multipart = 'multipart/form-data; boundary=b'
  const bodies: readonly (readonly [string, string, string])[] = [
    [form, 'margin_gte=20', 'withheld in form: ERR_ROW_FORBIDDEN'],
    [form, 'a=1&sort=margin', 'withheld in form: ERR_ROW_FORBIDDEN'],
    [form, 'a=1&sort=amount&note=the+margin+is+thin', through],
    [multipart, parts('name="margin"', '20'), 'withheld in multipart: ERR_ROW_FORBIDDEN'],
    [multipart, parts('name="sort"', '-margin'), 'withheld in multipart: ERR_ROW_FORBIDDEN'],
    [multipart, parts('name="sort"', '-amount'), through],
    [multipart, parts('name="margin"; filename="x"', 'x'), 'withheld in multipart: ERR_ROW_FORBIDDEN'],
    [multipart, parts('name="x"; filename="margin"', 'margin'), through],
    [multipart, typed('name="x"; filename="x"', '{"sort":"margin"}'), 'withheld in multipart: ERR_ROW_FORBIDDEN'],
    [multipart, typed('name="x"; filename="x"', '{"sort":"amount"}'), through],
    ['application/xml', '<q><margin>20</margin></q>', 'withheld in xml: ERR_ROW_FORBIDDEN'],
    ['application/xml', '<q margin="20"/>', 'withheld in xml: ERR_ROW_FORBIDDEN'],
    ['application/xml', '<q sort="margin"/>', 'withheld in xml: ERR_ROW_FORBIDDEN'],
    ['application/xml', '<q><by>mar<!-- -->g&#105;<![CDATA[n]]></by></q>', 'withheld in xml: ERR_ROW_FORBIDDEN'],
    ['text/xml', '<q><customer><x/><e-mail>a</e-mail></customer></q>', 'withheld in xml: ERR_ROW_FORBIDDEN'],
    ['text/xml', '<q><customer/><e-mail>a</e-mail></q>', through],
    ['text/xml', '<q><sort>amount</sort><note>the margin is thin</note></q>', through],
    ['text/plain', '$filter=margin gt 20', 'withheld in head: ERR_ROW_FORBIDDEN'],
    ['text/plain', '$filter=amount gt 20', through],
    ['application/vnd.api+json', '{"sort":"margin"}', 'withheld in json: ERR_ROW_FORBIDDEN'],
    ['application/octet-stream', 'margin', through],
  ]
  for (const [type, text, outcome] of bodies)
    it(`is ${outcome} for ${type} ${JSON.stringify(text)}`, () => {
      assert.equal(body(type, text), outcome)
    })

  it('is found behind any number of separators', () => {
    const separators = '&'.repeat(10 * 1024 * 1024)
    assert.equal(body('application/x-www-form-urlencoded', `${separators}a=1`), through)
    assert.notEqual(body('application/x-www-form-urlencoded', `${separators}margin=1`), through)
  })

  it('is left to the other rules where it cannot be read', () => {
    assert.equal(body('text/xml', '<q><margin>'), through)
    assert.equal(body(multipart, 'margin'), through)
    assert.equal(told(inspectWithheldBody(headersOf(['Content-Type', form]), Buffer.of(0xff), rules)), through)
    assert.equal(told(inspectWithheldBody(headersOf(), Buffer.from('sort=amount'), rules)), through)
    assert.equal(
      told(inspectWithheldBody(headersOf(), Buffer.from('sort=margin'), rules)),
      'withheld in head: ERR_ROW_FORBIDDEN',
    )
  })

  it('is let through from somebody from whom nothing is withheld', () => {
    const headers = headersOf(['Content-Type', 'application/json'])
    assert.equal(told(inspectWithheldBody(headers, Buffer.from('{"margin":1}'), rulesOf('strict'))), through)
  })
})
