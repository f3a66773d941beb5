/**
 * What it costs to judge a row: `node bench/masks.ts` (`--quick` for a short run), beside the libraries that do the same
 * with MongoDB's filters, on parsed rows and the mask of somebody in two groups. Each way gets rows as its own parser
 * makes them. The ways take turns within each round, so that a busy machine hurts all alike; only the ratio is worth
 * quoting. Fails where ours is not at least five times as fast as each.
 */
import { composeMask } from '../src/mask/compose.ts'
import { compileComposed } from '../src/mask/evaluate.ts'
import type { Dataset, FieldDeclaration } from '../src/mask/language.ts'
import { parseMask } from '../src/mask/parse.ts'
import { parseJsonExact, readRow } from '../src/mask/row-values.ts'
import { mingoTester, siftTester } from '../test/support/evaluators/libraries.ts'
import { contest } from './support/contest.ts'
import { median, pairedRatio, table } from './support/statistics.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 5 : 30
const passes = 10
const rowCount = 10_000
const wanted = 5

const fields: readonly FieldDeclaration[] = [
  { name: 'account', type: 'string', path: ['account'] },
  { name: 'entity', type: 'string', path: ['entity'] },
  { name: 'region', type: 'string', path: ['region'] },
  { name: 'amount', type: 'number', path: ['amount'] },
]
const dataset: Dataset = {
  name: 'orders',
  tenantField: 'account',
  fields: new Map(fields.map((field) => [field.name, field])),
  visibility: 'granted',
  base: undefined,
}

/** The tenant's rows, of them those of twenty entities, and the small ones of a region. */
const entities = Array.from({ length: 20 }, (_, at) => `E-${1000 + at}`)
const groups = [{ entity: { $in: entities } }, { amount: { $lt: 5000 }, region: 'EU' }]
const filter = { account: 'acme', $or: groups }

const text = JSON.stringify(
  Array.from({ length: rowCount }, (_, at) => ({
    id: 1_000_000 + at,
    account: at % 3 === 0 ? 'beta' : 'acme',
    entity: `E-${1000 + ((at * 7) % 200)}`,
    amount: ((at * 37) % 10_000) + 0.5,
    region: ['EU', 'US', 'APAC'][(at % 5) % 3] ?? '',
    status: 'open',
    created: '2026-01-02T03:04:05Z',
    note: 'Lorem ipsum dolor sit amet',
  })),
)

const permits = groups.map((written, at) => ({ rule: `group ${at}`, mask: parseMask(written, dataset) }))
const composed = composeMask({ dataset, tenant: 'acme', permits, restricts: [], attributes: new Map() })
const predicate = compileComposed(composed)

const exactRows = parsedRows()
const readValues = exactRows.map((row) => readRow(row, predicate.reads))
const plainRows = JSON.parse(text) as readonly Record<string, unknown>[]

function parsedRows(): readonly unknown[] {
  const rows = parseJsonExact(text, { maxLength: text.length })
  if (!Array.isArray(rows)) throw new TypeError('no rows')
  return rows
}

function count<T>(rows: readonly T[], permitted: (row: T) => boolean): () => number {
  return () => {
    let kept = 0
    for (let pass = 0; pass < passes; pass++) for (const row of rows) if (permitted(row)) kept += 1
    return kept
  }
}

const ways = {
  'predicate, values read': count(readValues, (values) => predicate.test(values)),
  'predicate with readRow': count(exactRows, (row) => predicate.test(readRow(row, predicate.reads))),
  sift: count(plainRows, siftTester(filter)),
  mingo: count(plainRows, mingoTester(filter)),
}

const kept = Object.values(ways).map((way) => way() / passes)
if (new Set(kept).size !== 1) throw new Error(`the ways differ: ${kept.join(', ')}`)

const times = contest(Object.values(ways), rounds)
const [ours = [], reading = [], sift = [], mingo = []] = times
const ns = (seconds: readonly number[]): string => ((median(seconds) / (rowCount * passes)) * 1e9).toFixed(0)

process.stdout.write(
  `${rowCount} rows, ${kept[0]} permitted, ${rounds} rounds; medians, least and greatest in brackets\n`,
)
process.stdout.write(
  `${table([
    ['', 'ns a row', 'as fast as sift', 'as fast as mingo'],
    ...Object.keys(ways).map((name, way) => {
      const own = times[way] ?? []
      return [name, ns(own), pairedRatio(sift, own), pairedRatio(mingo, own)]
    }),
  ])}\n`,
)

const least = Math.min(...[ours, reading].flatMap((own) => [sift, mingo].map((theirs) => ratio(theirs, own))))
if (least < wanted) {
  process.stderr.write(`${least.toFixed(1)} times as fast, ${wanted} are wanted\n`)
  process.exitCode = 1
}

function ratio(theirs: readonly number[], own: readonly number[]): number {
  return median(own.map((time, round) => (theirs[round] ?? Number.NaN) / time))
}
