/**
 * What the JSON filter costs: `npm run bench:filter` (`-- --quick` for a short run). The ways take turns within each
 * round, so that a busy machine hurts all alike; only ratios of one run are worth quoting.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJson } from '../src/stages/filter/open-json.ts'
import type { RowFilter } from '../src/stages/filter/row-plan.ts'
import { JsonRowFilter } from '../src/stages/filter/rows-json.ts'
import { findProgram } from './support/child.ts'
import { contest, rate, seconds } from './support/contest.ts'
import { documentOf, isOurs, plan, type Row, rowSets, rowsUpTo } from './support/row-sets.ts'
import { median, pairedRatio, table } from './support/statistics.ts'

const quick = process.argv.includes('--quick')
const setBytes = quick ? 8_000_000 : 100_000_000
const rounds = quick ? 3 : 6
const streamBytes = quick ? 100_000_000 : 1_000_000_000
const chunkBytes = 65_536

const received = Buffer.alloc(chunkBytes)

interface Way {
  readonly name: string
  readonly run: (body: Buffer) => number
}

const ways: readonly Way[] = [
  { name: 'core', run: (body) => filtered(openJson(plan), body) },
  { name: 'plain scanner', run: (body) => filtered(new JsonRowFilter(plan), body) },
  { name: 'parse, filter, stringify', run: parsed },
]

/** A piece belongs to the filter, which may write into it: `body` is not the same afterwards. */
function filtered(filter: RowFilter, body: Buffer): number {
  let out = 0
  for (let at = 0; at < body.length; at += chunkBytes)
    out += filter.push(body.subarray(at, at + chunkBytes))?.length ?? 0
  return out + (filter.end()?.length ?? 0)
}

function parsed(body: Buffer): number {
  const document: { items: readonly Row[] } = JSON.parse(body.toString())
  return Buffer.from(JSON.stringify({ items: document.items.filter(isOurs) })).length
}

const names = ways.map(({ name }) => name)

function large(): string {
  const lines = rowSets.map(({ name, make }) => {
    const body = documentOf(rowsUpTo(setBytes, make))
    const fresh = Buffer.alloc(body.length)
    const runs = ways.map(
      ({ run }) =>
        () =>
          run(fresh),
    )
    const times = contest(runs, rounds, () => void body.copy(fresh))
    const [core = [], , parse = []] = times
    return [name, ...times.map((way) => rate(body.length, way)), pairedRatio(parse, core), ...peers(body)]
  })
  return table([['MB/s', ...names, 'core against parse', ...peerNames], ...lines])
}

function small(): string {
  const [{ make }] = rowSets
  const body = documentOf(Array.from({ length: 11 }, (_, at) => JSON.stringify(make(at))))
  const turns = quick ? 2_000 : 20_000
  const runs = ways.map(({ run }) => (): number => {
    let out = 0
    for (let turn = 0; turn < turns; turn++) out += run(received.subarray(0, body.copy(received)))
    return out
  })
  const times = contest(runs, rounds).map((way) => way.map((time) => time / turns))
  const cells = times.map((way) => {
    const [best, middle] = [Math.min(...way), median(way)].map((time) => (time * 1e6).toFixed(1))
    return `${best} (${middle})`
  })
  const [core = [], , parse = []] = times
  return table([
    ['microseconds an answer', ...names, 'core against parse'],
    [`${body.length} bytes, 11 rows`, ...cells, pairedRatio(parse, core)],
  ])
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

/** Generated on the fly, so that only the filter's own memory grows. */
function stream(): string {
  const [{ make }] = rowSets
  const block = Buffer.from(`${Array.from({ length: 300 }, (_, at) => JSON.stringify(make(at))).join(',')},`)
  const filter = openJson(plan)
  filter.push(Buffer.from('{"items":['))
  // An edge has read its canaries before the first answer comes.
  for (let turn = 0; turn < 100; turn++) filter.push(Buffer.from(block))
  const before = process.memoryUsage().rss
  let [peak, sent] = [before, 0]
  const holds: number[] = []
  const begin = process.hrtime.bigint()
  for (let at = 0; sent < streamBytes; at++) {
    const from = process.hrtime.bigint()
    filter.push(received.subarray(0, block.copy(received)))
    holds.push(Number(process.hrtime.bigint() - from) / 1e6)
    sent += block.length
    if (at % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  filter.push(Buffer.from('{}]}'))
  filter.end()
  const time = Number(process.hrtime.bigint() - begin) / 1e9
  const sorted = holds.toSorted((left, right) => left - right)
  const [usual, longest] = [sorted[Math.floor(sorted.length * 0.999)], sorted.at(-1)].map((hold) => hold?.toFixed(2))
  return `${megabytes(sent)} MB streamed: ${megabytes(sent / time)} MB/s, memory grew by ${megabytes(peak - before)} MB at most
the event loop was held for ${usual} ms in 999 of 1,000 pieces, ${longest} ms at most (with what else the machine did)`
}

/** Programs beside us, on the same bytes, once: MB/s with their start, where they are installed. */
const jq = findProgram('jq')
const luajit = findProgram('luajit')
const peerNames = [...(jq === undefined ? [] : ['jq']), ...(luajit === undefined ? [] : ['LuaJIT, lua-cjson'])]
const jqFilter = '{items: [.items[] | select(.account == "acme" and .amount < 900)]}'
const luaFilter = `local cjson = require 'cjson'
local file = assert(io.open(arg[1], 'rb'))
local document = cjson.decode(file:read('*a'))
local items = {}
for _, row in ipairs(document.items) do
  if row.account == 'acme' and row.amount < 900 then items[#items + 1] = row end
end
io.write(cjson.encode({ items = items }))`

function peers(body: Buffer): readonly string[] {
  if (peerNames.length === 0) return []
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    const [file, script] = [join(folder, 'rows.json'), join(folder, 'filter.lua')]
    writeFileSync(file, body)
    writeFileSync(script, luaFilter)
    return [
      ...(jq === undefined ? [] : [peerRate(body, jq, ['-c', jqFilter, file])]),
      ...(luajit === undefined ? [] : [peerRate(body, luajit, [script, file])]),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function peerRate(body: Buffer, program: string, args: readonly string[]): string {
  let failed = false
  const time = seconds(() => {
    const { status, stdout } = spawnSync(program, args, { maxBuffer: 2 ** 30 })
    failed = status !== 0
    return failed ? 1 : stdout.length
  })
  return failed ? '-' : (body.length / 1e6 / time).toFixed(0)
}

process.stdout.write(`${stream()}\n\nbest round, median in brackets; a third of the rows goes; chunks of 64 KiB; one thread
ratio: median, least and greatest of ${rounds} rounds\n\n`)
process.stdout.write(`${small()}\n\n`)
process.stdout.write(`${large()}\n`)
