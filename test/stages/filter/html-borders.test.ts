import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HtmlRows } from '../../../src/config/config.ts'
import { decodeAttribute, decodeText } from '../../../src/stages/filter/html-entities.ts'
import { orders, placesOf, runHtml } from './html-support.ts'
import { field, marker, planOf } from './support.ts'

function rowsAt(select: string, fields: Readonly<Record<string, string>>): HtmlRows {
  return { remove: [], rows: [{ select, fields: placesOf(fields) }], scripts: [] }
}

describe('character references', () => {
  it('are decoded, and quotes beside them stay', () => {
    assert.equal(decodeAttribute('a"&amp;"b'), 'a"&"b')
    assert.equal(decodeAttribute('&copy=1&lt;'), '&copy=1<')
    assert.equal(decodeText('a<b &amp; "c"'), 'a<b & "c"')
    assert.equal(decodeText('"<>"'), '"<>"')
    assert.equal(decodeAttribute('"<>"'), '"<>"')
  })
})

describe('a page that begins with what is taken out of it', () => {
  const removed = `<div class="admin"><p class="admin">a</p>${marker}<b class=card data-account=acme>${marker}</b></div>`
  const foreign = `<div class="card" data-account="beta"><p class="admin">a</p>${marker}</div>`

  for (const body of [removed, foreign])
    it(`loses it to its end: ${body}`, () => {
      for (const before of ['', ' ', '<p>b</p>'])
        for (let cut = 0; cut <= body.length; cut += 3) {
          const { text } = runHtml(`${before}${body}<p>c</p>`, planOf(), orders, [], [cut])
          assert.equal(text?.replace(/^ $/u, ''), `${before}<p>c</p>`, `${before} ${cut}`)
        }
    })
})

describe('a selector of rows', () => {
  it('asks of the outermost element too', () => {
    const rows = rowsAt('main .card', { account: '@data-account' })
    const card = '<div class="card" data-account="beta">x</div>'
    for (const inside of [card, `<p>a</p>${card}`]) {
      assert.equal(runHtml(`<section>${inside}</section>`, planOf(), rows).text, `<section>${inside}</section>`)
      assert.ok(!runHtml(`<main>${inside}</main>`, planOf(), rows).text?.includes('beta'))
    }
  })
})

/** Without the end tags, some of which the filter writes where the page did not. */
function opened(text: string | undefined): string | undefined {
  return text?.replaceAll(/<\/[a-z]+>/gu, '')
}

function card(name: string, account: string): string {
  return `<${name} class="card" data-account="${account}">`
}

describe('elements whose end nobody wrote', () => {
  it('end where the next of their kind begins, also outside any list', () => {
    for (const before of ['', '<ul>', '<div><ul>']) {
      const items = `${card('li', 'acme')}a${card('li', 'beta')}${marker}${card('li', 'acme')}b`
      assert.equal(
        opened(runHtml(before + items).text),
        `${before}${card('li', 'acme')}a${card('li', 'acme')}b`,
        before,
      )
    }
  })

  it('are groups of options too', () => {
    const select = '<select><optgroup label="a"><option>1<option>2<optgroup label="b"><option>3</select>'
    assert.equal(opened(runHtml(select).text), opened(select))
    const rows = rowsAt('optgroup', { account: '@label' })
    const theirs = `<optgroup label="beta"><option>${marker}<option>${marker}`
    const body = `<select><optgroup label="acme"><option>1${theirs}<optgroup label="acme"><option>2</select>`
    const { text } = runHtml(body, planOf(), rows)
    assert.equal(opened(text), opened(body.replace(theirs, '')))
  })
})

function part(name: string): string {
  return `<${name}></${name}>`
}

describe('a fragment of parts of a table', () => {
  const kinds = [['td', 'th'], ['tr'], ['tbody', 'thead', 'tfoot']]

  it('holds parts of one kind', () => {
    for (const kind of kinds)
      for (const first of kind)
        for (const second of kind) {
          const body = part(first) + part(second)
          assert.equal(runHtml(body).text, body)
        }
  })

  it('does not stay where it holds parts of two kinds', () => {
    for (const [at, kind] of kinds.entries())
      for (const first of kind)
        for (const second of kinds.toSpliced(at, 1).flat())
          assert.notEqual(runHtml(part(first) + part(second)).text, part(first) + part(second))
  })
})

describe('fields of a row in one place', () => {
  it('have all its value, also inside another', () => {
    const rows = rowsAt('.card', { a: '.v', b: '.v', c: '.v', whole: '.box' })
    const reads = ['a', 'b', 'c', 'whole'].map((name) => field(name))
    const seen: unknown[] = []
    const test = (values: readonly unknown[]): boolean => seen.push([...values]) > 0
    const body = '<div class="card"><p class="box">x<i class="v">y</i>z</p></div>'
    assert.equal(runHtml(body, planOf({ predicate: { reads, test } }), rows).text, body)
    assert.deepEqual(seen, [['y', 'y', 'y', 'xyz']])
  })
})
