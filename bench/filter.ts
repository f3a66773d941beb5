/**
 * What the filter costs: `npm run bench:filter` (add `-- --quick` for a short run). The two ways take turns within each
 * round, so that a busy machine hurts both alike; only the ratio is worth quoting.
 */
import { type FieldDeclaration, JsonNumber, type RowPredicate } from '../src/mask/language.ts'
import { defaultRowLimits, type RowPlan } from '../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../src/stages/filter/rows-json.ts'

const quick = process.argv.includes('--quick')
const setBytes = quick ? 8_000_000 : 64_000_000
const rounds = quick ? 3 : 8
const streamBytes = quick ? 100_000_000 : 1_000_000_000
const chunkBytes = 65_536

interface Row {
  readonly account: string
  readonly amount: number
}

const reads: readonly FieldDeclaration[] = [
  { name: 'account', type: 'string', path: ['account'] },
  { name: 'amount', type: 'number', path: ['amount'] },
]
const predicate: RowPredicate = {
  reads,
  test: ([account, amount]) => account === 'acme' && amount instanceof JsonNumber && Number(amount.text) < 900,
}
const plan: RowPlan = {
  at: [['items', '*']],
  predicate,
  withhold: [],
  withheldAs: 'removed',
  onViolation: 'drop',
  keep: [],
  total: undefined,
  strict: false,
  limits: defaultRowLimits,
}

function base(at: number): Row & Record<string, unknown> {
  return {
    id: 1_000_000 + at,
    account: at % 3 === 0 ? 'beta' : 'acme',
    amount: at % 1_000,
    status: 'open',
    currency: 'EUR',
  }
}

const words =
  'Lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt ut labore'.split(' ')

function sentence(at: number, length: number): string {
  return Array.from({ length }, (_, word) => words[(at * 7 + word * 3) % words.length] ?? '').join(' ')
}

function smallRow(at: number): Row {
  return {
    ...base(at),
    created: '2026-01-02T03:04:05Z',
    note: sentence(at, 5),
    active: at % 2 === 0,
    tags: ['a', 'b'],
  } as Row
}

function middleRow(at: number): Row {
  const texts = Object.fromEntries(
    Array.from({ length: 24 }, (_, field) => [`attribute${field}`, sentence(at + field, 7)]),
  )
  return { ...base(at), ...texts, meta: { owner: at, path: [1, 2, { deep: true }] } } as Row
}

function escapedRow(at: number): Row {
  return { ...base(at), body: `${sentence(at, 6)}\n\t"quoted" \\ C:\\temp é €`.repeat(85) } as Row
}

function dataSet(make: (at: number) => Row): Buffer {
  const rows: string[] = []
  for (let size = 0; size < setBytes; size += rows.at(-1)?.length ?? 0) rows.push(JSON.stringify(make(rows.length)))
  return Buffer.from(`{"items":[${rows.join(',')}]}`)
}

function byFilter(body: Buffer): number {
  const filter = new JsonRowFilter(plan)
  let out = 0
  for (let at = 0; at < body.length; at += chunkBytes)
    out += filter.push(body.subarray(at, at + chunkBytes))?.length ?? 0
  return out + (filter.end()?.length ?? 0)
}

function byParse(body: Buffer): number {
  const parsed: { items: readonly Row[] } = JSON.parse(body.toString())
  const items = parsed.items.filter((row) => row.account === 'acme' && row.amount < 900)
  return Buffer.from(JSON.stringify({ items })).length
}

function seconds(run: () => number): number {
  const begin = process.hrtime.bigint()
  if (run() === 0) throw new Error('nothing came out')
  return Number(process.hrtime.bigint() - begin) / 1e9
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Seconds of both ways, round by round, after one round that does not count. */
function duel(body: Buffer, times: number): { filter: number[]; parse: number[] } {
  const filter: number[] = []
  const parse: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const repeat = (run: (body: Buffer) => number) => (): number => {
      let out = 0
      for (let time = 0; time < times; time++) out += run(body)
      return out
    }
    const first = seconds(repeat(byFilter)) / times
    const second = seconds(repeat(byParse)) / times
    if (round === 0) continue
    filter.push(first)
    parse.push(second)
  }
  return { filter, parse }
}

function line(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell, at) => (at === 0 ? cell.padEnd(26) : cell.padStart(20))).join('')}\n`)
}

function speeds(body: Buffer, times: readonly number[]): string {
  const rate = (time: number): string => (body.length / 1e6 / time).toFixed(0)
  return `${rate(Math.min(...times))} (${rate(median(times))})`
}

function compare(name: string, make: (at: number) => Row): void {
  const body = dataSet(make)
  const { filter, parse } = duel(body, 1)
  const ratios = filter.map((time, round) => (parse[round] ?? Number.NaN) / time)
  line([name, speeds(body, filter), speeds(body, parse), median(ratios).toFixed(2)])
}

function small(): void {
  const rows = Array.from({ length: 11 }, (_, at) => JSON.stringify(smallRow(at)))
  const body = Buffer.from(`{"items":[${rows.join(',')}]}`)
  const { filter, parse } = duel(body, quick ? 2_000 : 20_000)
  const micros = (times: readonly number[]): string =>
    `${(Math.min(...times) * 1e6).toFixed(1)} (${(median(times) * 1e6).toFixed(1)})`
  const ratios = filter.map((time, round) => (parse[round] ?? Number.NaN) / time)
  line([`${body.length} B answer, us each`, micros(filter), micros(parse), median(ratios).toFixed(2)])
}

/** Generated on the fly, so that only the filter's own memory grows. */
function stream(): void {
  const block = Buffer.from(Array.from({ length: 300 }, (_, at) => JSON.stringify(smallRow(at))).join(','))
  const filter = new JsonRowFilter(plan)
  filter.push(Buffer.from('{"items":['))
  const before = process.memoryUsage().rss
  let peak = before
  let sent = 0
  const begin = process.hrtime.bigint()
  for (let at = 0; sent < streamBytes; at++) {
    if (at > 0) filter.push(Buffer.from(','))
    filter.push(block)
    sent += block.length + 1
    if (at % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  filter.push(Buffer.from(']}'))
  filter.end()
  const time = Number(process.hrtime.bigint() - begin) / 1e9
  const grown = ((peak - before) / 1e6).toFixed(0)
  process.stdout.write(
    `\n${(sent / 1e6).toFixed(0)} MB streamed: ${(sent / 1e6 / time).toFixed(0)} MB/s, memory grew by ${grown} MB at most\n`,
  )
}

stream()
process.stdout.write('\nbest round, median in brackets; a third of the rows is dropped; 64 KiB chunks; one thread\n')
line(['', 'filter MB/s', 'parse+stringify MB/s', 'ratio, median'])
compare('rows of 0.2 KB', smallRow)
compare('rows of 1.7 KB', middleRow)
compare('rows of 6.6 KB, escapes', escapedRow)
small()
