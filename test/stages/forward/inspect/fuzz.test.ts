import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { inspectBodyHead, inspectWholeBody, needsWholeBody } from '../../../../src/stages/forward/inspect/body.ts'
import { inspectCookies } from '../../../../src/stages/forward/inspect/cookies.ts'
import { readMultipart } from '../../../../src/stages/forward/inspect/multipart.ts'
import { inspectQuery } from '../../../../src/stages/forward/inspect/query.ts'
import { headersOf, inspectBody, profiles, rule, rulesOf } from './support.ts'

const profile = fc.constantFrom(...profiles)

/** Texts made of what the readers look at. */
const pieces = fc.constantFrom(
  ...'a account acme globex filter $ne $where ＄ __proto__ [ ] [] . & = ; %24 % %zz %C0%A4 %00 + { } " , : \\ \\u0024'.split(
    ' ',
  ),
  ...'1 1e999 null < > / <a> </a> &amp; &b; --b -- {"account": <!DOCTYPE'.split(' '),
  ' ',
  '\0',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\u200b',
  '\ufeff',
  '\ud800',
  '<?xml version="1.0"?>',
  'Content-Disposition: form-data; name="',
  '; filename="',
)
const text = fc.array(pieces, { maxLength: 40 }).map((all) => all.join(''))
const bytes = fc.oneof(
  text.map((all) => Buffer.from(all)),
  fc.uint8Array({ maxLength: 200 }),
)
const label = fc.constantFrom(
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  'application/xml',
  'text/plain',
  'image/png',
  'x',
)

describe('an inspection', () => {
  it('answers whatever comes', () => {
    fc.assert(
      fc.property(profile, text, (name, query) => {
        inspectQuery(`?${query}`, rulesOf(name))
        inspectCookies([query], rulesOf(name))
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(profile, label, bytes, (name, type, body) => {
        const headers = headersOf(['Content-Type', type])
        inspectWholeBody(headers, body, rulesOf(name))
        inspectBodyHead(headers, rulesOf(name))
        needsWholeBody(headers, rulesOf(name))
      }),
      { numRuns: 5000 },
    )
  })

  it('says the same whenever it is asked', () => {
    fc.assert(
      fc.property(profile, label, bytes, (name, type, body) => {
        const copy = Buffer.from(body)
        const first = inspectBody(type, body, rulesOf(name))
        assert.deepEqual(inspectBody(type, body, rulesOf(name)), first)
        assert.ok(copy.equals(body))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses under raw nothing that strict lets through', () => {
    fc.assert(
      fc.property(text, (query) => {
        if (inspectQuery(`?${query}`, rulesOf('strict')) !== undefined) return
        assert.equal(inspectQuery(`?${query}`, rulesOf('raw')), undefined)
      }),
      { numRuns: 2000 },
    )
  })
})

/** What a reader sees in it. */
function* membersOf(value: unknown): Generator<readonly [string, unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield [key, inner]
    yield* membersOf(inner)
  }
}

describe('JSON that is let through under strict', () => {
  it('has no operator, no prototype and no foreign tenant', () => {
    const key = fc.constantFrom('a', '$ne', '＄gt', ' $x', '__proto__', 'account', 'Account', 'b.$c', 'constructor')
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('acme', 'globex', 1, null),
        fc.array(tie('document'), { maxLength: 3 }),
        fc.array(fc.tuple(key, tie('document')), { maxLength: 3 }).map((all) => ({ members: all })),
      ),
    }))
    const written = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
      if (typeof value !== 'object' || value === null) return JSON.stringify(value)
      const { members } = value as { readonly members: readonly (readonly [string, unknown])[] }
      return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`).join(',')}}`
    }
    let passed = 0
    fc.assert(
      fc.property(document, (value) => {
        const json = written(value)
        if (inspectBody('application/json', json, rulesOf('strict')) !== undefined) return
        passed += 1
        const read: unknown = JSON.parse(json)
        assert.equal(written(value).length, JSON.stringify(read).length, 'a key was lost')
        for (const [name, inner] of membersOf(read)) {
          assert.ok(!/^[^a-z]*[$＄]|\.\$|__proto__|constructor/.test(name), name)
          if (name.toLowerCase() === 'account') assert.ok(!JSON.stringify(inner).includes('globex'))
        }
      }),
      { numRuns: 3000 },
    )
    assert.ok(passed > 200, `${passed} were let through`)
  })
})

describe('forms that are let through', () => {
  it('have the parameters that a browser reads', async () => {
    const form = fc.array(fc.constantFrom('a', 'b', '=', '&', '%41', '+', '[', ']', '[]', '%20', 'ü', '.'), {
      maxLength: 12,
    })
    let passed = 0
    await fc.assert(
      fc.asyncProperty(form, async (all) => {
        const body = all.join('')
        const found = inspectBody('application/x-www-form-urlencoded', body, rulesOf('strict'))
        if (found !== undefined || body === '') return
        passed += 1
        const type = 'application/x-www-form-urlencoded'
        const read = await new Response(body, { headers: { 'content-type': type } }).formData()
        for (const [name] of read) assert.match(name, /^[^\s[\]][^[\]]*(?:\[[^[\]]*\](?:\.[^[\]]+)?)*$/)
      }),
      { numRuns: 2000 },
    )
    assert.ok(passed > 200, `${passed} were let through`)
  })

  it('have the parts that a browser reads', async () => {
    const mutated = fc
      .tuple(
        fc.array(fc.constantFrom('1', '\r\n', '--', '--b', '\n', 'x', '--b--', '\r\n--b\r\n'), { maxLength: 6 }),
        fc.constantFrom('', '; filename="f"', '; filename=""', ';  filename=f'),
        fc.constantFrom('a', 'b[]', 'ü', "it's; x=y"),
        fc.constantFrom('', '\r\nContent-Type: text/plain', '\r\nContent-Transfer-Encoding: binary'),
      )
      .map(
        ([content, filename, name, line]) =>
          `--b\r\nContent-Disposition: form-data; name="${name}"${filename}${line}\r\n\r\n${content.join('')}\r\n`,
      )
    const body = fc.array(mutated, { maxLength: 4 }).map((parts) => `${parts.join('')}--b--\r\n`)
    let passed = 0
    await fc.assert(
      fc.asyncProperty(body, async (written) => {
        const parts = readMultipart(Buffer.from(written), 'b')
        if (typeof parts === 'string') return
        const headers = { 'content-type': 'multipart/form-data; boundary=b' }
        const read = await new Response(written, { headers }).formData().catch(() => undefined)
        if (parts.length > 0) assert.ok(read !== undefined)
        passed += 1
        const theirs = await Promise.all(
          [...(read ?? [])].map(async ([name, value]) => [
            name,
            typeof value === 'string' ? value : await value.text(),
          ]),
        )
        const ours = parts.map(({ name, content }) => [name, Buffer.from(content).toString()])
        assert.deepEqual(ours, theirs)
      }),
      { numRuns: 2000 },
    )
    assert.ok(passed > 200, `${passed} were let through`)
  })

  it('are refused with one octet changed, or mean the same', () => {
    const good = Buffer.from('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nacme\r\n--b--\r\n')
    for (let at = 0; at < good.length; at += 1) {
      for (const octet of [0, 0x0a, 0x0d, 0x20, 0x22, 0x2d, 0x3b, 0x5c, 0x80]) {
        const changed = Buffer.from(good)
        changed[at] = octet
        const verdict = rule(inspectBody('multipart/form-data; boundary=b', changed, rulesOf('strict')))
        const parts = readMultipart(changed, 'b')
        if (verdict === 'let through') assert.ok(typeof parts === 'object' && parts.length === 1, `${octet} at ${at}`)
      }
    }
  })
})
