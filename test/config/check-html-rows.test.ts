import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changed, parse, problemsOf } from './support.ts'

function withHtml(html: string): string {
  return changed('rows: { at: [/items/*] }', `rows: { html: ${html} }`)
}

const refused: readonly (readonly [string, string])[] = [
  ['tr:first-child', 'may only have types, ids, classes and attributes'],
  ['tr::before', 'may only have types, ids, classes and attributes'],
  ['tr:not(.total)', 'may only have types, ids, classes and attributes'],
  ['h2 + table tr', 'may only have the combinators of descendants and of children'],
  ['h2 ~ tr', 'may only have the combinators of descendants and of children'],
  ['svg|a', 'may have no namespace'],
  ['*|tr', 'may have no namespace'],
  ['[xlink|href]', 'may have no namespace'],
  ['tr[data-kind!=order]', 'may not have !=, which is no CSS'],
  ['tr[class^=""]', 'has a test for nothing, which never holds'],
  ['> tr', 'has a combinator without an element beside it'],
  ['tr >', 'has a combinator without an element beside it'],
  [' ', 'is empty'],
  ['tr,', 'is no CSS selector'],
  ['tr.', 'is no CSS selector'],
  ['tr.1a', 'is no CSS selector'],
  ['[data-x', 'is no CSS selector'],
  ['tr(', 'is no CSS selector'],
]
const accepted = [
  'tr',
  '*',
  'tr.order',
  'TR#first.order',
  '[data-row]',
  'tr[data-kind=order]',
  'a[href^="/orders/"], a[href$=".pdf"], a[href*=order], p[class~=x], p[lang|=en]',
  'tr[data-kind=Order s]',
  'main > table.orders tbody tr',
  '.sm\\:flex',
  'x-order',
]

describe('selectors of HTML rows', () => {
  for (const [select, problem] of refused) {
    it(`refuses ${JSON.stringify(select)} wherever a selector may stand`, () => {
      const text = JSON.stringify(select)
      const places = [
        `{ remove: [{ select: ${text} }] }`,
        `{ rows: [{ select: ${text} }] }`,
        `{ rows: [{ select: tr, fields: { amount: ${text} } }] }`,
        `{ rows: [{ select: tr, fields: { amount: ${JSON.stringify(`${select}@title`)} } }] }`,
        `{ scripts: [{ select: ${text}, at: [/*] }] }`,
      ]
      for (const html of places) {
        const problems = problemsOf(withHtml(html))
        assert.equal(problems.length, 1, html)
        assert.ok(problems[0]?.includes(problem), `${html}: ${problems[0]}`)
      }
    })
  }

  for (const select of accepted) {
    it(`accepts ${JSON.stringify(select)}`, () => {
      const text = JSON.stringify(select)
      parse(withHtml(`{ remove: [{ select: ${text} }], rows: [{ select: ${text}, fields: { amount: ${text} } }] }`))
    })
  }

  it('accepts a field that is an attribute of the row itself', () => {
    parse(withHtml('{ rows: [{ select: tr, fields: { account: "@data-account" } }] }'))
  })
})
