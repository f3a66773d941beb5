import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readMultipart } from '../../../../src/stages/forward/inspect/multipart.ts'
import { inspectBody, type Profile, profiles, rule, rulesOf, tellBody } from './support.ts'

const through = 'let through'
const label = 'multipart/form-data; boundary=b'

const field = (name: string, value = '1') => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
const disposition = (text: string) => `Content-Disposition: ${text}\r\n\r\n1`
const file = (filename: string, content = 'x', type = 'image/png', name = 'f') =>
  `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n${content}`
const body = (...parts: readonly string[]) => `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`

const ask = (text: string | Uint8Array, profile: Profile = 'strict', type = label) =>
  rule(inspectBody(type, text, rulesOf(profile)))

const typedField = (type: string, value: string) =>
  ask(body(`Content-Disposition: form-data; name="a"\r\nContent-Type: ${type}\r\n\r\n${value}`))
const typedFile = (type: string, content: string, profile?: Profile) => ask(body(file('blob', content, type)), profile)
const namedFile = (text: string) =>
  ask(body(disposition(`form-data; name="a"; filename="x"; filename*=UTF-8''${text}`)))

describe('the borders of multipart/form-data', () => {
  for (const [title, text] of [
    ['parts', body(field('a'), field('b'))],
    ['no part', '--b--\r\n'],
    ['no end of the last line', body(field('a')).slice(0, -2)],
    ['hyphens and line ends in contents', body(field('a', '\r\n-- b\r\n--\r\n--a\r\n'))],
    ['a file of any bytes', body(file('a.png', '\0\xff\n\r\n\r\r\n'))],
    ['an empty content', body(field('a', ''))],
    ['a content that ends like a line', body(field('a', 'x\r\n'))],
  ] as const)
    it(`may be around ${title}`, () => assert.equal(ask(text), through))

  for (const [title, text] of [
    ['text before them', `x\r\n${body(field('a'))}`],
    ['an empty line before them', `\r\n${body(field('a'))}`],
    ['text behind them', `${body(field('a'))}x`],
    ['an empty line behind them', `${body(field('a'))}\r\n`],
    ['another document behind them', body(field('a')) + body(field('b'))],
    ['no end', `--b\r\n${field('a')}\r\n`],
    ['no end of a line', `--b\r\n${field('a')}--b--\r\n`],
    ['bare line feeds', body(field('a')).replaceAll('\r\n', '\n')],
    ['a bare line feed before one', body(field('a', '1\n--b\r\n'))],
    ['a bare carriage return before one', body(field('a', '1\r--b\r\n'))],
    ['one within a line', body(field('a', 'x--by'))],
    ['one that goes on', body(field('a', 'x\r\n--bc'))],
    ['one with blanks behind it', `--b \r\n${field('a')}\r\n--b--\r\n`],
    ['an end with blanks behind it', `--b\r\n${field('a')}\r\n--b-- \r\n`],
    ['an end within', `--b\r\n${field('a')}\r\n--b--\r\n--b\r\n${field('b')}\r\n--b--\r\n`],
    ['another first one', body(field('a'), field('b')).replace('--b', '--c')],
    ['letters in place of a line end', body(field('a')).replace('--b\r\n', '--bxy')],
    ['letters behind the end', `${body(field('a')).slice(0, -2)}xy`],
    ['another one', body(field('a')).replaceAll('--b', '--c')],
    ['no head', '--b\r\n\r\n1\r\n--b--\r\n'],
    ['nothing between two', '--b\r\n--b--\r\n'],
    ['a line between two', '--b\r\n\r\n--b--\r\n'],
    ['no empty line behind a head', '--b\r\nContent-Disposition: form-data; name="a"\r\n--b--\r\n'],
    ['no line of its own behind an empty content', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n--b--\r\n'],
  ] as const) {
    it(`have no ${title}`, () => {
      for (const profile of profiles) assert.equal(ask(text, profile), 'unreadable')
    })
  }

  for (const boundary of ['b', '----WebKitFormBoundaryAbC123', '"===============12=="', "a'b+c_d.f-g", 'x'.repeat(70)])
    it(`may be ${boundary}`, () => {
      const text = body(field('a')).replaceAll('--b', `--${boundary.replaceAll('"', '')}`)
      assert.equal(ask(text, 'strict', `multipart/form-data; boundary=${boundary}`), through)
    })

  for (const parameters of [
    '',
    '; boundary=""',
    '; boundary=',
    '; boundary="b c"',
    '; boundary="b,c"',
    '; boundary="b;c"',
    '; boundary="b/c"',
    `; boundary=${'x'.repeat(71)}`,
    '; boundary=b; boundary=b',
    '; boundary=b; Boundary=c',
    '; xboundary=c; boundary=b',
    '; boundary=b; x=y',
  ])
    it(`may not be named by ${JSON.stringify(parameters)}`, () =>
      assert.equal(ask(body(field('a')), 'strict', `multipart/form-data${parameters}`), 'content-type'))

  it('may be named beside the charset UTF-8', () => {
    assert.equal(ask(body(field('a')), 'strict', `${label}; charset=utf-8`), through)
    assert.equal(ask(body(field('a')), 'strict', `${label}; charset=utf-16`), 'charset')
  })

  it('are around 1,000 parts at most', () => {
    assert.equal(ask(body(...Array.from({ length: 1000 }, () => field('a')))), through)
    assert.equal(ask(body(...Array.from({ length: 1001 }, () => field('a')))), 'too-many')
  })

  it('leave contents where they are', () => {
    const bytes = Buffer.from(body(field('a', 'one'), file('x.bin', 'two')))
    const parts = readMultipart(bytes, 'b')
    assert.ok(typeof parts === 'object')
    assert.deepEqual(
      parts.map(({ name, filenames, content }) => [name, filenames, Buffer.from(content).toString()]),
      [
        ['a', [], 'one'],
        ['f', ['x.bin'], 'two'],
      ],
    )
    assert.ok(parts.every(({ content }) => content.buffer === bytes.buffer))
  })
})

describe('the head of a part', () => {
  for (const head of [
    'form-data; name="a"',
    'FORM-DATA; NAME="a"',
    'form-data; name=a',
    'form-data;name="a"',
    'form-data; name="größe"',
    'form-data; name="it\'s; a=b"',
    'form-data; name="a"; filename="x"',
    'form-data; filename="x"; name="a"',
    "form-data; name=file; filename=x.txt; filename*=utf-8''x.txt",
    'form-data; name="a"; filename="x"; filename*=UTF-8\'en\'%C3%BC',
  ])
    it(`may be ${head}`, () => assert.equal(ask(body(disposition(head))), through))

  for (const head of [
    '',
    'form-data',
    'form-data;',
    'form-data; name',
    'form-data; name="a',
    'form-data; name="a";',
    'form-data; name="a" ',
    'form-data; name="a"x',
    'form-data; name = "a"',
    'form-data; name="a\\"b"',
    'form-data; name="a\\\\"',
    "form-data; name='a'",
    'form-data; name=a b',
    'form-data; name=a%62',
    'form-data; name="a"; name="b"',
    'form-data; name="a"; NAME="b"',
    'form-data; name="a"; name*=UTF-8\'\'b',
    'form-data; name*0="a"',
    'form-data; filename="a"',
    'form-data; name="a"; filename="x"; filename="y"',
    'form-data; name="a"; filename*=UTF-8\'\'x',
    'form-data; name="a"; filename="x"; filename*=iso-8859-1\'\'x',
    'form-data; name="a"; filename="x"; filename*=UTF-8\'\'%FF',
    'form-data; name="a"; filename="x"; filename*=UTF-8\'\'%zz',
    'form-data; name="a"; x="y"',
    'form-data, name="a"',
    'attachment; name="a"',
    'form-data;\tname="a"',
    'form-data; name="=?utf-8?B?YWNjb3VudA==?="',
  ])
    it(`may not be ${head}`, () => {
      for (const profile of profiles) assert.equal(ask(body(disposition(head)), profile), 'unreadable')
    })

  for (const [title, line, verdict] of [
    ['a type', 'Content-Type: text/plain', through],
    ['a type in UTF-8', 'content-type: text/plain; charset=UTF-8', through],
    ['no coding', 'Content-Transfer-Encoding: 8bit', through],
    ['no coding, binary', 'content-transfer-encoding: BINARY', through],
    ['its length', 'Content-Length: 1', through],
    ['another length', 'Content-Length: 2', 'unreadable'],
    ['a length spelled otherwise', 'Content-Length: 01', 'unreadable'],
    ['a coding', 'Content-Transfer-Encoding: base64', 'unreadable'],
    ['a coding of mail', 'Content-Transfer-Encoding: quoted-printable', 'unreadable'],
    ['another charset', 'Content-Type: text/plain; charset=utf-16', 'charset'],
    ['a charset of old', 'Content-Type: text/plain; charset=iso-8859-1', 'charset'],
    ['parts of its own', 'Content-Type: multipart/mixed; boundary=c', 'content-type'],
    ['a message', 'Content-Type: message/rfc822', 'content-type'],
    ['a broken type', 'Content-Type: text', 'content-type'],
    ['a second disposition', 'Content-Disposition: form-data; name="b"', 'unreadable'],
    ['another field', 'X-Other: 1', 'unreadable'],
    ['a folded line', 'Content-Type: text/plain;\r\n charset=utf-8', 'unreadable'],
    ['a line that begins with a blank', ' Content-Type: text/plain', 'unreadable'],
    ['a line without a colon', 'Content-Type', 'unreadable'],
    ['a blank before the colon', 'Content-Type : text/plain', 'unreadable'],
    ['a bare line feed', 'Content-Type: text/plain\nX: y', 'unreadable'],
    ['a bare carriage return', 'Content-Type: text/plain\rX: y', 'unreadable'],
    ['a NUL', 'Content-Type: text/plain\0', 'unreadable'],
  ] as const)
    it(`${verdict === through ? 'may' : 'may not'} have ${title}`, () =>
      assert.equal(ask(body(`Content-Disposition: form-data; name="a"\r\n${line}\r\n\r\n1`)), verdict))

  it('has a disposition', () => assert.equal(ask(body('Content-Type: text/plain\r\n\r\n1')), 'unreadable'))

  it('is UTF-8', () => {
    assert.equal(ask(Buffer.from(body(field('\xff')), 'latin1')), 'charset')
  })

  it('is short', () => {
    assert.equal(ask(body(field('a'.repeat(4000)))), through)
    assert.equal(ask(body(field('a'.repeat(5000)))), 'too-many')
  })
})

describe('a field of multipart/form-data', () => {
  for (const [name, value, verdict] of [
    ['a', 'x', through],
    ['a[b][]', 'x', through],
    ['$where', 'x', 'operator'],
    ['a[$ne]', 'x', 'operator'],
    ['a[＄ne]', 'x', 'operator'],
    ['__proto__', 'x', 'prototype'],
    ['a[constructor]', 'x', 'prototype'],
    ['', 'x', 'name'],
    [' a', 'x', 'name'],
    ['a[b', 'x', 'name'],
    ['a%22', 'x', 'name'],
    ['_charset_', 'utf-16', 'charset'],
    ['_Charset_', 'utf-8', 'charset'],
    ['filter', '{"a":1}', 'json-in-parameter'],
    ['filter', 'x', through],
    ['data', '{"$where":1}', through],
    ['account', 'globex', 'tenant'],
    ['account', '', 'tenant'],
    ['account', 'acme', through],
    ['account[]', 'globex', 'tenant'],
    ['tenant.id', 'globex', 'tenant'],
    ['data', '{"account":"globex"}', 'tenant'],
  ] as const)
    it(`${verdict}: ${name} = ${value}`, () => assert.equal(ask(body(field(name, value))), verdict))

  it('is UTF-8 without a byte order mark', () => {
    assert.equal(ask(Buffer.from(body(field('a', '\xfc')), 'latin1')), 'charset')
    assert.equal(ask(body(field('a', '\ufeffx'))), 'charset')
  })

  it('is a document where its type says so', () => {
    assert.equal(typedField('application/json', '{"a":1}'), through)
    assert.equal(typedField('application/json', '{"$where":1}'), 'operator')
    assert.equal(typedField('application/json', 'x'), 'unreadable')
    assert.equal(typedField('application/xml', '<a/>'), through)
    assert.equal(typedField('application/xml', '<!DOCTYPE a><a/>'), 'doctype')
    assert.equal(typedField('text/plain', 'x'), through)
  })
})

describe('a file of multipart/form-data', () => {
  for (const filename of ['a.png', 'Jürgen 1.pdf', '.htaccess', 'a..b', 'a%20b', '写真.jpg', ''])
    it(`may be named ${JSON.stringify(filename)}`, () => assert.equal(ask(body(file(filename, ''))), through))

  for (const filename of ['../a', '..', '.', '..a', 'a/b', '/a', '／a', '‥', '\u200b..', 'a%2fb', 'a%5Cb', 'a%00b'])
    it(`may not be named ${JSON.stringify(filename)}`, () => {
      assert.equal(ask(body(file(filename))), 'filename')
      assert.equal(ask(body(file(filename)), 'raw'), through)
    })

  it('may not be named twice, with one of them elsewhere', () => {
    assert.equal(namedFile('y'), through)
    for (const text of ['..%2Fx', '%2E%2E', 'a%00', 'a%5Cb', 'a%0Ab']) assert.equal(namedFile(text), 'filename')
  })

  it('may not be named with a backslash or a control character', () => {
    for (const filename of ['a\\b', 'a\tb', 'a\0b']) assert.equal(ask(body(file(filename))), 'unreadable')
  })

  it('has a filename if it has a content', () => assert.equal(ask(body(file('', 'x'))), 'unreadable'))

  it('is a parameter by its name', () => {
    assert.equal(ask(body(file('x', 'y', 'image/png', '$where'))), 'operator')
    assert.equal(ask(body(file('x', 'y', 'image/png', 'a[b'))), 'name')
    assert.equal(ask(body(file('x', 'acme', 'image/png', 'account'))), 'tenant')
    assert.equal(ask(body(file('x', 'acme', 'image/png', 'account')), 'raw'), 'tenant')
  })

  it('is not looked into, unless it is labelled JSON, and then for tenants', () => {
    assert.equal(typedFile('image/svg+xml', '<!DOCTYPE a><account>globex</account>'), through)
    assert.equal(typedFile('application/octet-stream', '{"account":"globex"}'), through)
    for (const profile of profiles) {
      assert.equal(typedFile('application/json', '{"account":"globex"}', profile), 'tenant')
      assert.equal(typedFile('application/json', '{"account":"acme","$schema":"x"}', profile), through)
      assert.equal(typedFile('application/json', '{"account":"acme","account":"x"}', profile), 'duplicate-key')
      assert.equal(typedFile('application/json', '\ufeff{}', profile), 'charset')
    }
    const rules = rulesOf('strict', { tenantParameters: [] })
    assert.equal(inspectBody(label, body(file('blob', '{', 'application/json')), rules), undefined)
  })
})

describe('multipart/form-data under the other profiles', () => {
  it('has the operators of a query string', () => {
    assert.equal(ask(body(field('$filter')), 'odata'), through)
    assert.equal(ask(body(field('a[$gt]')), 'query-api'), through)
    assert.equal(ask(body(field('a[$where]')), 'query-api'), 'operator')
    assert.equal(ask(body(field('$where'), field('a[b'), field('_charset_')), 'raw'), through)
  })

  it('names no foreign tenant', () => {
    for (const profile of profiles) {
      assert.equal(ask(body(field('x'), field('account', 'globex')), profile), 'tenant')
      assert.equal(ask(body(field('x'), field('account', 'acme')), profile), through)
    }
  })

  it('says where and with which code', () => {
    assert.equal(tellBody(label, 'x'), 'unreadable in multipart: ERR_BODY_UNREADABLE')
    assert.equal(tellBody(label, body(field('$a'))), 'operator in multipart: ERR_REQUEST_UNSAFE')
    assert.equal(tellBody(label, body(field('account'))), 'tenant in multipart: ERR_TENANT_FOREIGN')
  })
})
