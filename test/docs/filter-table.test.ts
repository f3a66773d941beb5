import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type BodyKind, bodyKind } from '../../src/stages/filter/body-kind.ts'
import { defaultDecodeLimits } from '../../src/stages/filter/content-coding.ts'
import { planAnswer, type Verdict } from '../../src/stages/filter/filter-response.ts'
import { planOf, readersOf } from '../stages/filter/support.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/filter.md', root), 'utf8')
const section = page.slice(page.indexOf('\n## Which reader\n'), page.indexOf('\n## Rules for every kind\n'))
/** Cells by row, the heads of tables left out. */
const tables = section
  .split(/\n\n/)
  .filter((block) => block.startsWith('|'))
  .map((block) =>
    block
      .trim()
      .split('\n')
      .slice(2)
      .map((line) => line.slice(2, -2).split(' | ')),
  )
const [kinds = [], statuses = []] = tables

const readers: ReadonlyMap<string, BodyKind> = new Map([
  ['JSON', 'json'],
  ['JSON lines', 'json-lines'],
  ['events', 'events'],
  ['XML', 'xml'],
  ['CSV', 'csv'],
  ['HTML', 'html'],
  ['none', 'other'],
])

/** The media types that a cell names; `+json` stands for all with that ending. */
function typesIn(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`(?<type>\+\w+|[^`/]+\/[^`]+)`/g), ({ groups }) =>
    (groups?.['type'] ?? '').replace(/^\+/, 'application/anything+'),
  )
}

const declared = {
  xml: { at: [['orders', 'order']], fields: new Map(), keep: [] },
  csv: { delimiter: ',', columns: new Map() },
  events: { types: new Map(), other: 'drop', at: [[]], keep: [] },
  html: { remove: [], rows: [], scripts: [] },
} as const

/** What becomes of an answer under a route that declares these kinds. */
function verdictOn(type: string, status: number, names: readonly string[], pass: readonly string[] = []): Verdict {
  const plan = planOf({ at: names.includes('at') ? [['*']] : [] })
  const others = Object.fromEntries(Object.entries(declared).filter(([name]) => names.includes(name)))
  return planAnswer({
    method: 'GET',
    head: { status, rawHeaders: ['content-type', type] },
    rows: {
      plan,
      readers: readersOf(plan, others),
      roles: [],
      pass,
      keepHeaders: [],
      decode: defaultDecodeLimits,
    },
    ownCookies: [],
  })
}

describe('the table of media types in docs/filter.md', () => {
  it('names the reader that each type really has', () => {
    for (const [types = '', reader = ''] of kinds)
      for (const type of typesIn(types)) assert.equal(bodyKind([type]), readers.get(reader), type)
    assert.deepEqual(new Set(kinds.map(([, reader]) => reader)), new Set(readers.keys()))
    assert.equal(bodyKind([]), 'none')
    assert.equal(bodyKind(['text/html', 'text/html']), 'other')
  })

  it('names every type that the reader looks for', () => {
    const source = readFileSync(new URL('src/lib/row-media.ts', root), 'utf8')
    const known = Array.from(source.matchAll(/\['(?<type>[a-z]+\/[^']+)', ['[]/g), ({ groups }) => groups?.['type'])
    assert.ok(known.length > 10)
    const named = new Set(kinds.flatMap(([types = '']) => typesIn(types)))
    assert.deepEqual(
      known.filter((type) => type === undefined || !named.has(type)),
      [],
    )
  })

  it('names what has to be declared, without which the type is blocked', () => {
    for (const [types = '', , needs = ''] of kinds) {
      const name = /^`rows\.(?<name>\w+)`/.exec(needs)?.groups?.['name']
      const all = ['at', ...Object.keys(declared)]
      for (const type of typesIn(types)) {
        if (name !== undefined) assert.equal(verdictOn(type, 200, [name]).kind, 'filter', type)
        const rest = name === undefined ? all : all.filter((other) => other !== name)
        assert.equal(verdictOn(type, 200, rest).kind, 'refuse', type)
      }
    }
  })

  it('is right that `pass` lets a kind through that is not declared, never JSON, and reads one that is', () => {
    assert.equal(verdictOn('image/png', 200, ['at'], ['image/png']).kind, 'pass')
    assert.equal(verdictOn('text/html', 200, ['at'], ['text/html']).kind, 'pass')
    assert.equal(verdictOn('text/html', 200, ['html'], ['text/html']).kind, 'filter')
    const odd = 'text/html; charset=iso-8859-1'
    assert.equal(verdictOn(odd, 200, ['html'], ['text/html']).kind, 'refuse')
    assert.equal(verdictOn(odd, 200, ['at'], ['text/html']).kind, 'pass')
    for (const type of ['application/json', 'application/x-ndjson'])
      assert.equal(verdictOn(type, 200, ['html'], [type]).kind, 'refuse')
    assert.equal(verdictOn('image/png', 404, ['at'], ['image/png']).kind, 'replace')
  })
})

const outcomes: ReadonlyMap<string, Verdict['kind']> = new Map([
  ['filtered', 'filter'],
  ['head only', 'empty'],
  ['blocked', 'refuse'],
  ['replaced', 'replace'],
])

describe('the table of statuses in docs/filter.md', () => {
  it('says what becomes of an answer under each of them', () => {
    for (const [cell = '', whereDeclared = '', elsewhere = ''] of statuses) {
      const named = Array.from(cell.matchAll(/`(?<status>\d{3})`/g), ({ groups }) => Number(groups?.['status']))
      assert.ok(named.length > 0, cell)
      for (const status of named) {
        assert.equal(verdictOn('text/csv', status, ['csv']).kind, outcomes.get(whereDeclared), `${status}`)
        assert.equal(verdictOn('text/csv', status, ['at']).kind, outcomes.get(elsewhere), `${status}`)
      }
    }
    assert.equal(statuses.length, 4)
  })
})
