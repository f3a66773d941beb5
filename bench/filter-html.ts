/**
 * What the filter of HTML costs beside the parser it stands on: `node bench/filter-html.ts [--quick]`. The two ways take
 * turns within each round, so that a busy machine hurts both alike; only the ratio is worth quoting.
 */
import { Parser } from 'htmlparser2'
import type { HtmlRows } from '../src/config/config.ts'
import { parseHtmlPlace } from '../src/config/row-places.ts'
import { type FieldDeclaration, JsonNumber } from '../src/mask/language.ts'
import { HtmlFilter } from '../src/stages/filter/html.ts'
import { defaultRowLimits, type RowPlan } from '../src/stages/filter/row-plan.ts'
import { contest, rate } from './support/contest.ts'
import { median } from './support/statistics.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 9
const tables = quick ? 4 : 12
const rowsPerTable = 2_500
const chunkBytes = 65_536

const reads: readonly FieldDeclaration[] = [
  { name: 'account', type: 'string', path: ['account'] },
  { name: 'amount', type: 'number', path: ['amount'] },
]
const plan: RowPlan = {
  at: [],
  predicate: {
    reads,
    test: ([account, amount]) => account === 'acme' && amount instanceof JsonNumber && Number(amount.text) < 900,
  },
  withhold: [{ name: 'margin', path: ['margin'] }],
  withheldAs: 'removed',
  onViolation: 'drop',
  keep: [],
  total: undefined,
  strict: false,
  limits: defaultRowLimits,
}
const places = { account: '@data-account', amount: 'td.amount', margin: 'td.margin' }
const html: HtmlRows = {
  remove: [{ select: '.admin-only', unless: ['admin'] }],
  rows: [
    {
      select: 'table.orders tr.order',
      fields: new Map(
        Object.entries(places).map(([name, text]) => [name, parseHtmlPlace(text) ?? fail(`no place: ${text}`)]),
      ),
    },
  ],
  scripts: [{ select: 'script#rows', rows: { at: [['items', '*']], total: undefined, keep: [], strict: false } }],
}

function fail(detail: string): never {
  throw new Error(detail)
}

function row(at: number): string {
  const account = at % 3 === 0 ? 'beta' : 'acme'
  return `
        <tr class="order ${at % 2 === 0 ? 'even' : 'odd'}" data-account="${account}" data-id="${1_000_000 + at}">
          <td class="number"><a href="/orders/${1_000_000 + at}?tab=lines&amp;view=full">#${1_000_000 + at}</a></td>
          <td class="customer"><span class="avatar" aria-hidden="true"></span>Customer ${at} &amp; Sons</td>
          <td class="date"><time datetime="2026-01-02T03:04:05Z">2 January 2026</time></td>
          <td class="amount">${at % 1_000}</td><td class="currency">EUR</td>
          <td class="margin">${at % 37}</td>
          <td class="state"><span class="badge badge-open">open</span></td>
          <td class="actions"><button type="button" class="btn btn-sm" data-action="edit">Edit</button></td>
        </tr>`
}

function page(): Buffer {
  const nav = Array.from(
    { length: 30 },
    (_, at) => `<li class="nav-item"><a href="/section/${at}">Section ${at}</a></li>`,
  )
  const script = `<script>window.app = { start: (id) => document.querySelector('#' + id) }</script>`.repeat(40)
  const style = `<style>${'.badge{border-radius:4px;padding:0 .5em;color:#333}'.repeat(100)}</style>`
  const icon = '<svg viewBox="0 0 16 16"><title>icon</title><path d="M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0z"/></svg>'
  const body = Array.from({ length: tables }, (_, table) => {
    const rows = Array.from({ length: rowsPerTable }, (_unused, at) => row(table * rowsPerTable + at))
    return `<section><h2>${icon}Orders ${table}</h2><div class="admin-only"><p>Internal</p></div>
      <table class="orders"><thead><tr><th>No</th><th>Customer</th></tr></thead><tbody>${rows.join('')}</tbody></table></section>`
  })
  return Buffer.from(
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Orders</title>${style}${script}</head>
<body class="app"><nav><ul>${nav.join('')}</ul></nav><main>${body.join('\n')}</main></body></html>\n`,
  )
}

function byFilter(body: Buffer): number {
  const filter = new HtmlFilter(plan, html, [])
  let out = 0
  for (let at = 0; at < body.length; at += chunkBytes)
    out += filter.push(body.subarray(at, at + chunkBytes))?.length ?? 0
  return out + (filter.end()?.length ?? 0)
}

function byParser(body: Buffer): number {
  let seen = 0
  const count = (): void => {
    seen++
  }
  const parser = new Parser({ onopentag: count, ontext: count, onclosetag: count })
  const decoder = new TextDecoder()
  for (let at = 0; at < body.length; at += chunkBytes)
    parser.write(decoder.decode(body.subarray(at, at + chunkBytes), { stream: true }))
  parser.end()
  return seen
}

function compare(body: Buffer): void {
  const [filter = [], parser = []] = contest([() => byFilter(body), () => byParser(body)], rounds)
  const ratios = filter.map((time, round) => (parser[round] ?? Number.NaN) / time)
  process.stdout.write(`page of ${(body.length / 1e6).toFixed(1)} MB, ${tables * rowsPerTable} rows, a third dropped\n`)
  process.stdout.write('best round, median in brackets; 64 KiB chunks; one thread\n')
  process.stdout.write(`filter           ${rate(body.length, filter, 1).padStart(16)} MB/s\n`)
  process.stdout.write(`htmlparser2 alone${rate(body.length, parser, 1).padStart(16)} MB/s\n`)
  process.stdout.write(`ratio, median    ${median(ratios).toFixed(2).padStart(16)}\n`)
}

/** One page after the other through one filter: only what the filter itself keeps may grow. */
function stream(): void {
  const block = Buffer.from(Array.from({ length: 400 }, (_, at) => row(at)).join(''))
  const filter = new HtmlFilter(plan, html, [])
  filter.push(Buffer.from('<!doctype html><body><table class="orders"><tbody>'))
  const before = process.memoryUsage().rss
  let peak = before
  let sent = 0
  for (let at = 0; sent < (quick ? 60_000_000 : 400_000_000); at++) {
    filter.push(block)
    sent += block.length
    if (at % 16 === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  filter.end()
  process.stdout.write(
    `${(sent / 1e6).toFixed(0)} MB streamed: memory grew by ${((peak - before) / 1e6).toFixed(0)} MB at most\n`,
  )
}

compare(page())
stream()
