/**
 * What the CSV filter costs: `node bench/filter-csv.ts` (add `--quick` for a short run), beside uDSV reading the same
 * bytes into arrays of strings, and beside uDSV, a filter and a join. The ways take turns within each round.
 */
import { inferSchema, initParser } from 'udsv'
import type { RowPlan } from '../src/stages/filter/row-plan.ts'
import { CsvRowFilter } from '../src/stages/filter/rows-csv.ts'
import { contest, rate } from './support/contest.ts'
import { plan } from './support/row-sets.ts'
import { median } from './support/statistics.ts'

const quick = process.argv.includes('--quick')
const setBytes = quick ? 8_000_000 : 64_000_000
const rounds = quick ? 3 : 8
const streamBytes = quick ? 100_000_000 : 1_000_000_000
const chunkBytes = 65_536

const withholding: RowPlan = { ...plan, withhold: [{ name: 'status', path: ['status'] }] }
const csv = { delimiter: ',', columns: new Map<string, string>() } as const

interface DataSet {
  readonly header: string
  readonly row: (at: number) => string
}

const words =
  'Lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt ut labore'.split(' ')

function sentence(at: number, length: number): string {
  return Array.from({ length }, (_, word) => words[(at * 7 + word * 3) % words.length] ?? '').join(' ')
}

function base(at: number): string {
  return `${1_000_000 + at},${at % 3 === 0 ? 'beta' : 'acme'},${at % 1_000},open,EUR`
}

const baseNames = 'id,account,amount,status,currency'
const small: DataSet = {
  header: `${baseNames},created,note,active`,
  row: (at) => `${base(at)},2026-01-02T03:04:05Z,${sentence(at, 5)},${at % 2 === 0}`,
}
const wide: DataSet = {
  header: `${baseNames},${Array.from({ length: 24 }, (_, column) => `attribute${column}`).join(',')}`,
  row: (at) => `${base(at)},${Array.from({ length: 24 }, (_, column) => sentence(at + column, 7)).join(',')}`,
}
const quotedSet: DataSet = {
  header: `${baseNames},first,second`,
  row: (at) => `${base(at)},"${sentence(at, 12)}, é ""${sentence(at, 3)}""","${sentence(at, 20)}\nand more"`,
}
const digits: DataSet = {
  header: `account,amount,${Array.from({ length: 20 }, (_, column) => `n${column}`).join(',')}`,
  row: (at) =>
    `${at % 3 === 0 ? 'beta' : 'acme'},${at % 1_000},${Array.from({ length: 20 }, (_, column) => (at * column) % 997).join(',')}`,
}

function bodyOf({ header, row }: DataSet): Buffer {
  const lines = [header]
  for (let size = 0; size < setBytes; size += (lines.at(-1)?.length ?? 0) + 1) lines.push(row(lines.length))
  return Buffer.from(`${lines.join('\n')}\n`)
}

function byFilter(body: Buffer, rules: RowPlan): number {
  const filter = new CsvRowFilter(rules, csv)
  let out = 0
  for (let at = 0; at < body.length; at += chunkBytes)
    out += filter.push(body.subarray(at, at + chunkBytes))?.length ?? 0
  return out + (filter.end()?.length ?? 0)
}

function byUdsv(body: Buffer): number {
  const text = body.toString()
  return initParser(inferSchema(text)).stringArrs(text).length
}

function byUdsvAndJoin(body: Buffer): number {
  const text = body.toString()
  const schema = inferSchema(text)
  const names = schema.cols.map(({ name }) => name)
  const [account, amount] = [names.indexOf('account'), names.indexOf('amount')]
  const rows: string[][] = initParser(schema).stringArrs(text)
  const kept = rows.filter((row) => row[account] === 'acme' && Number(row[amount]) < 900)
  return Buffer.from([names, ...kept].map((row) => row.map(spell).join(',')).join('\n')).length
}

function spell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function line(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, at) => (at === 0 ? cell.padEnd(24) : cell.padStart(18))).join('')}\n`)
}

function compare(name: string, set: DataSet): void {
  const body = bodyOf(set)
  const ways = [
    () => byFilter(body, plan),
    () => byFilter(body, withholding),
    () => byUdsv(body),
    () => byUdsvAndJoin(body),
  ]
  const times = contest(ways, rounds)
  const [filter = [], , udsv = []] = times
  const ratios = filter.map((time, round) => (udsv[round] ?? Number.NaN) / time)
  line([name, ...times.map((taken) => rate(body.length, taken)), median(ratios).toFixed(2)])
}

/** Generated on the fly, so that only the filter's own memory grows. */
function stream(): void {
  const block = Buffer.from(Array.from({ length: 300 }, (_, at) => `${small.row(at)}\n`).join(''))
  const filter = new CsvRowFilter(plan, csv)
  filter.push(Buffer.from(`${small.header}\n`))
  const before = process.memoryUsage().rss
  let peak = before
  let sent = 0
  const begin = process.hrtime.bigint()
  for (let at = 0; sent < streamBytes; at++) {
    filter.push(block)
    sent += block.length
    if (at % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  filter.end()
  const time = Number(process.hrtime.bigint() - begin) / 1e9
  const grown = ((peak - before) / 1e6).toFixed(0)
  process.stdout.write(
    `${(sent / 1e6).toFixed(0)} MB streamed: ${(sent / 1e6 / time).toFixed(0)} MB/s, memory grew by ${grown} MB at most\n`,
  )
}

stream()
process.stdout.write(
  '\nMB/s: best round, median in brackets; a third of the rows is dropped; 64 KiB chunks; one thread\n',
)
line(['', 'filter', 'with a column cut', 'uDSV alone', 'uDSV+filter+join', 'filter to uDSV'])
compare('rows of 0.1 KB', small)
compare('rows of 1.2 KB', wide)
compare('rows of 0.3 KB, quotes', quotedSet)
compare('22 short numbers', digits)
