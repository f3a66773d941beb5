import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { readMultipart } from '../../../../src/stages/forward/inspect/multipart.ts'
import { type PhpServer, startPhp } from '../../../support/php.ts'
import { findProgram } from '../../../support/programs.ts'
import { inspectBody, rulesOf } from './support.ts'

const missing = findProgram('php') === undefined ? ' (skipped: apt-get install php-cli)' : ''
const script = `<?php
header('Content-Type: application/json');
echo json_encode(['post' => $_POST, 'files' => array_keys($_FILES)], JSON_FORCE_OBJECT);
`
const formType = 'application/x-www-form-urlencoded'
const partsType = 'multipart/form-data; boundary=b'

interface Seen {
  readonly post: Readonly<Record<string, unknown>>
  /** A name that is a number comes as one. */
  readonly files: Readonly<Record<string, string | number>>
}

/** What PHP makes of the name of a variable; the brackets behind it are levels. */
function variable(name: string): string {
  const [root = ''] = name.split('[', 1)
  return root.replace(/[ .]/g, '_')
}

/** Texts below a key that is a tenant's, in any spelling. */
function* tenantsIn(value: unknown, named = false): Generator {
  if (typeof value !== 'object' || value === null) {
    if (named) yield value
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    const folded = key.toLowerCase().replace(/[^a-z0-9ü]/g, '')
    yield* tenantsIn(inner, named || folded === 'account' || folded === 'tenantid')
  }
}

const names = fc
  .array(
    fc.constantFrom(
      ...`a account ACCOUNT tenant id _id . _ [ ] [] [b] [account] 0 $ne ' ; ü & = + %00 %5B %5D %2e %20`.split(' '),
      ' ',
      '\0',
      '\t',
      '\n',
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.join(''))
const values = fc.constantFrom('acme', 'globex', '', '1', 'acme\r\n', '{"account":"globex"}', '--b', '\r\n--b')

const forms = fc
  .array(fc.tuple(names, values), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${name.replace(/[\t\n\0]/g, encodeURIComponent)}=${value}`).join('&'))

const goodHeads = fc.constantFrom(
  'Content-Disposition: form-data; name="NAME"',
  'content-disposition: form-data;name="NAME"',
  'Content-Disposition: form-data; name="NAME"; filename="f"',
  'Content-Disposition: form-data; filename="f"; name="NAME"',
  'Content-Disposition: form-data; name="NAME"; filename=f; filename*=UTF-8\'\'g',
  'Content-Type: text/plain\r\nContent-Disposition: form-data; name="NAME"',
  'Content-Disposition: form-data; name="NAME"\r\nContent-Type: text/plain; charset=utf-8',
)
const oddHeads = fc.constantFrom(
  'Content-Disposition: form-data; name=NAME',
  "Content-Disposition: form-data; name='NAME'",
  'Content-Disposition: form-data; name="NAME"; filename=""',
  'Content-Disposition: form-data; name="NAME"; filename*=UTF-8\'\'f',
  'Content-Disposition: form-data; name="NAME"; name="account"',
  'Content-Disposition: form-data; name="x\\"; name=account; x="',
  'Content-Disposition: form-data; x="; name=account"; name="NAME"',
  'Content-Disposition: form-data; name="NAME"\r\n ; name="account"',
  'Content-Disposition: form-data; name="NAME"\r\nContent-Disposition: form-data; name="account"',
  'Content-Disposition: form-data; name="NAME"\nContent-Disposition: form-data; name="account"',
  'X: y\r\nContent-Disposition: form-data; name="NAME"',
)
const weighted = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: odd })
const fieldNames = weighted(
  fc.constantFrom('a', 'b[c][]', 'a.b', 'a b', 'account', 'x[account]', 'tenant.id', 'ü'),
  names,
)
const part = fc
  .tuple(
    weighted(goodHeads, oddHeads),
    fieldNames,
    weighted(fc.constantFrom('acme', 'acme', 'globex', '\r\n', '-- b\r\n--'), values),
    weighted(fc.constant('\r\n'), fc.constantFrom('\n', '\r', '', '\n\r\n')),
  )
  .map(([head, name, value, end]) => `--b\r\n${head.replaceAll('NAME', () => name)}\r\n\r\n${value}${end}`)
const multiparts = fc
  .tuple(
    fc.array(part, { minLength: 1, maxLength: 3 }),
    weighted(fc.constantFrom('--b--\r\n', '--b--'), fc.constantFrom('--b-- \r\n', '--b--x', '', '--b--\r\n--b\r\n')),
  )
  .map(([parts, end]) => parts.join('') + end)

describe(`what PHP reads of a form that strict lets through${missing}`, { skip: missing !== '' }, () => {
  let php: PhpServer
  const strict = rulesOf('strict')

  before(async () => {
    php = await startPhp(script)
  })
  after(async () => {
    await php?.stop()
  })

  async function read(type: string, body: string): Promise<Seen> {
    const answer = await fetch(php.url, { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(body) })
    return (await answer.json()) as Seen
  }

  /** Whether it came that far. */
  async function compare(type: string, body: string, ours: Seen): Promise<boolean> {
    if (inspectBody(type, body, rulesOf('strict', { tenantParameters: [] })) !== undefined) return false
    const theirs = await read(type, body)
    assert.deepEqual(new Set(Object.keys(theirs.post)), new Set(Object.keys(ours.post)))
    // It drops files whose names end behind their brackets.
    const files = new Set(Object.values(ours.files))
    for (const file of Object.values(theirs.files)) assert.ok(files.has(String(file)), 'a file that we did not see')
    if (inspectBody(type, body, strict) !== undefined) return true
    for (const tenant of tenantsIn(theirs.post)) assert.equal(tenant, 'acme')
    return true
  }

  it('is what we read of parameters, and no foreign tenant', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(forms, async (body) => {
        const all = [...new URLSearchParams(body).keys()].map((name) => [variable(name), ''])
        const ours = { post: Object.fromEntries(all), files: {} }
        if (await compare(formType, body, ours)) passed += 1
      }),
      { numRuns: 1500, examples: [['account=acme&a.b=1&c d[e]=2&x[account][]=acme']] },
    )
    assert.ok(passed > 50, `${passed} were let through`)
  })

  it('is what we read of parts, and no foreign tenant', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(multiparts, async (body) => {
        const parts = readMultipart(Buffer.from(body), 'b')
        const all = typeof parts === 'string' ? [] : parts
        const fields = all.filter(({ filenames }) => filenames.length === 0)
        const files = all.filter(({ filenames }) => filenames.length > 0)
        const ours = {
          post: Object.fromEntries(fields.map(({ name }) => [variable(name), ''])),
          files: Object.fromEntries(files.map(({ name }, at) => [at, variable(name)])),
        }
        if (await compare(partsType, body, ours)) passed += 1
      }),
      { numRuns: 2500 },
    )
    assert.ok(passed > 500, `${passed} were let through`)
  })

  it('shows that PHP would read more into what is refused', async () => {
    for (const [body, name] of [
      ['+account=globex', 'account'],
      ['tenant.id=globex', 'tenant_id'],
      ['tenant[id=globex', 'tenant_id'],
      ['account%00x=globex', 'account'],
    ] as const) {
      assert.notEqual(inspectBody(formType, body, strict), undefined)
      assert.equal((await read(formType, body)).post[name], 'globex')
    }
    const bare =
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\n--b\nContent-Disposition: form-data; name="account"\r\n\r\nglobex\r\n--b--\r\n'
    assert.notEqual(inspectBody(partsType, bare, strict), undefined)
    assert.equal((await read(partsType, bare)).post['account'], 'globex')
  })
})
