/**
 * What the filter of XML costs: `node bench/filter-xml.ts` (`--quick` for a short run), beside the parser alone and
 * beside the parser with the events that a filter needs at least. The ways take turns within each round, so that a busy
 * machine hurts all alike; only the ratio is worth quoting.
 */
import { SaxesParser } from 'saxes'
import type { XmlRows } from '../src/config/config.ts'
import { XmlRowFilter } from '../src/stages/filter/rows-xml.ts'
import { contest, rate, seconds } from './support/contest.ts'
import { plan } from './support/row-sets.ts'
import { median } from './support/statistics.ts'

const quick = process.argv.includes('--quick')
const setBytes = quick ? 4_000_000 : 16_000_000
const rounds = quick ? 3 : 8
const streamBytes = quick ? 50_000_000 : 300_000_000
const chunkBytes = 65_536

const byElements: XmlRows = { at: [['orders', 'order']], fields: new Map(), keep: [] }
const byAttributes: XmlRows = {
  ...byElements,
  fields: new Map(['account', 'amount'].map((name) => [name, { path: [], attribute: name }])),
}

const words =
  'Lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt ut labore'.split(' ')

function sentence(at: number, length: number): string {
  return Array.from({ length }, (_, word) => words[(at * 7 + word * 3) % words.length] ?? '').join(' ')
}

function account(at: number): string {
  return at % 3 === 0 ? 'beta' : 'acme'
}

function smallRow(at: number): string {
  return `  <order id="${at}"><account>${account(at)}</account><amount>${at % 1_000}</amount><note>${sentence(at, 9)}</note></order>\n`
}

function middleRow(at: number): string {
  const texts = Array.from({ length: 16 }, (_, field) => `<text${field}>${sentence(at + field, 6)}</text${field}>`)
  return `  <order id="${at}"><account>${account(at)}</account><amount>${at % 1_000}</amount>${texts.join('')}</order>\n`
}

function attributeRow(at: number): string {
  const texts = Array.from({ length: 8 }, (_, field) => ` text${field}="${sentence(at + field, 6)}"`)
  return `  <order account="${account(at)}" amount="${at % 1_000}"${texts.join('')}/>\n`
}

function wideRow(at: number): string {
  return middleRow(at).replaceAll('dolor', 'größe').replaceAll('sit', '&amp;')
}

function dataSet(make: (at: number) => string): { readonly body: Buffer; readonly rowBytes: number } {
  const rows: string[] = []
  for (let size = 0; size < setBytes; size += rows.at(-1)?.length ?? 0) rows.push(make(rows.length))
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<orders>\n${rows.join('')}</orders>\n`)
  return { body, rowBytes: Math.round(body.length / rows.length) }
}

function byFilter(body: Buffer, xml: XmlRows): number {
  const filter = new XmlRowFilter(plan, xml)
  let out = 0
  for (let at = 0; at < body.length; at += chunkBytes)
    out += filter.push(body.subarray(at, at + chunkBytes))?.length ?? 0
  return out + (filter.end()?.length ?? 0)
}

const events = ['opentag', 'closetag', 'text', 'cdata', 'comment', 'processinginstruction', 'doctype'] as const

/** The parser has the shape that the filter gives it, or the engine would slow down both. */
function byParser(body: Buffer, withTags: boolean): number {
  const parser = new SaxesParser({ xmlns: false, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true })
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let out = 1
  for (const event of events) {
    parser.on(event, () => {
      out++
    })
    if (!withTags || !event.endsWith('tag')) parser.off(event)
  }
  for (let at = 0; at < body.length; at += chunkBytes)
    parser.write(decoder.decode(body.subarray(at, at + chunkBytes), { stream: true }))
  parser.close()
  return out
}

function line(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, at) => (at === 0 ? cell.padEnd(30) : cell.padStart(18))).join('')}\n`)
}

function compare(name: string, make: (at: number) => string, xml: XmlRows): void {
  const { body, rowBytes } = dataSet(make)
  const ways = [() => byFilter(body, xml), () => byParser(body, false), () => byParser(body, true)]
  const times = contest(ways, rounds)
  const ratios = (times[0] ?? []).map((time, round) => (times[1]?.[round] ?? Number.NaN) / time)
  line([`${name}, ${rowBytes} B a row`, ...times.map((way) => rate(body.length, way)), median(ratios).toFixed(2)])
}

/** Generated on the fly, so that only the filter's own memory grows. */
function stream(): void {
  const block = Buffer.from(Array.from({ length: 60 }, (_, at) => middleRow(at)).join(''))
  const filter = new XmlRowFilter(plan, byElements)
  filter.push(Buffer.from('<orders>'))
  const before = process.memoryUsage().rss
  let peak = before
  let sent = 0
  for (let at = 0; sent < streamBytes; at++) {
    filter.push(block)
    sent += block.length
    if (at % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  filter.push(Buffer.from('</orders>'))
  filter.end()
  const grown = ((peak - before) / 1e6).toFixed(0)
  process.stdout.write(`\n${(sent / 1e6).toFixed(0)} MB streamed: memory grew by ${grown} MB at most\n`)
}

function small(): void {
  const rows = Array.from({ length: 8 }, (_, at) => smallRow(at))
  const body = Buffer.from(`<orders>\n${rows.join('')}</orders>\n`)
  const times = quick ? 2_000 : 20_000
  const each = (run: () => number): string => {
    run()
    const took = seconds(() => {
      let out = 0
      for (let time = 0; time < times; time++) out += run()
      return out
    })
    return `${((took / times) * 1e6).toFixed(1)} us`
  }
  line([`${body.length} B answer`, each(() => byFilter(body, byElements)), each(() => byParser(body, false))])
}

stream()
process.stdout.write(
  '\nMB/s, best round, median in brackets; a third of the rows is dropped; 64 KiB chunks; one thread\n',
)
line(['', 'filter', 'parser alone', 'parser with tags', 'filter/parser'])
compare('elements', smallRow, byElements)
compare('elements', middleRow, byElements)
compare('attributes', attributeRow, byAttributes)
compare('wide letters, entities', wideRow, byElements)
small()
