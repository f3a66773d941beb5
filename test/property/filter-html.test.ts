import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { parseDocument } from 'htmlparser2'
import { orders, runHtml } from '../stages/filter/html-support.ts'
import { marker, planOf } from '../stages/filter/support.ts'
import { runs } from '../support/runs.ts'

type Tree = ReturnType<typeof parseDocument>['children'][number]

/** What a page is made of: `markup` as it comes, `kept` as it must go out. */
interface Piece {
  readonly markup: string
  readonly kept: string
}

const text = fc.constantFrom('a', ' b ', '\n', '&amp;', 'é', '1 > 0', '&lt;tr&gt;', '€ &nbsp;').map(same)
const account = fc.constantFrom('acme', 'beta', 'ACME', '', 'ac&#109;e', 'acme ')
const amount = fc.constantFrom('5', ' 7\n', '500', '1e1', 'x', '<b>4</b>2', '4<!-- 0 -->2', '&#53;', '')
const comment = fc.constantFrom('<!-- c -->', '<!---->', '<?x?>', '<![CDATA[x]]>', '<!-- <tr class=order> -->')
const endTags = /^(?:<\/[a-z0-9-]+>)*$/
/** They change nothing, wherever they stand. */
const rootEnds = /<\/(?:body|html)>/gi
const quote = fc.constantFrom('"', "'")

function same(markup: string): Piece {
  return { markup, kept: markup }
}

function joined(pieces: readonly Piece[]): Piece {
  return { markup: pieces.map((piece) => piece.markup).join(''), kept: pieces.map((piece) => piece.kept).join('') }
}

function within(before: string, { markup, kept }: Piece, after: string): Piece {
  return { markup: before + markup + after, kept: before + kept + after }
}

const flow: fc.Arbitrary<Piece> = fc.letrec<{ flow: Piece }>((tie) => ({
  flow: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    comment.map((markup): Piece => ({ markup, kept: '' })),
    fc.constantFrom('<br>', '<img alt="a>b">', '<svg><path d="M0"/></svg>', '<script>a<b</script>').map(same),
    fc.constant({ markup: `<i class=admin>${marker}<b>x</b></i>`, kept: '' }),
    fc
      .tuple(fc.constantFrom('div', 'section', 'ul', 'custom-x'), fc.array(tie('flow'), { maxLength: 4 }))
      .map(([name, inner]) => within(`<${name} class="x">`, joined(inner), `</${name}>`)),
  ),
})).flow

interface Row {
  readonly account: string
  readonly amount: string
  readonly quote: string
  readonly rest: Piece
  readonly closes: boolean
}

const row: fc.Arbitrary<Row> = fc.record({ account, amount, quote, rest: flow, closes: fc.boolean() })

/** The plain predicate over what a reader sees, not over what the filter found. */
function isPermitted(row: Row): boolean {
  const shown = row.amount
    .replaceAll(/<!--.*?-->|<[^>]*>/g, '')
    .replaceAll('&#53;', '5')
    .trim()
  const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[0-9]+)?$/.test(shown) ? Number(shown) : Number.NaN
  return row.account.replace('&#109;', 'm') === 'acme' && number < 100
}

function rowPiece(row: Row): Piece {
  const before = `<tr class=${row.quote}order x${row.quote} data-account="${row.account}"><td class=amount>`
  const inner = { markup: row.amount, kept: row.amount.replaceAll(/<!--.*?-->/g, '') }
  const middle = joined([inner, same('</td><td>'), row.rest])
  const mark = isPermitted(row) ? '' : marker
  const after = row.closes ? '</td></tr>' : ''
  const markup = `${before}${middle.markup}${mark}${after}`
  return { markup, kept: isPermitted(row) ? `${before}${middle.kept}</td></tr>` : '' }
}

const page = fc
  .tuple(flow, fc.array(row, { maxLength: 5 }), flow, fc.boolean())
  .map(([before, rows, after, whole]): Piece => {
    const table = within('<table><tbody>', joined(rows.map(rowPiece)), '</tbody></table>')
    const body = joined([before, table, after])
    return whole ? within('<!doctype html><html><body>', body, '</body></html>') : body
  })

function cutsOf(length: number, seed: readonly number[]): readonly number[] {
  return [...new Set(seed.map((number) => number % (length + 1)))].sort((left, right) => left - right)
}

/** The rows that a parser which knows nothing of the filter finds in what went out. */
function rowsIn(nodes: readonly Tree[]): readonly Record<string, string>[] {
  return nodes.flatMap((node) => {
    if (!('attribs' in node)) return []
    const isRow = node.name === 'tr' && (node.attribs.class ?? '').split(/\s+/).includes('order')
    return [...(isRow ? [node.attribs] : []), ...rowsIn(node.children)]
  })
}

describe('the filter of HTML', () => {
  it('releases what the reference releases of every generated page, wherever its chunks end', () => {
    fc.assert(
      fc.property(page, fc.array(fc.nat(), { maxLength: 6 }), ({ markup, kept }, seed) => {
        const cuts = cutsOf(Buffer.byteLength(markup), seed)
        const { text: released } = runHtml(markup, planOf(), orders, [], cuts)
        assert.equal(released, kept)
      }),
      { numRuns: runs(3_000) },
    )
  })

  it('releases no foreign row of any soup of tags, says the same for any chunks, and leaves nothing for a second pass', () => {
    fc.assert(
      fc.property(soup, fc.array(fc.nat(), { maxLength: 6 }), (markup, seed) => {
        const whole = runHtml(markup)
        const parts = runHtml(markup, planOf(), orders, [], cutsOf(Buffer.byteLength(markup), seed))
        assert.deepEqual([parts.text, parts.code], [whole.text, whole.code])
        const released = whole.text ?? Buffer.from(whole.released, 'latin1').toString()
        for (const found of rowsIn(parseDocument(released).children)) assert.equal(found['data-account'], 'acme')
        if (whole.text === undefined) return
        // A text that the page never ended may have kept end tags from being written.
        const first = whole.text.replaceAll(rootEnds, '')
        const again = (runHtml(whole.text).text ?? '').replaceAll(rootEnds, '')
        assert.ok(again.startsWith(first), again)
        assert.match(again.slice(first.length), endTags)
      }),
      { numRuns: runs(3_000) },
    )
  })
})

const names = fc.constantFrom(
  ...'div p span a b i li ul table tbody tr td th caption colgroup col form select option svg title style script textarea template noscript xmp iframe h1 h2 body head html math br image'.split(
    ' ',
  ),
)
const attributes = fc.constantFrom(
  '',
  ' class=order data-account=acme',
  ' class=order data-account=beta',
  " class='x order'",
  ' class=order class=x',
  ' class="&#111;rder"',
  '/',
  ' "',
  ' title="<tr class=order>"',
  ' x=a>b',
)
const scraps = fc.constantFrom(
  'x',
  '<',
  '<!--',
  '-->',
  '<!-->',
  ']]>',
  '<![CDATA[',
  '</',
  '</>',
  '<?',
  '"',
  '&lt;',
  '<scr',
)
const soup = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.tuple(names, attributes).map(([name, attribute]) => `<${name}${attribute}>`) },
      { weight: 2, arbitrary: names.map((name) => `</${name}>`) },
      { weight: 1, arbitrary: scraps },
    ),
    { maxLength: 20 },
  )
  .map((pieces) => pieces.join(''))
