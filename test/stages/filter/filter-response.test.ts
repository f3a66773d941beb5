import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultDecodeLimits } from '../../../src/stages/filter/content-coding.ts'
import { type AnswerRules, planAnswer, type Verdict } from '../../../src/stages/filter/filter-response.ts'
import { planOf, readersOf } from './support.ts'

const rules: AnswerRules = {
  plan: planOf(),
  readers: readersOf(planOf()),
  roles: [],
  pass: ['image/png'],
  keepHeaders: ['location'],
  decode: defaultDecodeLimits,
}
const json = ['content-type', 'application/json']

function plan(
  status: number,
  rawHeaders: readonly string[],
  method = 'GET',
  rows: 'undeclared' | AnswerRules = rules,
): Verdict {
  return planAnswer({ method, rows, head: { status, rawHeaders }, ownCookies: ['ours'] })
}

function outcome(verdict: Verdict): string {
  if (verdict.kind === 'refuse') return verdict.error.code
  return verdict.kind === 'replace' ? `replace ${verdict.error.code}` : verdict.kind
}

/** The Content-Type of a filtered answer. */
function label(type: string): string | undefined {
  const verdict = plan(200, ['Content-Type', type])
  assert.ok(verdict.kind === 'filter')
  const at = verdict.rawHeaders.map((name) => name.toLowerCase()).indexOf('content-type')
  return verdict.rawHeaders[at + 1]
}

const table: readonly [number, readonly string[], string, string][] = [
  [200, json, 'GET', 'filter'],
  [201, json, 'POST', 'filter'],
  [207, json, 'GET', 'filter'],
  [299, json, 'GET', 'filter'],
  [200, ['Content-Type', 'APPLICATION/problem+JSON'], 'GET', 'filter'],
  [200, ['content-type', 'application/x-ndjson'], 'GET', 'filter'],
  [200, [], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-length', '0'], 'GET', 'empty'],
  [200, ['content-length', '0', 'content-length', '20'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'text/plain'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'text/html'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'text/event-stream'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'application/xml'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'text/csv'], 'GET', 'ERR_ANSWER_KIND'],
  [200, [...json, ...json], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'application/json; charset=utf-16'], 'GET', 'ERR_ANSWER_KIND'],
  [200, ['content-type', 'image/png'], 'GET', 'pass'],
  [200, ['content-type', 'image/png', 'content-type', 'text/html'], 'GET', 'ERR_ANSWER_KIND'],
  [200, [...json, 'content-encoding', 'gzip'], 'GET', 'filter'],
  [200, [...json, 'content-encoding', 'gzip, gzip'], 'GET', 'ERR_ANSWER_CODING'],
  [200, [...json, 'content-encoding', 'compress'], 'GET', 'ERR_ANSWER_CODING'],
  [200, [...json, 'transfer-encoding', 'gzip, chunked'], 'GET', 'ERR_ANSWER_CODING'],
  [200, [...json, 'transfer-encoding', 'Chunked'], 'GET', 'filter'],
  [200, json, 'HEAD', 'empty'],
  [404, json, 'HEAD', 'empty'],
  [200, ['content-type', 'text/plain'], 'HEAD', 'ERR_ANSWER_KIND'],
  [204, json, 'GET', 'empty'],
  [205, json, 'GET', 'empty'],
  [206, json, 'GET', 'ERR_ANSWER_STATUS'],
  [304, [], 'GET', 'ERR_ANSWER_STATUS'],
  [100, [], 'GET', 'ERR_ANSWER_STATUS'],
  [999, json, 'GET', 'ERR_ANSWER_STATUS'],
  [302, ['content-type', 'text/html', 'location', '/x'], 'GET', 'empty'],
  [404, json, 'GET', 'filter'],
  [500, json, 'GET', 'filter'],
  [404, ['content-type', 'text/html'], 'GET', 'replace ERR_ANSWER_KIND'],
  [404, ['content-type', 'image/png'], 'GET', 'replace ERR_ANSWER_KIND'],
  [500, [], 'GET', 'replace ERR_ANSWER_KIND'],
  [503, [...json, 'content-encoding', 'x'], 'GET', 'replace ERR_ANSWER_CODING'],
  [404, ['content-length', '0'], 'GET', 'empty'],
]

describe('the way of an answer', () => {
  for (const [status, headers, method, expected] of table) {
    it(`is ${expected} for ${method} ${status} with ${JSON.stringify(headers)}`, () => {
      assert.equal(outcome(plan(status, headers, method)), expected)
    })
  }

  describe('with a type under `pass` that a reader of the route is for', () => {
    const csv = { delimiter: ',', columns: new Map() } as const
    const xml = { at: [['orders', 'order']], fields: new Map(), keep: [] }
    const pass = ['text/csv', 'text/html', 'application/xhtml+xml', 'application/json', 'application/json-seq']
    const passing = (declared: Parameters<typeof readersOf>[1]): AnswerRules => ({
      ...rules,
      pass,
      readers: readersOf(planOf({ at: [] }), declared),
    })
    const outcomeOf = (type: string, declared: Parameters<typeof readersOf>[1]): string =>
      outcome(plan(200, ['content-type', type], 'GET', passing(declared)))

    for (const type of ['text/csv; header=absent', 'text/csv; charset=utf-16', 'TEXT/CSV;Header=x'])
      it(`is refused for ${type}, which the reader does not take`, () => {
        assert.equal(outcomeOf(type, { csv }), 'ERR_ANSWER_KIND')
        assert.equal(outcomeOf(type, {}), 'pass')
      })

    it('is refused for what reads as XML and as HTML where one of them is declared', () => {
      assert.equal(outcomeOf('application/xhtml+xml', { xml }), 'ERR_ANSWER_KIND')
      assert.equal(outcomeOf('application/xhtml+xml', { csv }), 'pass')
      assert.equal(outcomeOf('text/html', { xml }), 'pass')
    })

    it('is refused for JSON of any form, declared or not', () => {
      for (const type of ['application/json', 'application/json; charset=utf-16', 'application/json-seq'])
        assert.equal(outcomeOf(type, {}), 'ERR_ANSWER_KIND')
    })
  })

  it('is open where the route has no dataset', () => {
    const verdict = plan(200, ['content-type', 'text/html', 'set-cookie', 'ours=1', 'etag', '"a"'], 'GET', 'undeclared')
    assert.deepEqual(verdict, { kind: 'pass', status: 200, rawHeaders: ['content-type', 'text/html', 'etag', '"a"'] })
  })

  it('keeps the status, and marks error answers', () => {
    const verdict = plan(422, json)
    assert.ok(verdict.kind === 'filter')
    assert.equal(verdict.status, 422)
    assert.equal(verdict.isProblem, true)
  })

  it('drops a redirect’s target unless the route keeps it', () => {
    const headers = ['location', 'https://x/?secret']
    const kept = plan(302, headers)
    const dropped = plan(302, headers, 'GET', { ...rules, keepHeaders: [] })
    assert.ok(kept.kind === 'empty' && dropped.kind === 'empty')
    assert.ok(kept.rawHeaders.includes('location'))
    assert.ok(!dropped.rawHeaders.includes('location'))
  })

  it('drops the parameters of a label, which nobody checks', () => {
    assert.equal(label('application/json; note=FOREIGN'), 'application/json')
    assert.equal(label('Application/HAL+json; note="a;b"; Charset="UTF-8"'), 'application/hal+json; charset=utf-8')
  })

  it('labels a page as what it was read as, so that no browser looks for a charset in it', () => {
    const html = { remove: [], rows: [], scripts: [] }
    const pages = { ...rules, readers: readersOf(rules.plan, { html }) }
    for (const type of ['text/html', 'Text/HTML; charset="UTF-8"', 'text/html; level=1']) {
      const verdict = plan(200, ['content-type', type], 'GET', pages)
      assert.ok(verdict.kind === 'filter')
      const at = verdict.rawHeaders.map((name) => name.toLowerCase()).indexOf('content-type')
      assert.equal(verdict.rawHeaders[at + 1], 'text/html; charset=utf-8')
      assert.equal(verdict.rawHeaders.filter((name) => name.toLowerCase() === 'content-type').length, 1)
    }
  })

  it('tells no length', () => {
    for (const method of ['GET', 'HEAD']) {
      const verdict = plan(200, [...json, 'content-length', '7', 'etag', '"a"'], method)
      assert.ok(verdict.kind === 'filter' || verdict.kind === 'empty')
      assert.deepEqual(verdict.rawHeaders.slice(0, 3), [...json, 'cache-control'])
    }
  })
})
